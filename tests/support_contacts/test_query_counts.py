"""How many questions each page asks: stated here, and the same for one row of everything as for three.

`own` leaves out who asks (session, person, memberships). What every page is framed with, what waits and what is told,
counts.
"""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.permissions import Role
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    DesignationFactory,
    OrganisationFactory,
    ResellerFactory,
    SubscriptionFactory,
    make_eligible,
)
from tests.support_contacts.conftest import member

pytestmark = pytest.mark.django_db

#: Of these it is read first; in a question of the page's own they are only named.
_WHO = re.compile(
    r'SELECT (?:(?! FROM ).)* FROM (?:"django_session"|"portal_membership" INNER JOIN "portal_user")'
)

#: page: who opens it, its address, all questions, own questions
COUNTS = {
    "home": ("agent", "/", 3, 1),
    "customers": ("agent", "/customers/", 10, 8),
    "customers, newest": ("agent", "/customers/?sort=newest", 10, 8),
    "customers, a search": ("agent", "/customers/?q=customer", 12, 10),
    "customers, designated": ("agent", "/customers/?designated=1", 10, 8),
    "customer": ("agent", "/customers/{customer}/", 11, 9),
    "as the customer sees it": ("agent", "/customers/{customer}/as-customer/", 9, 7),
    "subscription": ("agent", "/customers/{customer}/subscriptions/{subscription}/", 8, 6),
    "picker, a search": (
        "agent",
        "/customers/{customer}/subscriptions/{subscription}/?find=reseller",
        8,
        6,
    ),
    "support contacts": ("agent", "/support-contacts/", 10, 8),
    "needs attention": ("agent", "/support-contacts/?attention=1", 10, 8),
    "ends soon": ("agent", "/support-contacts/?ending=1", 5, 3),
    "resellers": ("agent", "/resellers/", 10, 8),
    "reseller": ("agent", "/resellers/{reseller}/", 12, 10),
    "duties": ("reseller", "/duties/", 7, 5),
    "providers": ("reseller", "/providers/", 6, 4),
    "whom to call": ("customer", "/support/", 8, 6),
    "partner relationships": ("customer", "/partner-relationships/", 9, 7),
}


@pytest.fixture
def counted(world):
    """So many of everything, and how many questions each page then asks."""

    def fill(rows: int) -> dict[str, tuple[int, int]]:
        for number in range(rows):
            reseller = ResellerFactory(organisation=OrganisationFactory(name=f"Reseller {number}"))
            make_eligible(reseller, provider=world.provider, customer=world.customer)
            add_on = SubscriptionFactory(
                provider=world.provider, customer=world.customer, parent=world.subscription
            )
            DesignationFactory(subscription=add_on, partner=world.trey)
            customer = CustomerFactory(name=f"Customer {number}")
            CustomerRelationshipFactory(partner=world.provider, customer=customer)
            bought = SubscriptionFactory(provider=world.provider, customer=customer)
            DesignationFactory(subscription=bought, partner=reseller)
        DesignationFactory(subscription=world.subscription, partner=world.trey)
        people = {
            "agent": world.admin_agent.user,
            "reseller": member(world.trey.organisation, Role.ADMIN_AGENT).user,
            "customer": member(world.customer.organisation, Role.GLOBAL_ADMIN).user,
        }
        clients = {who: Client() for who in people}
        for who, client in clients.items():
            client.force_login(people[who])
            client.get("/")  # the first request of a session writes when it was seen
        ids = {
            "customer": world.customer.pk,
            "subscription": world.subscription.public_id,
            "reseller": world.trey.pk,
        }
        found = {}
        for name, (who, address, *_counts) in COUNTS.items():
            with CaptureQueriesContext(connection) as queries:
                assert clients[who].get(address.format(**ids)).status_code == 200, name
            own = [query for query in queries if not _WHO.match(query["sql"])]
            found[name] = (len(queries), len(own))
        return found

    return fill


@pytest.mark.parametrize("rows", [1, 3])
def test_every_page_asks_as_many_questions_as_stated(counted, rows):
    stated = {name: counts for name, (_who, _address, *counts) in COUNTS.items()}

    assert {name: list(found) for name, found in counted(rows).items()} == stated
