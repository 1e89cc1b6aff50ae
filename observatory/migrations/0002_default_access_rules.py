"""The access rules every installation starts with."""

from django.db import migrations

from observatory.permissions import DEFAULT_RULES


def add_rules(apps, schema_editor):
    """Write the default rules; those an administrator already wrote stay."""
    rule = apps.get_model("observatory", "AccessRule")
    for role, rights in DEFAULT_RULES.items():
        for right in rights:
            rule.objects.get_or_create(role=role.value, right=right.value, territory=None)


def remove_rules(apps, schema_editor):
    """Take the rules away: the table goes with the previous migration."""
    apps.get_model("observatory", "AccessRule").objects.filter(territory=None).delete()


class Migration(migrations.Migration):
    """Data only."""

    dependencies = [("observatory", "0001_initial")]
    operations = [migrations.RunPython(add_rules, remove_rules)]
