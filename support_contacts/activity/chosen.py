"""Which events answer an address: its filters, resolved to ids, and the rows.

Every question starts from the organisation's own events, so nobody else's can answer. An id that is not theirs finds
nothing.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet, UUIDField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from customers.models import CustomerRelationship
from portal.actor import Actor
from portal.identifiers import canonical_guid
from portal.models import Action, AuditEvent, Credential, Membership, User
from portal.names import fold, query_words
from subscriptions.models import Subscription
from support_contacts.counting import COUNTED
from support_contacts.filters import LONGEST_MENU

#: How many of those that words can mean are offered to choose from.
OFFERED = 10


@dataclass(frozen=True, slots=True)
class Found:
    """What somebody's words mean: one thing, one of several, or nothing."""

    id: uuid.UUID | None = None
    name: str = ""
    several: Sequence[tuple[uuid.UUID, str]] = ()

    @property
    def is_one(self) -> bool:
        return self.id is not None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters of one address. `customer` and `subscription` are None where nobody asked for one."""

    since: datetime | None = None
    until: datetime | None = None
    person: uuid.UUID | None = None
    customer: Found | None = None
    subscription: Found | None = None
    action: str = ""
    channel: str = ""

    @property
    def is_clear(self) -> bool:
        """Every word means one thing: there are rows to ask for."""
        return all(found is None or found.is_one for found in (self.customer, self.subscription))


def wanted(actor: Actor, data: Mapping[str, Any], since: datetime | None, until: datetime | None) -> Wanted:
    """The filters of a validated address."""
    customer = customer_meant(actor, data["customer"]) if data["customer"] else None
    subscription = None
    if data["subscription"] and (customer is None or customer.is_one):
        subscription = subscription_meant(actor, data["subscription"], customer.id if customer else None)
    return Wanted(since, until, data["person"], customer, subscription, data["action"], data["channel"])


def events(actor: Actor, asked: Wanted) -> QuerySet[AuditEvent]:
    """The organisation's own events that answer, in no order yet."""
    rows: QuerySet[AuditEvent] = AuditEvent.objects.visible_to(actor)
    if asked.since:
        rows = rows.filter(at__gte=asked.since)
    if asked.until:
        rows = rows.filter(at__lt=asked.until)
    if asked.person:
        # Of other organisations' people no reader is told which one it was, by no filter either.
        rows = rows.filter(actor_id=asked.person, actor_organisation_id=actor.organisation.pk)
    if asked.customer:
        rows = rows.filter(customer_id=asked.customer.id)
    if asked.subscription:
        rows = rows.filter(subscription_id=asked.subscription.id)
    if asked.action:
        rows = rows.filter(action=asked.action)
    if asked.channel:
        rows = rows.filter(channel=asked.channel)
    return rows


def counted(rows: QuerySet[AuditEvent]) -> QuerySet[Any]:
    """What a total counts: the newest, to the cap and one more. In order, so that it is read off an index as well."""
    return rows.order_by("-at", "-pk").values("pk")[: COUNTED + 1]


def customer_meant(actor: Actor, text: str) -> Found:
    """An id means itself; words mean customers of ours, past ones too."""
    own = CustomerRelationship.objects.filter(partner_id=actor.organisation.pk)
    guid = canonical_guid(text)
    if guid is not None:
        named = own.filter(customer_id=guid).order_by("-established_at", "-pk").first()
        return Found(guid, named.name if named else str(guid))
    words = query_words(text)
    if not words:
        return Found()
    rows = CustomerRelationship.objects.matching(actor.organisation.pk, words).order_by("sort_name", "pk")
    return _one_of({row.customer_id: row.name for row in rows[: OFFERED * 2]})


def subscription_meant(actor: Actor, text: str, customer_id: uuid.UUID | None) -> Found:
    """An id means itself; words mean subscriptions of that customer."""
    own = Subscription.objects.sold_by(actor.organisation.pk)
    guid = canonical_guid(text)
    if guid is not None:
        row = own.named(text).first()
        return Found(row.pk, row.name) if row else Found(guid, str(guid))
    folded = fold(text)
    if not folded or customer_id is None:
        return Found()
    rows = own.filter(customer_id=customer_id, sort_name__contains=folded).order_by("sort_name", "pk")
    return _one_of({row.pk: f"{row.name} · {row.public_id}" for row in rows[: OFFERED + 1]})


def people(actor: Actor) -> list[tuple[str, list[tuple[str, str]]]]:
    """Who can be chosen: members, those who were, integrations; groups of a select. Three queries."""
    me = actor.organisation.pk
    now_here = dict(
        User.objects.filter(pk__in=Membership.objects.visible_to(actor).values("user"))
        .order_by("name", "pk")
        .values_list("pk", "name")[:LONGEST_MENU]
    )
    removed = (
        AuditEvent.objects.visible_to(actor)
        .filter(action=Action.MEMBER_REMOVED)
        .annotate(subject=Cast(KeyTextTransform("user", "before"), UUIDField()))
        .order_by("-at", "-pk")
        .values("subject")[:LONGEST_MENU]
    )
    former = User.objects.filter(pk__in=removed).exclude(pk__in=list(now_here)).order_by("name", "pk")
    integrations = Credential.objects.filter(organisation_id=me).order_by("name", "pk")
    groups = [
        (_("Members"), list(now_here.items())),
        (_("Former members"), list(former.values_list("pk", "name")[:LONGEST_MENU])),
        (_("Integrations"), list(integrations.values_list("pk", "name")[:LONGEST_MENU])),
    ]
    return [(group, [(str(pk), name) for pk, name in rows]) for group, rows in groups if rows]


def _one_of(names: Mapping[uuid.UUID, str]) -> Found:
    if len(names) == 1:
        return Found(*next(iter(names.items())))
    return Found(several=list(names.items())[:OFFERED])
