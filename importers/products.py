"""What is known of each product: title, producer, licence, level, acts, columns, warnings."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from importers import errors
from importers.sources import Described

FILE = Path(__file__).with_name("products.toml")


class Product(Described):
    """One product of one producer, as ``products.toml`` describes it."""

    vintage_pattern: str = ""
    level: str = ""
    generation: int | None = None
    act: str = ""
    act_overseas: str = ""
    valid_from: date | None = None
    valid_from_overseas: date | None = None
    valid_to: date | None = None
    valid_to_overseas: date | None = None
    code_column: tuple[str, ...] = ()
    name_column: tuple[str, ...] = ()
    communes_column: tuple[str, ...] = ()
    commune_codes_column: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    code_pattern: str = ""
    first_layer: str = ""
    facts: dict[str, str] = {}
    withdraw: str = "all"

    def vintage_of(self, file_name: str, given: str = "") -> str:
        """Return the vintage asked for, or the one the file's name tells, or the usual one."""
        if given:
            return given
        told = re.search(self.vintage_pattern, file_name) if self.vintage_pattern else None
        return told[0] if told else self.vintage


@cache
def products() -> dict[str, Product]:
    """Return every known product by its code."""
    read: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {code: Product(code=code, **facts) for code, facts in read.items()}


def product(code: str) -> Product:
    """Return one product. Raises UnknownProduct."""
    try:
        return products()[code]
    except KeyError:
        known = ", ".join(sorted(products()))
        raise errors.UnknownProduct(f"No product is called {code!r}.", f"Known: {known}.") from None
