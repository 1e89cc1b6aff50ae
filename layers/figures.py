"""Layers of indicators: the figures of one indicator and year, on the outlines they are of.

Figures stay on outlines for three kinds of place and three reaches: what is public, what
partners share, and working material. The last two are shown territory by territory, to whoever
holds the right there. The rules of observatory.figures.visible are written here once more in
SQL, because a tile is one statement; a test holds the two against each other.
"""

from __future__ import annotations

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from layers import parameters
from layers.declarations import (
    CODE,
    DAY,
    GENERATION,
    NAME,
    OF_GENERATION,
    PERIMETERS,
    SIMPLIFIED_TABLES,
    UNTIL,
    drawn,
)
from layers.parameters import Parameter, Text
from layers.registry import REGISTRY, Attribute, Layer, Look
from observatory.figures.visible import SMALLEST_COUNT
from observatory.models import Level, Right, Scope, Sharing

FIGURES = _("Indicateurs")
INDICATOR = parameters.word(
    "indicator", "[A-Za-z0-9_-]{1,80}", _("Code de l’indicateur ; à défaut, le premier renseigné.")
)
YEAR = parameters.integer(
    "year", 1900, 2200, _("Année du chiffre ; à défaut, la dernière renseignée.")
)
SCOPE = parameters.word(
    "scope", "|".join(Scope.values), _("Public ou zones que couvre le chiffre.")
)
TABLES = (
    *SIMPLIFIED_TABLES,
    "observatory_observation",
    "observatory_indicator",
    "observatory_source",
    "observatory_sourceterms",
    "observatory_membership",
)

# A source without terms is working material: nobody has said yet that it may be shown.
SHOWN = "COALESCE(terms.sharing, 'working') IN ({sharing})"
CHOSEN = """(
    SELECT known.id FROM observatory_indicator AS known
    WHERE CASE WHEN %(indicator)s::text IS NOT NULL THEN known.code = %(indicator)s::text
        ELSE EXISTS (
            SELECT 1 FROM observatory_observation AS figure
            JOIN observatory_territory AS territory ON territory.id = figure.territory_id
            LEFT JOIN observatory_sourceterms AS terms ON terms.source_id = figure.source_id
            WHERE figure.indicator_id = known.id AND territory.level = '{level}'
                AND figure.value IS NOT NULL AND SHOWN
        ) END
    ORDER BY known.code LIMIT 1
)"""
# One year for the whole map: figures of two years are not compared by their colour.
LATEST = """(
    SELECT figure.year FROM observatory_observation AS figure
    JOIN observatory_territory AS territory ON territory.id = figure.territory_id
    LEFT JOIN observatory_sourceterms AS terms ON terms.source_id = figure.source_id
    WHERE figure.indicator_id = CHOSEN AND territory.level = '{level}'
        AND figure.value IS NOT NULL AND SHOWN GENERATION
    ORDER BY figure.year DESC LIMIT 1
)"""
SMALL = """(
    figure.betrays OR indicator.counts_persons AND (
        indicator.nature = 'count' AND figure.value > 0 AND figure.value < secret.least
        OR indicator.nature IN ('share', 'rate', 'ratio', 'mean') AND (
            figure.numerator > 0 AND figure.numerator < secret.least
            OR figure.denominator > 0 AND figure.denominator < secret.least)
        OR indicator.nature = 'share' AND figure.denominator - figure.numerator > 0
            AND figure.denominator - figure.numerator < secret.least
    )
) IS TRUE AS small"""
# Several figures may answer (periods, scopes, sources): the whole year and the whole place first.
FIGURE = f"""
    LEFT JOIN LATERAL (
        SELECT figure.*, indicator.code AS indicator, indicator.label, indicator.unit,
            source.title || ', ' || source.producer || ' ' || source.vintage AS source, {SMALL}
        FROM observatory_observation AS figure
        JOIN observatory_indicator AS indicator ON indicator.id = figure.indicator_id
        JOIN observatory_source AS source ON source.id = figure.source_id
        LEFT JOIN observatory_sourceterms AS terms ON terms.source_id = figure.source_id
        CROSS JOIN LATERAL (
            SELECT GREATEST(COALESCE(terms.secrecy_threshold, 0), {SMALLEST_COUNT}) AS least
        ) AS secret
        WHERE figure.territory_id = territory.id AND figure.indicator_id = CHOSEN
            AND figure.year = COALESCE(%(year)s::int, LATEST)
            AND (%(scope)s::text IS NULL OR figure.scope = %(scope)s::text) AND SHOWN
        ORDER BY figure.scope = 'whole' DESC, figure.period = '' DESC, figure.id DESC LIMIT 1
    ) AS figure ON true"""  # noqa: S608 - all of it is written in this module
COLUMNS = """
        figure.indicator, figure.label, figure.unit, figure.year, figure.period, figure.scope,
        figure.source,
        CASE WHEN figure.small THEN 'withheld' ELSE figure.standing END AS standing,
        CASE WHEN NOT figure.small THEN figure.value END AS value,
        CASE WHEN NOT figure.small THEN figure.numerator END AS numerator,
        CASE WHEN NOT figure.small THEN figure.denominator END AS denominator,
        CASE WHEN NOT figure.small THEN figure.low END AS low,
        CASE WHEN NOT figure.small THEN figure.high END AS high,"""
HELD = "\n        AND (%(reach)s IS NULL OR territory.id = ANY(%(reach)s))"

ATTRIBUTES = (
    CODE,
    NAME,
    Attribute("indicator", _("Indicateur")),
    Attribute("label", _("Intitulé")),
    Attribute(
        "value",
        _("Valeur"),
        "number",
        description=_("Absente si elle est retenue ou inconnue ; ce n’est jamais zéro."),
    ),
    Attribute("unit", _("Unité")),
    Attribute("year", _("Année"), "integer"),
    Attribute("period", _("Période")),
    Attribute("scope", _("Champ")),
    Attribute("standing", _("Statut du chiffre")),
    Attribute("numerator", _("Numérateur"), "number"),
    Attribute("denominator", _("Dénominateur"), "number"),
    Attribute("low", _("Borne basse"), "number"),
    Attribute("high", _("Borne haute"), "number"),
    Attribute("source", _("Source")),
)
CAUTIONS = (
    _(
        "Une part d’un ensemble de quartiers se calcule sur les sommes, "
        "jamais par moyenne des parts."
    ),
    _("Un chiffre absent n’est pas un zéro."),
)

# Start of the layers' ids, right needed, what may be seen with it, whether place by place, title.
REACHES: tuple[tuple[str, Right, tuple[Sharing, ...], bool, Text], ...] = (
    ("figures", Right.VIEW_PUBLIC, (Sharing.PUBLIC,), False, _("Indicateurs publics")),
    (
        "shared_figures",
        Right.VIEW_SHARED,
        (Sharing.PUBLIC, Sharing.SHARED),
        True,
        _("Indicateurs partagés entre partenaires"),
    ),
    (
        "working_figures",
        Right.VIEW_WORKING,
        (Sharing.PUBLIC, Sharing.SHARED, Sharing.WORKING),
        True,
        _("Indicateurs, travaux en cours"),
    ),
)
# End of the layers' ids, level, the clause that chooses a generation, its parameter, shallowest
# zoom, title.
PLACES: tuple[tuple[str, Level, str, tuple[Parameter, ...], int, Text], ...] = (
    ("qpv", Level.QPV, OF_GENERATION, (GENERATION,), 0, _("quartiers prioritaires")),
    ("arrondissements", Level.ARRONDISSEMENT, "", (), 0, _("arrondissements")),
    ("communes", Level.COMMUNE, "", (), 7, _("communes")),
)


def rows_of(sharing: tuple[Sharing, ...], generation: str, bounded: bool) -> str:
    """Return the rows of a layer: every place once, with its figure where there is one."""
    words = {
        "LATEST": LATEST,
        "CHOSEN": CHOSEN,
        "SHOWN": SHOWN.format(sharing=", ".join(f"'{reach.value}'" for reach in sharing)),
        "GENERATION": generation,
    }
    figure = FIGURE
    for word, text in words.items():
        figure = figure.replace(word, text)
    rows = PERIMETERS.replace("{drawn}", COLUMNS + "{drawn}").replace(
        "{outlines}", figure + "{outlines}"
    )
    rows = rows.replace(
        "perimeter.source_id,", "COALESCE(figure.source_id, perimeter.source_id) AS source_id,"
    )
    return rows + generation + (HELD if bounded else "")


for _start, _right, _sharing, _bounded, _what in REACHES:
    for _end, _level, _generation, _own, _minzoom, _where in PLACES:
        _rows, _steps = drawn(rows_of(_sharing, _generation, _bounded), _level)
        REGISTRY.register(
            Layer(
                id=f"{_start}_{_end}",
                title=format_lazy("{} : {}", _what, _where),
                description=_(
                    "Le chiffre d’un indicateur et d’une année par territoire, avec sa source."
                ),
                group=FIGURES,
                geometry="polygon",
                rows=_rows,
                steps=_steps,
                tables=TABLES,
                attributes=ATTRIBUTES,
                parameters=(INDICATOR, YEAR, SCOPE, *_own, DAY, UNTIL),
                minzoom=_minzoom,
                right=_right,
                cautions=CAUTIONS,
                look=Look("#fcfbf8", 0.8, shade=("value",), label="name", standing="standing"),
            )
        )
