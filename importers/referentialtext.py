"""Reading an evaluation framework published as text: lists of objectives, then tables of actions.

Each table is a title, a header, and rows of four cells: action, referent actors, indicator,
target. An empty action or actor goes on with the one above. Sub-objectives are recognised by
their capitals, for heading levels vary; what belongs to which objective is read in the lists
that open each theme, for one objective has no heading of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from importers.report import Report
from observatory.identity import fold

MARKS = re.compile(r"</?(?:b|p|ul|li|em|strong)>|\*\*|\^\{([^}]*)\}")
ORDINAL = re.compile(r"\s*<sup>\s*([^<]*?)\s*</sup>\s*")
THEME = re.compile(r"^# (?!Référentiel)([^:#]+?) ?: (.+)$")
FRAMEWORK = re.compile(r"^# Référentiel (.+)$")
NUMBERED = re.compile(r"^#+ (\d+)\) (.+)$")
BULLET = re.compile(r"^- (.+)$")
NO_TARGET = re.compile(r"^(pas-d-objectifs|objectifs?-a-definir|objectif-a-definir)")
NO_INDICATOR = re.compile(r"^pas-d-indicateurs?-fixe")
WIDTH = 4


@dataclass
class Objective:
    """One objective of a theme's list, with its sub-objectives in order."""

    number: str
    label: str
    line: int
    subs: list[tuple[str, int]] = field(default_factory=list)


@dataclass
class Theme:
    """One theme: what opens it, before its tables."""

    name: str
    label: str
    line: int
    partners: list[tuple[str, int]] = field(default_factory=list)
    objectives: list[Objective] = field(default_factory=list)
    stakes: list[tuple[str, int]] = field(default_factory=list)


@dataclass
class Row:
    """One row of a table, repaired where it was shifted."""

    line: int
    theme: str
    sub_objective: str
    heading: str
    heading_line: int
    action: str
    action_line: int
    actor: str
    indicator: str
    target: str
    repaired: str = ""


@dataclass
class Document:
    """What was read: the themes, the rows in order, and the number of tables."""

    themes: list[Theme]
    rows: list[Row]
    tables: int


def clean(text: str) -> str:
    """Return a cell without marks: « 4 <sup>e</sup> » is « 4e ».

    >>> clean("le 4 <sup>e</sup> et le 20 <sup>e</sup> )")
    'le 4e et le 20e )'
    """
    text = ORDINAL.sub(lambda found: found[1] + " ", text)
    text = MARKS.sub(lambda found: found[1] or "", text)
    return " ".join(text.split())


def read_document(text: str, report: Report) -> Document:
    """Read the whole text; what had to be mended goes to the report, by line."""
    lines = text.splitlines()
    themes = list(_themes(lines))
    reader = _Tables(themes, report)
    for number, line in enumerate(lines, start=1):
        reader.take(number, line, _next_table_line(lines, number))
    return Document(themes, reader.rows, reader.tables)


def _next_table_line(lines: list[str], number: int) -> str:
    return lines[number] if number < len(lines) else ""


# -- what opens a theme --------------------------------------------------------------------


def _themes(lines: list[str]) -> Iterator[Theme]:
    theme: Theme | None = None
    part = ""
    for number, line in enumerate(lines, start=1):
        found = THEME.match(line)
        if found and _opens_theme(lines, number):
            theme = Theme(clean(found[1]), clean(f"{found[1]} : {found[2]}"), number)
            yield theme
        elif FRAMEWORK.match(line):
            theme = None
        elif theme is not None:
            part = _of_theme(theme, part, number, line)


def _opens_theme(lines: list[str], number: int) -> bool:
    return any("Partenaires" in line for line in lines[number : number + 4])


def _of_theme(theme: Theme, part: str, number: int, line: str) -> str:
    """Take one line of what opens a theme; return the part it stands in."""
    numbered, bullet = NUMBERED.match(line), BULLET.match(line)
    if numbered:
        theme.objectives.append(Objective(numbered[1], clean(numbered[2]), number))
        return "objectives"
    if line.startswith("## "):
        return fold(line[3:]).split("-")[0]
    if bullet and part == "objectives" and theme.objectives:
        theme.objectives[-1].subs.append((_sentence(bullet[1]), number))
    elif bullet and part == "enjeux":
        theme.stakes.append((_sentence(bullet[1]), number))
    elif line.strip() and part == "partenaires":
        theme.partners.append((clean(line), number))
    return part


def _sentence(text: str) -> str:
    return clean(text).rstrip(".")


# -- the tables ----------------------------------------------------------------------------


class _Tables:
    """Goes through the lines of the tables, keeping what each row continues."""

    def __init__(self, themes: list[Theme], report: Report) -> None:
        self.rows: list[Row] = []
        self.tables = 0
        self._report = report
        self._subs = {
            theme.name: {fold(label): label for o in theme.objectives for label, _ in o.subs}
            for theme in themes
        }
        self._theme = self._sub = self._heading = self._action = self._actor = ""
        self._heading_line = self._action_line = 0

    def take(self, number: int, line: str, following: str) -> None:
        """Take one line, knowing the next."""
        framework = FRAMEWORK.match(line)
        if framework:
            self._theme, self._sub = clean(framework[1]), ""
        elif line.startswith("# "):
            self._theme = ""  # another part of the document
        elif not self._theme:
            return
        elif "\t" in line:
            self._table_line(number, line, following)
        else:
            self._text_line(number, line)

    def _text_line(self, number: int, line: str) -> None:
        words = clean(line.lstrip("# "))
        letters = [sign for sign in words if sign.isalpha()]
        if len(letters) < 10 or sum(sign.isupper() for sign in letters) < 0.9 * len(letters):
            return
        known = self._subs.get(self._theme, {}).get(fold(words))
        if known is None:
            self._report.refuse(
                number, "", words, "a heading in capitals that no list of objectives names",
                "Write it as in the list that opens the theme.",
            )  # fmt: skip
            return
        self._sub = known

    def _table_line(self, number: int, line: str, following: str) -> None:
        cells = [clean(cell) for cell in line.split("\t")]
        if fold(cells[0]) == "actions":
            self.tables += 1
            self._action = self._actor = ""
        elif fold(clean(following.split("\t")[0])) == "actions" and not any(cells[1:]):
            if fold(self._heading) == fold(cells[0]):
                self._report.repair(
                    number, "", "the table's title is repeated after a page break",
                    "read as one table",
                )  # fmt: skip
            else:
                self._heading, self._heading_line = cells[0], number
        else:
            self._row(number, cells)

    def _row(self, number: int, cells: list[str]) -> None:
        self._report.read += 1
        if len(cells) != WIDTH:
            self._report.refuse(
                number, "", f"{len(cells)} cells", "a row of another width than its table",
                "Give four cells: action, actors, indicator, target.",
            )  # fmt: skip
            return
        cells, repaired = self._unshifted(number, cells)
        action, actor, indicator, target = cells
        if action:
            self._action, self._action_line, self._actor = action, number, ""
        self._actor = actor or self._actor
        if not self._action or not indicator or not self._sub:
            self._report.refuse(
                number, "", " | ".join(cells), "a row without action, indicator or sub-objective",
                "Complete the row in the text.",
            )  # fmt: skip
            return
        if not target:
            self._report.repair(number, "target", "no target is written", "read as not set")
        self.rows.append(
            Row(
                number,
                self._theme,
                self._sub,
                self._heading,
                self._heading_line,
                self._action,
                self._action_line,
                self._actor,
                indicator,
                target,
                repaired,
            )
        )

    def _unshifted(self, number: int, cells: list[str]) -> tuple[list[str], str]:
        """Push back to the right a row whose target stands in an earlier column."""
        for shift in (1, 2):
            last = WIDTH - 1 - shift
            if not any(cells[last + 1 :]) and NO_TARGET.match(fold(cells[last])):
                told = f"the cells are shifted left by {shift}"
                self._report.repair(number, "", told, f"pushed right by {shift}")
                return [""] * shift + cells[: last + 1], told
        return cells, ""


def has_no_indicator(label: str) -> bool:
    """Tell whether the cell says that there is no indicator."""
    return bool(NO_INDICATOR.match(fold(label)))
