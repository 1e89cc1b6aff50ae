"""Lists that say what territories are and what they belong to, rather than where they lie.

Three files: territories (TOML), dated memberships (CSV), a planner's list of quarters (CSV).
They complete territories that outlines have made, or make those that have no outline.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from django.db import connection, transaction

from importers import errors
from importers.files import local_file, opened
from importers.options import LoadOptions
from importers.report import Report
from importers.sources import local, source_asked
from importers.tables import open_table
from importers.values import as_numbers, clean_text
from observatory.identity import fold, identity_of
from observatory.models import Alias, Level, Run, Source, Territory
from observatory.runs import Progress, silent

LISTED = ("department", "urban_unit", "ept", "contract", "commune", "arrondissement")
# Our own names for what the engine reads of an urban unit.
FACT_NAMES = {"median": "median_income", "national_median": "national_median_income"}
MEMBERSHIP_COLUMNS = (
    "member_level", "member", "group_level", "group", "valid_from", "valid_to",
)  # fmt: skip
QUARTER_COLUMNS = ("code", "nom", "population", "revenu_median")


# -- territories ---------------------------------------------------------------------------


def load_territories(
    path: Path | str, options: LoadOptions, *, run: Run | None = None, progress: Progress = silent
) -> Report:
    """Load a list of territories with their facts (population, median income…).

    One table per level, each entry with ``code`` and ``name``; other plain values become
    facts. Names and outlines that are there already are kept.

    Raises
    ------
    FileRefused, UnreadableFile
    """
    file = local_file(path)
    report = Report("territories", file.name, "entry")
    document = _toml(file)
    common = {
        name: document[name]
        for name in ("national_median", "national_median_source")
        if name in document
    }
    rows = [(level, entry) for level in LISTED for entry in document.get(level, [])]
    if not rows:
        raise errors.EmptyFile(file.name, f"has no table {', '.join(LISTED)}")
    for number, (level, entry) in enumerate(rows, start=1):
        _check_entry(number, level, entry, report)
    report.raise_if_refused()
    with transaction.atomic():
        source = source_asked(local("territories", "Liste de territoires"), options)
        for level, entry in rows:
            facts = {**(common if level == Level.URBAN_UNIT else {}), **entry}
            _store_entry(level, facts, source, report)
        report.facts |= {"source": source.code, "replaces": source.code}
    progress("territories stored", len(rows), len(rows))
    return report


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise errors.UnreadableFile(file.name, f"it is not TOML ({error})") from None


def _check_entry(number: int, level: str, entry: Any, report: Report) -> None:
    report.read += 1
    if not isinstance(entry, dict) or not entry.get("code") or not entry.get("name"):
        report.refuse(
            number, level, entry, "an entry without code or name", "Give every entry both."
        )
        return
    population = entry.get("population", 1)
    if not isinstance(population, (int, float)) or population < 0:
        report.refuse(
            number, "population", population, "a population is a number, zero or more",
            "Leave it out where it is not known.",
        )  # fmt: skip


def _store_entry(level: str, entry: dict[str, Any], source: Source, report: Report) -> None:
    facts = {FACT_NAMES.get(name, name): _plain(value) for name, value in entry.items()}
    facts = {name: v for name, v in facts.items() if name not in ("code", "name") and v != ""}
    territory = Territory.objects.filter(
        identity=identity_of(level, entry["code"], entry["name"])
    ).first()
    report.kept += 1
    if territory is None:
        Territory.objects.create(
            level=level, code=entry["code"], name=entry["name"], source=source, facts=facts
        )
        report.added += 1
    elif territory.facts | facts != territory.facts:
        territory.facts |= facts
        territory.save()
        report.changed += 1
    else:
        report.unchanged += 1


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


# -- memberships ---------------------------------------------------------------------------


def load_memberships(
    path: Path | str, options: LoadOptions, *, run: Run | None = None, progress: Progress = silent
) -> Report:
    """Load dated memberships; they take the place of those worked out from outlines.

    Raises
    ------
    FileRefused
        A territory is not loaded, a date cannot be read, or a row stands twice.
    """
    report, frame = _table(path, "memberships", MEMBERSHIP_COLUMNS)
    known = {(t.level, t.code): t.pk for t in Territory.objects.exclude(code="")}
    rows = [_membership(row, known, report) for row in frame.itertuples()]
    _refuse_repeated(rows, report)
    report.raise_if_refused()
    with transaction.atomic(), connection.cursor() as cursor:
        source = source_asked(local("memberships", "Appartenances déclarées"), options)
        _store_memberships(cursor, [row.as_tuple() for row in rows if row], source, report)
        report.facts |= {"source": source.code, "replaces": source.code}
    progress("memberships stored", report.kept, report.kept)
    return report


@dataclass(frozen=True)
class _Row:
    line: int
    member: int
    container: int
    valid_from: date | None
    valid_to: date | None

    def as_tuple(self) -> tuple[Any, ...]:
        return (self.member, self.container, self.valid_from, self.valid_to)


def _membership(row: Any, known: dict[tuple[str, str], int], report: Report) -> _Row | None:
    found = []
    for level, code, column in (
        (row.member_level, row.member, "member"),
        (row.group_level, row.group, "group"),
    ):
        if (level, code) not in known:
            report.refuse(
                row.Index, column, f"{level} {code}", "this territory is not loaded",
                "Load its outline or the list of territories first, or correct the code.",
            )  # fmt: skip
            return None
        found.append(known[level, code])
    days = [_day(row.Index, name, getattr(row, name), report) for name in MEMBERSHIP_COLUMNS[4:]]
    if days[0] and days[1] and days[1] <= days[0]:
        report.refuse(
            row.Index, "valid_to", row.valid_to, "the end does not follow the start",
            "valid_to is the first day that no longer counts.",
        )  # fmt: skip
    return _Row(row.Index, found[0], found[1], days[0], days[1])


def _day(line: int, column: str, text: str, report: Report) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        report.refuse(line, column, text, "this is not a date", "Write dates as 2015-01-01.")
        return None


def _refuse_repeated(rows: Iterable[_Row | None], report: Report) -> None:
    seen: dict[tuple[int, int, date | None], int] = {}
    for row in rows:
        if row is None:
            continue
        first = seen.setdefault((row.member, row.container, row.valid_from), row.line)
        if first != row.line:
            report.refuse(
                row.line, "", "", f"the membership already stands in line {first}",
                "Keep one row per membership and start.",
            )  # fmt: skip


# What was worked out from outlines gives its share to the declared row, then goes.
DECLARE = """
WITH given AS (
    SELECT d.*, (SELECT max(m.area_share) FROM observatory_membership m
        WHERE m.member_id = d.member_id AND m.container_id = d.container_id) AS share
    FROM staged_membership d
),
inserted AS (
    INSERT INTO observatory_membership AS kept
        (member_id, container_id, valid_from, valid_to, area_share, declared, source_id)
    SELECT member_id, container_id, valid_from, valid_to, share, true, %(source)s FROM given
    ON CONFLICT (member_id, container_id, valid_from) DO UPDATE SET
        valid_to = EXCLUDED.valid_to, declared = true, source_id = EXCLUDED.source_id
    WHERE (kept.valid_to, kept.declared, kept.source_id)
        IS DISTINCT FROM (EXCLUDED.valid_to, true, EXCLUDED.source_id)
    RETURNING (xmax = 0) AS is_new
)
SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM inserted
"""
CLEAR = """
DELETE FROM observatory_membership m
WHERE (NOT m.declared AND EXISTS (SELECT 1 FROM staged_membership d
        WHERE d.member_id = m.member_id AND d.container_id = m.container_id))
    OR (m.declared AND m.source_id = %(source)s AND NOT EXISTS (
        SELECT 1 FROM staged_membership d WHERE d.member_id = m.member_id
            AND d.container_id = m.container_id
            AND d.valid_from IS NOT DISTINCT FROM m.valid_from))
"""


def _store_memberships(
    cursor: Any, rows: list[tuple[Any, ...]], source: Source, report: Report
) -> None:
    cursor.execute("DROP TABLE IF EXISTS pg_temp.staged_membership")
    cursor.execute(
        "CREATE TEMPORARY TABLE staged_membership (member_id bigint, container_id bigint, "
        "valid_from date, valid_to date) ON COMMIT DROP"
    )
    with cursor.copy("COPY staged_membership FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    cursor.execute(DECLARE, {"source": source.pk})
    report.added, report.changed = cursor.fetchone()
    cursor.execute(CLEAR, {"source": source.pk})
    report.kept = len(rows)
    report.unchanged = report.kept - report.added - report.changed


# -- the planner's list of quarters --------------------------------------------------------


def load_quarters_list(
    path: Path | str, options: LoadOptions, *, run: Run | None = None, progress: Progress = silent
) -> Report:
    """Add published populations and median incomes to quarters that are loaded.

    A name spelt otherwise than on the outline becomes an alias of the quarter.

    Raises
    ------
    FileRefused
        A quarter is not loaded, or a figure is no number or negative.
    """
    report, frame = _table(path, "quarters_list", QUARTER_COLUMNS)
    known = {t.code: t for t in Territory.objects.filter(level=Level.QPV)}
    figures = {name: as_numbers(_arrow(frame[name])) for name in QUARTER_COLUMNS[2:]}
    for place, line in enumerate(frame.index):
        _check_quarter(line, frame.loc[line, "code"], known, report)
        for name, numbers in figures.items():
            if numbers.wrong[place] or numbers.values[place] < 0:
                report.refuse(
                    line, name, frame.loc[line, name], "not a number, or negative",
                    "Leave it blank where there is none.",
                )  # fmt: skip
    report.raise_if_refused()
    with transaction.atomic():
        source = source_asked(local("quarters-list", "Liste de quartiers"), options)
        for place, line in enumerate(frame.index):
            values = {name: float(numbers.values[place]) for name, numbers in figures.items()}
            _complete(known[frame.loc[line, "code"]], frame.loc[line], values, source, report)
        report.facts |= {"source": source.code, "replaces": source.code}
    progress("quarters completed", report.kept, report.kept)
    return report


def _arrow(column: pd.Series) -> Any:
    import pyarrow as pa

    return pa.chunked_array([pa.array(column.tolist(), pa.string())])


def _check_quarter(line: int, code: str, known: dict[str, Territory], report: Report) -> None:
    if code not in known:
        report.refuse(
            line, "code", code, "this quarter is not loaded",
            "Load the perimeters first, or correct the code.",
        )  # fmt: skip


def _complete(
    territory: Territory, row: pd.Series, values: dict[str, float], source: Source, report: Report
) -> None:
    figures = {"population": values["population"], "median": values["revenu_median"]}
    facts: dict[str, Any] = {
        name: int(value) if value.is_integer() else value
        for name, value in figures.items()
        if value == value  # a blank is no figure
    }
    facts["figures_source"] = clean_text(row.get("source", ""))[0] or str(source)
    report.kept += 1
    renamed = _alias(territory, row["nom"], source)
    if territory.facts | facts != territory.facts or renamed:
        territory.facts |= facts
        territory.save()
        report.changed += 1
    else:
        report.unchanged += 1


def _alias(territory: Territory, written: str, source: Source) -> bool:
    name, _ = clean_text(written)
    if not name or fold(name) == fold(territory.name):
        return False
    _, made = Alias.objects.get_or_create(
        territory=territory, name=name, defaults={"source": source}
    )
    return made


def _table(path: Path | str, kind: str, required: tuple[str, ...]) -> tuple[Report, pd.DataFrame]:
    """Read a small table whole, as texts, indexed by the row's number in the file."""
    with opened(path) as file:
        table = open_table(file)
        table.require(*required)
        report = Report(kind, file.name, table.unit)
        parts = []
        for rows, batch in table.batches(table.columns, report):
            frame = batch.to_pandas().astype("string").fillna("")
            frame.index = pd.Index(rows)
            parts.append(frame.apply(lambda column: column.str.strip()))
    return report, pd.concat(parts).astype(object)
