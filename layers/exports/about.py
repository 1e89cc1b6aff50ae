"""What every file says of itself: sources, date, filters, attributes, warnings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from layers.catalogue import described
from layers.selection import Selection
from layers.summary import summary_of
from layers.version import version_of

Line = tuple[str, str]


def lines_about(selection: Selection) -> Iterator[Line]:
    """Yield the lines of the metadata sheet, in the language in use."""
    layer, summary = selection.layer, summary_of(selection.layer)
    yield _("Couche"), f"{layer.title} ({layer.id})"
    if layer.description:
        yield _("Description"), str(layer.description)
    if summary.demonstration:
        yield (
            _("Avertissement"),
            _("Données de démonstration : elles ne décrivent aucun lieu réel."),
        )
    for source in summary.sources:
        parts = (source["producer"], source["title"], source["vintage"], source["licence"])
        yield _("Source"), ", ".join(part for part in parts if part)
        if source["url"]:
            yield _("Adresse de la source"), source["url"]
    yield _("Extrait le"), timezone.localdate().isoformat()
    yield _("Version des données"), version_of([layer])
    yield _("Coordonnées"), f"{selection.crs.title} (EPSG:{selection.crs.srid})"
    yield from _filters(selection)
    for caution in layer.cautions:
        yield _("Précaution"), str(caution)
    for attribute in layer.attributes:
        if attribute.name in selection.names:
            told = described(attribute)
            words = (told["label"], told["unit"], told["description"])
            yield attribute.name, " — ".join(str(part) for part in words if part)


def facts_about(selection: Selection) -> dict[str, str]:
    """Return the same by element, for formats that hold each once: several sources, one a line."""
    found: dict[str, str] = {}
    for element, text in lines_about(selection):
        found[element] = f"{found[element]}\n{text}" if element in found else text
    return found


def _filters(selection: Selection) -> Iterator[Line]:
    for name, value in selection.values.items():
        if value is not None:
            yield (
                _("Paramètre"),
                f"{name} = {value.isoformat() if isinstance(value, date) else value}",
            )
    for name, values in selection.equal.items():
        yield _("Filtre"), f"{name} = {', '.join(map(str, values))}"
    if selection.area:
        yield _("Lieu"), selection.area
