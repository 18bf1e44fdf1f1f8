"""How many customers a partner has is counted from the index of the newest alone."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("customers", "0003_delegated_admin_by_end")]

    operations = [
        AddIndexConcurrently(
            "customerrelationship",
            models.Index(
                fields=["partner", "-established_at", "-id"], include=["ended_at"], name="customer_rel_latest"
            ),
        ),
        RemoveIndexConcurrently("customerrelationship", "customer_rel_newest"),
    ]
