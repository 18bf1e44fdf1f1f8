"""Everything the subscription page shows, assembled from rows: one object a page, no request in it."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone
from django.utils.functional import cached_property

from customers.models import CustomerRelationship
from portal.actor import Actor
from portal.errors import NotVisible
from portal.models import Partner
from portal.names import fold
from portal.permissions import Permission, can
from subscriptions.models import Subscription
from support_contacts import subscription_rows
from support_contacts.activity.recent import log_url
from support_contacts.models import (
    Candidate,
    Candidates,
    Contact,
    ContactKind,
    Designation,
    Standing,
    candidates,
    contact_at,
)
from support_contacts.nearby import LISTED_AT_MOST, NAMED_AT_MOST, Nearby, nearby
from support_contacts.reasons import ReasonWords, cause, words
from support_contacts.steps import Step, Steps
from support_contacts.subscription_history import History

#: Above this many eligible resellers the picker shows the first ones and asks for a name.
SHOWN_AT_MOST = 50


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A reseller under *Not available*."""

    candidate: Candidate
    why: ReasonWords
    step: Step


@dataclass
class SubscriptionPage:
    """One subscription for an agent of its provider, at one instant."""

    actor: Actor
    subscription: Subscription
    relationship: CustomerRelationship
    now: datetime
    find: str = ""
    chosen: uuid.UUID | None = None
    # Add-ons as the person ticked them; None where nobody has yet.
    ticked: Collection[uuid.UUID] | None = None
    #: Where the part of the history that is shown ends.
    before: datetime | None = None
    #: This page with the list it was reached from: where a step towards a reseller comes back to.
    origin: str = ""

    @property
    def customer_name(self) -> str:
        return self.relationship.name

    @property
    def provider(self) -> Partner:
        return self.subscription.provider

    @cached_property
    def reseller_of_record(self) -> str:
        """The reseller of record by name where we know it, otherwise the PartnerID as given."""
        given = self.subscription.reseller_of_record
        known = (s.reseller for s in self.standings.values() if s.reseller.partner_id == given)
        return next((reseller.name for reseller in known), given) if given else ""

    @property
    def may_assign(self):
        return can(self.actor, Permission.CONTACT_ASSIGN)

    @property
    def takes_a_choice(self) -> bool:
        """Live and outside new commerce: the section offers a choice."""
        return self.subscription.is_live and not self.subscription.is_new_commerce

    @cached_property
    def nearby(self) -> Nearby:
        row = self.subscription
        return nearby(
            self.provider, row.customer_id, at=self.now, of_record=row.reseller_of_record, find=self.find
        )

    @property
    def standings(self) -> Mapping[uuid.UUID, Standing]:
        return self.nearby.standings

    @cached_property
    def candidates(self) -> Candidates:
        return candidates(
            self.provider,
            self.subscription.customer_id,
            at=self.now,
            of_record=self.subscription.reseller_of_record,
            found=self.standings,
        )

    @cached_property
    def contact(self) -> Contact:
        """Whom the customer is shown now (R7)."""
        return contact_at(self.subscription, self.history.newest, self.standings, self.now)

    @property
    def stored(self) -> Designation | None:
        return next((d for d in self.history.newest if d.ended_at is None), None)

    @property
    def fallback_cause(self) -> str:
        """Why the stored designation is not in force; empty where it is, or where there is none."""
        contact = self.contact
        if contact.kind != ContactKind.FALLBACK or contact.designation is None or contact.cause is None:
            return ""
        return cause(contact.cause, contact.designation.partner.name)

    @property
    def preselected(self) -> uuid.UUID | None:
        """The current contact, unless a stored designation is out of force: then nothing, so that no absent-minded
        Submit ends it."""
        if self.chosen is not None:
            return self.chosen
        if self.contact.kind == ContactKind.FALLBACK or self.contact.partner is None:
            return None
        return self.contact.partner.pk

    # -- the picker

    @property
    def eligible_count(self) -> int:
        return len(self.candidates.eligible) + 1

    @property
    def shows_part(self) -> bool:
        return not self.find and len(self.candidates.eligible) > SHOWN_AT_MOST

    @cached_property
    def shown(self) -> list[Candidate]:
        """Eligible resellers as the picker lists them: all, the first fifty, or those found; the chosen one always."""
        listed = [c for c in self.candidates.eligible if self._is_found(c)]
        first = listed[:SHOWN_AT_MOST]
        keep = {self.chosen, self.contact.partner.pk if self.contact.partner else None}
        return first + [c for c in self.candidates.eligible if c.partner.pk in keep and c not in first]

    @cached_property
    def unavailable(self) -> list[Unavailable]:
        """As many as the page has room for; the others are found by name or PartnerID."""
        found = [c for c in self.candidates.unavailable if self._is_found(c)]
        return [self._unavailable(c) for c in found[:LISTED_AT_MOST]]

    @property
    def unavailable_count(self) -> int:
        """More than NAMED_AT_MOST of many: nobody counts them."""
        total = self.nearby.total
        return total if total > NAMED_AT_MOST else total - len(self.candidates.eligible)

    @property
    def lists_part(self) -> bool:
        """Of those not available more answer, or may, than are listed."""
        if self.nearby.total > NAMED_AT_MOST:
            return not self.find or len(self.unavailable) >= LISTED_AT_MOST
        return len(self.unavailable) >= LISTED_AT_MOST and self.unavailable_count > LISTED_AT_MOST

    @cached_property
    def steps(self) -> Steps:
        """What this person may do about it; every step comes back to this page."""
        return Steps(self.actor, self.subscription.customer_id, self.origin)

    def _unavailable(self, candidate: Candidate) -> Unavailable:
        why = words(candidate.verdict, customer=self.customer_name, reseller=candidate.partner.name)
        standing = self.standings[candidate.partner.pk]
        return Unavailable(candidate, why, self.steps.of(standing, candidate.verdict, otherwise=why.step))

    @property
    def finds_nothing(self) -> bool:
        return (
            bool(self.find)
            and not self.unavailable
            and not any(self._is_found(c) for c in self.candidates.eligible)
        )

    def _is_found(self, candidate: Candidate) -> bool:
        wanted = fold(self.find)
        partner = candidate.partner
        return not wanted or wanted in partner.organisation.sort_name or partner.partner_id.startswith(wanted)

    # -- add-ons

    @cached_property
    def addons(self) -> list[tuple[Subscription, bool, bool]]:
        """Live legacy add-ons, each with whether it has the parent's contact, and whether its box is ticked.

        Those with the parent's contact go along unless unticked (R6 keeps what the person ticked).
        """
        rows = subscription_rows.ADDONS(provider=self.provider.pk, parent=self.subscription.pk, at=self.now)
        own = self.contact.partner.pk if self.contact.partner else None
        found = []
        for row in rows:
            same = (row.designated or self.provider.pk) == own
            found.append((row, same, same if self.ticked is None else row.pk in self.ticked))
        return found

    # -- history

    @cached_property
    def history(self) -> History:
        return History(self.actor, self.subscription, self.standings, self.now, self.before)

    @property
    def log_url(self) -> str:
        return log_url(self.actor, subscription=self.subscription.pk)

    @property
    def today(self) -> date:
        return timezone.localtime(self.now).date()

    @property
    def first_day(self) -> date:
        return timezone.localtime(min(self.subscription.began_at, self.subscription.recorded_at)).date()


def page_for(
    actor: Actor,
    subscription: Subscription,
    *,
    find: str = "",
    chosen: uuid.UUID | None = None,
    ticked: Collection[uuid.UUID] | None = None,
    before: datetime | None = None,
    now: datetime | None = None,
) -> SubscriptionPage:
    """The page of a subscription this actor's organisation sold, as `subscription_rows.own` found it.

    Raises NotVisible where it is not theirs to see.
    """
    # A host whose clock is behind the one that recorded the subscription still shows it (hosts' clocks differ).
    at = max(now or timezone.now(), subscription.recorded_at)
    relationship = subscription_rows.relationship_of(subscription)
    if relationship is None:
        raise NotVisible
    return SubscriptionPage(actor, subscription, relationship, at, find, chosen, ticked, before)


def others_supported_by(subscription: Subscription, partner_id: uuid.UUID, *, now: datetime) -> int:
    """How many more of this customer's subscriptions from the same provider this partner supports now."""
    others = (
        Subscription.objects.sold_by(subscription.provider_id)
        .filter(customer_id=subscription.customer_id)
        .designatable()
        .exclude(pk=subscription.pk)
    )
    in_force = Designation.objects.in_force(now).filter(subscription__in=others)
    if partner_id != subscription.provider_id:
        return in_force.filter(partner_id=partner_id).count()
    return others.exclude(pk__in=in_force.values("subscription_id")).count()


__all__: Sequence[str] = [
    "SHOWN_AT_MOST",
    "SubscriptionPage",
    "Unavailable",
    "others_supported_by",
    "page_for",
]
