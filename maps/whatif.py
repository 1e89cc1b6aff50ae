"""What if the line moved: zones rebuilt from the published cells at once, nothing stored.

Cells and legal quarters are read once for each state of the data; an answer then costs the engine's
own time alone. These are trials: computed zones never overwrite the legal ones.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe
from pyproj import Transformer

from carroyage import grid
from carroyage.models import GridDataset, Origin
from carroyage.scores import MEAN_LIVING_STANDARD, SHARE_POOR, Score
from carroyage.store import latest_dataset, legal_quarters, read_cells
from carroyage.zones import Zones, build_zones
from layers.access import visible_to
from layers.version import stamps_of
from maps.errors import BadChoice
from maps.figures import quantity
from maps.panel import citations, fictitious
from observatory.models import Level, Territory
from observatory.models.perimeters import IN_FORCE

COLUMNS = ("ind", "men", "men_pauv", "ind_snv")
WATCHED = ("carroyage_cell", "carroyage_griddataset", "observatory_perimeter")
MOST_CELLS = 400_000


@dataclass(frozen=True)
class Slider:
    """One line that moves: its score, its range, how it is written."""

    key: str
    label: Any
    score: Score
    low: float
    high: float
    step: float
    start: float
    unit: str
    factor: float = 1.0

    def write(self, value: float) -> str:
        """Return a place of the slider with its unit."""
        return quantity(value, self.unit, 0)


SLIDERS = {
    "pauvrete": Slider(
        "pauvrete", gettext_lazy("Part de ménages pauvres, au moins"), SHARE_POOR,
        10, 60, 1, 25, "%", 100.0,
    ),
    "niveau-de-vie": Slider(
        "niveau-de-vie", gettext_lazy("Niveau de vie moyen, au plus"), MEAN_LIVING_STANDARD,
        10_000, 35_000, 250, 18_000, "€",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Ground:
    """The cells, and which of them lie in a legal quarter by their centre."""

    cells: pd.DataFrame
    legal: npt.NDArray[np.bool_]
    generation: int | None
    epsg: int
    demonstration: bool = False
    source: int = 0


def ground() -> Ground | None:
    """Return the cells in use; None where no grid is loaded or it is too large to try lines on."""
    dataset = latest_dataset(Origin.PUBLISHED)
    if dataset is None or dataset.cells.count() > MOST_CELLS:
        return None
    return _ground(dataset.pk, stamps_of(WATCHED))


def latest_generation() -> int | None:
    """Return the generation of quarters that the map draws: the latest that has outlines."""
    drawn = Territory.objects.filter(level=Level.QPV, perimeters__status__in=IN_FORCE)
    return drawn.aggregate(latest=Max("generation"))["latest"]


@lru_cache(maxsize=2)
def _ground(dataset_id: int, stamps: str) -> Ground:
    dataset = GridDataset.objects.get(pk=dataset_id)
    cells = read_cells(dataset, COLUMNS)
    ids = grid.parse_ids(cells.index)
    half = dataset.size / 2
    centres: Any = shapely.points(ids.east + half, ids.north + half)
    generation = latest_generation()
    quarters = legal_quarters(generation).to_crs(dataset.epsg)
    shapes = quarters.geometry.to_numpy()
    inside = np.zeros(len(cells), dtype=bool)
    if len(shapes):
        inside[np.unique(shapely.STRtree(centres).query(shapes, predicate="covers")[1])] = True
    source = dataset.source_id
    return Ground(cells, inside, generation, dataset.epsg, fictitious([source]), source)


@dataclass(frozen=True)
class Trial:
    """What one place of the slider gives; persons are sums of cells."""

    zones: Zones
    persons: float
    legal_persons: float
    common_persons: float
    milliseconds: float


def try_line(where: Ground, slider: Slider, place: float) -> Trial:
    """Build the zones of one place of the slider and measure them against the legal quarters."""
    begun = time.perf_counter()
    zones = build_zones(where.cells, slider.score, place / slider.factor)
    persons = where.cells["ind"].to_numpy(np.float64, na_value=0.0)
    chosen = zones.labels(where.cells.index) > 0
    return Trial(
        zones=zones,
        persons=float(persons[chosen].sum()),
        legal_persons=float(persons[where.legal].sum()),
        common_persons=float(persons[chosen & where.legal].sum()),
        milliseconds=1_000 * (time.perf_counter() - begun),
    )


def as_geojson(where: Ground, zones: Zones) -> dict[str, Any]:
    """Return the zones in degrees, with number, inhabitants and score."""
    move: Any = Transformer.from_crs(where.epsg, 4326, always_xy=True).transform
    outlines = shapely.transform(zones.outlines(), move, interleaved=False)
    texts = shapely.to_geojson(shapely.set_precision(outlines, 1e-6, mode="pointwise"))
    features = [
        {
            "type": "Feature",
            "geometry": json.loads(text),
            "properties": {"number": int(number), "persons": round(float(persons))},
        }
        for number, persons, text in zip(
            zones.table.index, zones.table["ind"], np.atleast_1d(texts), strict=True
        )
    ]
    return {"type": "FeatureCollection", "features": features}


def in_words(trial: Trial) -> list[str]:
    """Return what a trial gives, one sentence a line; a share of nothing is not told."""
    count = len(trial.zones.table)
    zones = ngettext("{count} zone", "{count} zones", count).format(count=quantity(count, "", 0))
    told = [
        zones if count else _("aucune zone"),
        _("{persons} habitants").format(persons=quantity(trial.persons, "", 0)),
    ]
    if trial.legal_persons:
        share = 100 * trial.common_persons / trial.legal_persons
        told.append(
            _("{share} des habitants des quartiers légaux y vivent").format(
                share=quantity(share, "%", 0)
            )
        )
    if trial.persons and trial.legal_persons:
        share = 100 * trial.common_persons / trial.persons
        told.append(
            _("{share} de leurs habitants vivent dans un quartier légal").format(
                share=quantity(share, "%", 0)
            )
        )
    return told


def _asked(request: HttpRequest) -> tuple[Slider, float]:
    slider = SLIDERS.get(request.GET.get("critere", "pauvrete"))
    if slider is None:
        raise BadChoice(_("Ce critère n’existe pas."))
    try:
        place = float(request.GET.get("seuil", slider.start))
    except ValueError:
        raise BadChoice(_("Le seuil est un nombre.")) from None
    if not slider.low <= place <= slider.high:
        raise BadChoice(_("Ce seuil est hors de la réglette."))
    return slider, place


def _may_see(request: HttpRequest) -> bool:
    return any(layer.id == "cells" for layer in visible_to(request))


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show the slider, the map and what the first place of the slider gives."""
    where = ground() if _may_see(request) else None
    try:
        slider, place = _asked(request)
    except BadChoice as error:
        slider, place, said = SLIDERS["pauvrete"], SLIDERS["pauvrete"].start, str(error)
    else:
        said = ""
    context: dict[str, Any] = {"sliders": SLIDERS.values(), "slider": slider, "place": place}
    context |= {"where": where, "said": said, "written": slider.write(place)}
    if where is not None:
        trial = try_line(where, slider, place)
        context |= {"lines": in_words(trial), "rows": _rows(trial)}
        context |= {"demonstration": where.demonstration, "sources": citations([where.source])}
    return render(request, "maps/whatif.html", context)


def _rows(trial: Trial) -> list[dict[str, Any]]:
    table = trial.zones.table
    return [
        {"number": int(number), "persons": quantity(float(persons), "", 0)}
        for number, persons in zip(table.index, table["ind"], strict=True)
    ]


@require_safe
def trial_json(request: HttpRequest) -> HttpResponse:
    """Answer the zones of one place of the slider, with what they give in words."""
    where = ground() if _may_see(request) else None
    if where is None:
        return JsonResponse({"error": _("Aucune grille n’est chargée.")}, status=404)
    try:
        slider, place = _asked(request)
    except BadChoice as error:
        return JsonResponse({"error": str(error)}, status=400)
    trial = try_line(where, slider, place)
    answer = JsonResponse(
        {
            "zones": as_geojson(where, trial.zones),
            "lines": in_words(trial),
            "rows": _rows(trial),
            "written": slider.write(place),
        }
    )
    answer["Server-Timing"] = f"zones;dur={trial.milliseconds:.1f}"
    answer["Cache-Control"] = "private, no-cache"
    return answer
