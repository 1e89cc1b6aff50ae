"""From what is written in a cell to a number or a clean text. A blank is never a zero."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# What producers write where they give no value.
NO_VALUE = ("", "na", "n/a", "#n/a", "nan", "null", "none", "ns", "nd", "so")
_SPACES = r"[\s\u00a0\u202f\u2009]"
_COMMA_NUMBER = re.compile(r"^[+-]?\d+,\d+$")
_THOUSANDS = re.compile(r"^[+-]?[1-9]\d{0,2}(,\d{3})+$")
_CONTROLS = re.compile(r"[\u0080-\u009f]")
_MOJIBAKE = re.compile(r"[ÃÂ][\u0080-\u00bf]|â€")


@dataclass(frozen=True)
class Numbers:
    """A column of numbers: NaN where blank; ``wrong`` marks what is written but no number.

    ``commas`` and ``points`` mark values written with a decimal comma and a decimal point;
    ``ambiguous`` those that may be thousands as well as decimals (``1,234``).
    """

    values: Floats
    wrong: Bools
    commas: Bools
    points: Bools
    ambiguous: Bools


def as_numbers(column: Any) -> Numbers:
    """Read a pyarrow column as numbers, shape (n,); accepts decimal commas and spaced thousands.

    Infinite values are wrong: no quantity is infinite.
    """
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        values = np.array(column.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
        none = np.zeros(len(values), dtype=bool)
        return Numbers(values, np.isinf(values), none, none, none)
    texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    try:
        return _plainly(texts)
    except pa.ArrowInvalid:
        return _patiently(texts.to_pylist())


def _plainly(texts: Any) -> Numbers:
    """Convert a whole column at once: plain numbers and blanks only."""
    blank = pc.equal(texts, "")
    cast = pc.if_else(blank, pa.scalar(None, pa.string()), texts).cast(pa.float64())
    values = np.array(cast.to_numpy(zero_copy_only=False), np.float64)
    points = pc.fill_null(pc.match_substring(texts, "."), False)
    none = np.zeros(len(values), dtype=bool)
    if np.isinf(values).any() or (np.isnan(values).sum() != cast.null_count):
        return _patiently(texts.to_pylist())
    return Numbers(values, none, none, np.array(points.to_numpy(zero_copy_only=False)), none)


def _patiently(texts: list[str | None]) -> Numbers:
    """Convert value by value, noting those that are no numbers."""
    n = len(texts)
    found = Numbers(np.full(n, np.nan), *(np.zeros(n, dtype=bool) for _ in range(4)))
    for place, text in enumerate(texts):
        if text is None or text.strip().lower() in NO_VALUE:
            continue
        plain = re.sub(_SPACES, "", text)
        found.ambiguous[place] = bool(_THOUSANDS.match(plain))
        if _COMMA_NUMBER.match(plain):
            found.commas[place], plain = True, plain.replace(",", ".")
        elif "." in plain:
            found.points[place] = True
        with suppress(ValueError):
            found.values[place] = float(plain) if "_" not in plain else np.nan
        found.wrong[place] = not np.isfinite(found.values[place])
    return found


def is_day(text: str) -> bool:
    """Tell whether a text is a day that exists, written 2019-06-12, or blank."""
    try:
        return not text or bool(date.fromisoformat(text))
    except ValueError:
        return False


def clean_text(text: object) -> tuple[str, str]:
    """Return a text on one line, well spelt, and what had to be mended (empty: nothing).

    Mends the two commonest accidents: cp1252 signs read as latin-1 (``D\\x92Olives``) and
    UTF-8 read as cp1252 (``ThÃ©rÃ¨se``). Surrounding and doubled blanks go silently.
    """
    if text is None or (isinstance(text, float) and np.isnan(text)):
        return "", ""
    found = unicodedata.normalize("NFC", " ".join(str(text).split()))
    mended, why = found, ""
    if _MOJIBAKE.search(found):
        mended, why = _recoded(found, "cp1252", "utf-8"), "UTF-8 signs were read as cp1252"
    elif _CONTROLS.search(found):
        mended, why = _recoded(found, "latin-1", "cp1252"), "cp1252 signs were read as latin-1"
    return (mended, why) if mended != found else (found, "")


def _recoded(text: str, read_as: str, really: str) -> str:
    try:
        return text.encode(read_as).decode(really)
    except (UnicodeEncodeError, UnicodeDecodeError):
        if read_as != "latin-1":
            return text
        return _CONTROLS.sub(_as_cp1252, text)


def _as_cp1252(sign: re.Match[str]) -> str:
    return sign[0].encode("latin-1").decode("cp1252", "ignore")
