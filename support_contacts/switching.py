"""Another of a person's organisations that could open an address which is not found in this one (R11)."""

import re
import uuid

from django.http import HttpRequest

from customers.models import Customer
from portal.actor import Actor
from portal.identifiers import canonical_guid
from portal.models import Organisation
from portal.permissions import Permission, can
from subscriptions.models import Subscription

_ADDRESS = re.compile(r"^/customers/(?P<tenant>[^/]+)/(?:subscriptions/(?P<subscription>[^/]+)/)?")


def organisations_that_see(request: HttpRequest) -> list[Organisation]:
    """The person's other organisations that see the customer, or the subscription, this address names.

    The questions asked depend on the address and the memberships alone, never on what exists: an id that is not ours
    and one that is nobody's cost the same.
    """
    address = _ADDRESS.match(request.path_info)
    tenant = canonical_guid(address["tenant"]) if address else None
    actor = getattr(request, "actor", None)
    if address is None or tenant is None or actor is None:
        return []
    others = [
        row for row in getattr(request, "memberships", []) if row.organisation_id != actor.organisation.pk
    ]
    for membership in others:
        membership.user = actor.user  # the same person, so that nobody has to be asked for
    return [row.organisation for row in others if _sees(Actor.of(row), tenant, address["subscription"])]


def _sees(actor: Actor, tenant: uuid.UUID, subscription: str | None) -> bool:
    if not (actor.is_provider and can(actor, Permission.CUSTOMER_VIEW)):
        return False
    if subscription is None:
        # A customer's page is for its partners; a tenant that is both is not its own customer.
        return Customer.objects.visible_to(actor).filter(pk=tenant).exclude(pk=actor.organisation.pk).exists()
    own = Subscription.objects.visible_to(actor).sold_by(actor.organisation.pk)
    return own.identified(subscription).filter(customer_id=tenant).exists()
