"""Layers of places: facilities, and outlines still being discussed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from layers import parameters
from layers.declarations import AREA, CODE, DAY, NAME, PERIMETER_TABLES, PRIORITY
from layers.registry import REGISTRY, Attribute, Layer, Look
from observatory.models import Right

CATEGORY = parameters.word(
    "category", "[A-Za-z0-9_-]{1,40}", _("Catégorie d’équipements, par exemple school ou library.")
)

REGISTRY.register(
    Layer(
        id="facilities",
        title=_("Équipements"),
        description=_("Équipements et services, à leur place et avec leurs dates."),
        group=_("Équipements"),
        geometry="point",
        # Only what its source's terms let everybody see: without terms it is working material. A
        # day keeps what was open then.
        rows="""
            SELECT facility.id AS fid, facility.geom_3857 AS geometry_3857, facility.source_id,
                facility.name, facility.category, facility.kind, facility.network, facility.state,
                facility.address, facility.commune_code,
                facility.valid_from::text AS valid_from, facility.valid_to::text AS valid_to
            FROM observatory_facility AS facility
            JOIN observatory_sourceterms AS terms ON terms.source_id = facility.source_id
            WHERE facility.geom_3857 IS NOT NULL AND terms.sharing = 'public'
                AND (%(category)s::text IS NULL OR facility.category = %(category)s::text)
                AND (%(date)s::date IS NULL OR (
                    COALESCE(facility.valid_from, '-infinity') <= %(date)s::date
                    AND COALESCE(facility.valid_to, 'infinity') > %(date)s::date
                    AND facility.state <> 'planned'))
        """,
        tables=("observatory_facility", "observatory_source", "observatory_sourceterms"),
        attributes=(
            NAME,
            Attribute("category", _("Catégorie")),
            Attribute("kind", _("Type, selon le producteur")),
            Attribute("network", _("Réseau"), description=_("Par exemple REP ou REP+.")),
            Attribute("state", _("État")),
            Attribute("address", _("Adresse de l’équipement")),
            Attribute("commune_code", _("Code de la commune")),
            Attribute("valid_from", _("Ouvert depuis"), "date"),
            Attribute("valid_to", _("Premier jour de fermeture"), "date"),
        ),
        parameters=(CATEGORY, DAY),
        minzoom=9,
        look=Look(label="name", label_zoom=15),
    )
)

REGISTRY.register(
    Layer(
        id="negotiations",
        title=_("Périmètres en négociation"),
        description=_(
            "Tracés à l’étude, que rien n’a encore décidés ; montrés là où l’on suit le contrat."
        ),
        group=PRIORITY,
        geometry="polygon",
        # Without what a later operation, not undone, has replaced.
        rows="""
            SELECT perimeter.id AS fid, perimeter.geom_3857 AS geometry_3857, perimeter.source_id,
                territory.code, territory.name, territory.level, perimeter.area, perimeter.reason,
                perimeter.recorded_at::date::text AS recorded_on
            FROM observatory_perimeter AS perimeter
            JOIN observatory_territory AS territory ON territory.id = perimeter.territory_id
            WHERE perimeter.status = 'negotiation' AND NOT EXISTS (
                SELECT 1 FROM observatory_operationpart AS part
                JOIN observatory_operation AS operation ON operation.id = part.operation_id
                WHERE part.perimeter_id = perimeter.id AND part.role = 'input'
                    AND operation.undone_at IS NULL
            ) AND (%(reach)s IS NULL OR territory.id = ANY(%(reach)s))
        """,
        tables=(
            *PERIMETER_TABLES,
            "observatory_membership",
            "observatory_operation",
            "observatory_operationpart",
        ),
        attributes=(
            CODE,
            NAME,
            Attribute("level", _("Niveau")),
            AREA,
            Attribute("reason", _("Motif")),
            Attribute("recorded_on", _("Enregistré le"), "date"),
        ),
        right=Right.VIEW_WORKING,
        cautions=(_("Un tracé à l’étude n’est pas un périmètre légal."),),
        look=Look("#b3261e", 2, dashes=(2, 2), label="name"),
    )
)
