"""Loops over households, compiled by numba when they first run.

One pass over each batch instead of one per column. Compiled code is kept beside the sources, or
where ``NUMBA_CACHE_DIR`` says. Imported where it is used only: numba takes a moment to load.
Arrays are those of `carroyage.households.Numbers`; whatever is summed is an integer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

from carroyage.households import LARGEST_AMOUNT, NOT_WHOLE

F = TypeVar("F", bound=Callable[..., Any])

BUCKET_BITS, BUCKETS = 14, 1 << 14  # 163.84 € each; the last one holds all above 2.7 M€


def compiled(function: F) -> F:
    """Compile without Python's lock, and keep the code where a place to keep it is found."""
    try:
        made: Any = numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # a system without a folder to write in: compiled again by each process
        made = numba.njit(nogil=True)(function)
    return cast(F, made)


# -- checks: each gives the number of the first reason that applies, 0 for none -----------------


@compiled
def _place(x: float, y: float, extent: Any) -> int:
    if not (np.isfinite(x) and np.isfinite(y)):
        return 1
    west, south, east, north = extent
    if west <= x < east and south <= y < north:
        return 0
    return 2 if west <= y < east and south <= x < north else 3


@compiled
def _household(persons: int, children: int) -> int:
    if persons < 1:
        return 6 if persons == NOT_WHOLE else 5
    if children < 0:
        return 7
    return 8 if children >= persons else 0


@compiled
def _ages(people: Any, i: int) -> int:
    total = 0
    for k in range(2, people.shape[0]):
        if people[k, i] < 0:
            return 9
        total += people[k, i]
    return 10 if total != people[0, i] else 0


@compiled
def _income(euros: float) -> int:
    if not np.isfinite(euros):
        return 1
    if euros < 0:
        return 2
    return 3 if euros > LARGEST_AMOUNT else 0


@compiled
def _amounts(declared: float, disposable: float, area: float) -> int:
    code = _income(declared)
    if code:
        return 10 + code
    code = _income(disposable)
    if code:
        return 13 + code
    return 0 if 0 <= area <= LARGEST_AMOUNT else 17


@compiled
def _words(words: Any, i: int) -> int:
    for k in range(words.shape[0]):
        if words[k, i] < 0:
            return 18 + k
    return 0


@compiled
def first_reasons(
    extent: Any, x: Any, y: Any, named: Any, people: Any, declared: Any, disposable: Any,
    area: Any, words: Any, out: Any,
) -> None:  # fmt: skip
    """Tell why each record cannot be used: ``out`` (n,) gets positions in `households.REASONS`."""
    for i in range(x.size):
        code = _place(x[i], y[i], extent)
        if code == 0 and not named[i]:
            code = 4
        if code == 0:
            code = _household(people[0, i], people[1, i])
        if code == 0:
            code = _ages(people, i)
        if code == 0:
            code = _amounts(declared[i], disposable[i], area[i])
        if code == 0:
            code = _words(words, i)
        out[i] = code


# -- sums ---------------------------------------------------------------------------------------


@compiled
def number_cells(
    x: Any, y: Any, size: int, south: int, west: int, table: Any, count: int, code: Any, keys: Any
) -> int:
    """Number each point's cell, new cells taking the next numbers; return how many there are.

    ``table`` (rows, columns) holds each position's number from 1, 0 where there is none yet;
    ``code`` (n,) gets numbers from 0, ``keys`` (n,) the positions of new cells, in order (see
    `grid.cell_keys`). A cell is ``floor(x / size)``, exact as `grid` explains.
    """
    known = count
    for i in range(x.size):
        row, column = int(np.floor(y[i] / size)) - south, int(np.floor(x[i] / size)) - west
        number = table[row, column]
        if number == 0:
            keys[count - known] = (row + south) << 32 | (column + west)
            count += 1
            number = count
            table[row, column] = number
        code[i] = number - 1
    return count


@compiled
def _standard(euros: float, tenths: int) -> int:
    """Give cents per consumption unit, rounded half up (see `incomes.living_standards`)."""
    return (20 * int(np.rint(euros * 100)) + tenths) // (2 * tenths)


@compiled
def add_households(
    code: Any, people: Any, words: Any, alone: Any, declared: Any, disposable: Any, area: Any,
    poverty: int, lines: Any, counts: Any, surface: Any, standards: Any, own: Any,
) -> None:  # fmt: skip
    """Add households up: ``counts`` (cells, COUNTS), ``surface`` (cells,) hundredths of m².

    ``code`` (n,) cells; ``alone`` single parents (n,) or none (0,); ``poverty`` cents; ``lines``
    cents: one for all, one each, or none. ``standards`` (n,) gets living standards in cents,
    ``own`` (n,) declared ones where there is a line.
    """
    for i in range(code.size):
        cell, persons, children = code[i], people[0, i], people[1, i]
        tenths = 10 + 5 * (persons - children - 1) + 3 * children
        standards[i] = _standard(disposable[i], tenths)
        counts[cell, 0] += persons
        counts[cell, 1] += 1
        counts[cell, 2] += standards[i] < poverty
        counts[cell, 3] += persons == 1
        counts[cell, 4] += persons >= 5
        counts[cell, 5] += words[0, i] == 0
        counts[cell, 6] += words[0, i] == 1
        counts[cell, 7] += words[1, i] == 0
        if words[2, i] < 4:
            counts[cell, 8 + words[2, i]] += 1
        for k in range(10):
            counts[cell, 12 + k] += people[2 + k, i]
        if alone.size:
            counts[cell, 22] += alone[i]
        if lines.size:
            own[i] = _standard(declared[i], tenths)
            if own[i] < lines[i if lines.size > 1 else 0]:
                counts[cell, 23] += persons
        surface[cell] += int(np.rint(area[i] * 100))


@compiled
def add_clipped(
    code: Any, standards: Any, persons: Any, department: Any, low: Any, high: Any, total: Any
) -> None:
    """Add living standards times persons up by cell, each within its département's bounds."""
    for i in range(code.size):
        place = department[i]
        total[code[i]] += min(max(standards[i], low[place]), high[place]) * persons[i]


# -- percentiles and medians --------------------------------------------------------------------


@compiled
def fill_buckets(standards: Any, persons: Any, department: Any, buckets: Any) -> None:
    """Count persons by département and step of living standard: ``buckets`` (k, BUCKETS)."""
    for i in range(standards.size):
        bucket = min(standards[i] >> BUCKET_BITS, BUCKETS - 1)
        buckets[department[i], bucket] += persons[i]


@compiled
def count_within(standards: Any, department: Any, wanted: Any) -> int:
    """Count the records of the wanted bucket of their département."""
    found = 0
    for i in range(standards.size):
        found += wanted[department[i]] == min(standards[i] >> BUCKET_BITS, BUCKETS - 1)
    return found


@compiled
def records_within(standards: Any, department: Any, wanted: Any, rows: Any) -> None:
    """Put the positions of the records `count_within` counts in ``rows``."""
    found = 0
    for i in range(standards.size):
        if wanted[department[i]] == min(standards[i] >> BUCKET_BITS, BUCKETS - 1):
            rows[found] = i
            found += 1


@compiled
def by_cell(code: Any, values: Any, persons: Any, place: Any, out: Any, weights: Any) -> None:
    """Put values and persons at their cell's next free ``place`` (cells,), which moves on."""
    for i in range(code.size):
        at = place[code[i]]
        out[at] = values[i]
        weights[at] = persons[i]
        place[code[i]] = at + 1


@compiled
def weighted_medians(values: Any, weights: Any, ends: Any, medians: Any) -> None:
    """Give each cell's smallest value that reaches half its persons (see `incomes`).

    Cell ``c`` has values from ``ends[c - 1]`` to ``ends[c]``.
    """
    start = 0
    for cell in range(ends.size):
        end = ends[cell]
        order = np.argsort(values[start:end])
        half, reached = (np.sum(weights[start:end]) + 1) // 2, 0
        for k in order:
            reached += weights[start + k]
            if reached >= half:
                medians[cell] = values[start + k]
                break
        start = end


@compiled
def note_communes(code: Any, commune: Any, first: Any, extra: Any) -> int:
    """Note each cell's ``first`` commune; positions of records of others go to ``extra``."""
    found = 0
    for i in range(code.size):
        cell = code[i]
        if first[cell] < 0:
            first[cell] = commune[i]
        elif first[cell] != commune[i]:
            extra[found] = i
            found += 1
    return found


# -- ids ----------------------------------------------------------------------------------------


@compiled
def hash_texts(letters: Any, ends: Any, out: Any) -> None:
    """Hash texts eight bytes at a time (exclusive or, multiply, shift), the same everywhere.

    Text ``i`` is ``letters[ends[i]:ends[i + 1]]``; ``out`` (n,) gets 64 bits each.
    """
    for i in range(out.size):
        start, end = ends[i], ends[i + 1]
        mixed = np.uint64(end - start + 1)
        while start < end:
            word = np.uint64(0)
            for k in range(min(8, end - start)):
                word |= np.uint64(letters[start + k]) << np.uint64(8 * k)
            mixed ^= word
            mixed ^= mixed >> np.uint64(30)
            mixed *= np.uint64(0xBF58476D1CE4E5B9)
            mixed ^= mixed >> np.uint64(27)
            mixed *= np.uint64(0x94D049BB133111EB)
            mixed ^= mixed >> np.uint64(31)
            start += 8
        out[i] = mixed
