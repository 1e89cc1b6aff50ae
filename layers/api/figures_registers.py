"""The dictionary, the figures, the facilities and the registers, as tables."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from layers.api.figures_table import CODE, YEAR, Table, source_columns
from observatory.figures.visible import visible, visible_observations
from observatory.models import (
    Decision,
    Facility,
    FacilityLink,
    Indicator,
    Instance,
    Meeting,
    Organisation,
    Scheme,
    SeriesBreak,
    Sharing,
    Source,
    Study,
    User,
)

LINE = {"line": "source_line"}


def _indicators(person: User | None) -> QuerySet:
    # A definition without a source is the product's own.
    rows = visible(Indicator.objects.all(), person, unsourced=Sharing.PUBLIC)
    return rows.select_related("producer", "source", "part_of")


def _observations(person: User | None) -> QuerySet:
    return visible_observations(person).select_related("indicator", "territory", "source")


def _breaks(person: User | None) -> QuerySet:
    rows = visible(SeriesBreak.objects.all(), person, unsourced=Sharing.PUBLIC)
    return rows.select_related("indicator", "territory", "source")


def _sources(person: User | None) -> QuerySet:
    return visible(Source.objects.all(), person, source="terms__source").select_related("terms")


def _schemes(person: User | None) -> QuerySet:
    rows = visible(Scheme.objects.all(), person).select_related("source")
    return rows.prefetch_related("services__organisation")


def _services(scheme: Any) -> list[str]:
    return [
        f"{s.organisation.name}{f' ({s.contact})' if s.contact else ''}"
        for s in scheme.services.all()
    ]


def _instances(person: User | None) -> QuerySet:
    rows = visible(Instance.objects.all(), person, territory="territory")
    return rows.select_related("territory", "source")


def _of_instance(model: Any) -> Any:
    def rows(person: User | None) -> QuerySet:
        told = visible(
            model.objects.all(), person, source="instance__source",
            territory="instance__territory",
        )  # fmt: skip
        return told.select_related("instance__territory", "instance__source")

    return rows


def _studies(person: User | None) -> QuerySet:
    rows = visible(Study.objects.all(), person).select_related("source")
    return rows.prefetch_related("territories")


def _facilities(person: User | None) -> QuerySet:
    return visible(Facility.objects.all(), person).select_related("source")


def _links(person: User | None) -> QuerySet:
    rows = visible(FacilityLink.objects.all(), person, source="facility__source")
    return rows.select_related("facility__source", "territory")


INSTANCE = {
    "instance": "instance.name",
    "contract": "instance.territory.code",
    **source_columns("instance.source"),
}
REGISTERS = (
    Table(
        "indicators", _("Dictionnaire des indicateurs"), _indicators,
        {
            "code": "code", "label": "label", "definition": "definition", "kind": "kind",
            "nature": "nature", "unit": "unit", "per": "per", "polarity": "polarity",
            "numerator": "numerator", "denominator": "denominator",
            "spatial_rule": "spatial_rule", "level": "level", "data_producer": "producer.name",
            "periodicity": "periodicity", "state": "state", "due_label": "due_label",
            "due_on": "due_on", "minimum": "minimum", "maximum": "maximum",
            "decimals": "decimals", "counts_persons": "counts_persons", "theme": "theme",
            "part_of": "part_of.code", "cut": "cut",
            **source_columns(), **LINE,
        },
        ("code",),
        {"code": (CODE, "code"), "kind": (CODE, "kind"), "nature": (CODE, "nature"),
         "state": (CODE, "state"), "source": (CODE, "source__code")},
    ),
    Table(
        "observations", _("Valeurs"), _observations,
        {
            "indicator": "indicator.code", "label": "indicator.label", "unit": "indicator.unit",
            "level": "territory.level", "territory": "territory.code",
            "territory_name": "territory.name", "year": "year", "period": "period",
            "scope": "scope", "standing": "shown_standing", "value": "shown_value",
            "numerator": "shown_numerator", "denominator": "shown_denominator",
            "low": "shown_low", "high": "shown_high", "text": "text",
            "outline_on": "outline_on", "extracted_on": "extracted_on", "note": "note",
            **source_columns(), "line": "row", "run": "run_id",
        },
        ("indicator__code", "territory__code", "year"),
        {"indicator": (CODE, "indicator__code"), "territory": (CODE, "territory__code"),
         "level": (CODE, "territory__level"), "year": (YEAR, "year"), "scope": (CODE, "scope"),
         "source": (CODE, "source__code")},
    ),
    Table(
        "series-breaks", _("Ruptures de série"), _breaks,
        {"indicator": "indicator.code", "territory": "territory.code", "year": "year",
         "reason": "reason", **source_columns()},
        ("indicator__code", "year"),
        {"indicator": (CODE, "indicator__code")},
    ),
    Table(
        "sources", _("Sources"), _sources,
        {
            "code": "code", "title": "title", "producer": "producer", "vintage": "vintage",
            "licence": "licence", "url": "url", "cautions": "cautions",
            "demonstration": "is_demonstration", "frequency": "terms.frequency",
            "geography": "terms.geography", "sharing": "terms.sharing",
            "secrecy_threshold": "terms.secrecy_threshold", "loaded_at": "loaded_at",
        },
        ("code",),
        {"code": (CODE, "code"), "sharing": (CODE, "terms__sharing")},
    ),
    Table(
        "organisations", _("Organismes"), lambda person: Organisation.objects.all(),
        {"name": "name", "short_name": "short_name", "spellings": "spellings"},
        ("name",),
    ),
    Table(
        "schemes", _("Dispositifs"), _schemes,
        {
            "code": "code", "name": "name", "theme": "theme", "summary": "summary",
            "public": "public", "age_from": "age_from", "age_to": "age_to", "zones": "zones",
            "address_role": "address_role", "services": _services, **source_columns(), **LINE,
        },
        ("theme", "code"),
        {"code": (CODE, "code"), "source": (CODE, "source__code")},
    ),
    Table(
        "instances", _("Instances"), _instances,
        {"contract": "territory.code", "name": "name", "kind": "kind",
         "meetings_a_year": "meetings_a_year", **source_columns(), **LINE},
        ("territory__code", "name"),
        {"contract": (CODE, "territory__code")},
    ),
    Table(
        "meetings", _("Calendrier des instances"), _of_instance(Meeting),
        {"day": "day", "held": "held", "note": "note", **INSTANCE},
        ("day",), {"contract": (CODE, "instance__territory__code")},
    ),
    Table(
        "decisions", _("Décisions"), _of_instance(Decision),
        {"day": "day", "subject": "subject", "text": "text", **INSTANCE},
        ("day",), {"contract": (CODE, "instance__territory__code")},
    ),
    Table(
        "studies", _("Diagnostics et études d’impact"), _studies,
        {"kind": "kind", "title": "title", "theme": "theme", "dated_on": "dated_on",
         "year": "year", "state": "state", "url": "url",
         "territories": lambda study: [t.code or t.name for t in study.territories.all()],
         **source_columns(), **LINE},
        ("kind", "title"), {"kind": (CODE, "kind")},
    ),
    Table(
        "facilities", _("Équipements"), _facilities,
        {
            "key": "key", "name": "name", "category": "category", "kind": "kind",
            "address": "address", "commune": "commune_code", "network": "network",
            "state": "state", "valid_from": "valid_from", "valid_to": "valid_to",
            "longitude": "geom.x", "latitude": "geom.y", **source_columns(), "run": "run_id",
        },
        ("category", "name"),
        {"category": (CODE, "category"), "commune": (CODE, "commune_code"),
         "source": (CODE, "source__code")},
    ),
    Table(
        "facility-links", _("Équipements rattachés à un quartier"), _links,
        {"key": "facility.key", "facility": "facility.name", "territory": "territory.code",
         "territory_name": "territory.name", "lived_in": "lived_in",
         **source_columns("facility.source")},
        ("facility__name",),
    ),
)  # fmt: skip
