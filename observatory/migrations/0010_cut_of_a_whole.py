"""An indicator says by what its whole is cut: ages and sexes are parts of the same persons."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("observatory", "0009_figures_that_betray_and_references")]

    operations = [
        migrations.AddField(
            "indicator",
            "cut",
            models.CharField(
                blank=True,
                default="",
                help_text="By what the whole is cut: age, sex… Parts of one cut never overlap.",
                max_length=40,
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            "indicator",
            "part_of",
            models.ForeignKey(
                blank=True,
                help_text="The count, or the group of persons, of which this is a part.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="parts",
                to="observatory.indicator",
            ),
        ),
    ]
