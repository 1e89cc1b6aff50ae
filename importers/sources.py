"""Where values come from: the stored source of a file, as described and as the person asked."""

from __future__ import annotations

from pathlib import Path

from django.utils.text import slugify
from pydantic import BaseModel, ConfigDict

from importers.options import LoadOptions
from observatory.identity import fold
from observatory.models import Run, RunState, Source


class Described(BaseModel):
    """What is known of a file before it is opened; each kind of file adds its own words."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    title: str
    producer: str
    licence: str = ""
    url: str = ""
    vintage: str = ""
    cautions: tuple[str, ...] = ()


def local(code: str, title: str) -> Described:
    """Return the description of a file of somebody's own, which nothing describes."""
    return Described(code=code, title=title, producer="Fichier local")


def source_of(
    found: Described,
    vintage: str,
    *,
    code: str = "",
    title: str = "",
    producer: str = "",
    demonstration: bool = False,
) -> Source:
    """Return the stored source of what is described, at a vintage, made or brought up to date."""
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


def source_asked(found: Described, options: LoadOptions, vintage: str | None = None) -> Source:
    """Return the source of what is described, the person's own words in place of the usual ones.

    ``vintage`` is given where it was found otherwise, in the file's name for instance.
    """
    return source_of(
        found,
        (options.vintage or found.vintage) if vintage is None else vintage,
        code=options.source,
        title=options.title,
        producer=options.producer,
        demonstration=options.demonstration,
    )


def contract_of(source: str) -> str:
    """Return the contract for which a source was last loaded; blank where none was given."""
    rows = Run.objects.filter(state=RunState.DONE, report__facts__source=source).order_by("-pk")
    found = rows.values_list("parameters__contract", flat=True).first()
    return str(found or "")


def source_of_file(file: Path, options: LoadOptions) -> Source:
    """Return the source of a local file that nothing describes, named after the file."""
    stem = fold(file.name.split(".")[0])
    return source_asked(local(stem, stem), options)
