"""Errors of the package ``observatory``: one class per failure, each saying what to do."""


class ObservatoryError(Exception):
    """A failure that the person at the keyboard can mend.

    Attributes
    ----------
    advice : str
        One sentence saying what to do next; may be empty.
    """

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice


class MissingProgram(ObservatoryError):
    """A program the observatory needs is not installed."""


class ClusterFailed(ObservatoryError):
    """The private database server could not be made, started or reached."""


class PortTaken(ObservatoryError):
    """Another program already listens on the port the site was asked to use."""


class BadSetting(ObservatoryError):
    """A setting given by the environment has no usable value."""


class UnknownTerritory(ObservatoryError):
    """No territory has the code or name that was asked for."""


class NotAllowed(ObservatoryError):
    """The role of the person asking does not carry the right that the action needs."""
