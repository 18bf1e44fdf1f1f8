"""Choices made before are looked at once, some thousands at a time, and then found by until when they hold; all beside
whoever reads and writes."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models, transaction

AT_ONCE = 2_000
# Any update has the database look (0007). The lock of a row is held no longer than its part of the table takes.
LOOK = """
WITH part AS (
    SELECT id FROM support_contacts_designation WHERE id > %s AND ended_at IS NULL ORDER BY id LIMIT %s FOR UPDATE
), looked_at AS (
    UPDATE support_contacts_designation SET holds_until = NULL FROM part
    WHERE support_contacts_designation.id = part.id RETURNING part.id
)
SELECT id FROM looked_at ORDER BY id DESC LIMIT 1
"""
FIRST = "00000000-0000-0000-0000-000000000000"


def look_at_all(apps, editor):
    last = FIRST
    while last is not None:
        with transaction.atomic(using=editor.connection.alias), editor.connection.cursor() as cursor:
            cursor.execute(LOOK, [last, AT_ONCE])
            found = cursor.fetchone()
        last = found[0] if found else None


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("support_contacts", "0007_designation_holds_until")]

    operations = [
        migrations.RunPython(look_at_all, migrations.RunPython.noop),
        AddIndexConcurrently(
            "designation",
            models.Index(
                fields=["provider", "holds_until"],
                condition=models.Q(ended_at=None),
                name="designation_holds_until",
            ),
        ),
        AddIndexConcurrently(
            "designation",
            models.Index(
                fields=["provider", "partner", "holds_until"],
                condition=models.Q(ended_at=None),
                name="designation_open_partner",
            ),
        ),
        # A reseller's page, newest first.
        AddIndexConcurrently(
            "designation",
            models.Index(fields=["partner", "-started_at", "-id"], name="designation_partner_since"),
        ),
    ]
