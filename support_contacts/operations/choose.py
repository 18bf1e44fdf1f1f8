"""Choosing the support contact of a subscription (R6)."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _

from customers.models import CustomerRelationship, DelegatedAdmin
from portal.actor import Actor
from portal.authority import still
from portal.errors import Conflict, NewCommerce, NotEligible, NotVisible, SubscriptionEnded
from portal.locks import lock_share, patience
from portal.models import Action, AuditEvent, Partner, ResellerRelationship
from portal.permissions import Permission, require
from subscriptions.models import Subscription
from support_contacts.models import Designation, Reason
from support_contacts.operations.core import Choice, apply_choice, judge, now_under_lock

#: Events that changed a contact. Others about the same subscription tell of words: seen, announced, registered.
DECIDING = (
    Action.DESIGNATION_MADE,
    Action.DESIGNATION_ENDED,
    Action.SUBSCRIPTION_MOVED,
    Action.SUBSCRIPTION_REMOVED,
)


@dataclass(frozen=True, slots=True)
class Changed:
    """The choice was written: an event for `subscription`, and one for each add-on that changed with it.

    `subscription` is the one chosen for; where that was so already, the first add-on that changed.
    """

    subscription: Subscription
    event: AuditEvent
    addon_events: list[AuditEvent] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AlreadySo:
    """The choice was in force already. Nothing was written; `event` is the change that made it so, if there was one.

    `subscription` is the one chosen for, as it is under lock.
    """

    event: AuditEvent | None
    subscription: Subscription | None = field(default=None, compare=False)


#: The `contact_version` somebody decided on, or any of several; None for whatever is there (the API without If-Match).
Expected = int | Collection[int] | None


@patience()
@transaction.atomic(durable=True)
def choose_support_contact(
    subscription: Subscription,
    *,
    partner_id: uuid.UUID,
    version: Expected,
    acting: Actor,
    note: str = "",
    addons: Mapping[uuid.UUID, int] | None = None,
) -> Changed | AlreadySo:
    """Make this partner the support contact of a subscription; the provider's own id ends the designation.

    `version` is what the person decided on; `addons` maps add-ons to change along to their versions: all or nothing.
    What is so already is no change, also of a subscription that has ended and takes none.

    Raises, in the order of R6: NotVisible, NotPermitted, NewCommerce, SubscriptionEnded, Conflict, NotEligible; and
    Busy where others hold the subscription for too long.
    """
    return choose_here(
        subscription, partner_id=partner_id, version=version, acting=acting, note=note, addons=addons
    )


def choose_here(
    subscription: Subscription,
    *,
    partner_id: uuid.UUID,
    version: Expected,
    acting: Actor,
    note: str = "",
    addons: Mapping[uuid.UUID, int] | None = None,
) -> Changed | AlreadySo:
    """The same inside the caller's transaction, which must be rolled back where this raises."""
    require(acting, Permission.CONTACT_ASSIGN)
    wanted: dict[uuid.UUID, Expected] = {subscription.pk: version, **(addons or {})}
    acting, rows = _lock(wanted, customer_id=subscription.customer_id, partner_id=partner_id, acting=acting)
    now = now_under_lock(list(rows.values()))
    # The subscription first, then its add-ons; what is so already needs neither the form's version nor the rules.
    stored = _stored(rows)
    choices = [Choice(rows[pk], partner_id, stored[pk]) for pk in wanted]
    verdict = judge(choices[0], at=now)
    changing = [choice for choice in choices if not choice.is_already_so(verdict, at=now)]
    if not changing:
        return AlreadySo(_latest_event(choices[0].subscription), choices[0].subscription)
    for choice in changing:
        if not choice.subscription.is_live:
            raise _closed(choice.subscription, is_addon=choice.subscription.pk != subscription.pk)
    for choice in changing:
        expected = wanted[choice.subscription.pk]
        if not is_expected(choice.subscription, expected):
            raise Conflict(
                _("Somebody changed this contact after you opened the page."),
                subscription=choice.subscription,
                event=_latest_event(choice.subscription),
            )
    if not verdict:
        reason = verdict.reason or Reason.RELATIONSHIP_MISSING
        raise NotEligible(_("This reseller is not eligible."), reason, verdict=verdict)
    events = [apply_choice(choice, at=now, acting=acting, note=note) for choice in changing]
    return Changed(changing[0].subscription, events[0], events[1:])


def is_expected(subscription: Subscription, expected: Expected) -> bool:
    """Is this the version somebody decided on?"""
    if expected is None or isinstance(expected, int):
        return expected in (None, subscription.contact_version)
    return subscription.contact_version in expected


def _lock(
    wanted: Mapping[uuid.UUID, Expected], *, customer_id: uuid.UUID, partner_id: uuid.UUID, acting: Actor
) -> tuple[Actor, dict[uuid.UUID, Subscription]]:
    """Take every lock in the order of `portal.locks`, and ask again what was only cheaply true before."""
    provider_id = acting.organisation.pk
    acting = still(acting, Permission.CONTACT_ASSIGN)
    lock_share(Partner, [provider_id, partner_id])
    lock_share(
        ResellerRelationship,
        ResellerRelationship.objects.filter(
            provider_id=provider_id, reseller_id=partner_id, ended_at=None
        ).values_list("pk", flat=True),
    )
    relationships = CustomerRelationship.objects.filter(
        customer_id=customer_id, partner_id__in=[provider_id, partner_id], ended_at=None
    )
    lock_share(CustomerRelationship, relationships.values_list("pk", flat=True))
    grants = DelegatedAdmin.objects.filter(
        relationship__customer_id=customer_id, relationship__partner_id=partner_id, ended_at=None
    )
    lock_share(DelegatedAdmin, grants.values_list("pk", flat=True))
    locked = (
        Subscription.objects.visible_to(acting)
        .filter(pk__in=list(wanted), provider_id=provider_id, customer_id=customer_id)
        .select_related("provider__organisation", "customer__organisation")
        .order_by("pk")
        .select_for_update(of=("self",))
    )
    rows = {row.pk: row for row in locked}
    if len(rows) != len(wanted):
        raise NotVisible
    for row in rows.values():
        if row.is_new_commerce:
            raise _closed(row, is_addon=row.pk != next(iter(wanted)))
    return acting, rows


def _closed(row: Subscription, *, is_addon: bool) -> NewCommerce | SubscriptionEnded:
    """Why this row takes no choice; of an add-on it is said which one, since its subscription may be in order."""
    if is_addon:
        text = _("%(offer)s has ended or moved to new commerce meanwhile. Submit again without it.")
        return SubscriptionEnded(text % {"offer": row.name}, subscription=row)
    return NewCommerce(subscription=row) if row.is_new_commerce else SubscriptionEnded(subscription=row)


def _stored(rows: Mapping[uuid.UUID, Subscription]) -> dict[uuid.UUID, Designation | None]:
    found = (
        Designation.objects.stored()
        .filter(subscription__in=list(rows))
        .select_related("partner__organisation")
    )
    by_subscription = {designation.subscription_id: designation for designation in found}
    return {pk: by_subscription.get(pk) for pk in rows}


def _latest_event(subscription: Subscription) -> AuditEvent | None:
    """The last change of this subscription's contact, as its provider recorded it."""
    return (
        AuditEvent.objects.filter(
            organisation_id=subscription.provider_id, subscription_id=subscription.pk, action__in=DECIDING
        )
        .select_related("note")
        .order_by("-at", "-pk")
        .first()
    )
