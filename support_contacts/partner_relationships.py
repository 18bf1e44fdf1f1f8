"""Everything a customer is shown of its partners: who asks, who may act for it, since and until when."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.functional import cached_property

from customers.models import CustomerRelationship, DelegatedAdmin
from customers.operations import LONGEST, asker_of
from portal.actor import Actor
from portal.models import Partner, State
from portal.permissions import Denied, Permission, can
from subscriptions.models import Subscription
from support_contacts.contacts import Shown, shown
from support_contacts.customer_rows import SOON, days_until
from support_contacts.ending import GoesBack, goes_back, live_sold


@dataclass(frozen=True, slots=True)
class Waiting:
    """What one partner, or a provider for its reseller, asks for: answered as one."""

    relationship: CustomerRelationship
    asker: Partner
    grants: Sequence[DelegatedAdmin]
    active_until: datetime | None
    now: datetime

    @property
    def key(self) -> uuid.UUID:
        """What a link to the answer leads to."""
        return self.grants[0].pk if self.grants else self.relationship.pk

    @property
    def partner(self) -> Partner:
        return self.relationship.partner

    @property
    def asked(self) -> CustomerRelationship | DelegatedAdmin:
        return self.grants[0] if self.grants else self.relationship

    @property
    def is_for_another(self) -> bool:
        return self.asker.pk != self.partner.pk

    @property
    def wants_relationship(self) -> bool:
        return self.relationship.state(self.now) == State.REQUESTED

    @property
    def days(self) -> int | None:
        return max((grant.days or LONGEST for grant in self.grants), default=None)

    @property
    def until(self) -> date | None:
        """The day it would end, accepted today, as the reader's calendar has it."""
        return timezone.localtime(self.now + timedelta(days=self.days)).date() if self.days else None

    @property
    def extends(self) -> bool:
        return bool(self.grants) and self.active_until is not None

    @property
    def message(self) -> str:
        return self.asked.message


@dataclass(frozen=True, slots=True)
class PartnerRow:
    """One partner of the customer. `relationship` is None where it only still sells."""

    partner: Partner
    relationship: CustomerRelationship | None
    grants: Sequence[DelegatedAdmin]
    sells: int
    supports: int
    now: datetime

    @property
    def active(self) -> list[DelegatedAdmin]:
        return [grant for grant in self.grants if grant.is_active(self.now)]

    @property
    def ends(self) -> datetime | None:
        """When its admin rights end; None also where no end was agreed."""
        ends = [grant.ends() for grant in self.active]
        return None if None in ends else max((end for end in ends if end), default=None)

    @property
    def days_left(self) -> int | None:
        return days_until(self.ends) if self.ends else None

    @property
    def ends_soon(self) -> bool:
        return self.ends is not None and self.ends - self.now <= SOON

    @property
    def rights_since(self) -> datetime | None:
        return min((grant.established_at for grant in self.active if grant.established_at), default=None)

    @property
    def last(self) -> DelegatedAdmin | None:
        """Without admin rights now: the record that changed last."""
        begun = [grant for grant in self.grants if grant.has_begun(self.now)]
        return max(begun, key=lambda grant: grant.changed_at(self.now), default=None)

    @property
    def rights(self) -> str:
        """The key of the state word."""
        if self.active:
            return "delegated_admin.ends" if self.ends_soon else "delegated_admin.active"
        if self.last is None:
            return "delegated_admin.none"
        return f"delegated_admin.{self.last.state(self.now).value}"

    @property
    def rights_changed_at(self) -> datetime | None:
        return self.last.changed_at(self.now) if self.last and not self.active else None


@dataclass
class PartnerRelationships:
    """One customer's partners at one instant."""

    actor: Actor
    now: datetime = field(default_factory=timezone.now)

    @property
    def customer_id(self) -> uuid.UUID:
        return self.actor.organisation.pk

    @property
    def may_answer(self) -> bool:
        return bool(can(self.actor, Permission.PARTNER_REQUEST_ANSWER))

    @property
    def may_end(self) -> bool:
        return bool(can(self.actor, Permission.RELATIONSHIP_END))

    @cached_property
    def _relationships(self) -> list[CustomerRelationship]:
        """Every record of this customer, the newest of a pair last."""
        return list(
            CustomerRelationship.objects.filter(customer_id=self.customer_id)
            .select_related("partner__organisation", "requested_for__organisation")
            .order_by("pk")
        )

    @cached_property
    def _grants(self) -> dict[uuid.UUID, list[DelegatedAdmin]]:
        found: dict[uuid.UUID, list[DelegatedAdmin]] = defaultdict(list)
        rows = DelegatedAdmin.objects.filter(relationship__in=self._relationships).select_related(
            "requested_for__organisation"
        )
        by_pk = {row.pk: row for row in self._relationships}
        for grant in rows.order_by("pk"):
            grant.relationship = by_pk[grant.relationship_id]
            found[grant.relationship_id].append(grant)
        return found

    @cached_property
    def contacts(self) -> list[Shown]:
        """Whom the customer calls for each live subscription."""
        rows = Subscription.objects.visible_to(self.actor).filter(customer_id=self.customer_id).live()
        return shown(
            rows.select_related("provider__organisation", "provider__support_profile").order_by(
                "sort_name", "pk"
            ),
            at=self.now,
        )

    # -- who asks

    @cached_property
    def waiting(self) -> list[Waiting]:
        """Requests to answer, newest first."""
        found = [one for row in self._relationships for one in self._waiting(row)]
        return sorted(found, key=lambda one: (one.asked.requested_at or self.now, str(one.key)), reverse=True)

    def _waiting(self, row: CustomerRelationship) -> Iterator[Waiting]:
        state = row.state(self.now)
        if state not in (State.REQUESTED, State.ESTABLISHED):
            return
        by_asker: dict[uuid.UUID, list[DelegatedAdmin]] = defaultdict(list)
        partners = {row.partner_id: row.partner}
        for grant in self._grants[row.pk]:
            if grant.state(self.now) == State.REQUESTED:
                by_asker[asker_of(grant)].append(grant)
                if grant.requested_for:
                    partners[grant.requested_for.pk] = grant.requested_for
        if not by_asker and state == State.REQUESTED:
            if row.requested_for:
                partners[row.requested_for.pk] = row.requested_for
            by_asker[asker_of(row)] = []
        active = self._row_of(row.partner, row)
        for asker, grants in by_asker.items():
            yield Waiting(row, partners[asker], grants, active.ends if active.active else None, self.now)

    # -- who may act

    @cached_property
    def partners(self) -> list[PartnerRow]:
        """Whoever has an established relationship or sells something that is live: sellers first, then by name."""
        partners = {
            row.partner_id: (row.partner, row)
            for row in self._relationships
            if row.state(self.now) == State.ESTABLISHED
        }
        for one in self.contacts:
            provider = one.subscription.provider
            partners.setdefault(provider.pk, (provider, None))  # type: ignore[arg-type]
        rows = [self._row_of(partner, row) for partner, row in partners.values()]
        return sorted(
            rows, key=lambda row: (-row.sells, row.partner.organisation.sort_name, str(row.partner.pk))
        )

    @cached_property
    def _counts(self) -> tuple[Counter, Counter]:
        sells = Counter(
            one.subscription.provider_id for one in self.contacts if not one.subscription.is_bought_elsewhere
        )
        return sells, Counter(one.partner.pk for one in self.contacts)

    def _row_of(self, partner: Partner, row: CustomerRelationship | None) -> PartnerRow:
        sells, supports = self._counts
        grants = self._grants[row.pk] if row else []
        return PartnerRow(partner, row, grants, sells[partner.pk], supports[partner.pk], self.now)


@dataclass
class PartnerPage:
    """One partner, as the customer sees it: what it may do, what it did before, and what can be ended."""

    all: PartnerRelationships
    row: PartnerRow

    @property
    def partner(self) -> Partner:
        return self.row.partner

    @property
    def relationship(self) -> CustomerRelationship | None:
        return self.row.relationship

    @property
    def waiting(self) -> list[Waiting]:
        return [one for one in self.all.waiting if one.partner.pk == self.partner.pk]

    @property
    def supported(self) -> list[Shown]:
        return [one for one in self.all.contacts if one.partner.pk == self.partner.pk]

    @property
    def goes_back(self) -> list[GoesBack]:
        return goes_back(self.all.contacts, self.partner.pk)

    @cached_property
    def left(self) -> Sequence[Subscription]:
        """Live subscriptions it sold: what keeps the relationship from ending."""
        return live_sold(self.relationship) if self.relationship else []

    @property
    def registered(self) -> int:
        """Subscriptions bought elsewhere that it added for support: they go with it."""
        return sum(
            one.subscription.is_bought_elsewhere and one.subscription.provider_id == self.partner.pk
            for one in self.all.contacts
        )

    @property
    def earlier(self) -> list[tuple[DelegatedAdmin, str, datetime]]:
        """Admin rights and requests that are over: what became of each, and when."""
        over = [
            (grant, grant.state(self.row.now), grant.changed_at(self.row.now))
            for grant in self.row.grants
            if grant.state(self.row.now) not in (State.ESTABLISHED, State.REQUESTED)
        ]
        return [(grant, f"delegated_admin.{state.value}", at) for grant, state, at in reversed(over)]

    @property
    def who_may_end(self) -> Denied | None:
        verdict = can(self.all.actor, Permission.RELATIONSHIP_END)
        return verdict if isinstance(verdict, Denied) else None


def page_of(actor: Actor, partner_id: uuid.UUID) -> PartnerPage | None:
    """A partner that may act for this customer, sells to it, or asks; None for anybody else."""
    everybody = PartnerRelationships(actor)
    row = next((row for row in everybody.partners if row.partner.pk == partner_id), None)
    return PartnerPage(everybody, row) if row else None
