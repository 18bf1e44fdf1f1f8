"""What the record held before seals were made waits to be sealed. Events written meanwhile are there by the trigger."""

from django.db import migrations

BACKLOG = "INSERT INTO portal_auditunsealed SELECT id FROM portal_auditevent ON CONFLICT DO NOTHING"


class Migration(migrations.Migration):
    dependencies = [("portal", "0011_audit_seals")]

    operations = [migrations.RunSQL(BACKLOG, migrations.RunSQL.noop)]
