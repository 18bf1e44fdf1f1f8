"""One change of a support contact as letters tell it: what its sides call each other, and the lines of a list."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.models import CustomerRelationship
from portal.mail.compose import named
from portal.models import AuditEvent
from portal.permissions import Role
from portal.templatetags.ui import plain_date
from subscriptions.models import Subscription

#: Who works with support contacts, at a provider and at a reseller; who reads them at a customer.
AGENTS = (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, Role.HELPDESK_AGENT)
READERS = (Role.GLOBAL_ADMIN, Role.SERVICE_SUPPORT_ADMIN)
CONTACTS, DUTIES, WHOM_TO_CALL = "/support-contacts/", "/duties/", "/support/"
#: Rows a mail lists; the portal has the rest.
LISTED = 20


@dataclass(frozen=True, slots=True)
class Change:
    """One event about one subscription, with what its sides call each other."""

    event: AuditEvent
    subscription: Subscription
    customer: str

    @property
    def offer(self) -> str:
        return named(self.subscription.name)

    @property
    def provider(self) -> str:
        return named(self.subscription.provider.name)

    @property
    def path(self) -> str:
        row = self.subscription
        return f"/customers/{row.customer_id}/subscriptions/{row.public_id}/"

    def partner(self, when: str, what: str) -> tuple[uuid.UUID, str] | None:
        """Id and name of a partner the event names: `before` or `after`, `contact` or `designated`."""
        said = getattr(self.event, when).get(what)
        return (uuid.UUID(said["id"]), named(said["name"])) if said else None


def changes_of(events: Iterable[AuditEvent]) -> list[Change]:
    """The events whose subscriptions are still here. Two queries."""
    found = list(events)
    rows = Subscription.objects.filter(pk__in=[event.subscription_id for event in found])
    by_pk = {row.pk: row for row in rows.select_related("provider__organisation", "customer__organisation")}
    views = CustomerRelationship.objects.filter(
        partner_id__in={row.provider_id for row in by_pk.values()},
        customer_id__in={row.customer_id for row in by_pk.values()},
    ).order_by(F("established_at").asc(nulls_first=True))
    # The provider's company name for the customer, never its alias: resellers read it too.
    names = {(view.partner_id, view.customer_id): view.company_name for view in views}
    return [
        Change(event, row, named(names.get((row.provider_id, row.customer_id)) or row.customer_id))
        for event in found
        if event.subscription_id and (row := by_pk.get(event.subscription_id))
    ]


def facts_of(changes: Sequence[Change]) -> list[tuple[str, str]]:
    if len(changes) > 1:
        return []
    first = changes[0]
    return [
        (_("Customer"), first.customer),
        (_("Subscription"), first.offer),
        (_("Sold by"), first.provider),
        (_("Date"), plain_date(first.event.at)),
    ]


def rows_of(changes: Sequence[Change]) -> list[tuple[str, str]]:
    return [(change.customer, change.offer) for change in changes[:LISTED]] if len(changes) > 1 else []


def more_of(changes: Sequence[object]) -> str:
    left = len(changes) - LISTED
    if left <= 0:
        return ""
    return ngettext(
        "And %(n)s more: it is in the portal.", "And %(n)s more: they are in the portal.", left
    ) % {"n": left}
