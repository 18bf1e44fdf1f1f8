"""What people are told: in the portal, and by mail."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from portal.identifiers import uuid7
from portal.tenancy import TenantQuerySet


class NoticeQuerySet(TenantQuerySet["Notice"]):
    def visible_to(self, actor):
        """One's own, and those for everybody of the organisation."""
        user_id = actor.user.pk if actor.user else None
        return self.filter(organisation_id=actor.organisation.pk).filter(Q(user=None) | Q(user_id=user_id))

    def unseen(self):
        return self.filter(seen_at=None)


class Notice(models.Model):
    """Something a person, or everybody who may act in an organisation, is told in the portal until it is seen.

    `data` holds names and ids of organisations and offers; the sentence is made when it is read, in the reader's
    language. `path` is where to act on it.
    """

    class Kind(models.TextChoices):
        RESELLER_ELIGIBLE = "reseller_eligible", _("Reseller became eligible")
        STEP_ASKED = "step_asked", _("Step asked for")
        DESIGNATION_DECLINED = "designation_declined", _("Designation declined")
        DESIGNATION_HANDED_BACK = "designation_handed_back", _("Designation handed back")
        WEBHOOK_STOPPED = "webhook_stopped", _("Webhook stopped")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey("portal.Organisation", models.CASCADE, related_name="+")
    user = models.ForeignKey("portal.User", models.CASCADE, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=30, choices=Kind.choices)
    path = models.CharField(max_length=500)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    seen_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["organisation", "-created_at"], condition=Q(seen_at=None), name="notice_unseen"
            )
        ]

    def __str__(self):
        return f"{self.kind} → {self.organisation}"


class BatchQuerySet(TenantQuerySet["Batch"]):
    def visible_to(self, actor):
        return self.filter(organisation_id=actor.organisation.pk)

    def left_alone_since(self, instant: datetime):
        """Open, and nothing was heard of their act for so long: whoever ran it is gone."""
        return self.filter(closed_at=None, last_at__lte=instant)


class Batch(models.Model):
    """Many changes that one act makes in several transactions, told together once it is over (`operations.batches`).

    Its row is held by each of these transactions and says when the last one was; closed, it takes no more.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey("portal.Organisation", models.CASCADE, related_name="+")
    request_id = models.CharField(max_length=64)
    begun_at = models.DateTimeField()
    last_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = BatchQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["last_at"], condition=Q(closed_at=None), name="batch_open")]

    def __str__(self):
        return f"{self.organisation}: {self.request_id}"


class MailKind(models.TextChoices):
    """Kinds of mail a person may switch off one by one; invitations they asked nobody for are never switched off."""

    INVITATION = "invitation", _("Invitations")
    REQUEST = "request", _("Requests to answer")
    ANSWER = "answer", _("Answers to our requests")
    ENDED = "ended", _("Relationships and delegated admin that end")
    DESIGNATION = "designation", _("Support contacts made or ended")
    REPORT = "report", _("Customers who say that a contact is wrong")
    ATTENTION = "attention", _("Daily digest: needs attention, ends soon")
    MEMBER = "member", _("Members and roles")
    INTEGRATION = "integration", _("Webhooks that do not get through")


class MailState(models.TextChoices):
    """What became of a mail, as people are told."""

    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    UNKNOWN = "unknown", _("Not known whether it arrived")
    WITHHELD = "withheld", _("Not sent any more")


#: A mail server that has not answered after this long is not going to: nobody knows whether the mail arrived.
HANDING_OVER = timedelta(minutes=5)


class MailQuerySet(TenantQuerySet["Mail"]):
    def visible_to(self, actor):
        """What the organisation's own people were sent."""
        return self.filter(organisation_id=actor.organisation.pk)

    def of_state(self, state: MailState, at: datetime):
        """Mails in this state at `at`: `Mail.state`, as a question."""
        left = at - HANDING_OVER
        attempted = Q(attempted_at__isnull=False, failure="")
        open_ones = Q(sent_at=None, gave_up_at=None)
        return self.filter(
            {
                MailState.SENT: Q(sent_at__isnull=False),
                MailState.FAILED: Q(sent_at=None, gave_up_at__isnull=False) & ~Q(failure=""),
                MailState.WITHHELD: Q(sent_at=None, gave_up_at__isnull=False, failure=""),
                MailState.UNKNOWN: open_ones & attempted & Q(attempted_at__lte=left),
                MailState.WAITING: open_ones & ~(attempted & Q(attempted_at__lte=left)),
            }[state]
        )


class Mail(models.Model):
    """One mail to one person, written from what it tells of, sent by a job.

    `key` makes it unique: telling the same thing to the same person twice is impossible. `attempted_at` is written
    before the mail is handed over, so that a crash in between never sends it a second time: attempted, neither sent
    nor failed, it is left alone. `gave_up_at` says that no further attempt follows.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey("portal.Organisation", models.CASCADE, related_name="+")
    user = models.ForeignKey("portal.User", models.SET_NULL, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=20, choices=MailKind.choices)
    key = models.CharField(max_length=120, unique=True, db_collation="C")
    address = models.EmailField(max_length=254)
    language = models.CharField(max_length=10)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    attempted_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    gave_up_at = models.DateTimeField(null=True, blank=True)

    objects = MailQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "-created_at"], name="mail_of_organisation"),
            models.Index(fields=["created_at"], condition=Q(sent_at=None), name="mail_waiting"),
        ]

    def __str__(self):
        return f"{self.kind} → {self.address}"

    def state(self, at: datetime) -> MailState:
        """Sent, failed for good, on its way, or nobody knows."""
        if self.sent_at is not None:
            return MailState.SENT
        if self.gave_up_at is not None:
            return MailState.FAILED if self.failure else MailState.WITHHELD
        if self.attempted_at is None or self.failure or at - self.attempted_at < HANDING_OVER:
            return MailState.WAITING
        return MailState.UNKNOWN
