"""Lines of the log: each event in words, who did it, about which customer and subscription, and where to read on."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from customers.models import CustomerRelationship
from portal.actor import Actor, ActorKind
from portal.models import AuditEvent, State
from portal.permissions import Permission, can
from portal.who import names_of, who_of
from subscriptions.models import Subscription
from support_contacts.activity.happened import Change, happened, people_in


@dataclass(frozen=True, slots=True)
class Place:
    """A customer or a subscription as the organisation calls it; `url` while its page is still theirs to see."""

    id: uuid.UUID
    name: str
    url: str = ""
    public_id: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as a reader of its organisation reads it."""

    event: AuditEvent
    sentence: str
    changes: Sequence[Change]
    who: str
    #: The acting organisation; a customer as its partner calls it, like everywhere else.
    organisation: str
    #: The id to narrow the log by; nothing where the person is another organisation's.
    who_id: uuid.UUID | None = None
    customer: Place | None = None
    subscription: Place | None = None

    @property
    def at(self) -> datetime:
        return self.event.at

    @property
    def role(self) -> str:
        """The role that allowed it, where that says more than the name."""
        role = self.event.role_label
        return "" if role == self.who else role

    @property
    def channel(self) -> str:
        return self.event.get_channel_display()

    @property
    def note(self) -> str:
        return self.event.note.text if hasattr(self.event, "note") else ""


def entries(actor: Actor, events: Iterable[AuditEvent], *, now: datetime, origin: str = "") -> list[Entry]:
    """These events of the actor's organisation, loaded with their notes. Four queries at most, whatever their number.

    `origin` is the page of ours that links lead back to.
    """
    rows = list(events)
    me = actor.organisation.pk
    people = names_of(rows, me, colleagues=people_in(rows))
    customers = _customers(actor, {row.customer_id for row in rows if row.customer_id}, now, origin)
    subscriptions = _subscriptions(
        actor, {row.subscription_id for row in rows if row.subscription_id}, customers, origin
    )
    return [_entry(row, me, people, customers, subscriptions) for row in rows]


def _entry(
    event: AuditEvent,
    me: uuid.UUID,
    people: Mapping[uuid.UUID, str],
    customers: Mapping[uuid.UUID, Place],
    subscriptions: Mapping[uuid.UUID, Place],
) -> Entry:
    customer = _place(event.customer_id, customers, event) if event.customer_id != me else None
    told = happened(event, people=people, customer=customer.name if customer else "")
    subscription = subscriptions.get(event.subscription_id) if event.subscription_id else None
    is_ours = event.actor_id is not None and event.actor_organisation_id == me
    acted_for = event.actor_organisation_name
    if customer is not None and event.actor_organisation_id == customer.id:
        acted_for = customer.name
    is_theirs = event.actor_id is not None and not is_ours
    return Entry(
        event,
        told.sentence,
        told.changes,
        (acted_for if is_theirs else who_of(event, people, me)) or _nobody(event),
        acted_for,
        event.actor_id if is_ours else None,
        customer,
        subscription,
    )


def _place(pk: uuid.UUID | None, known: Mapping[uuid.UUID, Place], event: AuditEvent) -> Place | None:
    """What we call it; otherwise what the event calls it, at last its id."""
    if pk is None or pk in known:
        return known.get(pk) if pk else None
    said = event.after.get("customer")
    name = said.get("name") if isinstance(said, dict) else ""
    return Place(pk, str(name or pk))


def _nobody(event: AuditEvent) -> str:
    if event.actor_kind == ActorKind.SYSTEM:
        return _("The portal")
    if event.actor_kind == ActorKind.OPERATOR:
        return _("An operator")
    return _("Somebody whose name is not kept")


def _customers(actor: Actor, ids: set[uuid.UUID], now: datetime, origin: str) -> dict[uuid.UUID, Place]:
    """What this organisation calls them, its latest record first to speak."""
    ids.discard(actor.organisation.pk)
    if not ids or not actor.organisation.is_partner:
        return {}
    rows = CustomerRelationship.objects.filter(partner_id=actor.organisation.pk, customer_id__in=ids)
    opens = actor.is_provider and bool(can(actor, Permission.CUSTOMER_VIEW))
    places: dict[uuid.UUID, Place] = {}
    for row in rows.order_by("established_at", "pk"):
        shows = opens and row.state(now) == State.ESTABLISHED
        url = _leading(reverse("customers:detail", args=[row.customer_id]), origin) if shows else ""
        if not (places.get(row.customer_id) and places[row.customer_id].url and not url):
            places[row.customer_id] = Place(row.customer_id, row.name, url)
    return places


def _subscriptions(
    actor: Actor, ids: set[uuid.UUID], customers: Mapping[uuid.UUID, Place], origin: str
) -> dict[uuid.UUID, Place]:
    """Those this organisation sold or registered; with a way to each while its customer's page is theirs to see."""
    if not ids or not actor.is_provider:
        return {}
    found = {}
    for row in Subscription.objects.sold_by(actor.organisation.pk).filter(pk__in=ids):
        customer = customers.get(row.customer_id)
        shows = customer is not None and customer.url
        url = reverse("customers:subscription", args=[row.customer_id, row.public_id])
        found[row.pk] = Place(row.pk, row.name, _leading(url, origin) if shows else "", row.public_id)
    return found


def _leading(url: str, origin: str) -> str:
    return f"{url}?{urlencode({'from': origin})}" if origin else url
