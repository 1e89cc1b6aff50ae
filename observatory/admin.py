"""The administration pages of accounts, rights and registers."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from observatory.models import (
    AccessRule,
    Alias,
    Assignment,
    Membership,
    Organisation,
    Run,
    Source,
    Territory,
    User,
)


class AssignmentInline(admin.TabularInline):
    """The roles an account holds, on its own page."""

    model = Assignment
    autocomplete_fields = ["territory"]
    extra = 0


class AliasInline(admin.TabularInline):
    """The other spellings of a territory, on its own page."""

    model = Alias
    extra = 0


@admin.register(User)
class AccountAdmin(UserAdmin):
    """Accounts with their organisation and roles."""

    inlines = [AssignmentInline]
    list_display = ["username", "email", "organisation", "is_active"]
    fieldsets = [*(UserAdmin.fieldsets or ()), ("Organisation", {"fields": ["organisation"]})]


@admin.register(Territory)
class TerritoryAdmin(admin.ModelAdmin):
    """Territories by level, found by name, code or alias."""

    list_display = ["code", "name", "level", "generation"]
    list_filter = ["level", "generation"]
    search_fields = ["code", "name", "aliases__name"]
    inlines = [AliasInline]


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    """What belongs to what, and when."""

    list_display = ["member", "container", "valid_from", "valid_to", "area_share", "declared"]
    autocomplete_fields = ["member", "container"]


@admin.register(AccessRule)
class AccessRuleAdmin(admin.ModelAdmin):
    """What each role may do."""

    list_display = ["role", "right", "territory"]
    list_filter = ["role", "right"]
    autocomplete_fields = ["territory"]


@admin.register(Run)
class RunAdmin(admin.ModelAdmin):
    """The record of loads and computations: read only."""

    list_display = ["id", "kind", "state", "queued_at", "ended_at"]
    list_filter = ["kind", "state"]

    def has_add_permission(self, request: object) -> bool:
        """Nobody writes a record by hand."""
        return False

    def has_change_permission(self, request: object, obj: object = None) -> bool:
        """Nobody edits a record."""
        return False


admin.site.register([Organisation, Source])
admin.site.site_header = "Observatoire de la politique de la ville"
