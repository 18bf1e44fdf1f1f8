"""What Django's models cannot say: audit events are only ever added, and rate counters need no crash safety."""

from django.db import migrations

REVOKE = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_app') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON portal_auditevent, portal_auditnote FROM portal_app;
    END IF;
END
$$
"""
GRANT = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_app') THEN
        GRANT UPDATE, DELETE ON portal_auditevent, portal_auditnote TO portal_app;
    END IF;
END
$$
"""
FUNCTION = """
CREATE FUNCTION portal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit events are only ever added' USING ERRCODE = 'insufficient_privilege';
END
$$
"""
# For deployments with a single database role, which owns the table and could otherwise change it.
TRIGGER = """
CREATE TRIGGER portal_auditevent_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON portal_auditevent
FOR EACH STATEMENT EXECUTE FUNCTION portal_refuse_change()
"""
# Counters of attempts (portal/ratelimit.py): lost in a crash without harm, so nothing is written ahead for them.
CREATE_TABLE = """
CREATE UNLOGGED TABLE portal_ratelimit (
    key text COLLATE "C" PRIMARY KEY,
    window_start timestamptz NOT NULL,
    hits integer NOT NULL
)
"""
DROP_TABLE = "DROP TABLE portal_ratelimit"


class Migration(migrations.Migration):
    dependencies = [("portal", "0001_initial")]

    operations = [
        migrations.RunSQL(REVOKE, GRANT),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION portal_refuse_change()"),
        migrations.RunSQL(TRIGGER, "DROP TRIGGER portal_auditevent_append_only ON portal_auditevent"),
        migrations.RunSQL(CREATE_TABLE, DROP_TABLE),
    ]
