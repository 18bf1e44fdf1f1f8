"""The record under seal: every minute's events are hashed, each seal upon the one before it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class AuditUnsealed(models.Model):
    """An event no seal covers yet. A trigger writes it with the event, whoever inserts that; sealing takes it away.

    So no order of ids, clocks or transactions matters: an event that commits late is simply in the next seal, and a
    database that was restored elsewhere goes on where it was.
    """

    # No foreign key: it would be checked with every event, for a row that lives a minute.
    event_id = models.UUIDField(primary_key=True, editable=False)

    def __str__(self):
        return str(self.event_id)


class AuditSeal(models.Model):
    """A segment of the record: which events, a SHA-256 of each, and one over them and the former seal.

    The portal adds seals and can neither change nor delete one. Retention, which is the owner's, takes the events
    of a whole segment away and says so here; `rows_hash` stays, so the chain still holds.
    """

    number = models.BigIntegerField(primary_key=True, editable=False)
    # How a row was written down to be hashed (portal.seals.form).
    form = models.SmallIntegerField()
    sealed_at = models.DateTimeField()
    count = models.IntegerField()
    # Of the events' own instants.
    oldest = models.DateTimeField()
    newest = models.DateTimeField()
    events = ArrayField(models.UUIDField())
    digests = ArrayField(models.BinaryField())
    rows_hash = models.BinaryField()
    previous = models.BinaryField()
    hash = models.BinaryField()
    removed_at = models.DateTimeField(null=True, blank=True)
    # The request id of the events that tell of the removal.
    removed_by = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["newest"], condition=models.Q(removed_at=None), name="auditseal_kept"),
        ]

    def __str__(self):
        return f"{self.number} {self.sealed_at:%Y-%m-%d %H:%M}"
