"""The layers on screen as a QGIS layer definition (.qlr): tiles of this server, in their style.

QGIS reads where the tiles are and how to draw them, then asks this server for tiles as the page
does. Only layers open to all are in it: QGIS asks for tiles without saying who looks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from carroyage.columns import HOUSEHOLDS, MIN_HOUSEHOLDS
from layers.access import open_to_all
from layers.registry import Layer, Look
from layers.summary import summary_of
from layers.tilejson import address
from maps.charts.theme import NODATA_INK, SOFT, WITHHELD_INK
from maps.errors import BadChoice
from maps.explorer.drawing import as_json
from maps.explorer.order import COLOURED
from maps.explorer.screen import Shown
from maps.explorer.themes import HECTARE, HECTARES, SIDE, Theme
from maps.thematicmap import thematic_map

CONTENT_TYPE = "application/x-qgis-layer-definition"
GEOMETRIES = {"point": 0, "line": 1, "polygon": 2}
HAIR = 0.5  # pixels: the edge of a coloured area


@dataclass(frozen=True)
class Rule:
    """One line of a layer's legend: which features, by QGIS's expression, and how they look.

    ``kind`` is ``fill`` (a colour), ``hatch`` (a brush of Qt, ``brush``) or ``line``; ``width``
    is in pixels, ``dashes`` in pixels as well.
    """

    name: str
    expression: str
    kind: str
    colour: str
    width: float = HAIR
    dashes: tuple[float, ...] = ()
    brush: str = "solid"

    @property
    def rgba(self) -> str:
        """Return the colour as QGIS writes it."""
        return ",".join(str(part) for part in bytes.fromhex(self.colour[1:])) + ",255"

    @property
    def pattern(self) -> str:
        """Return the lengths of the dashes as QGIS writes them."""
        return ";".join(f"{length:g}" for length in self.dashes)


@dataclass(frozen=True)
class Entry:
    """One layer of the definition; ``source`` is QGIS's own way to write where tiles are."""

    id: str
    name: str
    layer: str
    geometry: int
    source: str
    attribution: str
    rules: list[Rule] = field(default_factory=list)
    opacity: float = 1.0


def definition(request: HttpRequest, shown: Shown) -> bytes:
    """Return the file. Raises BadChoice where nothing on the screen is open to all."""
    entries = list(_entries(request, shown))
    if not entries:
        raise BadChoice(_("Rien de ce qui est affiché ne s’ouvre dans QGIS."))
    context = {"entries": entries, "name": _("Observatoire des quartiers")}
    return render_to_string("maps/explorer/layers.qlr", context).encode()


def _entries(request: HttpRequest, shown: Shown) -> Iterator[Entry]:
    """Give the layers from the top down, as QGIS lists them."""
    layers = {one.id: one for one in shown.layers if open_to_all([one])}
    for name in reversed(shown.order):
        if name == COLOURED and shown.choice is not None:
            yield from _indicator(request, shown)
        elif name == COLOURED and name in layers:
            title = _("{theme}, par carreau de 200 m").format(theme=shown.theme.title)
            yield _entry(request, layers[name], shown, title, _cells(shown.theme), shown.opacity)
        elif name in layers:
            title = str(layers[name].title)
            yield _entry(request, layers[name], shown, title, [_outline(layers[name])])


def _entry(
    request: HttpRequest, layer: Layer, shown: Shown, title: str, rules: list[Rule],
    opacity: float = 1.0, generation: int | None = None,
) -> Entry:  # fmt: skip
    parameters = {one.name for one in layer.parameters}
    wanted = generation or shown.generation
    given = {"generation": wanted} if wanted and "generation" in parameters else {}
    tiles = quote(address(request, [layer], given), safe="{}/:,.")
    source = f"type=xyz&url={tiles}&zmin={layer.minzoom}&zmax={layer.maxzoom}"
    said = summary_of(layer).attribution
    key = f"observatory_{layer.id}_{'colour' if len(rules) > 1 else 'outline'}"
    return Entry(
        key, title, layer.id, GEOMETRIES[layer.geometry], source, said, rules, opacity
    )  # fmt: skip


def _outline(layer: Layer) -> Rule:
    look = layer.look or Look()
    dashes = tuple(length * look.width for length in look.dashes)
    return Rule(str(layer.title), "", "line", look.colour, look.width, dashes)


def _cells(theme: Theme) -> list[Rule]:
    """Return the classes of a theme as the page draws them, and what is apart of them."""
    top = " + ".join(f'"{one}"' for one in theme.numerator)
    under, some = f'"{theme.denominator}"', f'"{theme.columns[-1]}" > 0'
    if theme.denominator == HECTARES:
        under = f'("{SIDE}" * "{SIDE}" / {HECTARE}.0)'
    known = f"coalesce({top} IS NOT NULL AND {some}, false)"
    few = f'coalesce("{HOUSEHOLDS}", 0) < {MIN_HOUSEHOLDS}'
    value = f"{theme.factor:g} * ({top}) / {under}"
    # Some tiles leave its columns out: nothing is drawn of them, which is not "no data".
    here = "".join(f"@zoom_level <> {zoom} AND " for zoom in theme.absent_at())
    ends = [None, *theme.breaks, None]
    rules = []
    for low, high, colour, words in zip(ends, ends[1:], theme.colours, theme.words(), strict=False):
        bounds = [f"{value} >= {low:g}"] if low is not None else []
        bounds += [f"{value} < {high:g}"] if high is not None else []
        expression = here + " AND ".join([known, f"NOT ({few})", *bounds])
        rules.append(Rule(words, expression, "fill", colour))
    return [
        *rules,
        Rule(
            _("moins de 11 ménages (valeurs imputées)"), f"{here}{known} AND {few}",
            "hatch", WITHHELD_INK, brush="dense6",
        ),
        Rule(_("sans donnée"), f"{here}NOT {known}", "hatch", NODATA_INK, brush="b_diagonal"),
    ]  # fmt: skip


def _indicator(request: HttpRequest, shown: Shown) -> Iterator[Entry]:
    """Give the classes of an indicator over the outlines of its places.

    A count has none: shaded, it would tell how large the places are.
    """
    assert shown.choice is not None  # noqa: S101 - asked for by the caller
    drawn = thematic_map(shown.person, shown.choice)
    drawing = as_json(drawn)
    layer = next((one for one in shown.known if one.id == drawing["layer"]), None)
    if not drawing["classes"] or layer is None or not open_to_all([layer]):
        return
    brushes: dict[str, Any] = {
        "nodata": ("b_diagonal", NODATA_INK),
        "few": ("dense6", WITHHELD_INK),
    }
    rules = [
        Rule(one["words"], _among(one["ids"]), "fill", one["colour"])
        for one in drawing["classes"]
        if one["ids"]
    ]
    for one in drawing["absent"]:
        brush, ink = brushes[one["kind"]]
        rules.append(Rule(one["words"], _among(one["ids"]), "hatch", ink, brush=brush))
    rules.append(Rule(str(layer.title), "", "line", SOFT))
    generation = int(drawing["generation"]) if drawing["generation"] else None
    yield _entry(request, layer, shown, drawing["title"], rules, shown.opacity, generation)


def _among(ids: list[int]) -> str:
    """Return the expression for the features of a tile that have one of these ids."""
    return f"$id IN ({', '.join(map(str, ids))})"
