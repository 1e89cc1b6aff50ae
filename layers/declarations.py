"""The layers of the observatory: one declaration each, and nothing else to write for a new one."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from carroyage.models import MEASURES
from layers import parameters
from layers.measures import measure_attributes
from layers.outlines import ZOOMS
from layers.parameters import Text
from layers.registry import REGISTRY, Attribute, Layer, Look, Step
from observatory.models import Level

GRID, PRIORITY, LIMITS = _("Carroyage"), _("Géographie prioritaire"), _("Limites administratives")
PERIMETER_TABLES = ("observatory_perimeter", "observatory_territory")
SIMPLIFIED_TABLES = (*PERIMETER_TABLES, "layers_outline")

GENERATION = parameters.integer(
    "generation", 1990, 2100, _("Génération des quartiers, par exemple 2015 ou 2024.")
)
DAY = parameters.day("date", _("Jour auquel les périmètres doivent être en vigueur."))
UNTIL = parameters.day("until", _("Avec un jour : tous les périmètres en vigueur entre les deux."))
VINTAGE = parameters.word("vintage", "[0-9A-Za-z._-]{1,40}", _("Millésime du fichier carroyé."))
RUN = parameters.integer("run", 1, 2**31 - 1, _("Numéro du calcul de zones."))

# -- the grid ------------------------------------------------------------------------------

# The latest published file, or the one of a vintage.
DATASET = """
    SELECT latest.id FROM carroyage_griddataset AS latest
    JOIN observatory_source AS source ON source.id = latest.source_id
    WHERE latest.origin = 'published' AND latest.size = 200
        AND (%(vintage)s::text IS NULL OR source.vintage = %(vintage)s::text)
    ORDER BY source.vintage DESC, latest.id DESC LIMIT 1
"""
CELLS = """
    SELECT cell.id AS fid, cell.geom_3857 AS geometry_3857, dataset.source_id,
        'CRS' || cell.epsg || 'RES' || cell.size || 'mN' || cell.north || 'E' || cell.east AS id,
        cell.size, NULL::int AS cells, cell.i_est_200, cell.i_est_1km, MEASURES
    FROM carroyage_cell AS cell
    JOIN carroyage_griddataset AS dataset ON dataset.id = cell.dataset_id
    WHERE cell.dataset_id = (DATASET)
"""
SQUARES = """
    SELECT cell.id AS fid, cell.geom_3857 AS geometry_3857, dataset.source_id,
        'CRS' || cell.epsg || 'RES' || cell.size || 'mN' || cell.north || 'E' || cell.east AS id,
        cell.size, cell.cells, NULL::int AS i_est_200, NULL::int AS i_est_1km, MEASURES
    FROM layers_square AS cell
    JOIN carroyage_griddataset AS dataset ON dataset.id = cell.dataset_id
    WHERE cell.dataset_id = (DATASET) AND cell.size = SIDE
"""
# Side of the squares, in km, by the deepest zoom they are drawn at: no tile holds too many.
SIDES = {4: 64, 5: 32, 6: 16, 7: 8, 8: 4, 9: 2, 10: 1}
# One zoom further, a tile of a dense city holds four thousand cells: with every measure it would
# weigh 850 kB, with those the maps are coloured by, and the id that leads to the others, 470 kB.
FULL_TILE = 11
IN_FULL_TILES = ("id", "ind", "men", "men_pauv", "ind_snv", "men_fmp", "i_est_200", "size")


def _of_the_grid(rows: str, side: int = 0) -> str:
    measures = ", ".join(f"cell.{name}" for name in MEASURES)
    words = {"MEASURES": measures, "DATASET": DATASET, "SIDE": str(side)}
    for word, text in words.items():
        rows = rows.replace(word, text)
    return rows


REGISTRY.register(
    Layer(
        id="cells",
        title=_("Carreaux de 200 m"),
        description=_(
            "Personnes, ménages, ménages pauvres et niveaux de vie par carreau, "
            "tels que l’INSEE les publie ; sommes par carrés de 1 à 64 km aux petites échelles."
        ),
        group=GRID,
        geometry="polygon",
        rows=_of_the_grid(CELLS),
        tables=("carroyage_cell", "carroyage_griddataset"),
        attributes=(
            Attribute("id", _("Identifiant du carreau")),
            *measure_attributes(),
            Attribute("i_est_200", _("Valeurs imputées à 200 m"), "integer"),
            Attribute("i_est_1km", _("Valeurs imputées à 1 km"), "integer"),
            Attribute("size", _("Côté"), "integer", "m", 0),
            Attribute("cells", _("Carreaux additionnés"), "integer", _("carreaux"), 0),
        ),
        parameters=(VINTAGE,),
        maxzoom=15,
        cautions=(
            _("Ne pas lire un carreau seul : beaucoup de valeurs sont imputées."),
            _("Ne pas comparer deux millésimes en dessous de la commune."),
            _("Ne pas comparer des sommes de carreaux aux populations du recensement."),
            _("Un grand ensemble peut être rattaché à un seul point."),
        ),
        steps=(
            *(Step(zoom, _of_the_grid(SQUARES, side * 1000)) for zoom, side in SIDES.items()),
            Step(FULL_TILE, _of_the_grid(CELLS), attributes=IN_FULL_TILES),
        ),
        # Share of poor households; where it is unknown nothing is coloured.
        look=Look("#fcfbf8", 0.4, shade=("men_pauv", "men"), breaks=(0.1, 0.15, 0.2, 0.3, 0.4)),
    )
)

# -- what the engine computed --------------------------------------------------------------

REGISTRY.register(
    Layer(
        id="zones",
        title=_("Zones calculées"),
        description=_("Zones reconstituées à partir des carreaux ; ce n’est pas le zonage légal."),
        group=PRIORITY,
        geometry="polygon",
        rows="""
            SELECT perimeter.id AS fid, perimeter.geom_3857 AS geometry_3857, perimeter.source_id,
                territory.code, territory.name, zone.number, zone.ind, zone.men, zone.men_pauv,
                zone.cells, zone.score_name, zone.score, zone.line, zone.run_id AS run,
                perimeter.area
            FROM carroyage_computedzone AS zone
            JOIN observatory_perimeter AS perimeter ON perimeter.id = zone.perimeter_id
            JOIN observatory_territory AS territory ON territory.id = perimeter.territory_id
            WHERE zone.run_id = (
                SELECT max(run.id) FROM observatory_run AS run
                WHERE run.kind = 'zones build' AND run.state = 'done'
                    AND (%(run)s::bigint IS NULL OR run.id = %(run)s::bigint)
            )
        """,
        tables=(*PERIMETER_TABLES, "carroyage_computedzone", "observatory_run"),
        attributes=(
            Attribute("code", _("Code")),
            Attribute("name", _("Nom")),
            Attribute("number", _("Numéro"), "integer"),
            Attribute("ind", _("Personnes"), "number", _("personnes"), 0),
            Attribute("men", _("Ménages"), "number", _("ménages"), 0),
            Attribute("men_pauv", _("Ménages pauvres"), "number", _("ménages"), 0),
            Attribute("cells", _("Carreaux"), "integer", _("carreaux"), 0),
            Attribute("score_name", _("Critère")),
            Attribute("score", _("Valeur du critère"), "number", decimals=3),
            Attribute("line", _("Seuil appliqué"), "number", decimals=3),
            Attribute("run", _("Calcul"), "integer"),
            Attribute("area", _("Superficie"), "number", "m²", 0),
        ),
        parameters=(RUN,),
        cautions=(_("Une grille publique ne peut pas reproduire exactement le critère légal."),),
        look=Look("#00675c", 2, dashes=(3, 1), label="code"),
    )
)

# -- dated perimeters ----------------------------------------------------------------------

# With a day: what was in force that day. Without: the last shape of each territory of the
# generation asked for, or of the latest one loaded.
PERIMETERS = """
    SELECT perimeter.id AS fid, perimeter.geom_3857 AS geometry_3857, perimeter.source_id,{drawn}
        territory.code, territory.name, territory.generation, perimeter.act, perimeter.area,
        perimeter.valid_from::text AS valid_from, perimeter.valid_to::text AS valid_to,
        CASE jsonb_typeof(territory.facts -> 'population') WHEN 'number'
            THEN (territory.facts ->> 'population')::float8 END AS population,
        CASE jsonb_typeof(territory.facts -> 'median') WHEN 'number'
            THEN (territory.facts ->> 'median')::float8 END AS median
    FROM observatory_perimeter AS perimeter
    JOIN observatory_territory AS territory ON territory.id = perimeter.territory_id{outlines}
    WHERE territory.level = '{level}'
        AND perimeter.status IN ('legal', 'superseded', 'reference')
        AND CASE WHEN %(date)s::date IS NULL THEN NOT EXISTS (
            SELECT 1 FROM observatory_perimeter AS later
            WHERE later.territory_id = perimeter.territory_id
                AND later.status IN ('legal', 'superseded', 'reference')
                AND later.valid_from > COALESCE(perimeter.valid_from, '-infinity')
        ) ELSE COALESCE(perimeter.valid_from, '-infinity')
                <= COALESCE(%(until)s::date, %(date)s::date)
            AND COALESCE(perimeter.valid_to, 'infinity') > %(date)s::date END
"""
OF_GENERATION = """
        AND (territory.generation IS NOT DISTINCT FROM COALESCE(%(generation)s::int, (
            SELECT known.generation FROM observatory_territory AS known
            WHERE known.level = '{level}'
                AND EXISTS (SELECT 1 FROM observatory_perimeter AS drawn
                    WHERE drawn.territory_id = known.id
                        AND drawn.status IN ('legal', 'superseded', 'reference'))
            ORDER BY known.generation DESC NULLS LAST LIMIT 1
        )) OR (%(date)s::date IS NOT NULL AND %(generation)s::int IS NULL))
"""

DRAWN = " COALESCE(outline.geom_3857, perimeter.geom_3857) AS drawn_3857,"
OUTLINES = """
    LEFT JOIN layers_outline AS outline
        ON outline.perimeter_id = perimeter.id AND outline.zoom = {zoom}"""


def drawn(rows: str, level: Level) -> tuple[str, tuple[Step, ...]]:
    """Return the rows of a level's perimeters, and the steps that draw them at low zooms."""
    steps = [
        Step(
            zoom,
            rows.format(level=level.value, drawn=DRAWN, outlines=OUTLINES.format(zoom=zoom)),
            simplified=True,
        )
        for zoom in ZOOMS
    ]
    return rows.format(level=level.value, drawn="", outlines=""), tuple(steps)


CODE, NAME = Attribute("code", _("Code")), Attribute("name", _("Nom"))
POPULATION = Attribute("population", _("Population"), "number", _("habitants"), 0)
AREA = Attribute("area", _("Superficie"), "number", "m²", 0)
DATED = (
    Attribute("valid_from", _("En vigueur depuis"), "date"),
    Attribute("valid_to", _("Premier jour hors vigueur"), "date"),
)
DECIDED = (
    Attribute("generation", _("Génération"), "integer"),
    *DATED,
    Attribute("act", _("Acte"), description=_("Décret ou décision qui fixe le périmètre.")),
)
MEDIAN = Attribute("median", _("Revenu médian par unité de consommation"), "number", "€", 0)


def quarters(level: Level, title: Text, description: Text, look: Look) -> None:
    """Declare a layer of zones of the policy, by generation and day."""
    rows, steps = drawn(PERIMETERS + OF_GENERATION, level)
    REGISTRY.register(
        Layer(
            id=level.value,
            title=title,
            description=description,
            group=PRIORITY,
            geometry="polygon",
            rows=rows,
            steps=steps,
            tables=SIMPLIFIED_TABLES,
            attributes=(CODE, NAME, POPULATION, MEDIAN, AREA, *DECIDED),
            parameters=(GENERATION, DAY, UNTIL),
            look=look,
        )
    )


def limits(name: str, level: Level, title: Text, minzoom: int = 0) -> None:
    """Declare a layer of administrative boundaries, by day."""
    rows, steps = drawn(PERIMETERS, level)
    REGISTRY.register(
        Layer(
            id=name,
            title=title,
            group=LIMITS,
            geometry="polygon",
            rows=rows,
            steps=steps,
            tables=SIMPLIFIED_TABLES,
            attributes=(CODE, NAME, POPULATION, AREA, *DATED),
            parameters=(DAY, UNTIL),
            minzoom=minzoom,
            look=Look("#6b7684", 1, label="name", label_zoom=max(minzoom + 2, 10)),
        )
    )


quarters(
    Level.QPV,
    _("Quartiers prioritaires (QPV)"),
    _("Périmètres légaux de la politique de la ville ; à défaut, la dernière génération chargée."),
    Look("#1b3a9c", 2, pattern="hatch", label="name"),
)
quarters(
    Level.QVA,
    _("Quartiers de veille active (QVA)"),
    _("Anciens périmètres CUCS hors QPV, et quartiers nommés au contrat."),
    Look("#7a4b00", 1.5, dashes=(4, 2), label="name"),
)
quarters(
    Level.CUCS,
    _("Anciens périmètres CUCS"),
    _("Contrats urbains de cohésion sociale, 2007-2014."),
    Look("#6b5876", 1.5, dashes=(1, 2), label="name"),
)
limits("arrondissements", Level.ARRONDISSEMENT, _("Arrondissements"))
limits("communes", Level.COMMUNE, _("Communes"), minzoom=7)
limits("iris", Level.IRIS, _("IRIS"), minzoom=10)
limits("admin_quarters", Level.ADMIN_QUARTER, _("Quartiers administratifs"), minzoom=8)
