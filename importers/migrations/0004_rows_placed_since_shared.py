"""How many rows a depositor placed since the figures of its deposit were shared."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("importers", "0003_versions_and_distinct_rows")]

    operations = [
        migrations.AddField(
            "deposit",
            "placed_since_shared",
            models.PositiveIntegerField(
                default=0, help_text="Rows placed by the depositor since its figures were shared."
            ),
        ),
    ]
