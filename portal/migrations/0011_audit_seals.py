"""Seals on the record, and the retention that only the tables' owner can apply.

What the record holds already is written down as waiting by the next migration: the trigger, which does so for what is
to come, has to be there first, and must not hold up whoever writes events meanwhile.
"""

import django.contrib.postgres.fields
from django.db import migrations, models

REVOKE = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_app') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON portal_auditseal FROM portal_app;
        REVOKE INSERT, UPDATE, TRUNCATE ON portal_auditunsealed FROM portal_app;
    END IF;
END
$$
"""
# As the owner: the portal can take away what it sealed, and write nothing here itself. Nobody's temporary table of that
# name comes before ours.
WAITING = """
DO $do$
BEGIN
    EXECUTE format($made$
        CREATE FUNCTION portal_event_waits() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = %I, pg_temp AS $$
        BEGIN
            INSERT INTO portal_auditunsealed SELECT id FROM added ON CONFLICT DO NOTHING;
            RETURN NULL;
        END
        $$
    $made$, current_schema());
END
$do$
"""
WAITS = """
CREATE TRIGGER portal_auditevent_waits AFTER INSERT ON portal_auditevent
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION portal_event_waits()
"""
# Retention says what it does, in its own transaction, and has to be the tables' owner; an event is never changed.
REFUSE = """
CREATE OR REPLACE FUNCTION portal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('portal.retention', true) = 'on'
        AND TG_OP = (CASE TG_TABLE_NAME WHEN 'portal_auditseal' THEN 'UPDATE' ELSE 'DELETE' END)
        AND pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE')
    THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'audit events are only ever added' USING ERRCODE = 'insufficient_privilege';
END
$$
"""
REFUSE_ALWAYS = """
CREATE OR REPLACE FUNCTION portal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit events are only ever added' USING ERRCODE = 'insufficient_privilege';
END
$$
"""


def append_only(table: str) -> migrations.RunSQL:
    """The same guard the events have, for what belongs to them."""
    name = f"{table}_append_only"
    return migrations.RunSQL(
        f"CREATE TRIGGER {name} BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION portal_refuse_change()",
        f"DROP TRIGGER {name} ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0010_webhook_wants_since"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditUnsealed",
            fields=[
                ("event_id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
            ],
        ),
        migrations.AlterField(
            model_name="auditevent",
            name="action",
            field=models.CharField(
                choices=[
                    ("audit.retention_applied", "Old record removed"),
                    ("contact.reported", "Contact reported as wrong"),
                    ("contact.report_answered", "Report answered"),
                    ("credential.created", "API credential created"),
                    ("credential.limit_changed", "Highest role of integrations changed"),
                    ("credential.renamed", "API credential renamed"),
                    ("credential.revoked", "API credential revoked"),
                    ("credential.rotated", "New secret for an API credential"),
                    ("credential.secret_ended", "Former secret of an API credential ended"),
                    ("customer_relationship.declined", "Customer relationship declined"),
                    ("customer_relationship.ended", "Customer relationship ended"),
                    ("customer_relationship.established", "Customer relationship established"),
                    ("customer_relationship.requested", "Customer relationship requested"),
                    ("customer_relationship.withdrawn", "Request withdrawn"),
                    ("delegated_admin.declined", "Delegated admin declined"),
                    ("delegated_admin.ended", "Delegated admin ended"),
                    ("delegated_admin.established", "Delegated admin granted"),
                    ("delegated_admin.requested", "Delegated admin requested"),
                    ("delegated_admin.withdrawn", "Request for delegated admin withdrawn"),
                    ("designation.acknowledged", "Designation acknowledged"),
                    ("designation.end_seen", "Seen how a designation ended"),
                    ("designation.ended", "Back to provider"),
                    ("designation.hand_back_planned", "Hand-back announced"),
                    ("designation.made", "Support contact designated"),
                    ("import.run", "Import"),
                    ("member.invited", "Member invited"),
                    ("member.joined", "Member joined"),
                    ("member.removed", "Member removed"),
                    ("member.roles_changed", "Roles changed"),
                    ("member.invitation_withdrawn", "Invitation withdrawn"),
                    ("organisation.created", "Organisation created"),
                    ("organisation.invited", "Reseller invited"),
                    ("organisation.invitation_withdrawn", "Invitation of a reseller withdrawn"),
                    ("partner.suspended", "Partner suspended"),
                    ("partner.suspension_lifted", "Suspension lifted"),
                    ("person.erased", "Person erased"),
                    ("policy.changed", "Policy changed"),
                    ("reseller_agreement.changed", "Support agreement changed"),
                    ("reseller_relationship.declined", "Reseller relationship declined"),
                    ("reseller_relationship.ended", "Reseller relationship ended"),
                    ("reseller_relationship.established", "Reseller relationship established"),
                    ("reseller_relationship.requested", "Reseller relationship requested"),
                    ("reseller_relationship.withdrawn", "Request withdrawn"),
                    ("step.asked", "Step asked for"),
                    ("step.dismissed", "Step not needed"),
                    ("subscription.moved_to_new_commerce", "Moved to new commerce"),
                    ("subscription.registered", "Subscription registered for support"),
                    ("subscription.removed", "Registered subscription removed"),
                    ("support_profile.changed", "Support profile changed"),
                    ("webhook.changed", "Webhook changed"),
                    ("webhook.created", "Webhook created"),
                    ("webhook.deleted", "Webhook deleted"),
                    ("webhook.paused", "Webhook paused"),
                    ("webhook.resumed", "Webhook resumed"),
                    ("webhook.rotated", "New secret for a webhook"),
                    ("webhook.secret_ended", "Former secret of a webhook ended"),
                    ("webhook.stopped", "Webhook stopped by the portal"),
                ],
                max_length=60,
            ),
        ),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("number", models.BigIntegerField(editable=False, primary_key=True, serialize=False)),
                ("form", models.SmallIntegerField()),
                ("sealed_at", models.DateTimeField()),
                ("count", models.IntegerField()),
                ("oldest", models.DateTimeField()),
                ("newest", models.DateTimeField()),
                (
                    "events",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None),
                ),
                (
                    "digests",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BinaryField(), size=None),
                ),
                ("rows_hash", models.BinaryField()),
                ("previous", models.BinaryField()),
                ("hash", models.BinaryField()),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                ("removed_by", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("removed_at", None)), fields=["newest"], name="auditseal_kept"
                    )
                ],
            },
        ),
        migrations.RunSQL(REVOKE, migrations.RunSQL.noop),
        migrations.RunSQL(WAITING, "DROP FUNCTION portal_event_waits()"),
        migrations.RunSQL(WAITS, "DROP TRIGGER portal_auditevent_waits ON portal_auditevent"),
        migrations.RunSQL(REFUSE, REFUSE_ALWAYS),
        append_only("portal_auditnote"),
        append_only("portal_auditseal"),
    ]
