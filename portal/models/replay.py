"""Answers the API gives a second time."""

from datetime import timedelta

from django.db import models

from portal.identifiers import uuid7
from portal.tenancy import TenantQuerySet

#: Microsoft documents no time; a client that comes back after a day has long given up.
KEPT = timedelta(hours=24)


class ApiAnswerQuerySet(TenantQuerySet["ApiAnswer"]):
    def visible_to(self, actor):
        """An answer is its credential's own, and given to nobody but by `portal.api.replay.once`."""
        return self.filter(credential_id=actor.credential_id) if actor.credential_id else self.none()


class ApiAnswer(models.Model):
    """The answer to one call, kept a day for whoever sends the same call again.

    Its row commits with the effect of the call and survives a crash with it: a logged table. `call` is the hash of
    method, path and body; `body`, compressed, is empty only while the transaction that makes it is under way.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # No foreign keys: a credential can go and its day of answers runs out by itself.
    credential_id = models.UUIDField()
    request_id = models.UUIDField()
    call = models.BinaryField()
    body = models.BinaryField(null=True)
    created_at = models.DateTimeField()

    objects = ApiAnswerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["credential_id", "request_id", "call"], name="apianswer_one_a_call"
            )
        ]
        indexes = [models.Index(fields=["created_at"], name="apianswer_created")]

    def __str__(self):
        return f"{self.request_id} {self.created_at:%Y-%m-%d %H:%M}"
