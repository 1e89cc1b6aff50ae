"""What a reader can tell of each group from all the figures printed: bounds by a solver.

Figures are linear in the groups (atoms): a table says low ≤ Σ atoms ≤ high for each of them. A
group is betrayed when every whole-numbered solution puts it between 1 and the threshold - 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, vstack
from scipy.sparse.csgraph import connected_components

from observatory.disclosure.cells import incidence

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

SECONDS_PER_QUESTION = 20.0
ROUNDING = 1e-6


@dataclass(frozen=True)
class Figure:
    """What is known of one printed figure: low ≤ Σ of its atoms ≤ high (None: no limit)."""

    atoms: tuple[int, ...]
    low: int = 0
    high: int | None = None

    @property
    def says_something(self) -> bool:
        """Tell whether the figure limits anything."""
        return bool(self.atoms) and (self.low > 0 or self.high is not None)


@dataclass
class System:
    """All figures over the same atoms; ``truth`` is one solution, known to whoever publishes."""

    figures: Sequence[Figure]
    atoms: int
    truth: Ints | None = None

    def __post_init__(self) -> None:
        self.figures = [figure for figure in self.figures if figure.says_something]
        self.matrix = incidence([figure.atoms for figure in self.figures], self.atoms)
        self.low = np.array([figure.low for figure in self.figures], dtype=np.float64)
        highs = [np.inf if figure.high is None else figure.high for figure in self.figures]
        self.high = np.array(highs, dtype=np.float64)

    def betrayed(self, targets: Sequence[Sequence[int]], threshold: int) -> list[int]:
        """Return the places in ``targets`` (groups of atoms) that must be 1 to threshold - 1.

        A question the solver cannot answer in time counts as betrayed.
        """
        found = []
        for members, places in self._by_component(targets, threshold):
            unsafe = _Part(self, members, threshold).betrayed([targets[place] for place in places])
            found += [places[place] for place in unsafe]
        return sorted(found)

    def _by_component(
        self, targets: Sequence[Sequence[int]], threshold: int
    ) -> Iterator[tuple[Ints, list[int]]]:
        label = self._labels()
        groups: dict[int, list[int]] = {}
        for place, target in enumerate(targets):
            if target and not self._safe_by_truth(target, threshold):
                # A target across components is bounded by the sum of parts: all are needed.
                marks = {int(label[atom]) for atom in target}
                groups.setdefault(min(marks) if len(marks) == 1 else -1, []).append(place)
        for mark, places in groups.items():
            chosen = np.arange(self.atoms) if mark == -1 else np.flatnonzero(label == mark)
            yield chosen, places

    def _safe_by_truth(self, target: Sequence[int], threshold: int) -> bool:
        """The truth is a solution itself: a group that is not small cannot be shown small."""
        if self.truth is None:
            return False
        count = int(self.truth[list(target)].sum())
        return count == 0 or count >= threshold

    def _labels(self) -> Ints:
        """Number the sets of atoms that figures tie together, shape (atoms,)."""
        links = self.matrix.T @ self.matrix
        return connected_components(links, directed=False)[1].astype(np.int64)


class _Part:
    """One set of atoms tied together by figures."""

    def __init__(self, system: System, members: Ints, threshold: int) -> None:
        self.members = members
        rows = np.flatnonzero(np.asarray(system.matrix[:, members].sum(axis=1)).ravel() > 0)
        self.matrix = csr_array(system.matrix[rows][:, members])
        self.low, self.high = system.low[rows], system.high[rows]
        self.threshold = threshold
        self.random = np.random.default_rng(20_14)

    def betrayed(self, targets: Sequence[Sequence[int]]) -> list[int]:
        """Return the places of the targets that no solution makes 0, or at least the threshold."""
        place = {int(atom): here for here, atom in enumerate(self.members)}
        chosen = incidence(
            [[place[int(atom)] for atom in target] for target in targets], len(self.members)
        )
        found, left = [], np.arange(len(targets))
        while len(left):
            asked = chosen[left[:1]]
            solution = self._solution(asked, self.threshold, np.inf)
            if solution is None:
                solution = self._solution(asked, 0.0, 0.0)
            if solution is None:
                found.append(int(left[0]))
                left = left[1:]
                continue
            # One solution often settles many targets.
            sums = chosen[left] @ solution
            left = left[(sums > 0.5) & (sums < self.threshold - 0.5)]
        return found

    def _solution(self, asked: Any, low: float, high: float) -> Floats | None:
        # A random aim makes solutions differ.
        found = solve(
            self.random.random(len(self.members)),
            vstack([self.matrix, asked], format="csr"),
            np.append(self.low, low),
            np.append(self.high, high),
        )
        return None if found.x is None else np.round(found.x)


def solve(aim: Floats, matrix: Any, low: Floats, high: Floats) -> Any:
    """Minimise ``aim``·x over whole x ≥ 0 with low ≤ matrix·x ≤ high (scipy's HiGHS)."""
    return milp(
        aim,
        constraints=LinearConstraint(matrix, low, high),
        bounds=Bounds(0, np.inf),
        integrality=np.ones(matrix.shape[1]),
        options={"time_limit": SECONDS_PER_QUESTION},
    )


def bounds_of(system: System, target: Sequence[int]) -> tuple[int, int | None]:
    """Return the smallest and largest count the figures allow for a group of atoms.

    None stands for no upper limit. Used by whoever plays the adversary; the gate only asks
    whether a group is betrayed, which is cheaper.
    """
    chosen = np.zeros(system.atoms)
    chosen[list(target)] = 1.0
    if not len(system.figures):
        return 0, None
    least = solve(chosen, system.matrix, system.low, system.high)
    most = solve(-chosen, system.matrix, system.low, system.high)
    low = int(np.ceil(least.fun - ROUNDING)) if least.x is not None else 0
    return low, int(np.floor(-most.fun + ROUNDING)) if most.x is not None else None
