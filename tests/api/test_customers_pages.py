"""`GET /v1/customers`: its pages, by link and by token."""

import json
from urllib.parse import quote, urlencode

import pytest
from django.utils import timezone

from customers.models import Customer, CustomerRelationship
from portal.models import Organisation
from tests.api.asking import TOKEN, named, names, refused
from tests.factories import (
    ProviderFactory,
)

pytestmark = pytest.mark.django_db


def test_no_size_and_size_0_hold_five_hundred(client, provider, monkeypatch):
    """Trap 10, §9.2: a client that reads the first answer only finds its customer there."""
    named(provider, *(f"Customer {number:03}" for number in range(12)))
    for query in ("", "?size=0", "?size=500", "?SIZE=0"):
        body = client.get(f"/v1/customers{query}").json()
        assert len(body["items"]) == body["totalCount"] == 12
        assert "next" not in body["links"]
        assert "continuationToken" not in body


def test_an_unsized_list_of_more_than_five_hundred_has_five_hundred_and_a_next(client, provider):
    """Trap 10: the largest page is said to be one, and the rest is on the next."""
    organisations = Organisation.objects.bulk_create(
        Organisation(name=f"C{n:03}", sort_name=f"c{n:03}") for n in range(501)
    )
    customers = Customer.objects.bulk_create(Customer(organisation=row) for row in organisations)
    CustomerRelationship.objects.bulk_create(
        CustomerRelationship(
            partner=provider,
            customer=customer,
            company_name=customer.organisation.name,
            sort_name=customer.organisation.sort_name,
            established_at=timezone.now(),
        )
        for customer in customers
    )
    for query in ("", "?size=0"):
        body = client.get(f"/v1/customers{query}").json()
        assert len(body["items"]) == body["totalCount"] == 500
        assert names(client.get(f"/v1{body['links']['next']['uri']}")) == ["C500"]


@pytest.mark.parametrize("size", ["501", "-1", "ten", "1.5", "9" * 30])
def test_size_is_1_to_500(client, provider, size):
    refused(client.get(f"/v1/customers?size={size}"), 800002, "size")


def test_pages_by_the_links_as_java_follows_them(client, provider):
    """Traps 8, 9.1.1: root + "/v1/" + uri, a double slash, with the header of the link; the last has no next."""
    named(provider, "Alpha", "Beta", "Gamma", "Delta", "Epsilon")
    body = client.get("/v1/customers?size=2").json()
    seen, pages = [], 1
    while True:
        seen += [item["companyProfile"]["companyName"] for item in body["items"]]
        assert body["totalCount"] == len(body["items"])
        if "next" not in body["links"]:
            assert "continuationToken" not in body
            break
        following = body["links"]["next"]
        assert not following["uri"].startswith(("/v1", "http"))
        assert "seekOperation=Next" in following["uri"]
        assert following["headers"] == [{"key": TOKEN, "value": body["continuationToken"]}]
        headers = {header["key"]: header["value"] for header in following["headers"]}
        body = client.get(f"/v1/{following['uri']}", headers=headers).json()
        pages += 1
    assert seen == ["Alpha", "Beta", "Delta", "Epsilon", "Gamma"]
    assert pages == 3


def test_pages_by_the_link_alone_and_by_the_token_alone(client, provider):
    """Trap 10: one client loses the link's headers, another takes the token out of the body."""
    named(provider, "Alpha", "Beta", "Gamma")
    body = client.get("/v1/customers?size=2").json()
    assert names(client.get(f"/v1{body['links']['next']['uri']}")) == ["Gamma"]
    token = {TOKEN: body["continuationToken"]}
    for seek in ("Next", "next", "NEXT", ""):
        assert names(client.get(f"/v1/customers?size=2&seekoperation={seek}", headers=token)) == ["Gamma"]


def test_pages_in_every_direction(client, provider):
    """§1.6: seekOperation is Next, Previous, First or Last; the token of a page turns it both ways."""
    named(provider, "Alpha", "Beta", "Gamma", "Delta", "Epsilon")
    first = client.get("/v1/customers?size=2").json()
    second = client.get(f"/v1{first['links']['next']['uri']}").json()
    token = {TOKEN: second["continuationToken"]}
    assert names(client.get("/v1/customers?size=2&seekOperation=Previous", headers=token)) == [
        "Alpha",
        "Beta",
    ]
    assert names(client.get("/v1/customers?size=2&seekOperation=First", headers=token)) == ["Alpha", "Beta"]
    last = client.get("/v1/customers?size=2&seekOperation=Last")
    assert names(last) == ["Epsilon", "Gamma"]
    assert "next" not in last.json()["links"]
    assert names(client.get(f"/v1{last.json()['links']['previous']['uri']}")) == ["Beta", "Delta"]
    assert "previous" not in first["links"]


def test_filter_stays_while_pages_are_turned(client, provider):
    named(provider, "Contoso A", "Contoso B", "Contoso C", "Fabrikam")
    said = quote(json.dumps({"Field": "CompanyName", "Value": "cont", "Operator": "starts_with"}))
    body = client.get(f"/v1/customers?size=2&filter={said}").json()
    assert names(client.get(f"/v1/{body['links']['next']['uri']}")) == ["Contoso C"]


@pytest.mark.parametrize("token", ["nonsense", "....", "WyJhIl0", "é"])
def test_token_that_is_not_ours_is_refused_in_words(client, provider, token):
    query = urlencode({"seekOperation": "Next", "continuationToken": token})
    refused(client.get(f"/v1/customers?{query}"), 800002, "continuation_token")


def test_another_callers_token_opens_nothing(client, provider, caller):
    other = ProviderFactory()
    named(other, "Alpha", "Beta")
    token = caller(other.organisation).get("/v1/customers?size=1").json()["continuationToken"]
    named(provider, "Anything")
    found = client.get("/v1/customers?seekOperation=Next", headers={TOKEN: token})
    assert names(found) == ["Anything"]


def test_page_of_another_kind_is_refused(client, provider):
    refused(client.get("/v1/customers?seekOperation=PageIndex"), 900141, "seek")
