"""Everything one customer's page shows its partner's agents, assembled from rows: no request in it."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.functional import cached_property

from customers.models import CustomerRelationship, DelegatedAdmin
from portal.actor import Actor
from portal.models import Membership, Partner, State
from portal.permissions import Permission, can
from subscriptions.models import Subscription
from support_contacts.activity.entries import Entry
from support_contacts.activity.recent import log_url, recent
from support_contacts.customer_rows import SOON, days_until
from support_contacts.models import (
    Candidate,
    Contact,
    ContactKind,
    Designation,
    Reason,
    Standing,
    candidates,
    intervals,
)
from support_contacts.nearby import LISTED_AT_MOST, NAMED_AT_MOST, Nearby, nearby
from support_contacts.open_requests import OpenRequest, open_requests
from support_contacts.origin import own_page
from support_contacts.reasons import ReasonWords, cause, words
from support_contacts.steps import Step, Steps

#: Resellers listed at once; the others fold away.
LISTED = 10
#: What is worth reading first under "Resellers at …": what is known of this customer, then of the relationship.
_RANKS = {
    reason: rank
    for rank, reason in enumerate(
        (
            Reason.DELEGATED_ADMIN_REQUESTED,
            Reason.DELEGATED_ADMIN_EXPIRED,
            Reason.DELEGATED_ADMIN_ENDED,
            Reason.DELEGATED_ADMIN_DECLINED,
            Reason.DELEGATED_ADMIN_LAPSED,
            Reason.DELEGATED_ADMIN_MISSING,
            Reason.RESELLER_SUSPENDED,
            Reason.RELATIONSHIP_REQUESTED,
            Reason.RELATIONSHIP_ENDED,
            Reason.RELATIONSHIP_DECLINED,
            Reason.RELATIONSHIP_LAPSED,
            Reason.RELATIONSHIP_MISSING,
        )
    )
}
#: Reason code -> key of the status word shown beside the reseller's name.
_STATUS = {
    Reason.RESELLER_SUSPENDED: "reseller.suspended",
    **{reason: reason.value.replace("admin_", "admin.") for reason in Reason if "admin" in reason.value},
    **{
        reason: reason.value.replace("_", ".", 1)
        for reason in Reason
        if reason.value.startswith("relationship")
    },
}


class PageForm(forms.Form):
    """The address of a customer's page: the chip, and the list to come back to."""

    show = forms.ChoiceField(required=False, choices=[("designated", ""), ("new-commerce", "")])

    def clean(self):
        return {**self.cleaned_data, "from": own_page(self.data.get("from", ""))}


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """A line of the subscriptions table: whom the customer calls for it, since when, and what is wrong."""

    subscription: Subscription
    contact: Contact
    since: datetime | None
    stored: Designation | None
    is_addon: bool = False

    @property
    def why(self) -> str:
        contact = self.contact
        if not contact.needs_attention or contact.designation is None or contact.cause is None:
            return ""
        return cause(contact.cause, contact.designation.partner.name)


@dataclass(frozen=True, slots=True)
class ResellerRow:
    """A reseller of ours, as it stands at this customer."""

    candidate: Candidate
    why: ReasonWords | None
    step: Step | None = None

    @property
    def ends(self) -> datetime | None:
        return self.candidate.verdict.grant_ends_at

    @property
    def ends_soon(self) -> bool:
        return self.days_left is not None and self.days_left <= SOON.days

    @property
    def days_left(self) -> int | None:
        return days_until(self.ends) if self.ends else None

    @property
    def status(self) -> str:
        reason = self.candidate.verdict.reason
        return _STATUS[reason] if reason else "reseller.eligible"

    @property
    def is_missing(self) -> bool:
        return self.candidate.verdict.reason == Reason.DELEGATED_ADMIN_MISSING


@dataclass
class CustomerPage:
    """A customer of this partner at one instant; `show` is the chip, `origin` the list to come back to."""

    relationship: CustomerRelationship
    now: datetime
    show: str = ""
    origin: str = ""
    #: Who looks at it; nobody in particular takes no steps.
    actor: Actor | None = None

    @property
    def provider(self) -> Partner:
        return self.relationship.partner

    @property
    def customer_id(self) -> uuid.UUID:
        return self.relationship.customer_id

    @cached_property
    def nearby(self) -> Nearby:
        also = self.relationship.reseller_of_record_id
        return nearby(self.provider, self.customer_id, at=self.now, also=also)

    @property
    def standings(self) -> Mapping[Any, Standing]:
        return self.nearby.standings

    # -- our own delegated admin

    @cached_property
    def delegated_admin(self) -> DelegatedAdmin | None:
        """Ours: the one that holds longest, or else the one that changed last."""
        rows = list(self.relationship.delegated_admins.all())
        active = [row for row in rows if row.is_active(self.now)]
        if active:
            endless = [row for row in active if row.ends() is None]
            return endless[0] if endless else max(active, key=lambda row: row.ends() or self.now)
        begun = [row for row in rows if row.has_begun(self.now)]
        return max(begun, key=lambda row: row.changed_at(self.now), default=None)

    @property
    def delegated_admin_state(self) -> str:
        """Its state, in the words of a key of the status table; "active" while it holds."""
        grant = self.delegated_admin
        state = grant.state(self.now) if grant else None
        return "active" if state == State.ESTABLISHED else state.value if state else "none"

    @property
    def delegated_admin_changed(self) -> datetime | None:
        return self.delegated_admin.changed_at(self.now) if self.delegated_admin else None

    @property
    def delegated_admin_ends_soon(self) -> bool:
        ends = self.delegated_admin.ends() if self.delegated_admin else None
        return self.delegated_admin_state == "active" and ends is not None and ends - self.now <= SOON

    # -- subscriptions

    @cached_property
    def _all(self) -> list[SubscriptionRow]:
        """Every subscription of ours, add-ons after their parent, with its contact. Two queries."""
        found = list(
            Subscription.objects.sold_by(self.provider.pk)
            .filter(customer_id=self.customer_id)
            .order_by("sort_name", "pk")
        )
        # The one that stands, or stood last: whose interval this is does not depend on those before. A host whose clock
        # is ahead may have recorded one that has not begun yet.
        begun = Designation.objects.filter(provider=self.provider, started_at__lte=self.now)
        chosen: Any = begun.filter(subscription__in=found)
        newest = {
            row.subscription_id: row for row in chosen.newest_each().select_related("partner__organisation")
        }
        for row in found:
            row.provider = self.provider
        return [self._row(row, newest.get(row.pk), is_addon=addon) for row, addon in _under_parents(found)]

    def _row(self, row: Subscription, newest: Designation | None, *, is_addon: bool) -> SubscriptionRow:
        last = intervals(row, [newest] if newest else [], self.standings, self.now)[-1]
        stored = newest if newest and (newest.ended_at is None or newest.ended_at > self.now) else None
        since = last.start if last.contact.kind == ContactKind.DESIGNATED else None
        return SubscriptionRow(row, last.contact, since, stored, is_addon)

    @cached_property
    def live(self) -> list[SubscriptionRow]:
        return [row for row in self._all if row.subscription.is_live]

    @cached_property
    def ended(self) -> list[SubscriptionRow]:
        return [row for row in self._all if not row.subscription.is_live]

    @property
    def designated(self) -> list[SubscriptionRow]:
        return [row for row in self.live if row.stored is not None]

    @property
    def new_commerce(self) -> list[SubscriptionRow]:
        return [row for row in self.live if row.subscription.is_new_commerce]

    @property
    def bought_elsewhere(self) -> int:
        return sum(row.subscription.is_bought_elsewhere for row in self.live)

    @property
    def rows(self) -> list[SubscriptionRow]:
        """What the chip shows."""
        return {"designated": self.designated, "new-commerce": self.new_commerce}.get(self.show, self.live)

    # -- resellers

    @cached_property
    def _resellers(self) -> list[ResellerRow]:
        found = candidates(self.provider, self.customer_id, at=self.now, found=self.standings)
        others = sorted(
            found.unavailable, key=lambda c: _RANKS[c.verdict.reason or Reason.RELATIONSHIP_MISSING]
        )
        room = LISTED + LISTED_AT_MOST
        return [ResellerRow(c, None) for c in found.eligible] + [self._other(c) for c in others[:room]]

    def _other(self, candidate: Candidate) -> ResellerRow:
        why = words(candidate.verdict, customer=self.relationship.name, reseller=candidate.partner.name)
        step = None
        if candidate.verdict.reason == Reason.DELEGATED_ADMIN_REQUESTED and self.may_grant:
            step = Step()  # it is among the requests, with its buttons
        elif self.steps is not None:
            standing = self.standings[candidate.partner.pk]
            step = self.steps.of(standing, candidate.verdict, otherwise=why.step)
        return ResellerRow(candidate, why, step)

    @cached_property
    def steps(self) -> Steps | None:
        """What the person who looks may do about resellers that are not eligible here; back to this page."""
        if self.actor is None:
            return None
        return Steps(self.actor, self.customer_id, reverse("customers:detail", args=[self.customer_id]))

    # -- requests, and the end

    @cached_property
    def requests(self) -> list[OpenRequest]:
        """What we asked this customer for and is not answered yet."""
        return open_requests(self.actor, now=self.now, customer_id=self.customer_id) if self.actor else []

    @property
    def may_request(self) -> bool:
        return self.actor is not None and bool(can(self.actor, Permission.RELATIONSHIP_REQUEST))

    @property
    def may_grant(self) -> bool:
        return self.actor is not None and bool(can(self.actor, Permission.DELEGATED_ADMIN_REQUEST))

    @property
    def may_end(self) -> bool:
        return self.actor is not None and bool(can(self.actor, Permission.RELATIONSHIP_END))

    @property
    def sold(self) -> list[SubscriptionRow]:
        """Live subscriptions we sold: while there are some, the relationship does not end."""
        return [row for row in self.live if not row.subscription.is_bought_elsewhere]

    # -- what happened

    @cached_property
    def history(self) -> list[Entry]:
        """The newest changes at this customer, as the activity log tells them."""
        return recent(self.actor, self.customer_id, now=self.now) if self.actor else []

    @property
    def log_url(self) -> str:
        return log_url(self.actor, customer=self.customer_id)

    @cached_property
    def has_members(self) -> bool:
        return Membership.objects.filter(organisation_id=self.customer_id).exists()

    @property
    def resellers(self) -> list[ResellerRow]:
        return self._resellers[:LISTED]

    @property
    def more_resellers(self) -> list[ResellerRow]:
        return self._resellers[LISTED:]

    @property
    def more_count(self) -> int:
        """How many of our resellers stand below the first ones, also those there is no room for."""
        total = max(len(self._resellers), self.nearby.total)
        return total if total > NAMED_AT_MOST else total - len(self.resellers)

    @property
    def lists_part(self) -> bool:
        return self.nearby.total > len(self._resellers)

    @cached_property
    def reseller_of_record(self) -> str:
        """By name where it is a reseller of ours, otherwise its tenant id as given."""
        given = self.relationship.reseller_of_record_id
        known = self.standings.get(given) if given else None
        return known.reseller.name if known else str(given or "")


def _under_parents(found: Sequence[Subscription]) -> list[tuple[Subscription, bool]]:
    """Add-ons after the subscription they belong to, where that one is in the same table and no add-on itself there."""
    tables = {row.pk: row.is_live for row in found}
    addons = {row.pk for row in found if row.parent_id and tables.get(row.parent_id) == row.is_live}
    nested: dict[uuid.UUID, list[Subscription]] = defaultdict(list)
    roots: list[Subscription] = []
    for row in found:
        if row.pk in addons and row.parent_id is not None and row.parent_id not in addons:
            nested[row.parent_id].append(row)
        else:
            roots.append(row)
    listed: list[tuple[Subscription, bool]] = []
    for root in roots:
        listed.append((root, False))
        listed.extend((addon, True) for addon in nested[root.pk])
    return listed
