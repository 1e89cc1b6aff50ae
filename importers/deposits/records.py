"""Which group each row of a batch was counted in, by the row's keyed hash.

This is what recognises a reference that comes twice, and what tells how the groups of two
versions of a file overlap. It is kept under the deposit's key, and goes with it.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from importers.deposits.models import Deposit
from observatory.disclosure.keys import Keys, RecordKeys

_HEAD = struct.Struct(">II")  # bytes of the names, number of rows


def population_of(deposit: Deposit) -> str:
    """Return whose rows these are: an organisation's for a scheme, however its name is typed."""
    scheme = " ".join(deposit.scheme.casefold().split())
    return f"organisation:{deposit.organisation_id}/scheme:{scheme}"


def record_keys(deposit: Deposit) -> RecordKeys:
    """Return what draws the keys of a deposit's rows: one noise for an organisation's scheme.

    Another organisation that deposits the same references learns nothing from its own noise.
    """
    return RecordKeys(population_of(deposit))


@dataclass(frozen=True)
class Records:
    """Keys (n,), the place of each row's group in ``names`` (n,), and rows counted elsewhere.

    ``twice`` is the number of rows left out because their reference was met before.
    """

    names: list[str]
    keys: Keys
    groups: npt.NDArray[np.uint32]
    twice: int = 0

    def packed(self) -> bytes:
        """Return everything as bytes."""
        names = json.dumps({"names": self.names, "twice": self.twice}).encode()
        head = _HEAD.pack(len(names), len(self.keys))
        return head + names + self.keys.astype("<u8").tobytes() + self.groups.tobytes()

    @classmethod
    def unpacked(cls, content: bytes) -> Records:
        """Return what ``packed`` gave."""
        length, rows = _HEAD.unpack_from(content)
        start = _HEAD.size + length
        told = json.loads(content[_HEAD.size : start])
        keys = np.frombuffer(content, "<u8", rows, start).astype(np.uint64)
        groups = np.frombuffer(content, np.uint32, rows, start + 8 * rows)
        return cls(told["names"], keys, groups, told["twice"])


class Met:
    """The references met so far, so that each is counted once."""

    def __init__(self) -> None:
        self._known: list[Keys] = []

    def add(self, keys: Keys) -> None:
        """Note keys as met."""
        self._known.append(np.unique(keys))

    def fresh(self, keys: Keys) -> npt.NDArray[np.bool_]:
        """Tell which rows were not met before, in an earlier batch or in this one; shape (n,)."""
        first = np.zeros(len(keys), dtype=bool)
        first[np.unique(keys, return_index=True)[1]] = True
        return first & self.unknown(keys)

    def unknown(self, keys: Keys) -> npt.NDArray[np.bool_]:
        """Tell which rows were not met before; rows of this batch do not count; shape (n,)."""
        new = np.ones(len(keys), dtype=bool)
        for known in self._known:
            new &= ~np.isin(keys, known)
        return new
