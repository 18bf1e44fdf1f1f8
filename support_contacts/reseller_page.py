"""Everything one reseller's page shows its provider's agents, assembled from rows: no request in it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import urlencode

from django.db.models import OuterRef
from django.urls import reverse

from customers.models import CustomerRelationship, DelegatedAdmin, active_grant
from portal.actor import Actor
from portal.models import Action, AuditEvent, Partner, PartnerSuspension, ResellerRelationship, State
from portal.permissions import Permission, can
from portal.templatetags.statuses import STATUSES
from portal.who import names_of, who_of
from subscriptions.models import LIVE
from support_contacts.contacts import standings_of
from support_contacts.models import Designation, force
from support_contacts.reasons import cause
from support_contacts.reseller_rows import AgreementWarning, Load, loads_of

#: Rows of a list that stands on this page in part.
LISTED = 10
_ACTIONS = {
    Action.RESELLER_RELATIONSHIP_REQUESTED: State.REQUESTED,
    Action.RESELLER_RELATIONSHIP_ESTABLISHED: State.ESTABLISHED,
    Action.RESELLER_RELATIONSHIP_DECLINED: State.DECLINED,
    Action.RESELLER_RELATIONSHIP_WITHDRAWN: State.WITHDRAWN,
    Action.RESELLER_RELATIONSHIP_ENDED: State.ENDED,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One turn in the life of the relationship. `who` is a person of ours; of the others only the organisation."""

    state: str
    at: datetime
    who: str = ""
    role: str = ""
    organisation: str = ""
    note: str = ""
    lapses_at: datetime | None = None
    is_now: bool = False

    @property
    def word(self) -> str:
        return str(STATUSES[f"relationship.{self.state}"].word)


@dataclass(frozen=True, slots=True)
class Supported:
    """A designation of this reseller by us."""

    designation: Designation
    customer: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class AtCustomer:
    """A customer of ours at which the reseller holds delegated admin."""

    relationship: CustomerRelationship
    ends_at: datetime | None


@dataclass(frozen=True)
class ResellerPage:
    """One reseller as its provider sees it: all records between the two, never none."""

    actor: Actor
    records: Sequence[ResellerRelationship]
    now: datetime

    @property
    def reseller(self) -> Partner:
        return self.records[0].reseller

    @cached_property
    def relationship(self) -> ResellerRelationship:
        """The record that says how it stands: the open one, otherwise the one that closed last."""
        return next(
            (row for row in self.records if row.ended_at is None),
            max(self.records, key=lambda row: (row.ended_at or self.now, str(row.pk))),
        )

    @property
    def state(self) -> str:
        state = self.relationship.state(self.now)
        return (State.ENDED if state == State.EXPIRED else state).value

    @property
    def waits(self) -> bool:
        return self.state == State.REQUESTED

    @property
    def is_established(self) -> bool:
        return self.state == State.ESTABLISHED

    @property
    def is_over(self) -> bool:
        """Nothing is open: it can be requested again."""
        return not (self.waits or self.is_established)

    @property
    def changed_at(self) -> datetime:
        return self.relationship.changed_at(self.now)

    @property
    def agreement(self) -> AgreementWarning:
        return AgreementWarning(self.relationship.agreement_valid_until, self.is_established)

    @property
    def may_request(self) -> bool:
        return bool(can(self.actor, Permission.RELATIONSHIP_REQUEST))

    @property
    def may_end(self) -> bool:
        return bool(can(self.actor, Permission.RELATIONSHIP_END))

    @cached_property
    def suspension(self) -> PartnerSuspension | None:
        return PartnerSuspension.objects.at(self.now).filter(partner=self.reseller).first()

    # -- what it does for us

    @cached_property
    def load(self) -> Load:
        pk = self.reseller.pk
        return loads_of(self._me, [pk], [pk] if self.is_established else [], now=self.now)[pk]

    @property
    def stands(self) -> int:
        """Designations that are stored, whether or not they hold."""
        return self.load.designations + self.load.attention

    @property
    def does_something(self) -> bool:
        """There is more to show than how it stands."""
        return self.is_established or self.stands > 0

    @cached_property
    def designations(self) -> list[Supported]:
        """The first of its designations with us: what needs attention first, then the newest."""
        rows = list(
            Designation.objects.at_customers_of(self._me, self.now)
            .stored()
            .filter(partner_id=self.reseller.pk, subscription__status__in=LIVE)
            .with_force(self.now)
            .select_related("subscription", "partner__organisation")
            .order_by("holds", "-started_at", "-pk")[:LISTED]
        )
        idle = [row for row in rows if not row.holds]
        standings = standings_of(idle)
        names = self._customer_names({row.subscription.customer_id for row in rows})
        told = []
        for row in rows:
            customer_id, why = row.subscription.customer_id, ""
            if row in idle:
                judged = force(row, standings[self._me, self.reseller.pk, customer_id], at=self.now)
                why = cause(judged, self.reseller.name)
            told.append(Supported(row, names.get(customer_id) or str(customer_id), why))
        return told

    @property
    def all_designations_url(self) -> str:
        """The list of these designations alone."""
        return f"{reverse('contacts:list')}?{urlencode({'partner': self.reseller.pk})}"

    @cached_property
    def customers(self) -> list[AtCustomer]:
        """The first customers of ours at which it holds delegated admin; told only of a reseller of ours."""
        if not self.is_established:
            return []
        rows = list(
            CustomerRelationship.objects.established(self.now)
            .filter(active_grant(self.reseller.pk, OuterRef("customer"), self.now), partner_id=self._me)
            .order_by("sort_name", "pk")[:LISTED]
        )
        ends: dict[uuid.UUID, list[datetime | None]] = {row.customer_id: [] for row in rows}
        grants = DelegatedAdmin.objects.active(self.now).filter(
            relationship__partner_id=self.reseller.pk, relationship__customer_id__in=list(ends)
        )
        for grant in grants.select_related("relationship"):
            ends[grant.relationship.customer_id].append(grant.ends())
        return [AtCustomer(row, _last(ends[row.customer_id])) for row in rows]

    @property
    def more_customers(self) -> int:
        return max(0, self.load.customers - len(self.customers))

    # -- its life

    @cached_property
    def history(self) -> list[Entry]:
        """Every turn of every record, newest first. A lapse has no event: the clock made it."""
        turns = [(row, state, at) for row in self.records for state, at in _turns(row, self.now)]
        turns.sort(key=lambda turn: (turn[2], turn[1] != State.REQUESTED, str(turn[0].pk)), reverse=True)
        events = self._events({at for _row, _state, at in turns})
        people = names_of(events.values(), self._me)
        return [
            self._entry(row, state, at, events.get((state, at)), people, is_now=number == 0)
            for number, (row, state, at) in enumerate(turns)
        ]

    def _entry(
        self,
        row: ResellerRelationship,
        state: State,
        at: datetime,
        event: AuditEvent | None,
        people: dict[uuid.UUID, str],
        *,
        is_now: bool,
    ) -> Entry:
        is_theirs = event is not None and event.actor_organisation_id != self._me
        who = who_of(event, people, self._me) if event is not None and not is_theirs else ""
        if state == State.REQUESTED and not who and row.requested_by:
            who = row.requested_by.name
        note = event.note.text if event and hasattr(event, "note") else ""
        return Entry(
            state.value,
            at,
            who=who,
            role=event.role_label if event and who else "",
            organisation=event.actor_organisation_name if event and is_theirs else "",
            note=row.message if state == State.REQUESTED else note,
            lapses_at=row.lapses_at if state == State.REQUESTED else None,
            is_now=is_now and not self.is_over,
        )

    def _events(self, instants: set[datetime]) -> dict[tuple[State, datetime], AuditEvent]:
        rows = AuditEvent.objects.visible_to(self.actor).filter(
            at__in=instants, action__in=list(_ACTIONS), partner_ids__contains=[self.reseller.pk]
        )
        return {(_ACTIONS[Action(row.action)], row.at): row for row in rows.select_related("note")}

    # -- parts

    @property
    def _me(self) -> uuid.UUID:
        return self.actor.organisation.pk

    def _customer_names(self, customers: set[uuid.UUID]) -> dict[uuid.UUID, str]:
        rows = CustomerRelationship.objects.filter(partner_id=self._me, customer_id__in=customers)
        return {row.customer_id: row.name for row in rows.order_by("established_at", "pk")}


def _turns(row: ResellerRelationship, now: datetime) -> list[tuple[State, datetime]]:
    """When this record changed its state, and to what."""
    turns = [(State.REQUESTED, row.requested_at), (State.ESTABLISHED, row.established_at)]
    if row.ended_at is not None:
        how = State(row.ended_as)
        turns.append((State.ENDED if how == State.EXPIRED else how, row.ended_at))
    elif row.state(now) == State.LAPSED:
        turns.append((State.LAPSED, row.lapses_at))
    return [(state, at) for state, at in turns if at is not None and at <= now]


def _last(ends: Sequence[datetime | None]) -> datetime | None:
    """When the last of several grants ends; None for never."""
    return None if None in ends else max((end for end in ends if end is not None), default=None)


def page_of_reseller(actor: Actor, tenant: uuid.UUID, *, now: datetime) -> ResellerPage | None:
    """The page of a partner this provider has or had something with; None for anybody else."""
    rows = (
        ResellerRelationship.objects.visible_to(actor)
        .filter(provider_id=actor.organisation.pk, reseller_id=tenant)
        .select_related("reseller__organisation", "provider__organisation", "requested_by")
        .order_by("pk")
    )
    records = list(rows)
    return ResellerPage(actor, records, now) if records else None
