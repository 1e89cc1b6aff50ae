"""Rows of a framework keep their place and their targets from one load to the next."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("observatory", "0006_disclosure")]

    operations = [
        migrations.AlterModelOptions(name="frameworkrow", options={"ordering": ["order"]}),
        migrations.AddField(
            model_name="frameworkrow",
            name="key",
            field=models.CharField(default="", max_length=60),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="frameworkrow",
            constraint=models.UniqueConstraint(
                fields=("node", "key"), name="framework_row_once_per_node"
            ),
        ),
    ]
