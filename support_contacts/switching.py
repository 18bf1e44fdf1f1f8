"""Another of a person's organisations that could open an address which is not found in this one (R11)."""

import re
import uuid
from collections.abc import Callable
from functools import partial

from django.http import HttpRequest

from customers.models import Customer
from portal.actor import Actor
from portal.identifiers import canonical_guid
from portal.models import Organisation, ResellerRelationship
from portal.permissions import Permission, can
from subscriptions.models import Subscription

_CUSTOMER = re.compile(r"^/customers/(?P<tenant>[^/]+)/(?:subscriptions/(?P<subscription>[^/]+)/)?")
_RESELLER = re.compile(r"^/resellers/(?P<tenant>[^/]+)/")
_PROVIDER = re.compile(r"^/providers/(?P<relationship>[^/]+)/")

Question = Callable[[Actor], bool]


def organisations_that_see(request: HttpRequest) -> list[Organisation]:
    """The person's other organisations that see the customer, the subscription or the partner this address names.

    The questions asked depend on the address and the memberships alone, never on what exists: an id that is not ours
    and one that is nobody's cost the same.
    """
    sees = _question(request.path_info)
    actor = getattr(request, "actor", None)
    if sees is None or actor is None:
        return []
    others = [
        row for row in getattr(request, "memberships", []) if row.organisation_id != actor.organisation.pk
    ]
    for membership in others:
        membership.user = actor.user  # the same person, so that nobody has to be asked for
    return [
        row.organisation
        for row in others
        if can(who := Actor.of(row), Permission.CUSTOMER_VIEW) and sees(who)
    ]


def _question(path: str) -> Question | None:
    """Who sees what this address names; None where it names nothing that could be somebody's."""
    if address := _CUSTOMER.match(path):
        tenant, subscription = canonical_guid(address["tenant"]), address["subscription"]
        return partial(_sees_customer, tenant=tenant, subscription=subscription) if tenant else None
    if address := _RESELLER.match(path):
        tenant = canonical_guid(address["tenant"])
        return partial(_sees_reseller, tenant=tenant) if tenant else None
    if address := _PROVIDER.match(path):
        pk = canonical_guid(address["relationship"])
        return partial(_is_asked, relationship=pk) if pk else None
    return None


def _sees_customer(actor: Actor, tenant: uuid.UUID, subscription: str | None) -> bool:
    if not actor.is_provider:
        return False
    if subscription is None:
        # A customer's page is for its partners; a tenant that is both is not its own customer.
        return Customer.objects.visible_to(actor).filter(pk=tenant).exclude(pk=actor.organisation.pk).exists()
    own = Subscription.objects.visible_to(actor).sold_by(actor.organisation.pk)
    return own.identified(subscription).filter(customer_id=tenant).exists()


def _sees_reseller(actor: Actor, tenant: uuid.UUID) -> bool:
    rows = ResellerRelationship.objects.visible_to(actor)
    own = rows.filter(provider_id=actor.organisation.pk, reseller_id=tenant)
    return actor.is_provider and own.exists()


def _is_asked(actor: Actor, relationship: uuid.UUID) -> bool:
    rows = ResellerRelationship.objects.visible_to(actor)
    own = rows.filter(reseller_id=actor.organisation.pk, pk=relationship)
    return actor.is_reseller and own.exists()
