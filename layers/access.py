"""Who may see which layer: the foundation's rights, asked in one place."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest
from rest_framework.request import Request

from layers.errors import UnknownLayer
from layers.registry import REGISTRY, Layer
from observatory.models import Right
from observatory.permissions import may


def open_to_all(layers: Sequence[Layer]) -> bool:
    """Tell whether anybody, signed in or not, may see every one of ``layers``.

    The public's rights are rows like any other: an administrator may close what is declared
    public.
    """
    return all(may(None, right) for right in {layer.right for layer in layers})


def check_visible(request: HttpRequest | Request, layers: Sequence[Layer]) -> bool:
    """Return whether ``layers`` are open to all. Raises UnknownLayer for what is hidden.

    A layer the person may not see answers exactly as one that does not exist.
    """
    if open_to_all(layers):
        return True
    for layer in layers:
        if not may(request.user, Right(layer.right)):
            raise UnknownLayer(
                f"There is no layer {layer.id!r}.", "The list of layers is at /tiles."
            )
    return False


def visible_to(request: HttpRequest | Request) -> list[Layer]:
    """Return the layers the person may see, in the order they are declared."""
    rights = {layer.right for layer in REGISTRY}
    held = {right for right in rights if may(request.user, Right(right))}
    return [layer for layer in REGISTRY if layer.right in held]
