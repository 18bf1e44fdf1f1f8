"""What people are told: in the portal, and by mail."""

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
            models.Index(fields=["organisation", "-created_at"], condition=Q(seen_at=None), name="notice_unseen")
        ]

    def __str__(self):
        return f"{self.kind} → {self.organisation}"


class MailKind(models.TextChoices):
    """Kinds of mail a person may switch off one by one; invitations they asked nobody for are never switched off."""

    INVITATION = "invitation", _("Invitations")
    REQUEST = "request", _("Requests to answer")
    ANSWER = "answer", _("Answers to our requests")
    DESIGNATION = "designation", _("Support contacts made or ended")
    ATTENTION = "attention", _("Daily digest: needs attention, ends soon")
    MEMBER = "member", _("Members and roles")


class MailQuerySet(TenantQuerySet["Mail"]):
    def visible_to(self, actor):
        """What the organisation's own people were sent."""
        return self.filter(organisation_id=actor.organisation.pk)


class Mail(models.Model):
    """One mail to one person, written in the transaction of what it tells of, sent by a job.

    `key` makes it unique: telling the same thing to the same person twice is impossible. `attempted_at` is written
    before the mail is handed over, so that a crash in between never sends it a second time.
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

    objects = MailQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "-created_at"], name="mail_of_organisation"),
            models.Index(fields=["created_at"], condition=Q(sent_at=None), name="mail_waiting"),
        ]

    def __str__(self):
        return f"{self.kind} → {self.address}"
