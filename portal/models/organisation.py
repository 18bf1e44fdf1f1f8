"""Organisations: the tenants everybody belongs to."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from portal.names import sort_name
from portal.tenancy import TenantQuerySet


class OrganisationQuerySet(TenantQuerySet["Organisation"]):
    def visible_to(self, actor):
        """A person sees the organisation they act for; partners and customers are shown through their own rows."""
        return self.filter(pk=actor.organisation.pk)


class Organisation(models.Model):
    """A tenant. Partner and Customer are one-to-one parts of it; one tenant may be both.

    An organisation that an import had to name before anybody of it came here is a *stub*: it remembers the partner
    whose import made it, and nobody else's import may change it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=200)
    sort_name = models.CharField(max_length=200, db_collation="C", editable=False)
    domain = models.CharField(_("primary domain"), max_length=253, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    is_demo = models.BooleanField(default=False)
    stubbed_by = models.ForeignKey("portal.Partner", models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(name=""),
                name="organisation_has_name",
                violation_error_message=_("An organisation needs a name."),
            ),
            models.CheckConstraint(
                condition=models.Q(country="") | models.Q(country__regex=r"^[A-Z]{2}$"),
                name="organisation_country_is_iso",
                violation_error_message=_("A country is two capital letters, as in FR."),
            ),
        ]
        indexes = [models.Index(fields=["domain"], name="organisation_domain")]

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        # The folded name is a function of the name, so it can never be forgotten or disagree.
        self.sort_name = sort_name(self.name)[:200]
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "sort_name"}
        super().save(*args, **kwargs)

    @property
    def is_partner(self) -> bool:
        return hasattr(self, "partner")

    @property
    def is_customer(self) -> bool:
        return hasattr(self, "customer")

    @property
    def kind_label(self) -> str:
        """What the organisation is, in the reader's words; a tenant that is both is named as the partner."""
        if self.is_partner:
            return self.partner.kind_label
        return str(_("Customer"))
