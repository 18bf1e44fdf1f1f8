"""Which customers a list shows: what may stand in its address, and the rows that answer it."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from customers.models import CustomerRelationship
from portal.actor import Actor
from portal.among import among
from portal.identifiers import canonical_guid
from portal.keyset import CursorField, Order, newest
from portal.models import Organisation, Partner
from portal.names import query_words
from portal.prepared import Prepared
from subscriptions.models import LIVE, Subscription
from support_contacts.counting import CappedCount, DistinctValues
from support_contacts.models import Designation

LONGEST_SEARCH = 200
#: A provider has few of these; a menu longer than this would be a list of its own.
LONGEST_MENU = 200
ORDERS = {"name": Order("sort_name"), "newest": newest("established_at")}


class CustomerListForm(forms.Form):
    """The address of the customers list. It is the list's whole state."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=LONGEST_SEARCH,
        error_messages={
            "max_length": _("The search is too long: %(show_value)d of %(limit_value)d characters.")
        },
    )
    country = forms.RegexField(
        r"^[A-Za-z]{2}$",
        label=_("Country"),
        required=False,
        error_messages={"invalid": _("A country is two letters, as in FR.")},
    )
    record = forms.CharField(label=_("Reseller of record"), required=False, max_length=40)
    designated = forms.ChoiceField(label=_("Reseller designated"), required=False, choices=[("1", "1")])
    attention = forms.ChoiceField(label=_("Needs attention"), required=False, choices=[("1", "1")])
    sort = forms.ChoiceField(label=_("Sort"), required=False, choices=[(name, name) for name in ORDERS])
    after = CursorField()
    before = CursorField()

    def clean_q(self) -> str:
        text = self.cleaned_data["q"]
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValidationError(_("The search has characters that cannot be searched for.")) from error
        return text

    def clean_country(self) -> str:
        return self.cleaned_data["country"].upper()

    def clean_record(self) -> str:
        text = self.cleaned_data["record"]
        if text and not (text.isascii() and text.isdigit()):
            raise ValidationError(_("A PartnerID has digits only."))
        return text

    def clean_sort(self) -> str:
        return self.cleaned_data["sort"] or "name"


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above the list: counts of the chips, and what the menus offer."""

    everything: int = 0
    attention: int = 0
    designated: int = 0
    countries: tuple[str, ...] = ()
    partner_ids: tuple[str, ...] = ()
    #: Names of the resellers of record we know, by PartnerID; the others stay digits.
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CustomerFilter:
    """The customers of one partner that answer a validated address, at one instant.

    Own relationships only: every question below starts from `partner_id`, so no other organisation's row can answer.
    """

    actor: Actor
    now: datetime
    q: str = ""
    country: str = ""
    record: str = ""
    designated: bool = False
    attention: bool = False

    @classmethod
    def of(cls, actor: Actor, now: datetime, data: dict[str, Any]) -> "CustomerFilter":
        return cls(
            actor,
            now,
            q=data["q"],
            country=data["country"],
            record=data["record"],
            designated=bool(data["designated"]),
            attention=bool(data["attention"]),
        )

    @property
    def rows(self) -> QuerySet[CustomerRelationship]:
        rows = self._searched
        if self.attention:
            rows = rows.filter(self._needs_attention)
        if self.designated:
            rows = rows.filter(self._has_designation)
        return rows

    @cached_property
    def exact_subscription(self) -> Subscription | None:
        """The one subscription whose id was searched for, if that is what was typed."""
        if canonical_guid(self.q) is None:
            return None
        found = list(self._subscriptions.identified(self.q)[:2])
        return found[0] if len(found) == 1 else None

    def heading(self) -> Heading:
        """All counts and menus in one query, of the list as it opens put into SQL once; the partners they name in
        another."""
        plain = not (self.q or self.country or self.record)
        rows = _HEADING(me=self._me, at=self.now) if plain else list(self.headings)
        if not rows:
            return Heading()
        row = rows[0]
        known = self._known({*row["partner_ids"], self.record}, row["customers_records"])
        of_customers = {one.partner_id for one in known if one.pk in row["customers_records"]}
        return Heading(
            row["everything"],
            row["needing"],
            row["having"],
            tuple(row["countries"]),
            tuple({*row["partner_ids"], *of_customers}),
            {one.partner_id: one.name for one in known},
        )

    @property
    def headings(self) -> Any:
        """The question itself, of one row."""
        searched = self._searched
        attention, designated = searched.filter(self._needs_attention), searched.filter(self._has_designation)
        of_record = self._subscriptions.filter(reseller_of_record__gt="")
        return (
            Partner.objects.filter(pk=self._me)
            .annotate(
                everything=CappedCount(searched),
                needing=CappedCount(attention),
                having=CappedCount(designated),
                countries=DistinctValues(self._own.filter(country__gt=""), "country", at_most=LONGEST_MENU),
                partner_ids=DistinctValues(of_record, "reseller_of_record", at_most=LONGEST_MENU),
                customers_records=DistinctValues(
                    self._own.filter(reseller_of_record_id__isnull=False),
                    "reseller_of_record_id",
                    at_most=LONGEST_MENU,
                ),
            )
            .values()
        )

    def _known(self, partner_ids: Collection[str], tenants: Collection[uuid.UUID]) -> list[Partner]:
        """Those of them whom we may know by name."""
        if not (found := list(filter(None, partner_ids))) and not tenants:
            return []
        named = Q(partner_id__in=found) | Q(pk__in=list(tenants))
        rows = self._partners.filter(named).exclude(partner_id="").select_related("organisation")
        return list(rows)

    # -- questions

    @property
    def _me(self):
        return self.actor.organisation.pk

    @property
    def _partners(self) -> QuerySet[Partner]:
        """Whose PartnerID we may know: a customer's reseller of record may be a partner unrelated to us (R4)."""
        visible: QuerySet[Partner] = Partner.objects.visible_to(self.actor)
        return visible

    @property
    def _own(self) -> QuerySet[CustomerRelationship]:
        return CustomerRelationship.objects.established(self.now).filter(partner_id=self._me)

    @property
    def _subscriptions(self):
        return Subscription.objects.sold_by(self._me)

    @property
    def _searched(self) -> QuerySet[CustomerRelationship]:
        rows = self._own
        if self.q:
            rows = rows.filter(self._means(self.q))
        if self.country:
            rows = rows.filter(country=self.country)
        if self.record:
            rows = rows.filter(self._of_record(self.record))
        return rows

    def _means(self, text: str) -> Q:
        """An id means exactly one thing; anything else is words, and digits may also be a PartnerID."""
        guid = canonical_guid(text)
        if guid is not None:
            return Q(customer_id=guid) | Q(
                customer_id__in=self._subscriptions.identified(text).values("customer_id")
            )
        words = query_words(text)
        if not words:
            return Q(pk__in=[])
        named = Q(pk__in=CustomerRelationship.objects.matching(self._me, words).values("pk"))
        digits = text.strip()
        return named | self._with_partner(digits) if digits.isascii() and digits.isdigit() else named

    def _of_record(self, partner_id: str) -> Q:
        """Reseller of record of any subscription, or of the customer as a whole."""
        own = self._subscriptions.filter(reseller_of_record=partner_id)
        known = self._partners.filter(partner_id=partner_id)
        return Q(customer_id__in=own.values("customer_id")) | Q(reseller_of_record_id__in=known.values("pk"))

    def _with_partner(self, partner_id: str) -> Q:
        stored = self._designations.filter(partner__partner_id=partner_id)
        return self._of_record(partner_id) | Q(customer_id__in=stored.values("subscription__customer_id"))

    @property
    def _designations(self):
        return Designation.objects.stored().filter(provider_id=self._me, subscription__status__in=LIVE)

    @property
    def _has_designation(self) -> Q:
        return Q(customer_id__in=self._designations.values("subscription__customer_id"))

    @property
    def _needs_attention(self) -> Q:
        stale = Designation.objects.touched(self._me, None, self.now).needs_attention(self.now)
        stale = stale.filter(provider_id=self._me)
        return among("customer_id", stale.values("subscription__customer_id"))


def _heading(me: uuid.UUID, at: datetime) -> Any:
    return CustomerFilter(Actor(Organisation(pk=me)), at).headings


_HEADING = Prepared(_heading, me=uuid.UUID, at=datetime)

__all__ = ["ORDERS", "CustomerFilter", "CustomerListForm", "Heading"]
