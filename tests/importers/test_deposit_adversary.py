"""An adversary collects all that everyone but the depositor can read, and bounds each group.

Groups (atoms) are what figures are sums of: fate × zones × period × sex × age. The adversary knows
which groups exist, every figure shared, and the public rule of the noise; a solver then bounds each
group. None may be known to hold 1 to 4 people. That no other outlet says more than these figures is
what test_deposit_outlets.py checks.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest

from importers.deposits import service
from importers.deposits.outcomes import parts_of
from importers.deposits.store import Store
from importers.models import Deposit
from observatory.disclosure import rule_for
from observatory.disclosure.bounds import Figure, System, bounds_of
from observatory.models import User
from tests.importers.deposit_makers import a_partner, deposited
from tests.people import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("deposit_site")]

PLACES = {"one": "2.3510;48.8510", "two": "2.3600;48.8900", "watch": "2.3710;48.8510",
          "away": "2.4010;48.8510"}  # fmt: skip
NAMES = ("fate", "qpv", "qva", "arrondissement", "period", "sex", "age")


def people(seed: int) -> list[str]:
    """Many small groups, a few large ones."""
    chance = random.Random(seed)
    rows = []
    for place, where in PLACES.items():
        for sex in "FH":
            for age in (12, 20, 40, 60, 70):
                size = chance.choice(
                    [0, 0, 0, 1, 2, 3, 4, 7, 12] if place != "away" else [3, 20, 60]
                )
                rows += [f"{sex};{age};{where}"] * size
    return rows


def a_file(rows: list[str]) -> str:
    numbered = (f"R-{n:04d};NOM-{n:04d};Association Secrète;{row}" for n, row in enumerate(rows))
    return "ref;nom;structure;sexe;age;lon;lat\n" + "\n".join(numbered)


def counted(user: User, rows: list[str], **ask) -> Deposit:
    return service.carry_out(deposited(user, a_file(rows), "fichier-secret.csv", **ask))


# -- what they can work out ----------------------------------------------------------------


def groups_of(deposit: Deposit) -> Counter[str]:
    """The true groups: only the test knows their counts."""
    found: Counter[str] = Counter()
    for name, count in Store(deposit).read_counts().items():
        parts = parts_of(name)
        found["|".join(parts[part] for part in NAMES)] += count.rows
    return found


def members(figure: str, groups: list[str]) -> tuple[int, ...]:
    """The groups a shared figure is the sum of, read from its name."""
    wanted = [part.split("=", 1) for part in figure.split("|") if part != "total"]
    told = [dict(zip(NAMES, group.split("|"), strict=True)) for group in groups]
    return tuple(
        place for place, parts in enumerate(told)
        if all(parts[key] == value for key, value in wanted)
    )  # fmt: skip


def read_figures() -> list[dict]:
    """Collect the figures shared, as another partner."""
    user, _ = User.objects.get_or_create(username="adversaire")
    if user.organisation is None:
        user.delete()
        user = a_partner("Adversaire", "adversaire")
    return client_of(user).get("/api/deposits/shared/").json()["schemes"]


def bounded(told: dict) -> tuple[int, int | None]:
    """What a printed figure says by the public rule.

    One withheld for differencing says only that it is there: a zone or an age with nobody is not.
    """
    rule = rule_for("persons", "essai")
    if told["withheld"] == "differencing":
        return 1, None
    low, high = rule.span_of(told["value"] or 0)
    return max(1, low), high


def betrayed(figures: list[Figure], groups: int, threshold: int = 5) -> list[tuple[int, ...]]:
    """The groups, and the figures themselves, that must hold one person at least, four at most."""
    system = System(figures, groups)
    found = []
    for members in {*((place,) for place in range(groups)), *(one.atoms for one in figures)}:
        low, high = bounds_of(system, members)
        if low >= 1 and high is not None and high < threshold:
            found.append(members)
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_group_is_known_to_hold_one_to_four_people(seed):
    found = counted(a_partner(), people(seed))
    truth = groups_of(found)
    groups = list(truth)
    (told,) = read_figures()
    shared = [
        Figure(members(name, groups), *bounded(figure)) for name, figure in told["figures"].items()
    ]
    assert len(shared) > 20
    assert betrayed(shared, len(groups)) == []
    # With the gate switched off the same figures give many groups away.
    bare = [
        Figure(one.atoms, size := sum(truth[groups[place]] for place in one.atoms), size)
        for one in shared
    ]
    exposed = betrayed(bare, len(groups))
    assert len(exposed) >= 3
    for one in exposed:
        assert 1 <= sum(truth[groups[place]] for place in one) <= 4


@pytest.mark.parametrize("before", range(30, 100, 7))
def test_a_quarter_with_a_few_people_of_both_sexes_tells_of_neither(before):
    """That women and men are told apart says that there is one of each: two to four of each, no."""
    here, away = PLACES["one"], PLACES["away"]
    # As many others first, so that the noise of the four is drawn anew.
    rows = [f"F;20;{away}"] * before + [f"F;20;{here}"] * 2 + [f"H;20;{here}"] * 2
    found = counted(a_partner(), rows)
    groups = list(groups_of(found))
    (told,) = read_figures()
    assert {"qpv=QP075001|sex=F", "qpv=QP075001|sex=H"} <= set(told["figures"])
    figures = [Figure(members(name, groups), *bounded(one))
               for name, one in told["figures"].items()]  # fmt: skip
    assert betrayed(figures, len(groups)) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_two_versions_do_not_give_away_who_came_or_left(seed):
    owner, rows = a_partner(), people(seed)
    one = counted(owner, rows)
    before = read_figures()[0]["figures"]
    chance = random.Random(seed)
    kept = [row for row in rows if chance.random() > 0.05]
    two = deposited(owner, a_file([*kept, f"F;20;{PLACES['one']}"]), "fichier-secret.csv")
    service.replace(two, one)
    service.carry_out(two)
    (shared,) = read_figures()
    after = shared["figures"]
    first, second = groups_of(one), groups_of(two)
    names = sorted(set(first) | set(second))
    # What stayed, what left and what came, group by group: three unknowns for each.
    size = len(names)
    figures = []
    for version, shift in ((before, size), (after, 2 * size)):
        for name, figure in version.items():
            places = members(name, names)
            both = (*places, *(place + shift for place in places))
            figures.append(Figure(both, *bounded(figure)))
    assert betrayed(figures, 3 * size) == []


def test_a_deleted_deposit_is_shared_no_more():
    found = counted(a_partner(), people(1))
    assert read_figures()
    service.delete(found)
    assert read_figures() == []


def test_the_same_question_asked_again_gives_the_same_answer():
    owner = a_partner()
    counted(owner, people(1))
    once = read_figures()
    counted(owner, people(1))
    again = read_figures()
    assert [one["figures"] for one in again] == [once[0]["figures"]] * 2
