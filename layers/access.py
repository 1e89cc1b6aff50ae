"""Who may see which layer: the foundation's rights, asked in one place."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from layers.credentials import OurTokens, unidentified
from layers.errors import UnknownLayer
from layers.registry import REGISTRY, Layer
from observatory.models import Right
from observatory.permissions import may, territories_where

Reach = frozenset[int] | None
NOWHERE: frozenset[int] = frozenset()


def open_to_all(layers: Sequence[Layer]) -> bool:
    """Tell whether anybody, signed in or not, may see every one of ``layers``.

    The public's rights are rows like any other: an administrator may close what is declared
    public.
    """
    return all(may(None, right) for right in {layer.right for layer in layers})


def as_seen_by(request: HttpRequest | Request, layers: Sequence[Layer]) -> tuple[list[Layer], bool]:
    """Return ``layers`` as the person may see them, and whether they are open to all.

    Raises UnknownLayer for what is hidden: it answers exactly as what does not exist.
    """
    if open_to_all(layers):
        return [layer.within(None) for layer in layers], True
    identify(request)
    seen = [_seen(request, layer) for layer in layers]
    for layer, shown in zip(layers, seen, strict=True):
        if shown is None:
            raise UnknownLayer(
                f"There is no layer {layer.id!r}.", "The list of layers is at /tiles."
            )
    return [shown for shown in seen if shown is not None], False


def one_as_seen_by(request: HttpRequest | Request, layer: Layer) -> Layer:
    """Return one layer as the person may see it. Raises UnknownLayer."""
    (shown,), _ = as_seen_by(request, [layer])
    return shown


def visible_to(request: HttpRequest | Request) -> list[Layer]:
    """Return the layers as the person may see them, in the order they are declared.

    Pages ask as well: there the session tells who it is (see ``identify``).
    """
    known: dict[tuple[Right, bool], Reach] = {}
    found = []
    for layer in REGISTRY:
        key = (layer.right, layer.is_bounded)
        if key not in known:
            known[key] = _reach(request, layer)
        if known[key] != NOWHERE:
            found.append(layer.within(known[key]))
    return found


def identify(request: HttpRequest | Request) -> None:
    """Let a token stand for its person. Raises Unidentified for what is no token of ours.

    The framework's own views have done so already; tiles, TileJSON and styles are plain ones.
    Pages never do: they are a browser's, and must not fail for what a proxy adds to a request.
    """
    if isinstance(request, Request) or "Authorization" not in request.headers:
        return
    try:
        found = OurTokens().authenticate(request)  # type: ignore[arg-type]
    except AuthenticationFailed as error:
        raise unidentified(error) from None
    if found is not None:
        request.user = found[0]


def _reach(request: HttpRequest | Request, layer: Layer) -> Reach:
    """Return where the person may see a layer: None everywhere, NOWHERE not at all."""
    if layer.is_bounded:
        where = territories_where(request.user, layer.right)
        return None if where is None else frozenset(where)
    return None if may(request.user, layer.right) else NOWHERE


def _seen(request: HttpRequest | Request, layer: Layer) -> Layer | None:
    reach = _reach(request, layer)
    return None if reach == NOWHERE else layer.within(reach)
