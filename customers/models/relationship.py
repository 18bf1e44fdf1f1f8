"""Partner ↔ customer: each partner's own view of a customer, and the words it is found by."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.identifiers import uuid7
from portal.models import Lifecycle, ResellerRelationship, established
from portal.names import sort_name, words
from portal.tenancy import TenantQuerySet


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
            # With the end, so that a total is counted from it alone.
            models.Index(
                fields=["partner", "-established_at", "-id"], include=["ended_at"], name="customer_rel_latest"
            ),
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


class CustomerWordQuerySet(models.QuerySet["CustomerWord"]):
    def beginning(self, partner_id: uuid.UUID, folded: str):
        """The words of this partner's customers that begin so."""
        return self.filter(partner_id=partner_id, word__startswith=folded)

    def of_row(self, relationship: OuterRef, folded: str):
        """Those of one row, from its own index."""
        return self.filter(relationship=relationship, word__startswith=folded)


class CustomerWord(models.Model):
    """A folded word of a customer's name or domain, as one partner knows it: prefix search from a plain index."""

    id = models.BigAutoField(primary_key=True)
    partner = models.ForeignKey("portal.Partner", models.CASCADE, related_name="+")
    word = models.CharField(max_length=100, db_collation="C")
    relationship = models.ForeignKey(
        "customers.CustomerRelationship", models.CASCADE, related_name="search_words"
    )

    objects = CustomerWordQuerySet.as_manager()

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
