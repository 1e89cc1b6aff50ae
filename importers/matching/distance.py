"""How far two words are: typing errors, abbreviations, initials."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

TOO_FAR = 9


@lru_cache(maxsize=200_000)
def edits(one: str, other: str, most: int = 2) -> int:
    """Return the typing errors between two words, swaps counting one; TOO_FAR over ``most``.

    Restricted Damerau-Levenshtein distance, kept to a band of ``most`` around the diagonal.
    """
    if one == other:
        return 0
    if abs(len(one) - len(other)) > most:
        return TOO_FAR
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        now = [i]
        for j, b in enumerate(other, start=1):
            cost = min(last[j] + 1, now[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            now.append(cost)
        if min(now) > most:
            return TOO_FAR
        before, last = last, now
    return last[-1] if last[-1] <= most else TOO_FAR


def allowed(word: str) -> int:
    """Return how many typing errors a word of this length may hold and still be recognised."""
    if word.isdigit() or len(word) < 4:
        return 0
    return 1 if len(word) < 8 else 2


_SOUNDS = (("PH", "F"), ("TH", "T"), ("CK", "K"), ("Y", "I"), ("QU", "K"))
_DOUBLED = re.compile(r"([A-Z])\1+")


@lru_cache(maxsize=100_000)
def sound(word: str) -> str:
    """Return a word as it is heard: doubled letters, Y, PH, TH and a final S or X aside.

    >>> sound("ROY") == sound("ROI"), sound("SERRURIER") == sound("SERURIER")
    (True, True)
    """
    for written, heard in _SOUNDS:
        word = word.replace(written, heard)
    return _DOUBLED.sub(r"\1", word).rstrip("SX") or word


def words_agree(written: str, real: str) -> float:
    """Return how well a written word stands for a real one: 1 same, 0 not at all."""
    if written == real:
        return 1.0
    if len(written) == 1 and real.startswith(written) and not written.isdigit():
        return 0.8
    if len(written) >= 3 and real.startswith(written) and len(real) - len(written) >= 2:
        return 0.75
    if len(written) > 2 and sound(written) == sound(real):
        return 0.93
    found = edits(written, real, 2)
    return 1.0 - 0.15 * found if found <= max(allowed(real), 0) else 0.0


def alignment(written: Sequence[str], real: Sequence[str]) -> tuple[float, list[str]]:
    """Compare a written name with a real one, word by word and in order.

    Every written word must stand for a real word. Real words may be left out at the start
    only (first names, titles), which costs; the last word must be there. Returns the score
    (0 where they disagree) and the real words that agreed.
    """
    missing = len(real) - len(written)
    if missing < 0 or not written:
        return _joined(written, real)
    scores = []
    for mine, theirs in zip(written, real[missing:], strict=True):
        score = words_agree(mine, theirs)
        if not score:
            return _joined(written, real)
        scores.append(score)
    # A lone initial or a few letters cannot carry a name.
    if max(scores[-1:]) < 0.85 and len(written[-1]) < 4:
        return 0.0, []
    weights = [len(word) for word in real[missing:]]
    mean = sum(s * w for s, w in zip(scores, weights, strict=True)) / sum(weights)
    return mean - 0.08 * missing, list(real[missing:])


def _joined(written: Sequence[str], real: Sequence[str]) -> tuple[float, list[str]]:
    """Compare names whose words were glued together or cut in two."""
    mine, theirs = "".join(written), "".join(real)
    if not written or len(written) == len(real) or len(mine) < 6:
        return 0.0, []
    found = edits(mine, theirs, 1)
    return (0.97 - 0.1 * found, list(real)) if found <= 1 else (0.0, [])
