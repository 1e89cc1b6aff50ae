"""The one report of every import: what was read, kept, mended, refused, row by row.

Rows are numbered as the person sees them in the file: a CSV's header is line 1.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from importers.errors import FileRefused

SHOWN = 20
LISTED = 10_000
LONGEST_VALUE = 40


@dataclass(frozen=True)
class Refusal:
    """One row that cannot be loaded; ``value`` is None where it would be personal data."""

    row: int
    column: str
    value: str | None
    problem: str
    advice: str
    layer: str = ""


@dataclass(frozen=True)
class Repair:
    """One value that was mended: what was wrong, and what was done."""

    row: int
    column: str
    problem: str
    done: str
    layer: str = ""


def shortened(value: object) -> str:
    """Return a value short enough to print, on one line."""
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


@dataclass
class Report:
    """What one load did with one file.

    ``kept`` counts the rows that are in the database afterwards; of these ``unchanged`` were
    there already, word for word. ``withdrawn`` were there and are not in the file any more.
    """

    kind: str
    file: str
    unit: str = "line"
    read: int = 0
    kept: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    repaired_count: int = 0
    refused_count: int = 0
    repaired: list[Repair] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    personal: bool = False
    rows_refused: set[tuple[str, int]] = field(default_factory=set)

    def refuse(
        self,
        row: int,
        column: str,
        value: object,
        problem: str,
        advice: str = "Correct it at the source.",
        layer: str = "",
    ) -> None:
        """Note a row that cannot be loaded."""
        self.refused_count += 1
        self.rows_refused.add((layer, int(row)))
        self.reasons[problem] = self.reasons.get(problem, 0) + 1
        if len(self.refused) < LISTED:
            shown = None if self.personal else shortened(value)
            self.refused.append(Refusal(int(row), column, shown, problem, advice, layer))

    def repair(self, row: int, column: str, problem: str, done: str, layer: str = "") -> None:
        """Note a value that was mended."""
        self.repaired_count += 1
        if len(self.repaired) < LISTED:
            self.repaired.append(Repair(int(row), column, problem, done, layer))

    def note(self, text: str) -> None:
        """Add a sentence about the file as a whole."""
        self.notes.append(text)

    def absorb(self, other: Report, repairs_of: set[int]) -> None:
        """Take over another report's refusals, and its repairs of the given rows only."""
        for refusal in other.refused:
            self.refuse(**asdict(refusal))
        for repair in other.repaired:
            if repair.row in repairs_of:
                self.repair(**asdict(repair))

    def raise_if_refused(self) -> None:
        """Refuse the file as soon as one row is refused. Raises FileRefused."""
        if self.refused_count:
            self.refused.sort(key=lambda refusal: (refusal.layer, refusal.row))
            raise FileRefused(self)

    def counts(self) -> dict[str, int]:
        """Return the figures alone, as a run keeps them."""
        return {
            "read": self.read,
            "kept": self.kept,
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "withdrawn": self.withdrawn,
            "repaired": self.repaired_count,
            "refused": self.refused_count,
        }

    def as_dict(self) -> dict[str, Any]:
        """Return the whole report as plain data, ready for JSON."""
        return {
            "kind": self.kind,
            "file": self.file,
            "unit": self.unit,
            **self.counts(),
            "repaired_rows": [asdict(repair) for repair in self.repaired],
            "refused_rows": [asdict(refusal) for refusal in self.refused],
            "not_listed": {
                "repaired": self.repaired_count - len(self.repaired),
                "refused": self.refused_count - len(self.refused),
            },
            "reasons": self.reasons,
            "notes": self.notes,
            "facts": self.facts,
        }

    # -- words ---------------------------------------------------------------------------

    def as_text(self) -> str:
        """Return the report in words; long lists stop at 20 rows."""
        lines = [f"{self.file}: {self.summary()}"]
        lines += [f"  {note}" for note in self.notes]
        if self.repaired_count:
            lines.append(f"  Repaired ({self.repaired_count}):")
            lines += [f"    {_repair_line(self.unit, item)}" for item in self.repaired[:SHOWN]]
            lines += _more(self.repaired_count)
        if self.refused_count:
            lines.append(f"  Refused ({self.refused_count}):")
            lines.append(self.refusals_as_text("    "))
        return "\n".join(lines)

    @property
    def units(self) -> str:
        """Return what rows are called, in the plural."""
        return self.unit.removesuffix("y") + "ies" if self.unit.endswith("y") else f"{self.unit}s"

    def summary(self) -> str:
        """Return the figures in one line."""
        words = [f"{self.read} {self.units} read", f"{self.kept} kept"]
        for name in ("added", "changed", "unchanged", "withdrawn"):
            if getattr(self, name):
                words.append(f"{getattr(self, name)} {name}")
        words.append(f"{self.repaired_count} repaired")
        words.append(f"{self.refused_count} refused")
        return ", ".join(words) + "."

    def refusals_as_text(self, indent: str = "  ") -> str:
        """Return the refused rows in words, the first 20."""
        lines = [indent + _refusal_line(self.unit, item) for item in self.refused[:SHOWN]]
        return "\n".join(lines + [indent + more.strip() for more in _more(self.refused_count)])


def _refusal_line(unit: str, item: Refusal) -> str:
    where = f"{item.layer}, " if item.layer else ""
    told = f" ({item.value})" if item.value not in (None, "") else ""
    column = f", column {item.column}" if item.column else ""
    return f"{where}{unit} {item.row}{column}{told}: {item.problem}. {item.advice}".rstrip()


def _repair_line(unit: str, item: Repair) -> str:
    where = f"{item.layer}, " if item.layer else ""
    return f"{where}{unit} {item.row}, {item.column}: {item.problem}; {item.done}."


def _more(total: int) -> list[str]:
    return [f"    … and {total - SHOWN} more, in the stored report."] if total > SHOWN else []
