"""The rows of the subscription page: questions that are always the same, each put into SQL once."""

import uuid
from datetime import datetime
from typing import Any

from django.db.models import FilteredRelation, OuterRef, Q, Subquery
from django.utils import timezone

from customers.models import CustomerRelationship
from portal.actor import Actor
from portal.among import among
from portal.identifiers import canonical_guid
from portal.models import AuditEvent, Organisation, established
from portal.prepared import Prepared
from portal.who import with_names
from subscriptions.models import Subscription
from support_contacts.models import Designation
from support_contacts.operations.choose import DECIDING

#: Lines of one part of a history.
PART = 50
#: Of its parent the page tells the name, and where it is.
_OF_PARENT = {"id", "microsoft_id", "offer_id", "offer_name", "friendly_name"}
_NOT_OF_PARENT = [
    f"parent__{field.name}" for field in Subscription._meta.concrete_fields if field.name not in _OF_PARENT
]


def own(actor: Actor, tenant: uuid.UUID, text: str) -> Subscription | None:
    """The actor's own subscription with this Microsoft id, or ours; None where it is not visible, or not there."""
    guid = canonical_guid(text)
    if guid is None:
        return None
    rows = _OWN(me=actor.organisation.pk, customer=tenant, subscription=guid, at=timezone.now())
    return next(iter(rows), None)


def relationship_of(own: Subscription) -> CustomerRelationship | None:
    """The established relationship with its customer, whose name for it the page shows: read with the row."""
    return own.ours  # type: ignore[attr-defined]


def _own(me: uuid.UUID, customer: uuid.UUID, subscription: uuid.UUID, at: datetime) -> Any:
    rows = Subscription.objects.visible_to(Actor(Organisation(pk=me)), at).sold_by(me)
    joined = ("provider__organisation", "provider__support_profile", "parent")
    to = "customer__relationships"
    ours = FilteredRelation(to, condition=established(at, f"{to}__") & Q(**{f"{to}__partner": me}))
    asked = rows.named(str(subscription)).filter(customer_id=customer)
    return asked.annotate(ours=ours).select_related(*joined, "ours").defer(*_NOT_OF_PARENT)[:1]


def standing_between(row: Subscription, start: datetime, end: datetime) -> list[Designation]:
    """The choices that stood at any instant from `start` until `end`."""
    rows = _told(_chosen(row.provider_id, row.pk))
    return list(rows.filter(Q(ended_at=None) | Q(ended_at__gt=start), started_at__lt=end))


def first_change_after(me: uuid.UUID, change: AuditEvent) -> AuditEvent | None:
    """What changed the contact of the same subscription next, in our own record."""
    rows = _recorded(me, change.subscription_id).filter(action__in=DECIDING)
    later = rows.filter(Q(at__gt=change.at) | Q(at=change.at, pk__gt=change.pk))
    return with_names(later, me).order_by("at", "pk").first()


def first_change_of(me: uuid.UUID, subscription: uuid.UUID, version: int) -> AuditEvent | None:
    """What changed its contact first after it had this version."""
    rows = _recorded(me, subscription).filter(after__version__gt=version)
    return rows.order_by("at", "pk").first()


def _chosen(provider: uuid.UUID, subscription: uuid.UUID) -> Any:
    rows = Designation.objects.filter(provider_id=provider, subscription_id=subscription).stood()
    return rows.order_by("-started_at", "-pk")


def _told(rows: Any) -> Any:
    """With what the page tells of their partners."""
    return rows.select_related("partner__organisation", "partner__support_profile")


def _designations(provider: uuid.UUID, subscription: uuid.UUID, before: datetime, at: datetime) -> Any:
    chosen = _chosen(provider, subscription)
    rows = chosen.values("pk")
    part = rows.filter(started_at__lt=before)[: PART + 1]
    begun = rows.filter(started_at__lte=at)[:1]
    return _told(chosen.filter(among("pk", part.union(rows[:1], begun))))


def _recorded(me: uuid.UUID, subscription: uuid.UUID | None) -> Any:
    return AuditEvent.objects.visible_to(Actor(Organisation(pk=me))).filter(subscription_id=subscription)


def _events(me: uuid.UUID, subscription: uuid.UUID, since: datetime, before: datetime) -> Any:
    rows = _recorded(me, subscription)
    last = rows.filter(action__in=DECIDING).order_by("-at", "-pk").values("pk")[:1]
    told = rows.filter(Q(at__gte=since, at__lt=before) | among("pk", last))
    return with_names(told, me).select_related("note").order_by("-at", "-pk")


def _addons(provider: uuid.UUID, parent: uuid.UUID, at: datetime) -> Any:
    in_force = Designation.objects.in_force(at).filter(subscription=OuterRef("pk"))
    rows = Subscription.objects.sold_by(provider).filter(parent_id=parent).designatable()
    return rows.annotate(designated=Subquery(in_force.values("partner_id")[:1]))


_OWN = Prepared.by_key(_own, me=uuid.UUID, customer=uuid.UUID, subscription=uuid.UUID, at=datetime)
#: Of the choices that began `before` an instant as many as a part of the history needs; and the last that had begun
#: `at` an instant, and of all. Newest first.
DESIGNATIONS = Prepared.by_key(
    _designations, provider=uuid.UUID, subscription=uuid.UUID, before=datetime, at=datetime
)
#: What our own record has of it from an instant until another, and what changed the contact last; newest first, with
#: the names of those who acted.
EVENTS = Prepared.by_key(_events, me=uuid.UUID, subscription=uuid.UUID, since=datetime, before=datetime)
#: Its live add-ons outside new commerce, each with the partner `designated` for it that is in force.
ADDONS = Prepared.by_key(_addons, provider=uuid.UUID, parent=uuid.UUID, at=datetime)
