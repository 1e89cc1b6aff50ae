"""One key per record for life, one key per count: what makes repeated questions useless.

The cell key method (Fraser and Wooton 2005; INSEE's methodological sheet): a record draws
r ~ U(0, 1) once, and a count's key is the fractional part of the sum of its contributors' keys.
Keys are whole numbers of 64 bits here, so that sums are exact whatever their order:
the fraction is ``key / 2**64``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from observatory.disclosure.secret import derived

KEY_MODULUS = 1 << 64
_SEPARATOR = b"\x1f"

Keys = npt.NDArray[np.uint64]


class RecordKeys:
    """Draws the keys of the records of one population (a scheme, a source).

    The key is an HMAC of the secret, the population and the record's stable content. The same
    record has the same key after a restart, in a second file and in a corrected version.
    """

    def __init__(self, population: str, secret: bytes | None = None) -> None:
        self.population = population
        self._key = derived(f"record keys\x1f{population}", secret)

    def of(self, contents: Sequence[str | bytes]) -> Keys:
        """Return the keys of records given as text, shape (n,), uint64."""
        # HMAC-SHA-256 as RFC 2104 makes it, the key worked in once and not for each record.
        padded = self._key.ljust(sha256().block_size, b"\0")
        inner, outer = (sha256(bytes(byte ^ mask for byte in padded)) for mask in (0x36, 0x5C))
        drawn = []
        for text in contents:
            first, second = inner.copy(), outer.copy()
            first.update(text.encode() if isinstance(text, str) else text)
            second.update(first.digest())
            drawn.append(second.digest()[:8])
        return np.frombuffer(b"".join(drawn), dtype="<u8").astype(np.uint64)

    def of_one(self, *parts: str) -> int:
        """Return the key of one record given in parts."""
        return int(self.of([_SEPARATOR.join(part.encode() for part in parts)])[0])


def key_sums(keys: Keys, groups: npt.NDArray[np.int64], count: int) -> Keys:
    """Add keys up by group number (0 to ``count`` - 1), modulo 2**64; shape (count,)."""
    sums = np.zeros(count, dtype=np.uint64)
    np.add.at(sums, groups, keys)  # wraps around, as the modulus asks
    return sums


def count_key(sums: Iterable[int]) -> float:
    """Return the key of a count in [0, 1) from its parts' sums of record keys."""
    # The top 53 bits, so that the fraction stays under 1 as a float.
    return ((sum(int(part) for part in sums) % KEY_MODULUS) >> 11) / float(1 << 53)
