"""The names of what a provider sells, and the few subscriptions that were bought elsewhere, from indexes."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("subscriptions", "0001_initial")]

    operations = [
        AddIndexConcurrently(
            "subscription", models.Index(fields=["provider", "sort_name"], name="subscription_by_name")
        ),
        AddIndexConcurrently(
            "subscription",
            models.Index(
                fields=["provider", "customer"],
                condition=~models.Q(purchased_through="partner"),
                name="subscription_registered",
            ),
        ),
    ]
