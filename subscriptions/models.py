"""Subscriptions: what a partner sold to a customer, or registered to support."""

import uuid
from collections.abc import Collection
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from customers.models import CustomerRelationship
from portal.identifiers import canonical_guid, uuid7
from portal.names import sort_name
from portal.tenancy import TenantQuerySet


class Status(models.TextChoices):
    """Microsoft's states. The first four are live, the last three ended."""

    NONE = "none", _("None")
    ACTIVE = "active", _("Active")
    PENDING = "pending", _("Pending")
    SUSPENDED = "suspended", _("Suspended")
    EXPIRED = "expired", _("Expired")
    DISABLED = "disabled", _("Disabled")
    DELETED = "deleted", _("Deleted")


LIVE = (Status.NONE, Status.ACTIVE, Status.PENDING, Status.SUSPENDED)
ENDED = (Status.EXPIRED, Status.DISABLED, Status.DELETED)


class PurchasedThrough(models.TextChoices):
    """Where a subscription was bought. Anything but the partner itself is registered for support only (R13)."""

    PARTNER = "partner", _("Sold by the partner")
    MICROSOFT = "microsoft", _("Microsoft direct")
    ENTERPRISE_AGREEMENT = "enterprise_agreement", _("Enterprise agreement")
    OPEN = "open", _("Open licence")


class SubscriptionQuerySet(TenantQuerySet["Subscription"]):
    def visible_to(self, actor, at: datetime | None = None):
        """A partner: those it sold or registered, while its relationship with the customer lasts. A customer: all.

        A reseller is shown what it supports through its designations, never through this question (R12). `at` is the
        instant of who asks everything else at one.
        """
        me = actor.organisation.pk
        # Asked of each row: as a list of all its customers, a provider's 100,000 would be read for one subscription.
        related = CustomerRelationship.objects.established(at or timezone.now()).filter(
            partner_id=me, customer_id=OuterRef("customer_id")
        )
        return self.filter(Q(Exists(related), provider_id=me) | Q(customer_id=me))

    def sold_by(self, provider_id):
        return self.filter(provider_id=provider_id)

    def identified(self, text: str):
        """The rows this id can mean: a Microsoft id in any case and notation, or our own."""
        guid = canonical_guid(text)
        if guid is None:
            return self.none()
        return self.filter(Q(microsoft_id=str(guid)) | Q(pk=guid))

    def named(self, text: str):
        """The same, first the row this id names: one id can be Microsoft's of one row and ours of another, and
        Microsoft's counts."""
        is_microsofts = Case(When(microsoft_id=str(canonical_guid(text)), then=Value(0)), default=Value(1))
        return self.identified(text).order_by(is_microsofts, "pk")

    def each_named(self, guids: Collection[uuid.UUID]) -> dict[tuple[uuid.UUID, uuid.UUID], "Subscription"]:
        """The row each of these ids names at each customer, by customer and id, in one query; as `named` has it."""
        keys = list(guids)
        rows = list(self.filter(Q(microsoft_id__in=list(map(str, keys))) | Q(pk__in=keys))) if keys else []
        ours = {(row.customer_id, row.pk): row for row in rows}
        microsofts = {(row.customer_id, canonical_guid(row.microsoft_id)): row for row in rows}
        return ours | {(customer, guid): row for (customer, guid), row in microsofts.items() if guid}

    def live(self):
        return self.filter(status__in=LIVE)

    def designatable(self):
        """Those that may have a designated support contact: live, and outside new commerce (R5)."""
        return self.live().filter(is_new_commerce=False)


class Subscription(models.Model):
    """What a provider sold to a customer. A subscription that moves to another provider is a new row.

    `contact_version` goes up by one with every change of its support contact; a form carries the one it was loaded
    with (R6).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.ForeignKey("portal.Partner", models.PROTECT, related_name="subscriptions")
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="subscriptions")
    microsoft_id = models.CharField(
        _("subscription ID"), max_length=80, null=True, blank=True, db_collation="C"
    )
    purchased_through = models.CharField(
        max_length=24, choices=PurchasedThrough.choices, default=PurchasedThrough.PARTNER
    )
    seller_name = models.CharField(_("sold by"), max_length=200, blank=True)

    offer_id = models.CharField(max_length=120, blank=True)
    offer_name = models.CharField(_("offer"), max_length=300, blank=True)
    friendly_name = models.CharField(_("nickname"), max_length=300, blank=True)
    sort_name = models.CharField(max_length=200, db_collation="C", editable=False)
    entitlement_id = models.CharField(max_length=80, blank=True)
    order_id = models.CharField(max_length=80, blank=True, db_collation="C")
    parent_microsoft_id = models.CharField(max_length=80, blank=True, db_collation="C")
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="addons")
    product_type_id = models.CharField(max_length=80, blank=True)
    product_type_name = models.CharField(max_length=120, blank=True)
    quantity = models.PositiveIntegerField(_("licences"), default=0)
    unit_type = models.CharField(max_length=40, blank=True)
    status = models.CharField(_("state"), max_length=10, choices=Status.choices, default=Status.ACTIVE)
    suspension_reasons = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    created_on = models.DateTimeField(null=True, blank=True)
    effective_start = models.DateTimeField(null=True, blank=True)
    commitment_end = models.DateTimeField(null=True, blank=True)
    auto_renew = models.BooleanField(default=False)
    is_trial = models.BooleanField(default=False)
    has_purchasable_addons = models.BooleanField(default=False)
    billing_type = models.CharField(max_length=20, blank=True)
    billing_cycle = models.CharField(max_length=20, blank=True)
    term_duration = models.CharField(max_length=20, blank=True)
    renewal_term_duration = models.CharField(max_length=20, blank=True)
    contract_type = models.CharField(max_length=30, blank=True)
    publisher_name = models.CharField(max_length=200, blank=True)
    # Microsoft's partnerId: the PartnerID of the reseller of record, as given; resolved when read.
    reseller_of_record = models.CharField(max_length=20, blank=True, db_collation="C")

    is_new_commerce = models.BooleanField(_("new commerce"), default=False)
    moved_to_new_commerce_at = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)
    contact_version = models.PositiveIntegerField(default=0)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "microsoft_id"],
                condition=Q(microsoft_id__isnull=False),
                name="subscription_once_per_provider",
                violation_error_message=_("This subscription is here already."),
            ),
            models.CheckConstraint(
                condition=~Q(microsoft_id=""),
                name="subscription_id_not_blank",
                violation_error_message=_("A subscription ID is not blank; leave it out instead."),
            ),
            models.CheckConstraint(
                condition=Q(purchased_through="partner") | Q(is_new_commerce=False),
                name="subscription_registered_is_legacy",
                violation_error_message=_("New-commerce subscriptions cannot be registered for support."),
            ),
            models.CheckConstraint(
                condition=Q(moved_to_new_commerce_at=None) | Q(is_new_commerce=True),
                name="subscription_moved_is_new_commerce",
                violation_error_message=_("A subscription that moved is in new commerce."),
            ),
            models.CheckConstraint(
                condition=(Q(ended_at=None) & Q(status__in=LIVE))
                | (Q(ended_at__isnull=False) & Q(status__in=ENDED)),
                name="subscription_ended_has_instant",
                violation_error_message=_("An ended subscription says when it ended."),
            ),
            models.CheckConstraint(
                condition=~Q(parent=F("id")),
                name="subscription_not_own_parent",
                violation_error_message=_("A subscription is not its own add-on."),
            ),
        ]
        indexes = [
            models.Index(fields=["provider", "customer", "sort_name", "id"], name="subscription_of_customer"),
            models.Index(fields=["customer", "provider"], name="subscription_by_customer"),
            models.Index(fields=["provider", "reseller_of_record"], name="subscription_record"),
            models.Index(fields=["provider", "order_id"], name="subscription_order"),
            models.Index(fields=["provider", "sort_name"], name="subscription_by_name"),
            models.Index(
                fields=["provider", "customer"],
                condition=~Q(purchased_through="partner"),
                name="subscription_registered",
            ),
        ]

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        # A function of the offer, so it can never be forgotten or disagree.
        self.sort_name = sort_name(self.name)[:200]
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "sort_name"}
        super().save(*args, **kwargs)

    @property
    def name(self) -> str:
        """The offer; where Microsoft gives none (a list of add-ons, say) the nickname, at last the id."""
        return self.offer_name or self.friendly_name or self.offer_id or self.public_id

    @property
    def nickname(self) -> str:
        """What the customer calls it, where that says more than the offer."""
        return self.friendly_name if self.friendly_name not in ("", self.name) else ""

    @property
    def public_id(self) -> str:
        """The id that stands in URLs: Microsoft's, or ours where a registered subscription has none."""
        return self.microsoft_id or str(self.pk)

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    @property
    def is_bought_elsewhere(self) -> bool:
        return self.purchased_through != PurchasedThrough.PARTNER

    @property
    def is_usage_based(self) -> bool:
        """Legacy Azure and the like: no licences to count, and designatable all the same."""
        return self.billing_type == "usage" or self.unit_type.lower() == "usage-based"

    @property
    def began_at(self) -> datetime:
        """The first instant we can speak of it."""
        return self.effective_start or self.created_on or self.recorded_at
