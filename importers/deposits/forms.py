"""What a depositor says of a file: the same questions and checks for the page and the API."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from importers.deposits.models import AddressRole, Deposit, RowUnit
from importers.deposits.rights import contracts_open_to, within_reach
from importers.deposits.service import Ask
from observatory.models import Right, Territory, User
from observatory.permissions import may

FARTHEST = 5_000


class ContractField(forms.ModelChoiceField):
    """Contracts by their names: their codes are for machines."""

    def label_from_instance(self, obj: Any) -> str:
        """Return what is read in the list."""
        return obj.name or obj.code


class DepositForm(forms.Form):
    """One file with its scheme, period, meaning of rows and of addresses."""

    file = forms.FileField(
        label=_("Fichier"), max_length=200, help_text=_("CSV, XLSX, GeoPackage ou GeoJSON ; 200 Mo")
    )
    scheme = forms.CharField(
        label=_("Dispositif"), max_length=80, widget=forms.TextInput(attrs={"list": "schemes"})
    )
    contract = ContractField(
        label=_("Contrat de ville"), queryset=Territory.objects.none(), to_field_name="code",
        empty_label=_("— tous les contrats —"), required=False,
    )  # fmt: skip
    period_from = forms.DateField(
        label=_("Du"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    period_to = forms.DateField(
        label=_("Au"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    unit = forms.ChoiceField(
        label=_("Une ligne est"), choices=RowUnit.choices, initial=RowUnit.PERSON
    )
    address_role = forms.ChoiceField(
        label=_("L’adresse est"), choices=AddressRole.choices, initial=AddressRole.HOME
    )
    proximity_metres = forms.IntegerField(
        label=_("Compter à part la proximité d’un quartier (mètres)"),
        required=False, min_value=1, max_value=FARTHEST,
    )  # fmt: skip
    distinct_rows = forms.BooleanField(
        label=_("Compter une seule fois chaque référence du fichier"), required=False
    )
    distinct_scheme = forms.BooleanField(
        label=_("Ne pas recompter les références déjà déposées pour ce dispositif"), required=False
    )
    replaces = forms.ModelChoiceField(
        label=_("Nouvelle version de"), queryset=Deposit.objects.none(), required=False,
        empty_label=_("— premier dépôt —"),
    )  # fmt: skip

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        versions = Deposit.objects.filter(
            within_reach(user), organisation=user.organisation, replaced_by=None
        )
        self._ask_contract(user)
        self.fields["replaces"].queryset = versions.filter(  # type: ignore[attr-defined]
            state__in=["done", "purged"]
        )
        for name in ("unit", "address_role"):
            self.fields[name].required = False

    def _ask_contract(self, user: User) -> None:
        """Offer the contracts that are open to somebody; one must be said where not all are."""
        field: Any = self.fields["contract"]
        field.queryset = contracts_open_to(user)
        if may(user, Right.DEPOSIT):
            if not field.queryset.exists():
                del self.fields["contract"]
            return
        field.required, field.empty_label = True, None

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it begins, and a version of another deposit."""
        told = super().clean() or {}
        told["unit"] = told.get("unit") or RowUnit.PERSON
        told["address_role"] = told.get("address_role") or AddressRole.HOME
        start, end = told.get("period_from"), told.get("period_to")
        if start and end and end < start:
            self.add_error("period_to", _("La période se termine avant de commencer."))
        older = told.get("replaces")
        if older is not None and older.scheme != told.get("scheme"):
            self.add_error(
                "replaces", _("Une nouvelle version garde le dispositif : %s.") % older.scheme
            )
        if older is not None and older.contract != told.get("contract"):
            self.add_error("replaces", _("Une nouvelle version garde le contrat de la première."))
        return told

    def ask(self) -> Ask:
        """Return what was said, once the form is valid."""
        told = self.cleaned_data
        return Ask(
            told["scheme"], told["period_from"], told["period_to"], told["unit"],
            told["address_role"], told["proximity_metres"],
            distinct_rows=told["distinct_rows"], distinct_scheme=told["distinct_scheme"],
            contract=told.get("contract"),
        )  # fmt: skip


class LookupForm(forms.Form):
    """One address and the day to look it up on."""

    address = forms.CharField(label=_("Adresse"), max_length=300)
    postcode = forms.CharField(label=_("Code postal"), max_length=10, required=False)
    city = forms.CharField(label=_("Ville"), max_length=80, required=False)
    on = forms.DateField(
        label=_("À la date du"), required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip
