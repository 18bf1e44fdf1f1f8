"""What a partner has asked customers for and nobody has answered yet."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Q

from customers.models import CustomerRelationship, DelegatedAdmin
from customers.operations import asker_of
from portal.actor import Actor
from portal.among import there_is
from portal.models import Partner, State
from portal.permissions import Permission, can
from support_contacts.attention import names_of


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A request of ours that waits: for whom, what, until when. `days` is None for a relationship alone."""

    relationship: CustomerRelationship
    grant: DelegatedAdmin | None
    may_act: bool
    #: What we call the customer. The relationship may be our reseller's, and its words are not ours to read.
    customer: str

    @property
    def partner(self) -> Partner:
        return self.relationship.partner

    @property
    def asked(self) -> CustomerRelationship | DelegatedAdmin:
        return self.grant or self.relationship

    @property
    def days(self) -> int | None:
        return self.grant.days if self.grant else None

    @property
    def requested_at(self) -> datetime | None:
        return self.asked.requested_at

    @property
    def lapses_at(self) -> datetime | None:
        return self.asked.lapses_at

    @property
    def with_relationship(self) -> bool:
        """The relationship itself is asked for, too."""
        return self.relationship.established_at is None


def open_requests(
    actor: Actor, *, now: datetime, customer_id: uuid.UUID | None = None, newcomers: bool = False
) -> list[OpenRequest]:
    """Requests this organisation made that wait, newest first: at one customer, or (`newcomers`) where the
    relationship is what waits. Two queries, and one more where some are for resellers, however many there are.
    """
    me = actor.organisation.pk
    waiting = DelegatedAdmin.objects.filter(
        requested_for_id=me, established_at=None, ended_at=None, lapses_at__gt=now
    )
    rows = CustomerRelationship.objects.filter(
        Q(established_at=None, lapses_at__gt=now) & (Q(partner_id=me) | Q(requested_for_id=me))
        | there_is(waiting.filter(relationship=OuterRef("pk"))),
        ended_at=None,
    ).select_related("partner__organisation", "customer__organisation")
    if customer_id is not None:
        rows = rows.filter(customer_id=customer_id)
    if newcomers:
        rows = rows.filter(established_at=None, partner_id=me)
    found = list(rows.order_by("-requested_at", "-pk")[:100])
    grants = {grant.relationship_id: grant for grant in waiting.filter(relationship__in=found).order_by("pk")}
    names = names_of(me, {row.customer_id for row in found if row.partner_id != me})
    listed = [_request(row, grants.get(row.pk), actor, names) for row in found]
    return [
        one
        for one in listed
        if one.grant is not None or (asker_of(one.relationship) == me and _waits(one.relationship, now))
    ]


def _request(
    row: CustomerRelationship,
    grant: DelegatedAdmin | None,
    actor: Actor,
    names: Mapping[uuid.UUID, str],
) -> OpenRequest:
    needed = Permission.DELEGATED_ADMIN_REQUEST if grant else Permission.RELATIONSHIP_REQUEST
    own = row.partner_id == actor.organisation.pk
    customer = row.name if own else names.get(row.customer_id, str(row.customer_id))
    return OpenRequest(row, grant, bool(can(actor, needed)), customer)


def _waits(row: CustomerRelationship, now: datetime) -> bool:
    return row.state(now) == State.REQUESTED
