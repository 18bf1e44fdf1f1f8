"""What the API costs: one support contact beside a handler that does nothing else, and five hundred customers."""

import json

import pytest
from django.db import connection
from django.test import RequestFactory
from ninja import NinjaAPI

from customers.api import schemas, shapes
from customers.models import Customer, CustomerRelationship
from portal.api.wire import answer, collection
from portal.models import Organisation
from tests.api.caller import bearer
from tests.bench.line import Line
from tests.bench.ratio import measure
from tests.browser.server import Server
from tests.factories import (
    CustomerRelationshipFactory,
    DesignationFactory,
    ProviderFactory,
    SubscriptionFactory,
    make_eligible,
)

# Every call commits by itself, as it does when served.
pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

AT_LEAST_OF_BARE = 0.10
AT_LEAST_OF_VALIDATED = 1.3
CUSTOMERS = 500


def test_support_contact_against_a_bare_query(tmp_path, monkeypatch):
    """GET supportcontact, all of it: names, authentication, limit, row, contact. A bare handler asks one query.

    Both by the web server we serve with, over one connection each that stays open.
    """
    monkeypatch.setenv("API_REQUESTS_PER_MINUTE", "1000000")
    provider = ProviderFactory()
    row = CustomerRelationshipFactory(partner=provider)
    subscription = SubscriptionFactory(provider=provider, customer=row.customer)
    designation = DesignationFactory(subscription=subscription)
    make_eligible(designation.partner, provider=provider, customer=row.customer)
    mid = subscription.microsoft_id
    path = f"/v1/customers/{row.customer_id}/subscriptions/{mid}/supportcontact"
    secret = bearer(provider.organisation)
    keys = "NAME", "USER", "PASSWORD", "OPTIONS"
    database = {key: connection.settings_dict[key] for key in keys}
    server = Server(database, tmp_path, "tests.bench.served:application")
    try:
        port = int(server.url().rpartition(":")[2])
        with (
            Line(port, path, Authorization=f"Bearer {secret}") as ours,
            Line(port, f"/bare/{provider.pk}/{mid}") as bare,
        ):
            said = json.loads(ours())
            assert said["supportTenantId"] == str(designation.partner_id)
            assert json.loads(bare())["supportTenantId"] == said["supportTenantId"]
            found = measure("GET supportcontact / bare handler with one query", ours, bare, calls=300)
    finally:
        server.stop()
    print(f"\n{found}")
    assert found.median >= AT_LEAST_OF_BARE


def test_five_hundred_customers_against_response_validation():
    """The same rows and the same bodies: written by hand and sent, or through ninja's response schema as well."""
    provider = ProviderFactory()
    _many_customers(provider)
    rows = list(CustomerRelationship.objects.filter(partner=provider).values_list(*shapes.LISTED, named=True))
    assert len(rows) == CUSTOMERS
    ours, validated = _endpoints(rows)
    assert json.loads(ours().content) == json.loads(validated().content)
    found = measure("500 customers by hand / through response validation", ours, validated, calls=20)
    print(f"\n{found}")
    assert found.median >= AT_LEAST_OF_VALIDATED


# -- calls


def _endpoints(rows):
    """The same list twice in one API: ours answers by itself, the other lets ninja validate and write."""
    api = NinjaAPI(urls_namespace="bench", openapi_url=None, docs_url=None)

    def body():
        return collection([shapes.listed(row) for row in rows], self_uri="/customers")

    @api.get("ours", response={200: schemas.Customers})
    def ours(request):
        return answer(body())

    @api.get("validated", response={200: schemas.Customers}, exclude_none=True)
    def validated(request):
        return body()

    views = {str(pattern.pattern): pattern.callback for pattern in api.urls[0]}
    requests = RequestFactory()
    return (
        lambda: views["ours"](requests.get("/ours")),
        lambda: views["validated"](requests.get("/validated")),
    )


def _many_customers(provider):
    organisations = Organisation.objects.bulk_create(
        Organisation(name=f"Customer {n:03}", sort_name=f"customer {n:03}") for n in range(CUSTOMERS)
    )
    customers = Customer.objects.bulk_create(Customer(organisation=row) for row in organisations)
    model = CustomerRelationshipFactory.build(partner=provider, customer=customers[0])
    CustomerRelationship.objects.bulk_create(
        CustomerRelationship(
            partner=provider,
            customer=customer,
            company_name=customer.organisation.name,
            sort_name=customer.organisation.sort_name,
            domain=f"customer{n}.example",
            established_at=model.established_at,
        )
        for n, customer in enumerate(customers)
    )
