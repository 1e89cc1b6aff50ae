"""What a layer is, and the list of the layers the server knows.

A layer is one declaration (see layers/declarations.py). Tiles, TileJSON, the catalogue and the
documentation are all made from it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

from layers.errors import BadDeclaration, TooManyLayers, UnknownLayer
from layers.parameters import Parameter, Text
from observatory.models import Right

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
PLACEHOLDER = re.compile(r"%\(([^)]*)\)s")
# Columns a source gives besides the attributes; the last one only where it is generalised.
OWN_COLUMNS = ("fid", "geometry_3857", "source_id", "drawn_3857")
MOST_LAYERS_IN_A_TILE = 12
# Names the server itself gives a meaning to, in addresses or in its own SQL.
RESERVED = {"v", "z", "x", "y", "tables", "looked_back", "limit", "offset", "after", "crs", "bbox"}
# Stands, in a layer's rows, for the territories on which the person holds the layer's right.
REACH = "reach"
RESERVED |= {"fields", "ordering", "properties", "sortby", "intersects", "datetime", "f", "format"}
RESERVED |= {REACH}

Kind = Literal["text", "integer", "number", "date"]


@dataclass(frozen=True)
class Attribute:
    """One published value of a layer's features.

    ``unit`` is what follows the figure on screen; ``decimals`` how many to print (None: text).
    """

    name: str
    label: Text
    kind: Kind = "text"
    unit: Text = ""
    decimals: int | None = None
    description: Text = ""


@dataclass(frozen=True)
class Step:
    """What is drawn instead of the features themselves, up to and including one zoom.

    ``rows`` follows the same rules as a layer's. Where ``simplified``, it also gives
    ``drawn_3857``, the shape to draw, while ``geometry_3857`` is still what is searched.
    ``attributes`` names those the step gives (None: all of the layer's).
    """

    to_zoom: int
    rows: str
    simplified: bool = False
    attributes: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Look:
    """How a layer is drawn in the style served with it.

    ``shade`` names the attribute areas are coloured by, and, where it is a share, the one it is
    divided by; ``breaks`` are the lower bounds of the classes above the first (none: equal
    numbers of features in each, asked of the data). ``pattern`` is an image of
    layers/sprites.py. ``label`` names the attribute written on the map, ``standing`` the one that
    says `withheld` where a figure exists and must not be shown.
    """

    colour: str = "#5b3d8f"
    width: float = 1.2
    dashes: tuple[float, ...] = ()
    pattern: str = ""
    shade: tuple[str, ...] = ()
    breaks: tuple[float, ...] = ()
    label: str = ""
    label_zoom: int = 12
    standing: str = ""


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer, as declared.

    ``rows`` is a SELECT giving ``fid`` (a positive whole number, the feature's id),
    ``geometry_3857``, ``source_id`` (whom to quote) and every attribute under its name. Its
    placeholders ``%(name)s`` are the declared parameters, NULL where not given. ``tables`` are
    the tables it reads: a change in one of them gives the layer a new data version.
    ``steps`` say, shallowest first, what low zooms draw instead of ``rows``.

    A layer whose rows hold ``%(reach)s`` is shown territory by territory: to each person, what
    lies where they hold its ``right``. The placeholder becomes an array of the ids of these
    territories, NULL where the right is held everywhere; see ``within``.
    """

    id: str
    title: Text
    group: Text
    geometry: Literal["polygon", "line", "point"]
    rows: str
    tables: tuple[str, ...]
    attributes: tuple[Attribute, ...]
    description: Text = ""
    parameters: tuple[Parameter, ...] = ()
    minzoom: int = 0
    maxzoom: int = 16
    right: Right = Right.VIEW_PUBLIC
    cautions: tuple[Text, ...] = ()
    steps: tuple[Step, ...] = ()
    look: Look | None = None
    digest: str = field(init=False, default="")

    def __post_init__(self) -> None:
        _check(self)
        names = [attribute.name for attribute in self.attributes]
        said = "\n".join([self.id, self.rows, *names, *map(repr, self.steps)])
        object.__setattr__(self, "digest", hashlib.sha256(said.encode()).hexdigest())

    @property
    def is_bounded(self) -> bool:
        """Tell whether it is shown territory by territory."""
        return f"%({REACH})s" in self.rows

    def within(self, reach: frozenset[int] | None) -> Layer:
        """Return the layer as somebody sees it whose right reaches these territories.

        It differs in its rows, and so in its digest and data version: nobody is ever answered
        from what was kept for another reach. None: the right is held everywhere.
        """
        return _within(self, reach) if self.is_bounded else self

    def has_zoom(self, zoom: int) -> bool:
        """Tell whether the layer has tiles at ``zoom``."""
        return self.minzoom <= zoom <= self.maxzoom

    def step_at(self, zoom: int) -> Step:
        """Return what is drawn at ``zoom``: a declared step, or the features themselves."""
        whole = Step(self.maxzoom, self.rows)
        return next((step for step in self.steps if zoom <= step.to_zoom), whole)

    def absent_at(self, name: str) -> list[int]:
        """Return the zooms whose tiles leave the attribute ``name`` out, to stay light."""
        zooms = range(self.minzoom, self.maxzoom + 1)
        drawn = {zoom: self.step_at(zoom).attributes for zoom in zooms}
        return [zoom for zoom, names in drawn.items() if names is not None and name not in names]

    def drawn_by(self, step: Step) -> list[str]:
        """Return the names of the attributes ``step`` draws, in the declared order."""
        names = [attribute.name for attribute in self.attributes]
        return [n for n in names if step.attributes is None or n in step.attributes]


def _check(layer: Layer) -> None:
    """Refuse a declaration that could put an unchecked name or value into SQL."""
    names = [attribute.name for attribute in layer.attributes]
    wrong = [name for name in (layer.id, *names) if not NAME.fullmatch(name)]
    if wrong:
        raise BadDeclaration(f"Layer {layer.id!r}: {wrong} are not plain lower-case names.")
    look = layer.look or Look()
    unknown_look = {*look.shade, *filter(None, [look.label, look.standing])} - {*names}
    if unknown_look:
        raise BadDeclaration(f"Layer {layer.id}: its look names {sorted(unknown_look)}.")
    twice = {name for name in names if names.count(name) > 1} | ({*names} & {*OWN_COLUMNS})
    if twice:
        raise BadDeclaration(f"Layer {layer.id}: {sorted(twice)} are taken already.")
    declared = {parameter.name for parameter in layer.parameters}
    for rows in (layer.rows, *(step.rows for step in layer.steps)):
        found = set(PLACEHOLDER.findall(rows))
        if (REACH in found) != layer.is_bounded:
            raise BadDeclaration(f"Layer {layer.id}: some steps reach further than its rows.")
        unknown = (found - {REACH}) ^ declared
        if unknown:
            raise BadDeclaration(
                f"Layer {layer.id}: {sorted(unknown)} are not both declared and used."
            )
    meant = (declared | {*names}) & RESERVED
    if meant:
        raise BadDeclaration(f"Layer {layer.id}: {sorted(meant)} mean other things.")
    if [step.to_zoom for step in layer.steps] != sorted({step.to_zoom for step in layer.steps}):
        raise BadDeclaration(f"Layer {layer.id}: steps must go from shallow to deep zooms.")
    if not 0 <= layer.minzoom <= layer.maxzoom:
        raise BadDeclaration(f"Layer {layer.id}: zooms {layer.minzoom} to {layer.maxzoom}.")


@lru_cache(maxsize=512)
def _within(layer: Layer, reach: frozenset[int] | None) -> Layer:
    ids = "NULL::bigint[]"
    if reach is not None:
        ids = f"'{{{','.join(str(int(one)) for one in sorted(reach))}}}'::bigint[]"

    def bound(rows: str) -> str:
        return rows.replace(f"%({REACH})s", ids)

    steps = tuple(replace(step, rows=bound(step.rows)) for step in layer.steps)
    return replace(layer, rows=bound(layer.rows), steps=steps)


class Registry:
    """The layers by id, in the order they were declared."""

    def __init__(self) -> None:
        self._layers: dict[str, Layer] = {}

    def register(self, layer: Layer) -> Layer:
        """Add a layer. Raises BadDeclaration where its id or a parameter's meaning is taken."""
        if layer.id in self._layers:
            raise BadDeclaration(f"Layer {layer.id} is declared twice.")
        known = {p.name: p for other in self._layers.values() for p in other.parameters}
        for parameter in layer.parameters:
            # Several layers share one tile and one query string: a name has one meaning.
            if known.get(parameter.name, parameter).schema != parameter.schema:
                raise BadDeclaration(
                    f"Layer {layer.id}: '{parameter.name}' means something else elsewhere."
                )
        self._layers[layer.id] = layer
        return layer

    def unregister(self, name: str) -> None:
        """Take a layer out again."""
        del self._layers[name]

    def __iter__(self) -> Iterator[Layer]:
        return iter(list(self._layers.values()))

    def get(self, name: str) -> Layer:
        """Return the layer called ``name``. Raises UnknownLayer."""
        try:
            return self._layers[name]
        except KeyError:
            raise UnknownLayer(
                f"There is no layer {name[:60]!r}.", "The list of layers is at /tiles."
            ) from None

    def parse(self, names: str) -> list[Layer]:
        """Return the layers of a comma-separated list, each once, in the order given."""
        wanted = list(dict.fromkeys(names.split(",")))
        if len(wanted) > MOST_LAYERS_IN_A_TILE:
            raise TooManyLayers(
                f"{len(wanted)} layers were asked for; one tile holds {MOST_LAYERS_IN_A_TILE}."
            )
        return [self.get(name) for name in wanted]


REGISTRY = Registry()


def parameters_of(layers: Iterable[Layer]) -> list[Parameter]:
    """Return the parameters any of ``layers`` takes, each name once."""
    return list({p.name: p for layer in layers for p in layer.parameters}.values())
