"""What can go wrong in the engine: one class per failure, each with what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

SHOWN_ROWS = 5


def _some(values: Iterable[object], total: int) -> str:
    shown = [str(value) for value in values]
    more = total - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


class CarroyageError(Exception):
    """Base of the engine's failures.

    ``str(error)`` says what is wrong and where, ``error.advice`` what to do.
    """

    advice = "Read docs/method.md."

    def __init__(self, message: str, advice: str | None = None) -> None:
        super().__init__(message)
        if advice is not None:
            self.advice = advice

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes whole, whatever a subclass asks to be made."""
        return _as_it_was, (type(self), self.args, self.__dict__)


def _as_it_was(
    kind: type[CarroyageError], args: tuple[Any, ...], more: dict[str, Any]
) -> CarroyageError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(more)
    return error


class UnreadableCellIds(CarroyageError):
    """Some cell ids do not follow any known form."""

    advice = (
        "Write ids as CRS3035RES200mN2893400E3763200 (lower-left corner, metres, north first); "
        "the older 200mN28934E37632 and 1kmN2893E3763 are read too."
    )

    def __init__(self, rows: Sequence[int], values: Sequence[object]) -> None:
        pairs = [
            f"row {row}: {value!r}" for row, value in zip(rows[:SHOWN_ROWS], values, strict=False)
        ]
        super().__init__(f"{len(rows)} cell id(s) cannot be read: {_some(pairs, len(rows))}.")
        self.rows = list(rows)


class MisalignedCellIds(CarroyageError):
    """Some ids give a corner that is not a multiple of their own cell size."""

    advice = "Rebuild these ids from coordinates: a corner is floor(x / size) * size."

    def __init__(self, rows: Sequence[int], values: Sequence[object]) -> None:
        pairs = [
            f"row {row}: {value!r}" for row, value in zip(rows[:SHOWN_ROWS], values, strict=False)
        ]
        super().__init__(
            f"{len(rows)} cell id(s) name a corner off their grid: {_some(pairs, len(rows))}."
        )
        self.rows = list(rows)


class UnexpectedCellSize(CarroyageError):
    """Ids of another size than the one asked for, or of several sizes at once."""

    advice = "Give one file per cell size."

    def __init__(self, rows: Sequence[int], found: Sequence[int], expected: int) -> None:
        sizes = ", ".join(f"{size} m" for size in sorted(set(found)))
        where = _some([str(row) for row in rows[:SHOWN_ROWS]], len(rows))
        super().__init__(
            f"{len(rows)} cell id(s) are not {expected} m cells but {sizes} (row {where})."
        )
        self.rows = list(rows)


class UnknownCellSize(CarroyageError):
    """A size the natural grid does not have."""

    advice = "Known sizes: 200 m, then 1, 2, 4, 8, 16, 32 and 64 km."

    def __init__(self, size: int) -> None:
        super().__init__(f"{size} m is not a size of the natural grid.")


class MixedGrids(CarroyageError):
    """Cells of several grids (projected systems) in one computation."""

    advice = "Work one territory at a time: 3035 metropolitan, 5490 Antilles, 2975 Réunion."

    def __init__(self, systems: Iterable[int]) -> None:
        names = ", ".join(f"EPSG:{epsg}" for epsg in sorted(systems))
        super().__init__(f"The cells belong to several grids: {names}.")


class DuplicateCells(CarroyageError):
    """The same cell twice in a table that has one row per cell."""

    advice = "Keep one row per cell."

    def __init__(self, values: Sequence[object], total: int) -> None:
        super().__init__(f"{total} cell(s) appear more than once: {_some(values, total)}.")


class UnknownGridTerritory(CarroyageError):
    """No 200 m grid is published for this territory."""

    advice = "INSEE grids exist for metropolitan France, Guadeloupe, Martinique and Réunion."

    def __init__(self, territory: str) -> None:
        super().__init__(f"No grid is known for {territory!r}.")


class CoordinatesNotFinite(CarroyageError):
    """Coordinates that are missing or infinite."""

    advice = "Locate these points or leave them out, and count them."

    def __init__(self, rows: Sequence[int]) -> None:
        where = _some([str(row) for row in rows[:SHOWN_ROWS]], len(rows))
        super().__init__(f"{len(rows)} point(s) have no finite coordinates (row {where}).")
        self.rows = list(rows)


class MissingColumns(CarroyageError):
    """A table lacks columns the computation needs."""

    advice = "Add them, or rename the columns to the canonical names listed in docs/method.md."

    def __init__(self, what: str, missing: Iterable[str]) -> None:
        names = ", ".join(sorted(missing))
        super().__init__(f"The table of {what} lacks the column(s) {names}.")
        self.missing = sorted(missing)


class LineGivenAsMedian(CarroyageError):
    """A low-income line was entered where a median income is expected."""

    advice = (
        "Enter the median itself: the formula takes 60 % of it. "
        "For instance the 11 250 € line comes from a national median of 18 750 €."
    )

    def __init__(self, name: str, value: object, known: str) -> None:
        super().__init__(
            f"{name}: {value} € is already a low-income line ({known}), not a median income."
        )


class ImpossibleLineInput(CarroyageError):
    """A median or a population that cannot be (negative, zero, not a number)."""

    advice = "Give medians in euros per consumption unit and year, populations in inhabitants."

    def __init__(self, name: str, value: object) -> None:
        super().__init__(f"{name}: {value!r} cannot be used.")


class NothingLeft(CarroyageError):
    """No row survives validation."""

    advice = "See the listed reasons: coordinates are often swapped or in another system."

    def __init__(self, what: str, reasons: str) -> None:
        super().__init__(f"No {what} can be used ({reasons}).")


class UnknownScore(CarroyageError):
    """A score nobody declared."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        names = ", ".join(sorted(known))
        super().__init__(f"There is no score called {name!r}.", f"Known scores: {names}.")


class WrongGeometrySystem(CarroyageError):
    """Geometry without a projected system, or in one where nothing may be measured."""

    advice = "Give geometries with their CRS; measures are taken in EPSG:2154 or the territory's."

    def __init__(self, what: str, found: object) -> None:
        super().__init__(f"{what} cannot be measured in {found or 'an unknown system'}.")


class EmptyLegalGeometry(CarroyageError):
    """Nothing legal lies inside the assessed territory."""

    advice = "Check the territory and the coordinates' system of both files."

    def __init__(self) -> None:
        super().__init__("No legal quarter lies in the assessed territory.")


class MissingWinsorBounds(CarroyageError):
    """Départements without P5 and P95."""

    advice = "Give bounds for every département, or none: they are then computed from the records."

    def __init__(self, departments: Iterable[str]) -> None:
        names = ", ".join(sorted(departments))
        super().__init__(f"No winsorisation bounds for département(s) {names}.")


class NoThreshold(CarroyageError):
    """A score without a threshold of its own, and none given."""

    advice = "Give a threshold in the score's own unit."

    def __init__(self, score: str) -> None:
        super().__init__(f"The score {score} has no threshold of its own and none was given.")


class DirectionDisagrees(CarroyageError):
    """The direction asked for contradicts the score."""

    advice = "Leave the direction out: each score knows whether high or low values are poor."

    def __init__(self, score: str, own: str, asked: str) -> None:
        super().__init__(f"The score {score} selects values {own}, not {asked} the threshold.")


class LineNotRounded(CarroyageError):
    """A line that falls inside a stored income step."""

    def __init__(self, value: str, step: int) -> None:
        super().__init__(
            f"The line {value} € is not a multiple of {step} €, the step of the stored incomes.",
            f"Lines are rounded to {step} €: give the rounded line.",
        )


class NothingToZone(CarroyageError):
    """No cells are loaded."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"No {what} are loaded.",
            "Load them first: observatory load grid FILE, or observatory load households FILE.",
        )


class NoLineInputs(CarroyageError):
    """The decree's formula lacks its medians."""

    def __init__(self) -> None:
        super().__init__(
            "The low-income line cannot be computed: no urban unit with its medians is loaded.",
            "Give --national-median, --urban-unit-median and --urban-unit-population, "
            "or a stated --line with its value in euros.",
        )


class ThresholdTooLow(CarroyageError):
    """A secrecy threshold under the legal one."""

    advice = "The threshold may be raised, never lowered."

    def __init__(self, asked: int, floor: int) -> None:
        super().__init__(f"A secrecy threshold of {asked} households is under {floor}.")


class SecrecyBroken(CarroyageError):
    """What was about to be released describes 1 to 10 households: nothing is released."""

    advice = "This is a defect of the program, or the counts were changed on the way: report it."

    def __init__(self, cells: int, groups: int) -> None:
        super().__init__(
            f"Nothing released: {cells} cell(s) and {groups} group(s) hold 1 to 10 households."
        )


class MissingValues(CarroyageError):
    """A column with values for some rows and none for others, where sums are needed."""

    advice = "Fill the gaps at the source, or leave the whole column out."

    def __init__(self, what: str, names: Iterable[str]) -> None:
        super().__init__(f"The table of {what} has gaps in {', '.join(sorted(names))}.")


class NothingToLearn(CarroyageError):
    """No legal quarter, or nothing else, among the pieces a score is fitted on."""

    advice = "Choose groups so that every training set holds legal quarters."

    def __init__(self, fitted_on: str) -> None:
        super().__init__(f"A score cannot be fitted on {fitted_on}.")


class PlaceNotDescribed(CarroyageError):
    """A place named for a comparison has no cells, or no outline."""

    def __init__(self, codes: Iterable[str]) -> None:
        super().__init__(
            f"The loaded cells do not describe {', '.join(codes)}.",
            "Give codes of communes or arrondissements whose boundaries and cells are loaded.",
        )


class NoDraws(CarroyageError):
    """A sensitivity analysis without a single set of choices."""

    advice = "Give at least one score with the range of its threshold, and one draw."

    def __init__(self) -> None:
        super().__init__("There is nothing to draw: no score or no draw.")


class ClusterUnreachable(CarroyageError):
    """A Dask scheduler that does not answer, or has nobody to work."""

    advice = "Start them: 'dask scheduler', then 'dask worker tcp://HOST:8786' on each machine."

    def __init__(self, address: str, what: str) -> None:
        super().__init__(f"The scheduler {address} {what}.")


class ClusterLost(CarroyageError):
    """Every worker went away before the work was done."""

    advice = "Look at the workers' own logs, start them again, then run the command again."

    def __init__(self) -> None:
        super().__init__("The cluster was lost on the way: nothing was written.")
