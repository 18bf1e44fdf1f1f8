"""A seal follows the last one: the next number, not before it, not after today.

Whoever has the portal's own role could otherwise put in a seal with the greatest number there is, or an instant no
clock reaches, and sealing would have nowhere to go on.
"""

from django.db import migrations

# The lock is the one sealing holds (portal/seals/sealing.py), so a seal put in beside it waits, sees the last one and
# is judged by that. Nobody's temporary table of that name comes before ours.
FUNCTION = """
DO $do$
BEGIN
    EXECUTE format($made$
        CREATE FUNCTION portal_seal_follows() RETURNS trigger LANGUAGE plpgsql
        SET search_path = %I, pg_temp AS $$
        DECLARE
            last record;
        BEGIN
            PERFORM pg_advisory_xact_lock(24225);
            SELECT number, sealed_at INTO last FROM portal_auditseal ORDER BY number DESC LIMIT 1;
            IF NEW.number <> coalesce(last.number, 0) + 1
                OR NEW.sealed_at < coalesce(last.sealed_at, timestamptz '2000-01-01')
                OR NEW.sealed_at > clock_timestamp() + interval '1 day'
            THEN
                RAISE EXCEPTION 'an audit seal follows the last one: number, and instant'
                    USING ERRCODE = 'insufficient_privilege';
            END IF;
            RETURN NEW;
        END
        $$
    $made$, current_schema());
END
$do$
"""
TRIGGER = """
CREATE TRIGGER portal_auditseal_follows BEFORE INSERT ON portal_auditseal
FOR EACH ROW EXECUTE FUNCTION portal_seal_follows()
"""


class Migration(migrations.Migration):
    dependencies = [("portal", "0014_partners_not_resellers")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION portal_seal_follows()"),
        migrations.RunSQL(TRIGGER, "DROP TRIGGER portal_auditseal_follows ON portal_auditseal"),
    ]
