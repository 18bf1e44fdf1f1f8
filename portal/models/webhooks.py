"""Webhooks: where an organisation wants to be told, the secrets it knows us by, what it was told and answered."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.identifiers import uuid7
from portal.tenancy import TenantQuerySet


class WebhookEvent(models.TextChoices):
    """What may be told. Names are ours, in the style of Microsoft's webhook events; they never change their meaning."""

    SUPPORT_CONTACT_UPDATED = "support-contact-updated", _("A support contact changed")
    SUPPORT_CONTACT_ATTENTION = "support-contact-attention", _("A support contact stopped holding")
    SUPPORT_CONTACT_RESTORED = "support-contact-restored", _("A support contact holds again")
    RELATIONSHIP_REQUESTED = "relationship-requested", _("A relationship was requested")
    RELATIONSHIP_ESTABLISHED = "relationship-established", _("A relationship was established")
    RELATIONSHIP_DECLINED = "relationship-declined", _("A relationship was declined")
    RELATIONSHIP_WITHDRAWN = "relationship-withdrawn", _("A request for a relationship was withdrawn")
    RELATIONSHIP_ENDED = "relationship-ended", _("A relationship ended")
    DELEGATED_ADMIN_REQUESTED = "delegated-admin-requested", _("Delegated admin was requested")
    DELEGATED_ADMIN_ESTABLISHED = "delegated-admin-established", _("Delegated admin was granted")
    DELEGATED_ADMIN_DECLINED = "delegated-admin-declined", _("Delegated admin was declined")
    DELEGATED_ADMIN_WITHDRAWN = (
        "delegated-admin-withdrawn",
        _("A request for delegated admin was withdrawn"),
    )
    DELEGATED_ADMIN_ENDED = "delegated-admin-ended", _("Delegated admin ended")
    DELEGATED_ADMIN_EXPIRED = "delegated-admin-expired", _("Delegated admin expired")
    TEST_CREATED = "test-created", _("Test event")


class WebhookResource(models.TextChoices):
    """What an event is about; tells reseller relationships and customer relationships apart."""

    SUPPORT_CONTACT = "SupportContact"
    RESELLER_RELATIONSHIP = "ResellerRelationship"
    CUSTOMER_RELATIONSHIP = "CustomerRelationship"
    DELEGATED_ADMIN = "DelegatedAdmin"
    TEST = "Test"


class WebhookEndpointQuerySet(TenantQuerySet["WebhookEndpoint"]):
    def visible_to(self, actor):
        """An organisation's own, until they are deleted."""
        return self.filter(organisation_id=actor.organisation.pk, deleted_at=None)

    def collecting(self):
        """Those that events are kept for: also while somebody pauses them, no longer once the portal stopped them."""
        return self.filter(deleted_at=None, stopped_at=None)


class WebhookEndpoint(models.Model):
    """An address of an organisation's, and the events it wants there.

    `paused_at`: somebody holds it; events are kept and go out when it is resumed. `stopped_at`: the portal gave up
    after a day of nothing but failures; from then on nothing is kept for it.

    `wants_since` says of each event from when on it is told here: since it was chosen, or since the endpoint was
    resumed after the portal stopped it. Choosing another event changes nothing of those that were chosen before.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey("portal.Organisation", models.PROTECT, related_name="webhooks")
    url = models.CharField(_("address"), max_length=500)
    events = ArrayField(
        models.CharField(max_length=40, choices=WebhookEvent.choices), verbose_name=_("events")
    )
    wants_since = models.JSONField(default=dict)
    created_by = models.ForeignKey("portal.User", models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    paused_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    # Written after each try: the last success, and the first failure since.
    succeeded_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)

    objects = WebhookEndpointQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(url=""),
                name="webhook_has_address",
                violation_error_message=_("Enter the address."),
            ),
            models.CheckConstraint(
                condition=~Q(events=[]),
                name="webhook_wants_something",
                violation_error_message=_("Choose at least one event."),
            ),
            models.UniqueConstraint(
                fields=["organisation", "url"],
                condition=Q(deleted_at=None),
                name="webhook_address_once",
                violation_error_message=_("There is a webhook to this address already."),
            ),
        ]

    def __str__(self):
        return self.url

    @property
    def host(self) -> str:
        """What people know it by."""
        return urlsplit(self.url).netloc

    @property
    def sends(self) -> bool:
        return self.paused_at is None and self.stopped_at is None and self.deleted_at is None

    def want(self, events: Sequence[str], now: datetime) -> None:
        """These events and no others, each from now on unless it is wanted already. Not saved here."""
        self.events = list(events)
        self.wants_since = {event: self.wants_since.get(event, now.isoformat()) for event in events}

    def want_from(self, now: datetime) -> None:
        """The same events, from now on: what happened meanwhile is not told. Not saved here."""
        self.wants_since = {}
        self.want(self.events, now)

    def since(self, event: WebhookEvent) -> datetime:
        """From when on this event is told here. Where that is not on record: since it was made."""
        said = self.wants_since.get(event.value)
        return datetime.fromisoformat(said) if said else self.created_at

    def live_secrets(self, at: datetime) -> list["WebhookSecret"]:
        """Those a request is signed with at `at`, newest first: one, or two while it is being rotated."""
        live = [secret for secret in self.secrets.all() if secret.ends_at is None or secret.ends_at > at]
        return sorted(live, key=lambda secret: (secret.created_at, secret.pk), reverse=True)


class WebhookSecret(models.Model):
    """What one secret is derived from, together with the portal's SECRET_KEY (`portal.webhooks.signing`).

    The secret itself stands in no table: whoever reads this row cannot sign. `ending` tells people two secrets apart;
    `fingerprint`, the beginning of the secret's SHA-256, tells us which of our keys it was made with. It is blank where
    a secret was made before there was one.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    endpoint = models.ForeignKey("portal.WebhookEndpoint", models.CASCADE, related_name="secrets")
    seed = models.BinaryField()
    ending = models.CharField(max_length=4)
    fingerprint = models.CharField(max_length=16, blank=True)
    created_at = models.DateTimeField()
    # None for the one in use; the former one stops at this instant.
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["endpoint", "-created_at"], name="webhooksecret_endpoint")]

    def __str__(self):
        return f"{self.endpoint} …{self.ending}"


class WebhookOutcome(models.TextChoices):
    """How a delivery ended; blank while there is something left to do."""

    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Failed")
    WITHHELD = "withheld", _("Not sent any more")


class WebhookDeliveryQuerySet(TenantQuerySet["WebhookDelivery"]):
    def visible_to(self, actor):
        """As the endpoint it goes to."""
        return self.filter(endpoint__organisation_id=actor.organisation.pk, endpoint__deleted_at=None)

    def due(self, at: datetime):
        """To be sent now, to endpoints that are sent to."""
        return self.filter(
            outcome="",
            due_at__lte=at,
            endpoint__paused_at=None,
            endpoint__stopped_at=None,
            endpoint__deleted_at=None,
        )


class WebhookDelivery(models.Model):
    """One event for one endpoint: written with the change it tells of, sent until it arrives or a day is over.

    `facts` are ids and numbers of the change; what is said of them is composed when it goes out for the first time, by
    what may be told then (`portal.webhooks.payloads`), and kept as `body`, the same at every try. Its id is made of the
    event's and the endpoint's: there is one.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    endpoint = models.ForeignKey("portal.WebhookEndpoint", models.CASCADE, related_name="deliveries")
    event_id = models.UUIDField()
    event = models.CharField(max_length=40, choices=WebhookEvent.choices)
    resource = models.CharField(max_length=30, choices=WebhookResource.choices)
    facts = models.JSONField(default=dict)
    changed_at = models.DateTimeField()
    created_at = models.DateTimeField()
    # The day of tries is counted from here: from the beginning, from a resend, from the end of a pause.
    started_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(max_length=10, choices=WebhookOutcome.choices, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    body = models.TextField(blank=True)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event_id"], name="webhookdelivery_once"),
            models.CheckConstraint(
                condition=Q(outcome="", due_at__isnull=False, finished_at=None)
                | (~Q(outcome="") & Q(due_at=None, finished_at__isnull=False)),
                name="webhookdelivery_due_or_over",
            ),
        ]
        indexes = [
            models.Index(fields=["endpoint", "-created_at", "-id"], name="webhookdelivery_log"),
            models.Index(fields=["due_at"], condition=Q(outcome=""), name="webhookdelivery_due"),
            models.Index(fields=["created_at"], name="webhookdelivery_created"),
        ]

    def __str__(self):
        return f"{self.event} → {self.endpoint_id}"


class WebhookProblem(models.TextChoices):
    """Why there was no answer."""

    ADDRESS = (
        "address",
        _("The address leads where the portal does not send: into a private or local network."),
    )
    NAME = "name", _("The name of the host is not known.")
    CONNECTION = "connection", _("No connection: nobody listens there, or it was closed.")
    TLS = "tls", _("The certificate is not valid for this address, or no secure connection came about.")
    TIME = "time", _("No answer within 10 seconds.")
    ANSWER = "answer", _("What came back is no HTTP answer.")
    SECRET = "secret", _("The portal’s key has changed since the secret was made. Make a new secret.")


class WebhookTry(models.Model):
    """One request and what came back: a status, or why there was none."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    delivery = models.ForeignKey("portal.WebhookDelivery", models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    problem = models.CharField(max_length=12, choices=WebhookProblem.choices, blank=True)
    # The first 2 kB, as text.
    answer = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["delivery", "-at", "-id"], name="webhooktry_delivery")]

    def __str__(self):
        return f"{self.delivery_id} {self.number}: {self.status or self.problem}"

    @property
    def said(self) -> str:
        """What came back, in few words."""
        return f"HTTP {self.status}" if self.status else str(WebhookProblem(self.problem).label)


class WebhookLook(models.Model):
    """Until when it was looked for what happens by the clock alone, without anybody's act."""

    event = models.CharField(max_length=40, primary_key=True, choices=WebhookEvent.choices)
    looked_until = models.DateTimeField()

    def __str__(self):
        return f"{self.event} {self.looked_until:%Y-%m-%d %H:%M}"
