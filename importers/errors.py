"""What can go wrong while a file comes in: one class per failure, each with what to do."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from observatory.errors import ObservatoryError

if TYPE_CHECKING:
    from importers.report import Report


class ImporterError(ObservatoryError):
    """Base of the failures of loads."""


# -- the file itself -----------------------------------------------------------------------


class FileMissing(ImporterError):
    """There is no file of that name on this machine."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(
            f"There is no file called {path}.",
            "Check the spelling; only files of this machine are opened, never addresses.",
        )


class FolderGiven(ImporterError):
    """A folder was given where one file is expected."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path.name} is a folder, not a file.",
            "Give the file itself, or use 'observatory load folder' for a folder of files.",
        )


class NotAllowedToRead(ImporterError):
    """The account that runs the load may not read the file."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path.name} may not be read by this account.",
            "Change the file's permissions (chmod u+r), or copy it where you may read it.",
        )


class EmptyFile(ImporterError):
    """The file holds nothing, or nothing but a header."""

    def __init__(self, name: str, what: str = "is empty") -> None:
        super().__init__(f"{name} {what}.", "Download or export it again: nothing was received.")


class WebPageGiven(ImporterError):
    """An HTML or XML page was saved under the name of a data file."""

    def __init__(self, name: str, kind: str) -> None:
        super().__init__(
            f"{name} is {kind}, not data.",
            "The download link answered with a page (often an error or a login form): open it "
            "in a browser, then download the data file itself.",
        )


class WrongContent(ImporterError):
    """The content is of a kind that this load does not read."""

    def __init__(self, name: str, found: str, advice: str) -> None:
        super().__init__(f"{name} is {found}.", advice)


class WrongExtension(ImporterError):
    """The name announces another kind of file than the content."""

    def __init__(self, name: str, found: str, right: str) -> None:
        super().__init__(
            f"{name} is really {found}, under the wrong extension.",
            f"Rename it so that it ends in {right}, and load it again.",
        )


class NullBytes(ImporterError):
    """A text file holds null bytes."""

    def __init__(self, name: str, line: int) -> None:
        super().__init__(
            f"{name} holds null bytes (first in line {line}): it is not plain text.",
            "The file is damaged or a binary export: download it again, or export it as CSV UTF-8.",
        )


class MixedEncodings(ImporterError):
    """Some lines are UTF-8 and some are not."""

    def __init__(self, name: str, line: int, main: str) -> None:
        super().__init__(
            f"{name} mixes encodings: it reads as {main}, except line {line}.",
            "Parts written by two programs were pasted together: open both parts, save each as "
            "UTF-8, and join them again.",
        )


class UnreadableText(ImporterError):
    """No known encoding gives the text."""

    def __init__(self, name: str, encoding: str, line: int) -> None:
        super().__init__(
            f"{name} cannot be read as {encoding} (line {line}).",
            "Export it again as CSV, choosing the encoding UTF-8.",
        )


class TruncatedArchive(ImporterError):
    """A zip or gz file stops before its end."""

    def __init__(self, name: str, kind: str) -> None:
        super().__init__(
            f"{name} is a truncated or damaged {kind} file.",
            "The download stopped before the end: download it again and compare the sizes.",
        )


class UnsafeArchive(ImporterError):
    """An archive that would write outside its folder, or swell beyond reason."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(
            f"{name} is refused: {why}.",
            "Unpack it yourself, look at what it holds, and give only the data files.",
        )


class NothingToLoad(ImporterError):
    """An archive or folder holds no file of a known kind."""

    def __init__(self, name: str, found: Iterable[str]) -> None:
        held = ", ".join(sorted(found)[:10]) or "nothing"
        super().__init__(
            f"{name} holds no data file that can be read (it holds {held}).",
            "Give the archive as the producer delivers it, with all its parts.",
        )


class MissingPart(ImporterError):
    """A shapefile came without one of the files it is made of."""

    def __init__(self, layer: str, part: str) -> None:
        super().__init__(
            f"The shapefile {layer} lacks its {part} part.",
            "Give the zip with every part: .shp, .shx, .dbf and .prj.",
        )


class UnreadableFile(ImporterError):
    """The right kind of file, but damaged."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(
            f"{name} cannot be read: {why}.", "The file is damaged: download or export it again."
        )


# -- columns -------------------------------------------------------------------------------


class MissingColumns(ImporterError):
    """Columns the load needs are not in the file."""

    def __init__(self, name: str, missing: Iterable[str], found: Iterable[str]) -> None:
        wanted, there = list(missing), list(found)
        shown = ", ".join(there[:40]) + (" …" if len(there) > 40 else "")
        super().__init__(
            f"{name} lacks the column(s) {', '.join(wanted)}. It has: {shown or 'none'}.",
            _near(wanted, there) or "Check that this is the right file, with its header line.",
        )
        self.missing = wanted


def _near(wanted: list[str], there: list[str]) -> str:
    lowered = {name.lower(): name for name in there}
    hints = []
    for name in wanted:
        close = get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
        if close:
            hints.append(f"'{lowered[close[0]]}' may be '{name}'")
    return f"Near spellings: {'; '.join(hints)}. Rename and load again." if hints else ""


class DuplicateColumns(ImporterError):
    """Two columns bear the same name."""

    def __init__(self, name: str, columns: Iterable[str]) -> None:
        super().__init__(
            f"{name} has several columns called {', '.join(sorted(set(columns)))}.",
            "Keep one of each, or rename them: nothing says which one is meant.",
        )


class UnknownLayer(ImporterError):
    """No layer of the file has what the load needs."""

    def __init__(self, name: str, wanted: str, found: Iterable[str]) -> None:
        super().__init__(
            f"No layer of {name} has {wanted}. It has: {', '.join(found) or 'none'}.",
            "Choose another file, or name the columns (--code-column, --name-column).",
        )


# -- coordinates ---------------------------------------------------------------------------


class UnknownCrs(ImporterError):
    """Nothing says which coordinate system the shapes are in."""

    def __init__(self, layer: str) -> None:
        super().__init__(
            f"{layer} does not say its coordinate system (no .prj file).",
            "Ask the producer, then give it: --crs EPSG:2154 for Lambert-93, for instance.",
        )


class CoordinatesOutside(ImporterError):
    """Coordinates that cannot be in the declared system."""

    def __init__(self, layer: str, crs: str, sample: str, guess: str) -> None:
        hint = f"They look like {guess}: give --crs {guess}." if guess else ""
        super().__init__(
            f"{layer} is declared in {crs}, but its coordinates ({sample}) are not there.",
            hint or "Ask the producer for the coordinate system, then give it with --crs.",
        )


class SwappedAxes(ImporterError):
    """Latitude stands where longitude should."""

    def __init__(self, layer: str, sample: str) -> None:
        super().__init__(
            f"{layer} has latitude and longitude swapped ({sample}).",
            "Write longitude first, then latitude, as GeoJSON and shapefiles ask.",
        )


# -- the whole load ------------------------------------------------------------------------


class UnknownProduct(ImporterError):
    """A level, source or kind of file the load does not know."""


class BadOption(ImporterError):
    """An option has no usable value."""


class AnotherContract(ImporterError):
    """A file would replace what one of the same name brought for another contract."""

    def __init__(self, source: str, before: str, asked: str) -> None:
        super().__init__(
            f"What is called {source!r} was loaded for {before}; "
            f"{f'this is for {asked}' if asked else 'no contract is given now'}.",
            f"Say --contract {before} to replace it, or --source with another name to keep both.",
        )


class AnotherSeries(ImporterError):
    """A file would take away most of what one of the same name brought, and was not told to."""

    def __init__(self, source: str, held: int, before: int) -> None:
        super().__init__(
            f"Of the {before} rows of what is called {source!r}, this file has {held}: it seems "
            "to be of another territory or contract. Nothing was replaced.",
            f"Say --source with another name to keep both, or --source {source} to replace it.",
        )


class FileRefused(ImporterError):
    """At least one row is refused, so nothing of the file is stored.

    Attributes
    ----------
    report : dict
        The full report, as stored with the run.
    """

    def __init__(self, report: Report) -> None:
        super().__init__(
            f"{report.file} is refused: {len(report.rows_refused)} of {report.read} "
            f"{report.units} cannot be loaded. Nothing was stored.\n{report.refusals_as_text()}",
            "Correct these rows in the file, and load it again.",
        )
        self.report: dict[str, Any] = report.as_dict()
        self.details = report
