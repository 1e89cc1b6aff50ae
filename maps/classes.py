"""Classes of values for a map: mapclassify's methods, with breaks that say what the colours do.

A class holds its lower break and not its upper one, as on the map of cells. Breaks are rounded
for reading only as far as no value changes its class, so that the legend always equals the map.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from django.utils.translation import gettext_lazy as _

from maps.errors import BadChoice
from observatory.figures.breaks import between, natural_breaks

Floats = npt.NDArray[np.float64]
METHODS = {
    "quantiles": _("Effectifs égaux (quantiles)"),
    "egales": _("Amplitudes égales"),
    "jenks": _("Seuils naturels (Jenks)"),
    "tetes": _("Têtes et queues (distribution très inégale)"),
    "ecart-type": _("Écarts-types autour de la moyenne"),
    "rondes": _("Valeurs rondes"),
    "manuelles": _("Bornes choisies"),
}
MOST_CLASSES, USUAL_CLASSES = 8, 5
# These cut between values: the break is then the lowest value of the upper class.
BY_DATA = {"quantiles", "jenks", "tetes"}
BARS = 24
MOST_EXACT = 1_000


@dataclass(frozen=True)
class Classes:
    """``breaks`` part the classes, lowest first: n breaks make n + 1 classes."""

    method: str
    breaks: tuple[float, ...]
    counts: tuple[int, ...]

    def of(self, values: Any) -> npt.NDArray[np.int64]:
        """Return the class of each value, -1 where there is none."""
        numbers = np.asarray(values, dtype=np.float64)
        found = np.searchsorted(np.asarray(self.breaks), numbers, side="right")
        return np.where(np.isnan(numbers), -1, found)

    def counting(self, values: Any) -> Classes:
        """Return the same classes with the counts of other values."""
        found = self.of(values)
        counts = np.bincount(found[found >= 0], minlength=len(self.breaks) + 1)
        return replace(self, counts=tuple(counts.tolist()))


def classify(
    values: Sequence[float] | Floats,
    method: str = "quantiles",
    count: int = USUAL_CLASSES,
    *,
    given: Sequence[float] = (),
    decimals: int = 2,
) -> Classes:
    """Return the classes of ``values``; fewer than asked where few values differ.

    ``given`` are the breaks of the method "manuelles". Raises BadChoice.
    """
    if method not in METHODS:
        raise BadChoice(_("Cette méthode de classes n’existe pas."))
    if not 2 <= count <= MOST_CLASSES:
        raise BadChoice(_("Choisissez de 2 à 8 classes."))
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    breaks = _given(given) if method == "manuelles" else _cut(known, method, count)
    if method != "manuelles":
        breaks = _rounded(breaks, known, decimals)
    places = np.searchsorted(breaks, known, side="right")
    counts = np.bincount(places, minlength=len(breaks) + 1)
    return Classes(method, tuple(breaks.tolist()), tuple(counts.tolist()))


def around_nought(classes: Classes, values: Any) -> Classes:
    """Return the classes of a change with the break nearest to 0 moved there.

    Rises and falls then never share a class; where all values are on one side nothing moves.
    """
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    if not len(classes.breaks) or not (known.min() < 0 <= known.max()):
        return classes
    edges = np.asarray(classes.breaks)
    edges[np.abs(edges).argmin()] = 0.0
    return replace(classes, breaks=tuple(edges.tolist())).counting(known)


def _given(breaks: Sequence[float]) -> Floats:
    found = np.unique(np.asarray(breaks, dtype=np.float64))
    if not 1 <= len(found) < MOST_CLASSES or not np.isfinite(found).all():
        raise BadChoice(_("Donnez de 1 à 7 bornes, séparées par des points-virgules."))
    return found


def _cut(known: Floats, method: str, count: int) -> Floats:
    distinct = np.unique(known)
    if len(distinct) < 2:
        return np.zeros(0)
    if len(distinct) <= count and method in BY_DATA:
        return distinct[1:]  # a class for each value: no method does better
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # it may make fewer classes: that is fine
        found = _scheme(known, method, min(count, len(distinct)))
    if method in BY_DATA:
        numbers = np.asarray(found.yb)
        return np.unique([known[numbers == one].min() for one in np.unique(numbers)])[1:]
    edges = np.asarray(found.bins, dtype=np.float64)[:-1]
    inside = edges[(edges > distinct[0]) & (edges <= distinct[-1])]
    return np.unique(inside)


def _scheme(known: Floats, method: str, count: int) -> Any:
    mapclassify = _methods()
    makers: dict[str, Any] = {
        "quantiles": lambda: mapclassify.Quantiles(known, k=count),
        "egales": lambda: mapclassify.EqualInterval(known, k=count),
        "jenks": lambda: mapclassify.UserDefined(known, _natural(known, count)),
        "tetes": lambda: mapclassify.HeadTailBreaks(known),
        "ecart-type": lambda: mapclassify.StdMean(known),
        "rondes": lambda: mapclassify.PrettyBreaks(known, k=count),
    }
    return makers[method]()


@lru_cache(maxsize=1)
def _methods() -> Any:
    """Return mapclassify, read once, where values are classed: it reads half of scikit-learn.

    Its own search of natural breaks is left uncompiled: compiling takes seconds of each process,
    and ours (``natural_breaks``) is used instead.
    """
    from numba import config

    before = config.DISABLE_JIT
    config.DISABLE_JIT = 1
    try:
        import mapclassify
    finally:
        config.DISABLE_JIT = before
    return mapclassify


def _natural(known: Floats, count: int) -> Floats:
    """Return upper edges by Fisher and Jenks, from evenly spaced ranks where values are many.

    The exact search needs a square of memory; halfway between two classes, what the ranks left
    out falls to the nearer side.
    """
    few = np.unique(known)
    if len(few) > MOST_EXACT:
        few = np.quantile(known, np.linspace(0, 1, MOST_EXACT), method="nearest")
        return np.append(between(few, natural_breaks(few, count))[:-1], known.max())
    return between(known, natural_breaks(known, count))


def _rounded(breaks: Floats, known: Floats, decimals: int) -> Floats:
    """Write each break as shortly as leaves every value in its class."""
    return np.array([_short(one, known, decimals) for one in breaks])


def _short(wanted: float, known: Floats, decimals: int) -> float:
    below, above = known[known < wanted], known[known >= wanted]
    if not len(below) or not len(above):
        return float(wanted)
    low, high = float(below.max()), float(above.min())
    for digits in range(decimals, 10):
        for short in (round(float(wanted), digits), math.floor(high * 10**digits) / 10**digits):
            if low < short <= high:
                return short
    return float(wanted)


@dataclass(frozen=True)
class Bar:
    """The part of a histogram's bar that is in one class; ``base`` is what stands below it."""

    low: float
    high: float
    base: int
    count: int
    number: int


def histogram(values: Any, classes: Classes) -> list[Bar]:
    """Return a histogram whose bars of each class add up to the count its legend says.

    One bar where all values are equal. A bar that holds a break is stacked, lowest class first.
    """
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    if not len(known):
        return []
    edges = np.histogram_bin_edges(known, bins=1 if known.min() == known.max() else BARS)
    if len(edges) == 2:
        edges = np.array([known[0], known[0]])
    places = np.clip(np.searchsorted(edges, known, side="right") - 1, 0, len(edges) - 2)
    numbers = classes.of(known)
    bars = []
    for place, (low, high) in enumerate(pairwise(edges.tolist())):
        base = 0
        for number, count in enumerate(np.bincount(numbers[places == place])):
            if count:
                bars.append(Bar(low, high, base, int(count), number))
                base += int(count)
    return bars
