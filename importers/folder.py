"""A whole folder of files, in the order they depend on each other.

What is already loaded, byte for byte and with the same options, is not loaded again. What has
no importer is said, never passed over in silence.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.utils.text import slugify
from pydantic import BaseModel, ConfigDict, ValidationError

from importers import errors
from importers.background import queue_load
from importers.loads import LOADERS, REFUSALS, already_loaded, load
from importers.options import LoadOptions
from importers.recognise import recognise
from observatory.commands import explained
from observatory.runs import Progress, silent

ORDER = (
    "boundaries", "iris", "perimeters", "territories", "memberships", "quarters_list", "grid",
    "households", "addresses", "history", "facilities", "dictionary", "referentiel",
    "framework", "crosswalk", "indicators", "schemes", "sheets", "quarters", "funding",
    "projects", "statements", "instances", "decisions", "studies",
)  # fmt: skip
MANIFEST = "manifest.toml"
LOADED, SKIPPED, REFUSED, QUEUED, NOT_LOADED = (
    "loaded", "already loaded", "refused", "queued", "not loaded",
)  # fmt: skip


class Entry(BaseModel):
    """One file of a manifest. Keys that only describe the file to people are let through."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    path: str
    kind: str
    title: str = ""
    producer: str = ""
    vintage: str = ""
    level: str = ""
    generation: int | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    act: str = ""
    status: str = ""
    size: int | None = None
    contract: str = ""
    sharing: str = ""
    demonstration: bool = False

    def options(self) -> LoadOptions:
        """Return the options of this file's load; its source is its own."""
        given = self.model_dump(exclude={"path", "kind"})
        prefix = "demonstration-" if self.demonstration else ""
        stem = slugify(Path(self.path).name.split(".")[0])
        return LoadOptions(**given, source=f"{prefix}{stem}")


@dataclass(frozen=True)
class Item:
    """One file of the folder, with what is to be done with it."""

    path: Path
    name: str
    kind: str
    why: str
    options: LoadOptions = field(default_factory=LoadOptions)


@dataclass(frozen=True)
class Outcome:
    """What became of one file."""

    file: str
    kind: str
    state: str
    words: str
    details: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "file": self.file,
            "kind": self.kind,
            "state": self.state,
            "words": self.words,
            **self.details,
        }


def load_folder(
    folder: Path, *, again: bool = False, background: bool = False, echo: Progress = silent
) -> Iterator[Outcome]:
    """Load what the folder holds, file after file, yielding what became of each.

    A refused file does not keep the others from being loaded. ``again`` loads even what is
    loaded already; ``background`` gives the loads to the worker, which keeps their order.

    Raises
    ------
    FileMissing, WrongContent, UnreadableFile
        There is no such folder, or its manifest cannot be used.
    """
    items = items_of(folder)
    for item in items:
        if not item.kind:
            yield Outcome(item.name, "", NOT_LOADED, item.why)
    for item in sorted((i for i in items if i.kind), key=lambda i: (ORDER.index(i.kind), i.name)):
        yield _outcome(item, again, background, echo)


def _outcome(item: Item, again: bool, background: bool, echo: Progress) -> Outcome:
    done = None if again else already_loaded(item.kind, item.path, item.options)
    if done:
        return Outcome(item.name, item.kind, SKIPPED, f"run {done.pk}", {"run": done.pk})
    try:
        if background:
            run = queue_load(item.kind, item.path, item.options)
            return Outcome(item.name, item.kind, QUEUED, f"run {run.pk}", {"run": run.pk})
        loaded = load(item.kind, item.path, item.options, echo=echo)
    except REFUSALS as error:
        return Outcome(item.name, item.kind, REFUSED, str(error), explained(error))
    return Outcome(
        item.name, item.kind, LOADED, loaded.report.summary(), {"run": loaded.run.pk}
        | {"counts": loaded.report.counts()},
    )  # fmt: skip


# -- what the folder holds -----------------------------------------------------------------


def items_of(folder: Path) -> list[Item]:
    """List the folder's files by its manifest, or by what each file holds."""
    if not folder.is_dir():
        if folder.exists():
            raise errors.WrongContent(
                folder.name, "a file, not a folder", "Use 'observatory load KIND FILE'."
            )
        raise errors.FileMissing(folder)
    manifest = folder / MANIFEST
    listed = _by_manifest(folder, manifest) if manifest.is_file() else []
    named = {item.path for item in listed}
    items = list(listed)
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden and path != manifest and path.resolve() not in named:
            items.append(_by_content(folder, path, bool(listed)))
    return items


def _by_content(folder: Path, path: Path, beside_manifest: bool) -> Item:
    name = str(path.relative_to(folder))
    if beside_manifest:
        return Item(path, name, "", "the manifest does not name it")
    found = recognise(path)
    return Item(path, name, found.kind, found.why)


def _by_manifest(folder: Path, manifest: Path) -> list[Item]:
    try:
        document = tomllib.loads(manifest.read_text(encoding="utf-8"))
        default = {"demonstration": bool(document.get("demonstration", False))}
        entries = [Entry(**{**default, **entry}) for entry in document.get("file", [])]
        return [_item(folder, entry) for entry in entries]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        raise errors.UnreadableFile(MANIFEST, str(error)) from None


def _item(folder: Path, entry: Entry) -> Item:
    path = (folder / entry.path).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise errors.UnreadableFile(MANIFEST, f"{entry.path} lies outside the folder")
    if not path.is_file():
        return Item(path, entry.path, "", "the manifest names it, but it is not there")
    if entry.kind not in LOADERS:
        return Item(path, entry.path, "", f"no importer for {entry.kind} yet")
    return Item(path, entry.path, entry.kind, entry.title, entry.options())
