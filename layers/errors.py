"""Errors of the package ``layers``: one class per failure, each with the status it answers with."""

from __future__ import annotations

from http import HTTPStatus
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from observatory.errors import ObservatoryError


class LayersError(ObservatoryError):
    """A request or a declaration the map server cannot honour.

    Attributes
    ----------
    status : HTTPStatus
        Status of the answer.
    title : str or lazy str
        What kind of failure it is; the same for every failure of the class.
    retry_after : int or None
        Seconds after which the same request may succeed, where that is known.
    """

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    title: ClassVar[str | Promise] = "The map server failed"
    retry_after: int | None = None


class BadDeclaration(LayersError):
    """A layer is declared in a way that could not be served safely."""

    title = "A layer is badly declared"


class UnknownLayer(LayersError):
    """No layer the person may see has this name."""

    status = HTTPStatus.NOT_FOUND
    title = "Unknown layer"


class UnknownPage(LayersError):
    """Nothing is served at this address."""

    status = HTTPStatus.NOT_FOUND
    title = _("Adresse inconnue")


class BadTile(LayersError):
    """The numbers asked for name no tile."""

    status = HTTPStatus.BAD_REQUEST
    title = "Impossible tile"


class OutOfZoomRange(LayersError):
    """None of the layers is drawn at this zoom."""

    status = HTTPStatus.NOT_FOUND
    title = "No tile at this zoom"


class BadParameter(LayersError):
    """A parameter is unknown, given twice, or its value is not of its type."""

    status = HTTPStatus.BAD_REQUEST
    title = "Bad parameter"


class TooManyLayers(LayersError):
    """More layers were asked for in one tile than one tile may hold."""

    status = HTTPStatus.BAD_REQUEST
    title = "Too many layers"


class TookTooLong(LayersError):
    """The database did not finish within the time a tile may take."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "The tile took too long"

    def __init__(self, milliseconds: int) -> None:
        super().__init__(
            f"The database was stopped after {milliseconds} ms.",
            "Ask for a deeper zoom or fewer layers; the operator sets the limit.",
        )


class NoSuchFeature(LayersError):
    """The layer has no feature with this id."""

    status = HTTPStatus.NOT_FOUND
    title = "Unknown feature"


class NoSuchPage(LayersError):
    """The page asked for starts after the last feature."""

    status = HTTPStatus.NOT_FOUND
    title = "No such page"


class NotAcceptable(LayersError):
    """The form asked for is not one of those served here."""

    status = HTTPStatus.BAD_REQUEST
    title = "Unknown format"


class TooManyRows(LayersError):
    """The selection holds more rows than the file format can."""

    status = HTTPStatus.BAD_REQUEST
    title = "Too many rows for this format"


class Busy(LayersError):
    """Too many files are being made at this moment."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "Busy"


class MethodRefused(LayersError):
    """The address is only read."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    title = "Method not allowed"


class Unidentified(LayersError):
    """A token was sent that is not valid."""

    status = HTTPStatus.UNAUTHORIZED
    title = "Not identified"


class Forbidden(LayersError):
    """The person may read this but not write it."""

    status = HTTPStatus.FORBIDDEN
    title = "Not allowed"


class Conflict(LayersError):
    """What is there is not at a step from which this can be done."""

    status = HTTPStatus.CONFLICT
    title = "Not at this step"


class NotReady(LayersError):
    """The site cannot answer yet."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "Not ready"


class NoSuchGlyphs(LayersError):
    """No letters are served under this name."""

    status = HTTPStatus.NOT_FOUND
    title = "Unknown letters"


class NoSuchRaster(LayersError):
    """No raster is made of this."""

    status = HTTPStatus.NOT_FOUND
    title = "Unknown raster"


class BadRaster(LayersError):
    """A raster file cannot be used for what was asked."""

    status = HTTPStatus.BAD_REQUEST
    title = "Unusable raster"


class TooManyCalls(LayersError):
    """The caller's allowance is spent; ``seconds`` until the next call is answered."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    title = "Too many calls"

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"More calls were made than one caller may; the next is answered in {seconds} s.",
            "Ask for larger pages or a whole file, or use a token.",
        )
        self.retry_after = seconds


class BadBody(LayersError):
    """What was sent is not what this address takes."""

    status = HTTPStatus.BAD_REQUEST
    title = "Bad request body"


class UnsupportedBody(LayersError):
    """The form of what was sent is not one that is read here."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    title = "Unsupported media type"
