"""Values as JSON can hold them: no data is null, whatever library it comes from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any


def plain(value: Any) -> Any:
    """Return ``value`` with NaN as None, numpy scalars as numbers, dates as ISO text.

    >>> plain({"share": float("nan"), "codes": ("01",)})
    {'share': None, 'codes': ['01']}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if hasattr(value, "item"):  # a numpy scalar
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):  # datetimes are dates too
        return value.isoformat()
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)
