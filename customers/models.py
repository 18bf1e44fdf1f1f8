"""Customers, each partner's own view of them, and the admin rights they have granted."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.identifiers import uuid7
from portal.models import Lifecycle, ResellerRelationship, State, established
from portal.names import sort_name, words
from portal.tenancy import TenantQuerySet


class CustomerQuerySet(TenantQuerySet["Customer"]):
    def visible_to(self, actor):
        """Customers with an established relationship to this partner, and the organisation itself.

        A reseller is shown the customers it supports through its designations, never through this question.
        """
        own = CustomerRelationship.objects.established(timezone.now()).filter(
            partner_id=actor.organisation.pk
        )
        return self.filter(Q(pk=actor.organisation.pk) | Q(pk__in=own.values("customer_id")))


class Customer(models.Model):
    """An organisation that buys subscriptions. What partners call it stands in their relationship to it."""

    organisation = models.OneToOneField(
        "portal.Organisation", models.PROTECT, primary_key=True, related_name="customer"
    )

    objects = CustomerQuerySet.as_manager()

    def __str__(self):
        return self.organisation.name


class CustomerRelationshipQuerySet(TenantQuerySet["CustomerRelationship"]):
    def visible_to(self, actor):
        """A partner's own; a provider also its resellers' at its customers, while both last; a customer all its own."""
        me, now = actor.organisation.pk, timezone.now()
        resellers = ResellerRelationship.objects.established(now).filter(provider_id=me)
        customers = self.model.objects.established(now).filter(partner_id=me)
        return self.filter(
            Q(partner_id=me)
            | Q(customer_id=me)
            | Q(partner__in=resellers.values("reseller_id"), customer__in=customers.values("customer_id"))
        )

    def established(self, at: datetime):
        """Relationships in force at `at`."""
        return self.filter(established(at))

    def matching(self, partner_id: uuid.UUID, folded_words: Iterable[str]):
        """Rows of this partner in which every one of these folded words begins some word of name or domain."""
        rows = self.filter(partner_id=partner_id)
        for word in folded_words:
            found = CustomerWord.objects.filter(partner_id=partner_id, word__startswith=word)
            rows = rows.filter(pk__in=found.values("relationship_id"))
        return rows


class CustomerRelationship(Lifecycle):
    """Partner ↔ customer, with that partner's own view of the customer. One open record per pair."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    partner = models.ForeignKey("portal.Partner", models.PROTECT, related_name="customer_relationships")
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="relationships")
    company_name = models.CharField(_("company name"), max_length=200, blank=True)
    sort_name = models.CharField(max_length=200, db_collation="C", editable=False)
    # The provider that asked on behalf of its reseller, when `partner` is that reseller.
    requested_for = models.ForeignKey(
        "portal.Partner", models.PROTECT, null=True, blank=True, related_name="+"
    )
    domain = models.CharField(_("primary domain"), max_length=253, blank=True)
    domains = ArrayField(
        models.CharField(max_length=253), verbose_name=_("domains"), default=list, blank=True
    )
    country = models.CharField(_("country"), max_length=2, blank=True)
    alias = models.CharField(_("alias"), max_length=100, blank=True)
    # Microsoft's associatedPartnerId: the reseller of record by tenant id, who may be unknown here.
    reseller_of_record_id = models.UUIDField(_("reseller of record"), null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = CustomerRelationshipQuerySet.as_manager()

    class Meta:
        constraints = [
            *Lifecycle.constraints("customer_rel"),
            models.UniqueConstraint(
                fields=["partner", "customer"],
                condition=Q(ended_at=None),
                name="customer_rel_open_once",
                violation_error_message=_("There is an open relationship or request already."),
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "sort_name", "id"], name="customer_rel_by_name"),
            models.Index(fields=["partner", "-established_at", "-id"], name="customer_rel_newest"),
            models.Index(fields=["partner", "country", "sort_name"], name="customer_rel_country"),
            models.Index(fields=["partner", "reseller_of_record_id"], name="customer_rel_record"),
            models.Index(fields=["customer", "partner"], name="customer_rel_customer"),
        ]

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        # Folded name and search words are functions of the row, so they can never be forgotten or disagree.
        self.sort_name = sort_name(self.name)[:200]
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "sort_name"}
        super().save(*args, **kwargs)
        CustomerWord.write(self)

    @property
    def name(self) -> str:
        """What this partner calls the customer; a customer nobody has named yet is shown by its tenant id."""
        return self.alias or self.company_name or str(self.customer_id)

    @property
    def is_named(self) -> bool:
        return bool(self.alias or self.company_name)


class CustomerWord(models.Model):
    """A folded word of a customer's name or domain, as one partner knows it: prefix search from a plain index."""

    id = models.BigAutoField(primary_key=True)
    partner = models.ForeignKey("portal.Partner", models.CASCADE, related_name="+")
    word = models.CharField(max_length=100, db_collation="C")
    relationship = models.ForeignKey(
        "customers.CustomerRelationship", models.CASCADE, related_name="search_words"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "word", "relationship"], name="customerword_once")
        ]
        indexes = [models.Index(fields=["relationship"], name="customerword_relationship")]

    def __str__(self):
        return self.word

    @classmethod
    def write(cls, relationship: CustomerRelationship) -> None:
        """Make the stored words those of the row as it is now."""
        texts = (relationship.company_name, relationship.alias, relationship.domain, *relationship.domains)
        wanted = {word[:100] for word in words(*texts)}
        stored = set(cls.objects.filter(relationship=relationship).values_list("word", flat=True))
        cls.objects.filter(relationship=relationship, word__in=stored - wanted).delete()
        CustomerWord.objects.bulk_create(
            [
                CustomerWord(partner_id=relationship.partner_id, word=word, relationship=relationship)
                for word in wanted - stored
            ]
        )


def _active(at: datetime) -> Q:
    return established(at) & (Q(ends_at=None) | Q(ends_at__gt=at))


class DelegatedAdminQuerySet(TenantQuerySet["DelegatedAdmin"]):
    def visible_to(self, actor):
        """As the relationship it belongs to; a grant not asked for us is told only while it is active (R4)."""
        me, now = actor.organisation.pk, timezone.now()
        relationships = CustomerRelationship.objects.visible_to(actor)
        return self.filter(relationship__in=relationships).filter(
            Q(relationship__partner_id=me)
            | Q(relationship__customer_id=me)
            | Q(requested_for_id=me)
            | _active(now)
        )

    def active(self, at: datetime):
        """Grants in force at `at`: begun, not ended, before the agreed end. No job has to run for that (R7)."""
        return self.filter(_active(at))

    def of(self, partner, customer):
        """Grants of one partner at one customer; each may be an id or an outer reference."""
        return self.filter(relationship__partner=partner, relationship__customer=customer)


class DelegatedAdmin(Lifecycle):
    """A customer's grant of admin rights to a partner. Several may be in force at once, as GDAP allows.

    `ends_at` is what was agreed, `ended_at` what happened. Only imported DAP has no agreed end.
    """

    class Kind(models.TextChoices):
        DAP = "dap", "DAP"
        GDAP = "gdap", "GDAP"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    relationship = models.ForeignKey(
        "customers.CustomerRelationship", models.PROTECT, related_name="delegated_admins"
    )
    kind = models.CharField(max_length=4, choices=Kind.choices, default=Kind.GDAP)
    source_id = models.CharField(max_length=100, blank=True)
    requested_for = models.ForeignKey(
        "portal.Partner", models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Asked for: how many days it lasts from the moment the customer accepts (Microsoft: at most two years).
    days = models.PositiveSmallIntegerField(_("days"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)

    objects = DelegatedAdminQuerySet.as_manager()

    class Meta:
        constraints = [
            *Lifecycle.constraints("delegated_admin"),
            models.CheckConstraint(
                condition=Q(kind="dap") | Q(ends_at__isnull=False) | Q(established_at=None),
                name="delegated_admin_has_end",
                violation_error_message=_("Delegated admin has an end date."),
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(established_at=None) | Q(ends_at__gte=F("established_at")),
                name="delegated_admin_agreed_end",
                violation_error_message=_("It cannot end before it begins."),
            ),
            models.CheckConstraint(
                condition=Q(days=None) | Q(days__range=(1, 730)),
                name="delegated_admin_days",
                violation_error_message=_("Delegated admin lasts between 1 and 730 days."),
            ),
            models.UniqueConstraint(
                fields=["relationship"],
                condition=Q(kind="dap", ended_at=None),
                name="delegated_admin_dap_once",
                violation_error_message=_("This partner has delegated admin (DAP) here already."),
            ),
            models.UniqueConstraint(
                fields=["relationship", "source_id"],
                condition=~Q(source_id=""),
                name="delegated_admin_source_once",
                violation_error_message=_("This delegated admin relationship is here already."),
            ),
        ]
        indexes = [models.Index(fields=["relationship", "established_at"], name="delegated_admin_rel")]

    def __str__(self):
        return f"{self.relationship.partner} @ {self.relationship}"

    def ends(self) -> datetime | None:
        """When it stops counting: what happened, or else what was agreed; None for never."""
        known = [instant for instant in (self.ended_at, self.ends_at) if instant is not None]
        return min(known, default=None)

    def is_active(self, at: datetime) -> bool:
        return self.state(at) == State.ESTABLISHED

    def state(self, at: datetime) -> State:
        base = super().state(at)
        if base == State.ESTABLISHED and self.ends_at is not None and self.ends_at <= at:
            return State.EXPIRED
        return base

    def changed_at(self, at: datetime) -> datetime:
        last = super().changed_at(at)
        if self.state(at) == State.EXPIRED and self.ends_at is not None and self.ended_at is None:
            return max(last, self.ends_at)
        return last


class AskQuerySet(TenantQuerySet["Ask"]):
    def visible_to(self, actor):
        return self.filter(provider_id=actor.organisation.pk)

    def open(self):
        """Steps nobody has taken yet."""
        return self.filter(done_at=None).exclude(_related_since())

    def taken_since(self):
        """Steps that were taken without anybody crossing them off: a relationship is asked for in the kernel."""
        return self.filter(_related_since(), done_at=None)


def _related_since() -> Q:
    """A relationship was asked for, or came into being, after this step was asked for."""
    related = ResellerRelationship.objects.filter(
        provider=OuterRef("provider"), reseller=OuterRef("reseller")
    )
    asked_at = OuterRef("asked_at")
    since = Q(requested_at__gte=asked_at) | Q(established_at__gte=asked_at)
    return Q(Q(step="relationship"), Exists(related.filter(since)))


class Ask(models.Model):
    """A step somebody's role does not let them take, put on the list of those who may: one click, prefilled."""

    class Step(models.TextChoices):
        RELATIONSHIP = "relationship", _("Request relationship")
        DELEGATED_ADMIN = "delegated_admin", _("Request delegated admin")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.ForeignKey("portal.Partner", models.CASCADE, related_name="+")
    reseller = models.ForeignKey("portal.Partner", models.CASCADE, related_name="+")
    customer = models.ForeignKey(
        "customers.Customer", models.CASCADE, null=True, blank=True, related_name="+"
    )
    step = models.CharField(max_length=20, choices=Step.choices)
    path = models.CharField(max_length=500)
    asked_by = models.ForeignKey("portal.User", models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)

    objects = AskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "reseller", "customer", "step"],
                condition=Q(done_at=None),
                nulls_distinct=False,
                name="ask_open_once",
                violation_error_message=_("This was asked for already."),
            ),
        ]

    def __str__(self):
        return f"{self.step}: {self.reseller}"


def active_grant(partner: OuterRef | F, customer: OuterRef | F, at: datetime) -> Exists:
    """Does this partner hold delegated admin at this customer at `at`? For use in larger questions."""
    return Exists(DelegatedAdmin.objects.active(at).of(partner, customer))


__all__ = ["Ask", "Customer", "CustomerRelationship", "CustomerWord", "DelegatedAdmin", "active_grant"]
