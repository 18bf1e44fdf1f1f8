"""An index for each filter of the activity log, made while events go on being written."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # An index is made beside the writers only outside a transaction.
    atomic = False
    dependencies = [("portal", "0012_audit_seals_backlog")]

    operations = [
        AddIndexConcurrently(
            "auditevent",
            models.Index(fields=["organisation", "customer_id", "-at", "-id"], name="auditevent_by_customer"),
        ),
        AddIndexConcurrently(
            "auditevent",
            models.Index(
                fields=["organisation", "subscription_id", "-at", "-id"], name="auditevent_by_subscription"
            ),
        ),
        AddIndexConcurrently(
            "auditevent",
            models.Index(
                fields=["organisation", "actor_id", "-at", "-id"],
                include=["actor_organisation_id"],
                name="auditevent_by_actor",
            ),
        ),
        AddIndexConcurrently(
            "auditevent",
            models.Index(fields=["organisation", "action", "-at", "-id"], name="auditevent_by_action"),
        ),
        AddIndexConcurrently(
            "auditevent",
            models.Index(fields=["organisation", "channel", "-at", "-id"], name="auditevent_by_channel"),
        ),
        # The one of the subscription replaces it: same beginning, and the order to the end.
        RemoveIndexConcurrently("auditevent", "auditevent_subscription"),
    ]
