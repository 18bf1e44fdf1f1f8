"""Until when each choice holds, kept by the database itself, so that what no longer does is found from an index.

Grants change through many doors (pages, the API, imports, jobs), and each of them would have to remember the choices
that rest on it. The database forgets none.
"""

from django.db import migrations, models

FIELD = models.DateTimeField(null=True, editable=False)
# The last end of the grants the partner has had there, or the day it hands back if that is sooner; none is for ever.
# One that never had a grant has not held since it began. The rule itself stays `holds`
# (support_contacts/models/designation.py): this is the way to the few rows it is asked of.
KEEP = """
DO $do$
BEGIN
    EXECUTE format($made$
        CREATE FUNCTION support_contacts_keep_holds_until() RETURNS trigger LANGUAGE plpgsql
        SET search_path = %I, pg_temp AS $$
        DECLARE
            last_grant timestamptz;
        BEGIN
            IF NEW.ended_at IS NOT NULL THEN
                NEW.holds_until := NULL;
                RETURN NEW;
            END IF;
            SELECT max(LEAST(coalesce(held.ended_at, 'infinity'), coalesce(held.ends_at, 'infinity')))
            INTO last_grant
            FROM subscriptions_subscription sold
            JOIN customers_customerrelationship there
                ON there.customer_id = sold.customer_id AND there.partner_id = NEW.partner_id
            JOIN customers_delegatedadmin held ON held.relationship_id = there.id
            WHERE sold.id = NEW.subscription_id AND held.established_at IS NOT NULL;
            NEW.holds_until := nullif(
                LEAST(coalesce(last_grant, NEW.started_at), coalesce(NEW.hands_back_at, 'infinity')), 'infinity'
            );
            RETURN NEW;
        END
        $$
    $made$, current_schema());
    EXECUTE format($made$
        CREATE FUNCTION support_contacts_grant_changed() RETURNS trigger LANGUAGE plpgsql
        SET search_path = %I, pg_temp AS $$
        DECLARE
            resting uuid;
        BEGIN
            FOR resting IN
                SELECT chosen.id FROM customers_customerrelationship there
                JOIN subscriptions_subscription sold ON sold.customer_id = there.customer_id
                JOIN support_contacts_designation chosen
                    ON chosen.subscription_id = sold.id AND chosen.partner_id = there.partner_id
                WHERE there.id = coalesce(NEW.relationship_id, OLD.relationship_id) AND chosen.ended_at IS NULL
                ORDER BY chosen.id
            LOOP
                -- Any update has the other function look again.
                UPDATE support_contacts_designation SET holds_until = NULL WHERE id = resting AND ended_at IS NULL;
            END LOOP;
            RETURN NULL;
        END
        $$
    $made$, current_schema());
END
$do$
"""
DROP = "DROP FUNCTION support_contacts_grant_changed(); DROP FUNCTION support_contacts_keep_holds_until()"
KEPT = """
CREATE TRIGGER support_contacts_designation_holds_until BEFORE INSERT OR UPDATE ON support_contacts_designation
FOR EACH ROW EXECUTE FUNCTION support_contacts_keep_holds_until()
"""
CHANGED = """
CREATE TRIGGER support_contacts_grant_changed
AFTER INSERT OR DELETE OR UPDATE OF relationship_id, established_at, ended_at, ends_at ON customers_delegatedadmin
FOR EACH ROW EXECUTE FUNCTION support_contacts_grant_changed()
"""


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0003_delegated_admin_by_end"),
        ("subscriptions", "0001_initial"),
        ("support_contacts", "0006_designation_open_since"),
    ]

    operations = [
        migrations.AddField("designation", "holds_until", FIELD),
        migrations.RunSQL(KEEP, DROP),
        migrations.RunSQL(
            KEPT, "DROP TRIGGER support_contacts_designation_holds_until ON support_contacts_designation"
        ),
        migrations.RunSQL(CHANGED, "DROP TRIGGER support_contacts_grant_changed ON customers_delegatedadmin"),
    ]
