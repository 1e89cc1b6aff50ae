"""A declared map filled with what is loaded of one territory, and what is missing for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from django.db.models import Q
from django.utils.translation import gettext as _

from maps.figures import Figure
from maps.levels import level_name
from maps.panel import Person, citations, signed_in
from maps.places import METRES, latest_quarters, outlines, parts_of, wholes_of
from maps.portraits.around import CATEGORIES
from maps.portraits.gridsums import FIGURES, figure_in, grid, grid_sums
from maps.savedmaps.declared import ITSELF, Layer, MapTemplate
from observatory.figures.visible import visible
from observatory.models import Facility, Level, Membership, Opening, Perimeter, Territory
from observatory.models.perimeters import IN_FORCE

WEB, DEGREES = 3857, 4326
QUARTERS = (Level.QPV, Level.QVA)
# A project is in a territory when they share at least this part of the smaller one's area.
LEAST_INSIDE = 0.05


@dataclass(frozen=True)
class FilledLayer:
    """One layer with what is drawn: outlines or points (EPSG:2154), and a figure for each.

    ``frame`` has name, code, geometry and ``figure`` (a Figure, or None where nothing is
    measured).
    """

    layer: Layer
    label: str
    frame: gpd.GeoDataFrame
    sources: frozenset[int]

    @property
    def is_missing(self) -> bool:
        """Whether nothing of it is loaded here."""
        return self.frame.empty


@dataclass(frozen=True)
class FilledMap:
    """A map ready to be drawn, or the reasons why it cannot be."""

    template: MapTemplate
    whole: Territory
    place: Territory
    ground: gpd.GeoDataFrame
    layers: list[FilledLayer]

    @property
    def missing(self) -> list[FilledLayer]:
        """Return the layers of which nothing is loaded."""
        return [one for one in self.layers if one.is_missing]

    @property
    def is_drawn(self) -> bool:
        """Whether all that the map cannot do without is there."""
        return not self.ground.empty and not any(one.layer.needed for one in self.missing)

    @property
    def sources(self) -> list[dict[str, str]]:
        """Return what must be printed of the sources of all that is drawn."""
        return citations(frozenset[int]().union(*(one.sources for one in self.layers)))


def openings(template: MapTemplate) -> list[Territory]:
    """Return the territories a map can be opened for, by level and name."""
    found = Territory.objects.filter(level__in=template.opened_for).exclude(code="")
    order = {level: place for place, level in enumerate(template.opened_for)}
    return sorted(found, key=lambda one: (order[one.level], one.name, one.code))


def fill(person: Person, template: MapTemplate, whole: Territory) -> FilledMap:
    """Return the map of a territory with what is loaded of it."""
    place = _framed(template, whole)
    ground = ground_of(place)
    layers = [_filled(person, layer, place, ground) for layer in template.layers]
    return FilledMap(template, whole, place, ground, layers)


def _framed(template: MapTemplate, whole: Territory) -> Territory:
    """Return the territory the map shows: the one asked for, or what contains it."""
    if template.frame in (ITSELF, whole.level):
        return whole
    day = date.today()
    for one in (whole, *parts_of(whole, day, [Level.COMMUNE])):
        around = wholes_of(one, day, template.frame)
        if around:
            return around[0]
    return whole


def ground_of(place: Territory) -> gpd.GeoDataFrame:
    """Return a territory's outline in one row: its own, or that of its communes or quarters."""
    own = outlines([place.pk])
    if own.empty:
        day = date.today()
        parts = parts_of(place, day, [Level.COMMUNE]) or latest_quarters(place)
        own = outlines([one.pk for one in parts])
        if not own.empty:
            own = own.dissolve().assign(name=place.name, code=place.code)
    return own.reset_index(drop=True)


# -- layers --------------------------------------------------------------------------------


def _filled(
    person: Person, layer: Layer, place: Territory, ground: gpd.GeoDataFrame
) -> FilledLayer:
    if layer.category:
        return _facilities(person, layer, ground)
    held = _territories(layer.level, place, ground)
    label = level_name(layer.level)
    frame = _drawn(held)
    sources = {one.source_id for one in held}
    if layer.cells:
        label, frame, used = _measured(layer, frame)
        sources |= used
    return FilledLayer(layer, label, frame, frozenset(sources if len(frame) else ()))


def _drawn(held: list[Territory]) -> gpd.GeoDataFrame:
    """Return the outline of each, in their order: their own are read together."""
    own = outlines([one.pk for one in held])
    known = {int(pk): own.iloc[[place]] for place, pk in enumerate(own["id"])}
    grounds = [
        (known[one.pk] if one.pk in known else ground_of(one)).assign(name=one.name, code=one.code)
        for one in held
    ]
    told = [one[["name", "code", "geometry"]] for one in grounds if not one.empty]
    if not told:
        return _nothing()
    frame = gpd.GeoDataFrame(pd.concat(told, ignore_index=True), crs=METRES)
    return frame.assign(figure=None)


def _nothing() -> gpd.GeoDataFrame:
    columns = ["name", "code", "figure", "geometry"]
    return gpd.GeoDataFrame(columns=columns, geometry="geometry", crs=METRES)


def _territories(level: str, place: Territory, ground: gpd.GeoDataFrame) -> list[Territory]:
    if level == place.level:
        return [place]
    if level in QUARTERS:
        return latest_quarters(place, level)
    if level == Level.CONTRACT:
        return _contracts(place)
    inside = parts_of(place, date.today(), [level])
    return inside or _crossing(level, ground)


def _contracts(place: Territory) -> list[Territory]:
    """Return the contracts that hold a commune or a quarter of the place."""
    parts = parts_of(place, date.today(), [Level.COMMUNE, Level.QPV])
    rows = Membership.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=date.today()),
        member__in=parts, container__level=Level.CONTRACT,
    )  # fmt: skip
    found = {row.container_id: row.container for row in rows.select_related("container")}
    return sorted(found.values(), key=lambda one: (one.name, one.code))


def _crossing(level: str, ground: gpd.GeoDataFrame) -> list[Territory]:
    """Return the territories of a level of which a part lies in the ground, by their shapes."""
    if ground.empty:
        return []
    box = ground.to_crs(DEGREES).union_all()
    near = Perimeter.objects.filter(
        status__in=IN_FORCE, territory__level=level, geom__intersects=box.wkt
    )
    ids = set(near.values_list("territory_id", flat=True))
    frame = outlines(sorted(ids))
    whole = ground.union_all()
    # Of the smaller of the two: a commune is the ground of a contract of one small quarter in it.
    inside = frame.intersection(whole).area / np.minimum(frame.area, whole.area)
    kept = frame.loc[inside >= LEAST_INSIDE, "id"]
    return list(Territory.objects.filter(pk__in=kept.tolist()).order_by("name", "code"))


def _measured(layer: Layer, frame: gpd.GeoDataFrame) -> tuple[str, gpd.GeoDataFrame, set[int]]:
    """Return the territories with a figure of the cells; none where no grid is loaded."""
    one = next(figure for figure in FIGURES if figure.key == layer.cells)
    label = _("{figure} (d’après les carreaux)").format(figure=one.label)
    dataset = grid()
    if dataset is None or frame.empty:
        return label, frame.iloc[:0], set()
    shapes = dict(zip(frame["code"], frame.to_crs(WEB).geometry, strict=True))
    sums = grid_sums(shapes, dataset)
    figures = [figure_in(sums, code, one) for code in frame["code"]]
    if all(figure.value is None for figure in figures):
        return label, frame.iloc[:0], set()
    return label, frame.assign(figure=figures), {dataset.source_id}


def _facilities(person: Person, layer: Layer, ground: gpd.GeoDataFrame) -> FilledLayer:
    label = str(CATEGORIES.get(layer.category, layer.category))
    label = label[:1].upper() + label[1:]
    if ground.empty:
        return FilledLayer(layer, label, _nothing(), frozenset())
    box = ground.to_crs(DEGREES).union_all()
    held = visible(Facility.objects.all(), signed_in(person)).filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=date.today()),
        category=layer.category, state=Opening.OPEN, geom__intersects=box.wkt,
    )  # fmt: skip
    rows = list(held.order_by("name", "pk"))
    places = [one.geom.coords for one in rows if one.geom is not None]
    points = gpd.points_from_xy(*zip(*places, strict=True), crs=DEGREES) if places else []
    frame = gpd.GeoDataFrame(
        {"name": [one.name for one in rows], "code": [one.key for one in rows]},
        geometry=points, crs=DEGREES,
    ).to_crs(METRES)  # fmt: skip
    return FilledLayer(
        layer, label, frame.assign(figure=None), frozenset(one.source_id for one in rows)
    )


def shown_rows(filled: FilledMap) -> list[tuple[FilledLayer, list[tuple[str, str, Figure | None]]]]:
    """Return name, code and figure of all that is drawn, layer by layer: the map in words."""
    return [
        (one, list(zip(one.frame["name"], one.frame["code"], one.frame["figure"], strict=True)))
        for one in filled.layers
        if one.layer.look != "ground" and not one.is_missing
    ]


def values_of(layer: FilledLayer) -> npt.NDArray[np.float64]:
    """Return the figures of a layer as numbers, NaN where there is none."""
    told = [None if one is None else one.value for one in layer.frame["figure"]]
    return np.array([np.nan if one is None else one for one in told], dtype=np.float64)
