"""A contract with a framework, two sheets, figures and printed figures, for the pages of it."""

from __future__ import annotations

from datetime import date

from observatory.models import (
    ActorRole,
    FollowUpSheet,
    Framework,
    FrameworkRow,
    Node,
    NodeActor,
    SheetResult,
    SheetState,
    Source,
    Statement,
    Target,
    TargetForm,
    Territory,
)
from tests.factories import a_source, under_terms
from tests.observatory.figures_makers import a_contract, a_figure, an_indicator, an_organisation

CITY, CAF = "Ville d’essai", "Caisse d’essai"
RATE = {"label": "Part d’élèves aidés", "unit": "%", "decimals": 1}


def public() -> Source:
    return under_terms(
        a_source("referentiel", title="Référentiel d’essai", licence="Licence Ouverte")
    )


def a_followed_contract() -> Territory:
    """Return the contract: one theme, one objective, two actions, two indicators, two sheets."""
    contract, source = a_contract("CV-ESSAI"), public()
    framework = Framework.objects.create(
        code="essai", title="Référentiel d’essai", territory=contract, source=source
    )
    theme = a_node(framework, None, "theme", "Grandir", 1)
    objective = a_node(framework, theme, "objective", "Réussir à l’école", 2)
    for order, (label, actor) in enumerate((("Aide aux devoirs", CITY), ("Vacances", CAF)), 3):
        action = a_node(framework, objective, "action", label, order)
        NodeActor.objects.create(
            node=action, organisation=an_organisation(actor), role=ActorRole.REFERENT
        )
    helped = an_indicator("essai-aides", "share", source=source, **RATE)
    away = an_indicator("essai-vacances", "count", label="Enfants partis en vacances")
    for indicator, key, target in ((helped, "n3", 60), (away, "n4", 400)):
        node = Node.objects.get(framework=framework, key=key)
        FrameworkRow.objects.create(
            node=node, indicator=indicator, key="r", label=indicator.label, order=1, source_line=212
        )
        Target.objects.create(
            indicator=indicator, territory=contract, framework=framework, source=source,
            value=target, form=TargetForm.ABSOLUTE, horizon=2020,
            stated=f"au moins {target} en 2020",
        )  # fmt: skip
    a_figure(helped, contract, 2016, 48, source=source)
    a_figure(helped, contract, 2021, 63, source=source)
    told = a_sheet_of(framework, "n3", "aide-2021", CITY, SheetState.VALIDATED)
    SheetResult.objects.create(
        sheet=told, label=helped.label, indicator=helped, unit="%", previous=58, target=60,
        result=63, declared=113, formula="result_over_target", source_line=2522,
    )  # fmt: skip
    open_one = a_sheet_of(framework, "n4", "vacances-2021", CAF, SheetState.EXPECTED)
    SheetResult.objects.create(
        sheet=open_one, label=away.label, indicator=away, unit="enfants", target=400,
        formula="result_over_target",
    )  # fmt: skip
    Statement.objects.create(
        source=source, key="cie", label="Taux des CIE", line=2522, printed=113, unit="%",
        formula="percent", operands=[20.3, 13],
    )  # fmt: skip
    return contract


def a_node(
    framework: Framework, parent: Node | None, kind: str, label: str, order: int
) -> Node:  # fmt: skip
    return Node.objects.create(
        framework=framework, parent=parent, kind=kind, key=f"n{order}", label=label, order=order
    )


def a_sheet_of(
    framework: Framework, key: str, code: str, actor: str, state: str
) -> FollowUpSheet:  # fmt: skip
    node = Node.objects.get(framework=framework, key=key)
    return FollowUpSheet.objects.create(
        code=code, territory=framework.territory, node=node, title=node.label, year=2021,
        organisation=an_organisation(actor), due_on=date(2022, 3, 1), state=state,
        source=framework.source, analysis="Bonne année." if state == SheetState.VALIDATED else "",
    )  # fmt: skip
