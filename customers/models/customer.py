"""Organisations that buy subscriptions."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from customers.models.relationship import CustomerRelationship
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
