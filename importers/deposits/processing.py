"""Working through a deposit: batch by batch, each stored whole, so that a kill costs one batch."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from importers.deposits.bands import age_band, sex_of
from importers.deposits.columns import Role
from importers.deposits.errors import Cancelled, NoReferenceColumn, NothingToLocate
from importers.deposits.locating import AddressLocator, CoordinateLocator, Located
from importers.deposits.models import Deposit, DepositState
from importers.deposits.opening import DepositFile, opened_deposit
from importers.deposits.outcomes import ZONES, Fate, Joined, atoms_of, join
from importers.deposits.perimeters import Perimeters
from importers.deposits.records import Met, Records, record_keys
from importers.deposits.store import Count, Counts, ReviewRow, Store
from importers.matching import Level, Match
from importers.matching.reference import stored_matcher
from importers.matching.words import fold
from observatory.disclosure.keys import Keys, key_sums
from observatory.disclosure.secret import derived
from observatory.runs import Progress, silent

EXCEL_FIRST_DAY = date(1899, 12, 30)


def process(deposit: Deposit, progress: Progress = silent) -> Counts:
    """Locate and count every row of a deposit; go on where an earlier attempt was killed.

    Raises NothingToLocate, Cancelled, NoReference, and what opening the file raises.
    """
    return _Work(deposit, progress).run()


def others_of_scheme(deposit: Deposit) -> list[Deposit]:
    """Return the organisation's other deposits of the scheme whose rows are still held.

    A version the deposit replaces is not another deposit: its people are the same.
    """
    older, found = deposit.replaces, set()
    while older is not None and older.pk not in found:
        found.add(older.pk)
        older = older.replaces
    return list(
        Deposit.objects.filter(
            organisation_id=deposit.organisation_id,
            scheme=deposit.scheme,
            state=DepositState.DONE,
        ).exclude(pk__in={deposit.pk, *found})
    )


class Remembered(dict[Any, Any]):
    """Works out each different value once."""

    def __init__(self, work_out: Callable[[Any], Any]) -> None:
        super().__init__()
        self._work_out = work_out

    def __missing__(self, value: Any) -> Any:
        """Work a new value out."""
        self[value] = found = self._work_out(value)
        return found


class _Work:
    def __init__(self, deposit: Deposit, progress: Progress) -> None:
        self.deposit, self.progress = deposit, progress
        self.roles = {Role(role): name for role, name in deposit.columns.items()}
        self.store = Store(deposit)
        self.keys = record_keys(deposit)
        self.alike = derived(f"alike/{deposit.mark}")
        self.perimeters = Perimeters.stored()
        self.locator = self._locator()
        self.met = self._met_elsewhere()
        # Few different values come many times.
        self.years = Remembered(lambda day: str(day.year))
        self.sexes = Remembered(sex_of)
        self.bands = Remembered(age_band)
        self.seen = 0
        self.total: int | None = None

    def _locator(self) -> CoordinateLocator | AddressLocator:
        if Role.X in self.roles and Role.Y in self.roles:
            return CoordinateLocator(self.roles, self.perimeters)
        if Role.ADDRESS in self.roles or Role.STREET in self.roles:
            return AddressLocator(self.roles, stored_matcher())
        raise NothingToLocate(list(self.roles.values()))

    def _met_elsewhere(self) -> Met | None:
        """Return the references to leave out, where the depositor asked to count each once."""
        if not (self.deposit.distinct_rows or self.deposit.distinct_scheme):
            return None
        if Role.REFERENCE not in self.roles:
            raise NoReferenceColumn()
        met = Met()
        if self.deposit.distinct_scheme:
            for other in others_of_scheme(self.deposit):
                for records in Store(other).records():
                    met.add(records.keys)
        return met

    def run(self) -> Counts:
        done = self.store.batches_done()
        if self.met is not None and self.deposit.distinct_rows:
            for records in self.store.records():
                self.met.add(records.keys)
        held = opened_deposit(self.store.vault, self.deposit.file_name)
        with held as file, closing(self.locator):
            self.total = file.rows
            self.progress("rows located", 0, self.total)
            columns = list(dict.fromkeys(self.roles.values()))
            number = -1
            for number, (rows, cells) in enumerate(file.batches(columns)):
                self._stop_if_asked()
                if number not in done:
                    self._batch(number, rows, cells)
                elif isinstance(self.locator, CoordinateLocator) and self.locator.system is None:
                    self.locator.locate(cells)  # the system is told by the first batch
                self.seen += len(rows)
                self._tell(0)
            if number + 1 not in done:
                self._unreadable(number + 1, file)
        self._stop_if_asked()
        counts = self.store.all_counts()
        self.store.write_counts(counts)
        return counts

    def _tell(self, rows: int) -> None:
        seen = self.seen + rows
        self.progress("rows located", seen, max(self.total, seen) if self.total else None)

    def _stop_if_asked(self, rows: int = 0) -> None:
        going = Deposit.objects.filter(pk=self.deposit.pk, cancel_asked=False)
        if not going.exists():  # cancelled, or deleted altogether
            raise Cancelled()
        self._tell(rows)

    # -- one batch -----------------------------------------------------------------------

    def _batch(self, number: int, rows: Any, cells: Mapping[str, list[str]]) -> None:
        keys = self.keys.of(self._contents(cells, rows))
        twice = 0
        if self.met is not None:
            fresh = self._fresh(keys, self._cells(Role.REFERENCE, cells, rows))
            twice = int((~fresh).sum())
            kept = np.flatnonzero(fresh).tolist()
            rows, keys = rows[fresh], keys[fresh]
            cells = {name: [texts[row] for row in kept] for name, texts in cells.items()}
        located = self.locator.locate(cells, self._stop_if_asked)
        days = self._days(cells, len(rows))
        joined = self._joined(located, days)
        others = [
            [self.years[day] for day in days],
            [self.sexes[text] for text in self._cells(Role.SEX, cells, rows)],
            [self.bands[text] for text in self._cells(Role.AGE, cells, rows)],
            self._cells(Role.STRUCTURE, cells, rows),
        ]
        names, groups = atoms_of(joined, others)
        left = self._to_review(joined, located)
        reviews = [
            self._review(row, rows, joined, located, days[row], names[groups[row]], keys, cells)
            for row in np.flatnonzero(left).tolist()
        ]
        counts = _counted(names, groups[~left], keys[~left])
        records = Records(names, keys, groups.astype(np.uint32), twice)
        self.store.write_batch(number, len(rows), counts, reviews, records)

    def _fresh(self, keys: Keys, references: list[str]) -> npt.NDArray[np.bool_]:
        """Mark the rows to count: those without a reference are never taken for another."""
        blank = np.array([not reference.strip() for reference in references], dtype=bool)
        met = self.met or Met()
        if self.deposit.distinct_rows:
            fresh = met.fresh(keys) | blank
            met.add(keys[~blank])
            return fresh
        return met.unknown(keys) | blank

    def _cells(self, role: Role, cells: Mapping[str, list[str]], rows: Any) -> list[str]:
        return cells[self.roles[role]] if role in self.roles else [""] * len(rows)

    def _contents(self, cells: Mapping[str, list[str]], rows: Any) -> list[str]:
        """Return what makes each row itself: its reference, else all cells that are used."""
        references = self._cells(Role.REFERENCE, cells, rows)
        whole = zip(*(cells[name] for name in sorted(set(self.roles.values()))), strict=True)
        return [
            f"ref\x1f{reference}" if reference else "\x1f".join(parts)
            for reference, parts in zip(references, whole, strict=True)
        ]

    def _days(self, cells: Mapping[str, list[str]], rows: int) -> list[date]:
        """Return the day of each row; the period's first day where none is written."""
        first = self.deposit.period_from
        if Role.DATE not in self.roles:
            return [first] * rows
        known = Remembered(lambda text: _day(text) or first)
        return [known[text] for text in cells[self.roles[Role.DATE]]]

    def _joined(self, located: Located, days: list[date]) -> Joined:
        """Join each row to the perimeters of its own day."""
        breaks = self.perimeters.breaks()
        epoch = Remembered(lambda day: bisect_right(breaks, day))
        epochs = np.array([epoch[day] for day in days], dtype=np.int64)
        found = np.unique(epochs).tolist()
        if len(found) < 2:
            day = days[0] if days else self.deposit.period_from
            return self._join(day, located, np.arange(len(days)))
        whole = Joined(
            np.zeros(len(days), dtype=np.int64),
            {level: np.full(len(days), "", dtype=object) for level in ZONES},
        )
        for one in found:
            rows = np.flatnonzero(epochs == one)
            part = self._join(days[rows[0]], located, rows)
            whole.fate[rows] = part.fate
            for level, codes in part.zones.items():
                whole.zones[level][rows] = codes
        return whole

    def _join(self, day: date, located: Located, rows: Any) -> Joined:
        reach = self.deposit.proximity_metres
        precision = located.precision[rows].copy()
        streets = {
            place: match
            for place, row in enumerate(rows.tolist() if located.matches else ())
            if (match := located.matches.get(row)) and match.place
            and (match.others or match.level is Level.STREET)
        }  # fmt: skip
        # A whole street is compared door by door, not as one wide point.
        for place, match in streets.items():
            if match.level is Level.STREET:
                precision[place] = 0.0
        found = join(self.perimeters, day, located.lon[rows], located.lat[rows], precision, reach)
        for place in self._spreading(streets, day, found):
            self._set_ambiguous(found, place)
        for unsure in np.flatnonzero(located.unsure[rows]).tolist():
            self._set_ambiguous(found, unsure)
        return found

    def _spreading(self, matches: Mapping[int, Match], day: date, found: Joined) -> list[int]:
        """Return the rows whose match may as well lie in another zone, or too near one."""
        if not isinstance(self.locator, AddressLocator):
            return []
        others = [
            (place, other)
            for place, match in matches.items()
            if found.fate[place] != Fate.AMBIGUOUS
            for other in self.locator.other_points(match)
        ]
        places = np.array([place for place, _ in others], dtype=np.int64)
        lon, lat, precision = (
            np.array([getattr(other, name) for _, other in others], dtype=np.float64)
            for name in ("lon", "lat", "precision")
        )
        there = join(self.perimeters, day, lon, lat, precision, self.deposit.proximity_metres)
        same = (there.fate == found.fate[places]) & (
            there.zones["qpv"] == found.zones["qpv"][places]
        )
        return [int(place) for place in np.unique(places[~same])]

    @staticmethod
    def _set_ambiguous(found: Joined, place: int) -> None:
        found.fate[place] = Fate.AMBIGUOUS
        for level in ("qpv", "qva"):
            found.zones[level][place] = ""

    # -- review --------------------------------------------------------------------------

    @staticmethod
    def _to_review(joined: Joined, located: Located) -> npt.NDArray[np.bool_]:
        """Mark the rows left to the depositor: not located, ambiguous, or known by street."""
        left = np.isin(joined.fate, [int(Fate.AMBIGUOUS), int(Fate.NOT_LOCATED)])
        streets = [row for row, match in located.matches.items() if match.level is Level.STREET]
        left[streets] = True
        return left

    def _review(
        self,
        row: int,
        rows: Any,
        joined: Joined,
        located: Located,
        day: date,
        name: str,
        keys: Keys,
        cells: Mapping[str, list[str]],
    ) -> ReviewRow:
        wanted = (Role.ADDRESS, Role.NUMBER, Role.STREET, Role.POSTCODE, Role.CITY, Role.X, Role.Y)
        written = {r.value: cells[self.roles[r]][row] for r in wanted if r in self.roles}
        match = located.matches.get(row)
        told = {
            "written": written,
            "match": match.as_dict() if match else None,
            "day": day.isoformat(),
        }
        same = fold(" ".join(written.values())).encode()
        alike = hashlib.blake2b(same, key=self.alike, digest_size=16).digest()
        return ReviewRow(int(rows[row]), int(joined.fate[row]), name, int(keys[row]), alike, told)

    def _unreadable(self, number: int, file: DepositFile) -> None:
        """Count the rows that could not even be read: people all the same, not located."""
        rows = file.unreadable
        name = "|".join([Fate.NOT_LOCATED.name.lower(), *[""] * 5,
                         str(self.deposit.period_from.year), "", "", ""])  # fmt: skip
        keys = self.keys.of([f"unreadable\x1f{row}" for row in rows])
        total = sum(map(int, keys)) % (1 << 64)
        counts = {name: Count(len(rows), total)} if rows else {}
        records = Records([name], keys, np.zeros(len(rows), dtype=np.uint32))
        self.store.write_batch(number, len(rows), counts, [], records)


def _counted(names: list[str], groups: npt.NDArray[np.int64], keys: Keys) -> Counts:
    sums = key_sums(keys, groups, len(names))
    sizes = np.bincount(groups, minlength=len(names))
    return {
        name: Count(int(size), int(total))
        for name, size, total in zip(names, sizes, sums, strict=True)
        if size
    }


def _day(text: str) -> date | None:
    """Read a day: ISO, French, or a spreadsheet's number of days."""
    plain = text.strip()
    if plain.isdecimal() and 20_000 <= int(plain) <= 80_000:
        return EXCEL_FIRST_DAY + timedelta(days=int(plain))
    parts = plain[:10].replace(".", "/").replace("-", "/").split("/")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        return None
    year, month, day = parts if len(parts[0]) == 4 else reversed(parts)
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
