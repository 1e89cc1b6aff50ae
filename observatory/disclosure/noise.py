"""The perturbation matrix: how far a count may be moved, and with what probability.

For each true count the noise has a mean of zero, a deviation of at most D, and never leads to
a count from 1 to the threshold - 1. Among all such laws the one of largest entropy with
variance V is taken (Marley and Leaver 2011; Giessing 2016). Small counts leave less room: their
variance is the nearest to V that their possible values allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from observatory.disclosure.errors import BadRule

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# A two-point law has no finite maximum-entropy exponents: keep this far from that edge.
MARGIN = 0.02
UNBIASED_WITHIN = 1e-6


@dataclass(frozen=True)
class NoiseRule:
    """Threshold T (smallest count that may be shown), maximum deviation D, variance V."""

    threshold: int = 5
    deviation: int = 5
    variance: float = 3.0

    def __post_init__(self) -> None:
        if self.threshold < 1:
            raise BadRule(f"A threshold of {self.threshold} protects nobody.", "Give 1 or more.")
        if self.deviation < self.threshold:
            raise BadRule(
                f"A deviation of {self.deviation} cannot carry a count of 1 over the threshold "
                f"of {self.threshold}.",
                "Give a deviation at least as large as the threshold.",
            )
        if not 0 < self.variance <= self.deviation**2 / 2:
            raise BadRule(
                f"A variance of {self.variance} does not fit a deviation of {self.deviation}.",
                "Give a variance over 0 and at most half the square of the deviation.",
            )

    def span_of(self, shown: int) -> tuple[int, int]:
        """Return the smallest and largest true counts that may be shown as ``shown``.

        This is what a reader who knows the rule can tell; zero stays zero, so what is shown
        as more than zero is at least one.
        """
        if shown == 0:
            return 0, self.deviation
        return max(1, shown - self.deviation), shown + self.deviation


@dataclass(frozen=True)
class Law:
    """Where one true count may go: values ascending, and their probabilities."""

    values: Ints
    probabilities: Floats

    @property
    def cumulative(self) -> Floats:
        """Return the cumulative probabilities, the last one exactly 1."""
        summed = np.cumsum(self.probabilities)
        summed[-1] = 1.0
        return summed


def perturb(count: int, key: float, rule: NoiseRule) -> int:
    """Return the count to show for ``count`` whose count key in [0, 1) is ``key``."""
    if count < 0 or not 0 <= key < 1:
        raise BadRule(f"There is no count {count} with key {key}.")
    if count == 0:
        return 0
    base = min(count, rule.threshold + rule.deviation)
    law, steps = _law_and_steps(base, rule)
    return int(law.values[np.searchsorted(steps, key, side="right")]) + count - base


def law_of(count: int, rule: NoiseRule) -> Law:
    """Return the law of what is shown for a true ``count``."""
    if count == 0:
        return Law(np.array([0]), np.array([1.0]))
    base = min(count, rule.threshold + rule.deviation)
    found = _law_and_steps(base, rule)[0]
    return Law(found.values + (count - base), found.probabilities)


@lru_cache(maxsize=1024)
def _law_and_steps(count: int, rule: NoiseRule) -> tuple[Law, Floats]:
    law = Law(*_fitted(count, rule))
    return law, law.cumulative


def _fitted(count: int, rule: NoiseRule) -> tuple[Ints, Floats]:
    values = _reachable(count, rule)
    if len(values) == 1:
        return values, np.array([1.0])
    gaps = (values - count).astype(np.float64)
    wanted = _variance_possible(gaps, rule.variance)
    return values, _unbiased(gaps, _largest_entropy(gaps, wanted))


def _reachable(count: int, rule: NoiseRule) -> Ints:
    around = np.arange(max(0, count - rule.deviation), count + rule.deviation + 1)
    return around[(around == 0) | (around >= rule.threshold)]


def _variance_possible(gaps: Floats, wanted: float) -> float:
    """Return the variance nearest to ``wanted`` that values around a mean of zero allow."""
    below, above = gaps[gaps <= 0].max(), gaps[gaps >= 0].min()
    least, most = float(-below * above), float(-gaps[0] * gaps[-1])
    room = most - least
    return float(np.clip(wanted, least + MARGIN * room, most - MARGIN * room))


def _largest_entropy(gaps: Floats, variance: float) -> Floats:
    """Return probabilities ∝ exp(a·gap + b·gap²) with mean 0 and the variance asked for."""
    scale = max(1.0, float(np.abs(gaps).max()))
    moments = np.stack([gaps / scale, (gaps**2 - variance) / scale**2])

    def dual(weights: Floats) -> tuple[float, Floats]:
        exponents = weights @ moments
        top = exponents.max()
        masses = np.exp(exponents - top)
        total = masses.sum()
        return float(top + np.log(total)), moments @ (masses / total)

    from scipy.optimize import minimize  # long to read, and needed once a table of noise

    solved = minimize(dual, np.zeros(2), jac=True, method="BFGS", options={"gtol": 1e-10})
    exponents = solved.x @ moments
    masses = np.exp(exponents - exponents.max())
    return masses / masses.sum()


def _unbiased(gaps: Floats, probabilities: Floats) -> Floats:
    """Take away the last rounding of the fit, so that the mean is zero to machine precision."""
    bias = float(probabilities @ gaps)
    if abs(bias) > UNBIASED_WITHIN:
        raise BadRule(f"No unbiased noise was found (bias {bias:.2g}).", "Change V or D.")
    # Taken from the likeliest value on either side: there is room enough for so little.
    low = int(np.argmax(np.where(gaps < 0, probabilities, -1)))
    high = int(np.argmax(np.where(gaps > 0, probabilities, -1)))
    shift = bias / (gaps[high] - gaps[low])
    corrected = probabilities.copy()
    corrected[high] -= shift
    corrected[low] += shift
    return corrected
