"""An attacker's toolbox: lists whose noise leans the wrong way, and what figures then say.

The noise of a count is drawn once from who is in it, so that an attacker only has to wait for
lists where it happens to fall badly. Tests do not wait: they know the secret, and choose the
references that make it fall so.
"""

from __future__ import annotations

from collections.abc import Sequence

from importers.deposits.records import record_keys
from importers.models import Deposit
from observatory.disclosure import count_key, perturb, rule_for
from observatory.disclosure.bounds import Figure, System, bounds_of
from observatory.models import Organisation

SCHEME = "essai"


def noise_of(organisation: Organisation, references: Sequence[str]) -> int:
    """How far the gate moves the count of these people."""
    keys = record_keys(Deposit(organisation=organisation, scheme=SCHEME)).of(
        [f"ref\x1f{reference}" for reference in references]
    )
    key = count_key(int(one) for one in keys)
    return perturb(len(references), key, rule_for("persons", SCHEME)) - len(references)


def someone_who_moves(
    organisation: Organisation, held: Sequence[str], noise: int, start: str
) -> str:
    """A reference that, added to a list of people, gives their count the noise wanted."""
    draw = record_keys(Deposit(organisation=organisation, scheme=SCHEME))
    names = [f"{start}{place}" for place in range(5_000)]
    total = sum(int(key) for key in draw.of([f"ref\x1f{one}" for one in held]))
    keys = draw.of([f"ref\x1f{name}" for name in names])
    size, rule = len(held) + 1, rule_for("persons", SCHEME)
    return next(
        name for name, key in zip(names, keys, strict=True)
        if perturb(size, count_key([total, int(key)]), rule) - size == noise
    )  # fmt: skip


def a_ladder(organisation: Organisation) -> list[list[str]]:
    """Four lists, each of them in the next: 29, 30, 32 and 33 people.

    They are shown five too many, too few, too many, too few: the second is then known to hold 29
    or 30 people, the third 32 or 33, and so two to four people came between them.
    """
    held, steps = [f"R{n}" for n in range(28)], []
    for noise, more in ((5, 1), (-5, 1), (5, 2), (-5, 1)):
        held = [*held, *(f"N{len(held)}-{n}" for n in range(more - 1))]
        held = [*held, someone_who_moves(organisation, held, noise, f"L{len(held)}-")]
        steps.append(list(held))
    return steps


def ladder_betrays(told: Sequence[dict | None]) -> bool:
    """Tell whether the figures of a ladder's four lists give away the two people in between."""
    figures = [Figure(tuple(range(n + 1)), *known(one)) for n, one in enumerate(told)]
    return betrayed(figures, len(told), (2,))


def known(figure: dict | None) -> tuple[int, int | None]:
    """What a printed figure says by the public rule; one held back says nothing."""
    if figure is None or figure["withheld"] == "differencing":
        return 0, None
    return rule_for("persons", SCHEME).span_of(figure["value"] or 0)


def betrayed(figures: list[Figure], groups: int, target: Sequence[int], threshold: int = 5) -> bool:
    """Tell whether the figures put a group of people between 1 and the threshold - 1."""
    low, high = bounds_of(System(figures, groups), target)
    return low >= 1 and high is not None and high < threshold
