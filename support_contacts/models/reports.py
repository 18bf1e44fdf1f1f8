"""What customers say of a contact, and what agents wait for."""

from datetime import datetime

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from customers.models import CustomerRelationship, active_grant
from portal.among import each, there_is
from portal.identifiers import uuid7
from portal.models import PartnerSuspension, ResellerRelationship
from portal.tenancy import TenantQuerySet
from subscriptions.models import LIVE
from support_contacts.models.designation import Designation


class ContactReportQuerySet(TenantQuerySet["ContactReport"]):
    def visible_to(self, actor):
        """The provider it is addressed to, and the customer that made it."""
        return self.filter(Q(provider_id=actor.organisation.pk) | Q(customer_id=actor.organisation.pk))

    def at_customers_of(self, provider_id, at: datetime):
        """Those addressed to a provider, by customers it still has at `at`."""
        ours = CustomerRelationship.objects.established(at).filter(
            partner_id=provider_id, customer_id=OuterRef("customer_id")
        )
        return self.filter(each(there_is(ours)), provider_id=provider_id)

    def open(self):
        return self.filter(answered_at=None)


class ContactReport(models.Model):
    """ "This contact is wrong or does not answer": one a card and day, until the provider changes it or answers."""

    class Reason(models.TextChoices):
        NO_ANSWER = "no_answer", _("Nobody answers")
        WRONG_NUMBER = "wrong_number", _("The number or address is wrong")
        NOT_THEIRS = "not_theirs", _("They say they do not support this")
        OTHER = "other", _("Something else")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.ForeignKey("portal.Partner", models.CASCADE, related_name="+")
    customer = models.ForeignKey("customers.Customer", models.CASCADE, related_name="+")
    partner = models.ForeignKey("portal.Partner", models.CASCADE, related_name="+")
    reason = models.CharField(_("what is wrong"), max_length=20, choices=Reason.choices)
    detail = models.CharField(_("in a few words"), max_length=300, blank=True)
    day = models.DateField()
    reported_by = models.ForeignKey("portal.User", models.SET_NULL, null=True, related_name="+")
    reported_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(_("answer"), max_length=500, blank=True)

    objects = ContactReportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "customer", "partner", "day"],
                name="contactreport_once_a_day",
                violation_error_message=_("This was reported today already."),
            ),
        ]
        indexes = [
            models.Index(
                fields=["provider", "reported_at"], condition=Q(answered_at=None), name="contactreport_open"
            )
        ]

    def __str__(self):
        return f"{self.customer}: {self.partner}"


class WishQuerySet(TenantQuerySet["Wish"]):
    def visible_to(self, actor):
        return self.filter(provider_id=actor.organisation.pk)

    def granted(self, at: datetime):
        """Not told yet, and true at `at`: the reseller can be chosen there, and is not. No job has to run for that."""
        related = ResellerRelationship.objects.established(at).filter(
            provider=OuterRef("provider"), reseller=OuterRef("reseller")
        )
        suspended = PartnerSuspension.objects.at(at).filter(partner=OuterRef("reseller"))
        own = CustomerRelationship.objects.established(at).filter(
            partner=OuterRef("provider"), customer=OuterRef("subscription__customer")
        )
        chosen = Designation.objects.stored().filter(
            subscription=OuterRef("subscription"), partner=OuterRef("reseller")
        )
        return self.filter(
            told_at=None,
            reseller__is_indirect_reseller=True,
            subscription__is_new_commerce=False,
            subscription__status__in=LIVE,
        ).filter(
            Exists(related),
            ~Exists(suspended),
            active_grant(OuterRef("reseller"), OuterRef("subscription__customer"), at),
            Exists(own),
            ~Exists(chosen),
        )


class Wish(models.Model):
    """An agent asked for what a reseller lacked, wanting it for a subscription: told when it becomes eligible."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.ForeignKey("portal.Partner", models.CASCADE, related_name="+")
    subscription = models.ForeignKey("subscriptions.Subscription", models.CASCADE, related_name="+")
    reseller = models.ForeignKey("portal.Partner", models.CASCADE, related_name="+")
    user = models.ForeignKey("portal.User", models.CASCADE, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    told_at = models.DateTimeField(null=True, blank=True)

    objects = WishQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "subscription", "reseller", "user"],
                condition=Q(told_at=None),
                name="wish_once",
                violation_error_message=_("This is waited for already."),
            ),
        ]

    def __str__(self):
        return f"{self.subscription}: {self.reseller}"
