"""An event's instant is one a clock can show: `infinity` would be read by nobody, and sealing would stop at it.

Of new events alone: what stands was written by the portal, and nobody waits while all of it is read.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("portal", "0015_seals_follow")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE portal_auditevent ADD CONSTRAINT auditevent_at_is_finite CHECK (isfinite(at)) NOT VALID",
            "ALTER TABLE portal_auditevent DROP CONSTRAINT auditevent_at_is_finite",
        ),
    ]
