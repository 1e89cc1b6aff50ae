"""What can go wrong with a deposit: one class per failure, each with what to do.

No message repeats a value of the file: a row and a column are enough to find it.
"""

from __future__ import annotations

from importers.errors import ImporterError


class DepositError(ImporterError):
    """Base of the failures of deposits."""


class TooLarge(DepositError):
    """The file is larger than a deposit may be."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The file is larger than {limit >> 20} MB.",
            "Keep only the columns that are needed, or cut the file by period.",
        )


class TooManyRows(DepositError):
    """The file has more rows than a deposit may have."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The file has more than {limit} rows.", "Cut the file by period.")


class TooManyColumns(DepositError):
    """The file has more columns than any list of people."""

    def __init__(self, found: int, limit: int) -> None:
        super().__init__(
            f"The file has {found} columns; a deposit may have {limit}.",
            "Keep the address or coordinates, a date, a reference, and delete the others.",
        )


class CellTooLong(DepositError):
    """One cell holds more text than any address."""

    def __init__(self, row: int, limit: int) -> None:
        super().__init__(
            f"A cell of row {row} holds more than {limit} characters.",
            "Look for a missing quote: the rest of the file ends up in one cell.",
        )


class NothingToLocate(DepositError):
    """No column holds an address or coordinates."""

    def __init__(self, columns: list[str]) -> None:
        super().__init__(
            f"No column of addresses or coordinates was recognised ({', '.join(columns[:20])}).",
            "Say which column holds the address, or the two that hold the coordinates.",
        )


class BadChoice(DepositError):
    """A column, date or option of the deposit has no usable value."""


class WorkbookTrouble(DepositError):
    """A workbook is protected, holds macros, or has no usable sheet."""


class QuotaReached(DepositError):
    """The organisation has too many deposits under way."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"Your organisation already has {limit} deposits that are not purged.",
            "Purge an older deposit, or wait for its purge date.",
        )


class KeyDestroyed(DepositError):
    """The deposit was purged: its key is gone and its rows cannot be read any more."""

    def __init__(self) -> None:
        super().__init__("This deposit was purged: its rows are destroyed.", "")


class Damaged(DepositError):
    """Encrypted content was altered or cut."""

    def __init__(self) -> None:
        super().__init__(
            "The stored content of this deposit is damaged.", "Deposit the file again."
        )


class Cancelled(DepositError):
    """The depositor cancelled the work."""

    def __init__(self) -> None:
        super().__init__("The deposit was cancelled.", "")


class UnknownDeposit(DepositError):
    """There is no such deposit, or it belongs to another organisation: the answer is the same."""

    def __init__(self) -> None:
        super().__init__("There is no such deposit.", "")


class Busy(DepositError):
    """Another process works on the deposit."""

    def __init__(self) -> None:
        super().__init__("This deposit is being worked on.", "Wait until it has ended.")


class NoReferenceColumn(DepositError):
    """Rows cannot be told to be the same without a reference."""

    def __init__(self) -> None:
        super().__init__(
            "Counting each person once needs a column of references.",
            "Say which column holds the reference, or do not ask to count each one once.",
        )


class NotInReview(DepositError):
    """There is no such row left to review, or the place chosen for it is unusable."""


class MayNotDeposit(DepositError):
    """The account has no organisation, or its role does not let it deposit."""

    def __init__(self) -> None:
        super().__init__(
            "This account may not deposit files.",
            "Ask an administrator for an organisation and the role of a partner.",
        )


class NotForThisContract(DepositError):
    """The account deposits for some contracts only, and not for this one."""

    def __init__(self) -> None:
        super().__init__(
            "This account may not deposit for that contract, or has not said for which.",
            "Name a contract on which you hold the role of a partner.",
        )


class OverlapUnknown(DepositError):
    """Figures cannot be shared: rows they would have to be checked against are gone."""

    def __init__(self) -> None:
        super().__init__(
            "Rows of a purged or deleted deposit of the same scheme and days are gone: what its "
            "figures and these would tell together cannot be checked.",
            "The figures shared before stay; share other days, or purge later.",
        )
