"""Any framework written in the same way loads; what cannot be read is refused by line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from importers.actors import names_in
from importers.errors import EmptyFile, FileRefused
from importers.loads import Loaded, load
from importers.options import LoadOptions
from importers.targettext import promises
from observatory.models import Framework, FrameworkRow, Node, TargetForm

pytestmark = pytest.mark.django_db
Load = Callable[..., Loaded]

HEADER = "Actions\tActeurs référents\tIndicateurs de mesure\tObjectifs à atteindre en 2023\n"
OPENING = """\
# Vivre : santé et sport

## Partenaires du contrat de ville associés

Ville : Santé, Sport ; ARS.

## Objectifs prioritaires

### 1) Mieux soigner

- Ouvrir des lieux de soin.

# Référentiel Vivre

## Mieux soigner

### OUVRIR DES LIEUX DE SOIN

Soigner près de chez soi\t\t\t
"""


@pytest.fixture
def framework(tmp_path: Path) -> Callable[..., Loaded]:
    def _load(*rows: str, opening: str = OPENING) -> Loaded:
        file = tmp_path / "lyon.txt"
        file.write_text(opening + HEADER + "\n".join(rows) + "\n", encoding="utf-8")
        options = LoadOptions(source="lyon-2021", title="Référentiel de Lyon", contract="CV-LYON")
        return load("referentiel", file, options)

    return _load


def test_a_second_contract_needs_nothing_but_its_text(framework: Load) -> None:
    done = framework("Ouvrir une maison\tVille (Santé), ARS\tNombre de maisons\t2 par an")
    found = Framework.objects.get(code="lyon-2021")
    assert (found.territory.code, done.report.facts["rows"]) == ("CV-LYON", 1)
    action = Node.objects.get(kind="action")
    assert [a.organisation.name for a in action.actors.all()] == [
        "Ville – Santé", "ARS Île-de-France",
    ]  # fmt: skip
    target = FrameworkRow.objects.get().indicator.targets.get()  # type: ignore[union-attr]
    assert (target.value, target.yearly, target.horizon) == (2, True, 2023)


def test_two_frameworks_live_side_by_side(framework: Load, tmp_path: Path) -> None:
    framework("A\tARS\tNombre de x\t1")
    other = tmp_path / "nantes.txt"
    other.write_text(OPENING + HEADER + "B\tARS\tNombre de y\t2\n", encoding="utf-8")
    load("referentiel", other, LoadOptions(source="nantes-2022", contract="CV-NANTES"))
    assert set(Framework.objects.values_list("code", flat=True)) == {"lyon-2021", "nantes-2022"}
    assert FrameworkRow.objects.count() == 2


def test_a_row_taken_out_of_the_text_goes_with_its_action(framework: Load) -> None:
    framework("A\tARS\tNombre de x\t1", "B\tARS\tNombre de y\t2")
    framework("A\tARS\tNombre de x\t1")
    assert [row.label for row in FrameworkRow.objects.all()] == ["Nombre de x"]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("A\tARS\tNombre", "a row of another width than its table"),
        ("\t\tNombre de x\t1", "a row without action, indicator or sub-objective"),
        ("A\tARS\t\t1", "a row without action, indicator or sub-objective"),
    ],
)
def test_a_row_that_cannot_be_mended_refuses_the_text(
    framework: Load, row: str, problem: str
) -> None:
    with pytest.raises(FileRefused) as refused:
        framework(row)
    (refusal,) = refused.value.details.refused
    assert (refusal.problem, refusal.row) == (problem, len((OPENING + HEADER).splitlines()) + 1)
    assert not Framework.objects.exists()


def test_a_heading_that_no_list_names_is_refused(framework: Load) -> None:
    opening = OPENING.replace("### OUVRIR DES LIEUX", "### FERMER DES LIEUX")
    with pytest.raises(FileRefused, match="no list of objectives names"):
        framework("A\tARS\tNombre de x\t1", opening=opening)


def test_a_text_without_tables_is_no_framework(tmp_path: Path) -> None:
    file = tmp_path / "lettre.txt"
    file.write_text("Madame, Monsieur,\n", encoding="utf-8")
    with pytest.raises(EmptyFile, match="no table of actions"):
        load("referentiel", file)


@pytest.mark.parametrize(
    ("stated", "form", "value", "upper"),
    [
        ("Pas d'objectifs fixés", TargetForm.UNSET, None, None),
        ("", TargetForm.UNSET, None, None),
        ("Former entre 40 et 60 personnes par an", TargetForm.ABSOLUTE, 40, 60),
        ("Objectif de 7 à 8 000 participants", TargetForm.ABSOLUTE, 7000, 8000),
        ("1 élève sur 3 identifié", TargetForm.SHARE, pytest.approx(33.33, abs=0.01), None),
        ("dont 50 à 80 % QPV", TargetForm.SHARE, 50, 80),
        ("Plus de 10% des fonds", TargetForm.SHARE, 10, None),
        ("Plus 10% du nombre d'enfants", TargetForm.RELATIVE, 10, None),
        ("Augmenter de 20 % le nombre", TargetForm.RELATIVE, 20, None),
        ("Diminution du taux d'évitement", TargetForm.DIRECTION, None, None),
        ("Création d'une base de données", TargetForm.DELIVERABLE, None, None),
        ("au-dessus du niveau A.1 ouvrir le programme", TargetForm.DIRECTION, None, None),
        ("au plus 8 % d'ici 2028", TargetForm.SHARE, 8, None),
        ("8 % au plus", TargetForm.SHARE, 8, None),
        ("plus 8 % en 2022", TargetForm.RELATIVE, 8, None),
        ("égale ou supérieure à la moyenne parisienne", TargetForm.CONVERGE, None, None),
        ("réduire de moitié l'écart avec Paris", TargetForm.HALVE_GAP, None, None),
        ("diviser par deux l'écart", TargetForm.HALVE_GAP, None, None),
        ("écart réduit de moitié d'ici 2020", TargetForm.HALVE_GAP, None, None),
        ("la moitié des 190 participants", TargetForm.ABSOLUTE, 190, None),
    ],
)
def test_wordings_of_targets(
    stated: str, form: str, value: float | None, upper: float | None
) -> None:
    (found,) = promises(stated)
    assert (found.form, found.value, found.upper) == (form, value, upper)


def test_a_yearly_number_in_brackets_does_not_make_the_whole_yearly() -> None:
    whole, a_year = promises("100 actions hors les murs dans les QPV (soit 50/an)")
    assert (whole.value, whole.yearly, a_year.value, a_year.yearly) == (100, False, 50, True)


def test_years_ages_and_ordinals_are_no_quantities() -> None:
    assert [
        p.value for p in promises("Ouvrir 3 lieux (12e, 13e, 20e) d'ici 2020 pour 12-18 ans")
    ] == [3]


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("CAF de Paris, DRIHL", ["CAF de Paris", "DRIHL"]),
        ("Ville de Paris (DDCT- SEII)", ["Ville de Paris – DDCT-SEII"]),
        ("Ville de Paris (DASCO, DDCT-SPV) Éducation Nationale",
         ["Ville de Paris – DASCO", "Ville de Paris – DDCT-SPV", "Éducation Nationale"]),
        ("Pôle Emploi", ["Pôle emploi"]),
    ],
)  # fmt: skip
def test_names_of_actors(written: str, names: list[str]) -> None:
    assert names_in(written) == names
