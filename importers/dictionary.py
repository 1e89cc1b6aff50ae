"""The dictionary of indicators: the one delivered with the product, and any other as a table.

Beside the indicator's own columns, ``part_of`` names the count, or the group of persons, of which
it is a part (those under 15 of all inhabitants) and ``cut`` by what (age): parts of one cut never
overlap. ``break_year`` and ``break_reason`` say from which year on its
figures no longer compare with earlier ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from django.core.exceptions import ValidationError

from importers.options import LoadOptions
from importers.report import Report
from importers.sheets import read_sheet
from importers.sources import contract_of, local, source_asked
from observatory.figures.differencing import protect
from observatory.history import acting
from observatory.models import Indicator, Nature, Organisation, Run, SeriesBreak, Source
from observatory.organisations import organisation_called
from observatory.runs import Progress, silent

FILE = Path(__file__).with_name("dictionary.csv")
REQUIRED = ("code", "label", "nature")
NUMBERS = ("per", "minimum", "maximum")
COLUMNS = (
    "code", "label", "definition", "kind", "nature", "unit", "per", "polarity", "numerator",
    "denominator", "spatial_rule", "level", "producer", "periodicity", "state", "due_label",
    "due_on", "minimum", "maximum", "decimals", "counts_persons", "theme",
    "cut",
)  # fmt: skip
PART_OF = "part_of"


@cache
def delivered() -> dict[str, dict[str, str]]:
    """Return the entries that come with the product, by code, as texts."""
    frame = pd.read_csv(FILE, dtype=str, keep_default_na=False)
    return {row["code"]: row for _, row in _rows(frame)}


def ensure_indicators(codes: Iterable[str], source: Source | None = None) -> dict[str, Indicator]:
    """Return the indicators of these codes; those delivered with the product are made if new."""
    wanted = set(codes)
    found = {i.code: i for i in Indicator.objects.filter(code__in=wanted)}
    for code in sorted(wanted - set(found)):
        if code in delivered():
            found[code] = _made(code, source)
    return found


def _made(code: str, source: Source | None) -> Indicator:
    """Make a delivered indicator, and before it the one of which it is a part."""
    told = delivered()[code]
    whole = ensure_indicators([told[PART_OF]], source).get(told[PART_OF])
    made, _ = Indicator.objects.get_or_create(
        code=code, defaults=_fields(told) | {"part_of": whole, "source": source}
    )
    return made


def load_dictionary(
    path: Path | str, options: LoadOptions, *, run: Run | None = None, progress: Progress = silent
) -> Report:
    """Load a table of indicators; those that are there are brought up to date, none is removed.

    Raises
    ------
    FileRefused
        A code stands twice or is another contract's, a nature or state is unknown, a number is
        none.
    """
    report = Report("dictionary", Path(path).name)
    frame = read_sheet(path, report, REQUIRED).frame
    entries = {row: _checked(row, told, report) for row, told in _rows(frame)}
    breaks = [told for row, told in _rows(frame) if _breaks(row, told, report)]
    _refuse_twice(frame, report)
    _check_parts(frame, report)
    _refuse_those_of_others(frame, options.contract, report)
    report.raise_if_refused()
    with acting(run=run, reason=f"dictionary {Path(path).name}"):
        own = f"dictionary-{options.contract}" if options.contract else "dictionary"
        source = source_asked(local(own, "Dictionnaire d’indicateurs"), options)
        for row, fields in entries.items():
            _store(fields | {"source": source, "source_line": row}, report)
        _store_parts(frame)
        for told in breaks:
            _store_break(told, source)
        report.facts |= {"source": source.code}
    progress("indicators stored", report.kept, report.kept)
    return report


def _rows(frame: pd.DataFrame) -> list[tuple[int, dict[str, str]]]:
    records: list[Any] = frame.to_dict("records")
    return [(int(row), told) for row, told in zip(frame.index, records, strict=True)]


def _checked(row: int, told: dict[str, str], report: Report) -> dict[str, Any]:
    try:
        fields = _fields(told)
        if not fields["code"] or not fields["label"]:
            raise ValueError("an indicator without code or label")
        Indicator(**fields).clean_fields(exclude=["source", "producer"])
        return fields
    except ValueError as error:
        report.refuse(row, "", told.get("code", ""), str(error), "Correct the entry.")
    except ValidationError as error:
        for column, words in error.message_dict.items():
            report.refuse(row, column, told.get(column, ""), " ".join(words), "Correct it.")
    return {}


def _refuse_twice(frame: pd.DataFrame, report: Report) -> None:
    for row in frame.index[frame["code"].duplicated()]:
        code = frame.loc[row, "code"]
        first = frame.index[frame["code"] == code][0]
        report.refuse(
            int(row), "code", code, f"the indicator already stands in {report.unit} {first}",
            "Keep one row per code.",
        )  # fmt: skip


def _store(fields: dict[str, Any], report: Report) -> None:
    indicator = Indicator.objects.filter(code=fields["code"]).first()
    report.kept += 1
    if indicator is None:
        Indicator.objects.create(**fields)
        report.added += 1
        return
    told = {name: value for name, value in fields.items() if name != "source_line"}
    if all(getattr(indicator, name) == value for name, value in told.items()):
        report.unchanged += 1
        return
    for name, value in fields.items():
        setattr(indicator, name, value)
    indicator.save()
    report.changed += 1


def _check_parts(frame: pd.DataFrame, report: Report) -> None:
    """Refuse a part of itself, or of what no dictionary knows."""
    known = {*frame["code"], *Indicator.objects.values_list("code", flat=True)}
    for row, told in _rows(frame):
        whole = told.get(PART_OF, "")
        if whole and (whole not in known or whole == told["code"]):
            report.refuse(
                row, PART_OF, whole, "no other indicator is called so",
                "Name the count that holds this one, or leave it blank.",
            )  # fmt: skip


def _refuse_those_of_others(frame: pd.DataFrame, contract: str, report: Report) -> None:
    """Refuse to define anew what a file of another contract defined."""
    rows = Indicator.objects.filter(code__in=frame["code"], source__isnull=False)
    told = dict(rows.values_list("code", "source__code"))
    owners = {source: contract_of(source) for source in set(told.values())}
    for row, code in frame["code"].items():
        owner = owners.get(told.get(code, ""), "")
        if owner and owner != contract:
            report.refuse(
                int(str(row)), "code", code, "the indicator of another contract has this code",
                f"Give this one a code of its own, or say --contract {owner} to change it.",
            )  # fmt: skip


def _store_parts(frame: pd.DataFrame) -> None:
    """Say which count holds which, then look again at what their figures let be told."""
    codes = [*frame["code"], *frame.get(PART_OF, ())]
    known = dict(Indicator.objects.filter(code__in=codes).values_list("code", "pk"))
    for _, told in _rows(frame) if PART_OF in frame else ():
        whole = known.get(told[PART_OF])
        Indicator.objects.filter(code=told["code"]).exclude(part_of=whole).update(part_of=whole)
    protect(known[code] for code in frame["code"])


def _breaks(row: int, told: dict[str, str], report: Report) -> bool:
    """Tell whether an entry says a break of its series, refusing one that is not sound."""
    year, reason = told.get("break_year", ""), told.get("break_reason", "")
    if bool(year) != bool(reason) or (year and not (year.isdecimal() and len(year) == 4)):
        report.refuse(
            row, "break_year", year, "a break of series needs a year and a reason",
            "Write the first year of the new series, and why; or leave both blank.",
        )  # fmt: skip
        return False
    return bool(year)


def _store_break(told: dict[str, str], source: Source) -> None:
    SeriesBreak.objects.update_or_create(
        indicator=Indicator.objects.get(code=told["code"].strip()),
        territory=None,
        year=int(told["break_year"]),
        defaults={"reason": told["break_reason"][:300], "source": source},
    )


def _fields(told: Mapping[str, str]) -> dict[str, Any]:
    """Turn a row of texts into an indicator's fields; what is blank keeps the usual value."""
    given = {name: told[name].strip() for name in COLUMNS if told.get(name, "").strip()}
    fields: dict[str, Any] = {"code": "", "label": "", **given}
    for name in NUMBERS:
        if name in given:
            fields[name] = _number(given[name], name)
    if "decimals" in given:
        fields["decimals"] = int(_number(given["decimals"], "decimals"))
    if "counts_persons" in given:
        fields["counts_persons"] = given["counts_persons"].lower() in ("1", "oui", "yes", "true")
    if "due_on" in given:
        fields["due_on"] = date.fromisoformat(given["due_on"])
    fields["producer"] = _producer(given.get("producer", ""))
    if fields.get("nature") == Nature.RATE and not fields.get("per"):
        raise ValueError("a rate without what it is for (per: 1000 for 'per thousand')")
    return fields


def _number(text: str, name: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise ValueError(f"{name} is not a number: {text}") from None


def _producer(name: str) -> Organisation | None:
    return organisation_called(name) if name else None
