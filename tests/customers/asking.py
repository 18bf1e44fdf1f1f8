"""What is asked of a customer, and what became of it."""

from datetime import timedelta

from django.utils import timezone

from customers.operations import (
    Requested,
    accept_request,
    request_customer,
)
from portal.models import AuditEvent
from portal.permissions import Role
from tests.customers.conftest import acting, member
from tests.factories import (
    CustomerRelationshipFactory,
    OrganisationFactory,
    ProviderFactory,
    ResellerRelationshipFactory,
)

NONE_LEFT = {"live_subscriptions": lambda row: []}


def actions():
    return list(AuditEvent.objects.order_by("at", "pk").values_list("action", flat=True))


def asked(parties, **more):
    """First Up's request at Contoso, made by Fabrikam: relationship and 365 days of delegated admin."""
    settings = {"partner": parties.reseller, "days": 365, "acting": parties.agent, **more}
    made = request_customer(parties.customer, **settings)
    assert isinstance(made, Requested)
    return made


def granted(parties, **more):
    made = asked(parties, **more)
    accept_request(made.relationship, acting=parties.admin)
    made.grant.refresh_from_db()
    made.relationship.refresh_from_db()
    return made


def state_of(row):
    row.refresh_from_db()
    return row.state(timezone.now())


def other_provider(parties):
    """Another provider of the same reseller and the same customer, with an agent."""
    proseware = ProviderFactory(organisation=OrganisationFactory(name="Proseware"))
    CustomerRelationshipFactory(partner=proseware, customer=parties.customer)
    ResellerRelationshipFactory(provider=proseware, reseller=parties.reseller)
    return acting(member(proseware.organisation, Role.ADMIN_AGENT))


def back_date(row, days):
    """As if it had been asked so many days ago."""
    row.requested_at -= timedelta(days=days)
    row.lapses_at -= timedelta(days=days)
    row.save()
