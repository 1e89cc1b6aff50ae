"""What is known of each product: title, producer, licence, level, acts, columns, warnings."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.text import slugify
from pydantic import BaseModel, ConfigDict

from importers import errors
from importers.options import LoadOptions
from observatory.identity import fold
from observatory.models import Source

FILE = Path(__file__).with_name("products.toml")


class Product(BaseModel):
    """One product of one producer, as ``products.toml`` describes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    title: str
    producer: str
    licence: str = ""
    url: str = ""
    vintage: str = ""
    vintage_pattern: str = ""
    cautions: tuple[str, ...] = ()
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


def source_of(
    found: Product,
    vintage: str,
    *,
    code: str = "",
    title: str = "",
    producer: str = "",
    demonstration: bool = False,
) -> Source:
    """Return the stored source of a product at a vintage, made or brought up to date."""
    own = found.code if found.code.endswith(vintage) else f"{found.code}-{vintage}"
    key = slugify(code or own)[:80]
    wanted = {
        "title": title or found.title,
        "producer": producer or found.producer,
        "vintage": vintage,
        # What is invented takes a producer's layout, never its licence or its page.
        "licence": "Données fictives" if demonstration else found.licence,
        "url": "" if demonstration else found.url,
        "cautions": "\n".join(found.cautions),
        "is_demonstration": demonstration,
    }
    source, made = Source.objects.get_or_create(code=key, defaults=wanted)
    if not made and any(getattr(source, name) != value for name, value in wanted.items()):
        for name, value in wanted.items():
            setattr(source, name, value)
        source.save()
    return source


def source_of_file(file: Path, options: LoadOptions) -> Source:
    """Return the source of a local file that no product describes, named after the file."""
    stem = fold(file.name.split(".")[0])
    return source_of(
        Product(code=stem, title=options.title or stem, producer="Fichier local"),
        options.vintage, code=options.source, title=options.title, producer=options.producer,
        demonstration=options.demonstration,
    )  # fmt: skip
