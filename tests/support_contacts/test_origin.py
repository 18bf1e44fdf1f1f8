"""The way back: to the list one came from, its filter and row; never out of the portal, never to what is no page."""

import re
import uuid
from urllib.parse import quote

import pytest
from django.test import RequestFactory

from support_contacts.origin import list_name, origin_of, own_page

ID = uuid.UUID("3c1f7f0a-5d0e-4f5e-9b7e-6a2d8e1c4b90")
PAGES = {
    "/customers/?q=con#c-1": "Customers",
    f"/customers/{ID}/?show=designated": "Customers",
    f"/customers/{ID}/subscriptions/{ID}/?from=%2Fresellers%2F": "Customers",
    "/support-contacts/?attention=1&sort=since#d-1": "Support contacts",
    f"/support-contacts/repair/{ID}/": "Support contacts",
    "/activity/?channel=api&after=x": "Activity",
    "/resellers/?q=trey": "Resellers",
    f"/resellers/{ID}/#customers": "Resellers",
}
ELSEWHERE = [
    "",
    "customers/",
    "https://evil.example/customers/",
    "//evil.example/customers/",
    "///evil.example/customers/",
    "/\\evil.example/customers/",
    "/\tcustomers/",
    "/customers/\n",
    "/customers/\0",
    "/customers/../organisation/",
    "/customers//evil.example",
    "/customers@evil.example/",
    "/customersevil/",
    "/organisation/",
    "/sign-out/",
    "javascript:alert(1)",
    f"/customers/{ID}/resellers/{ID}/ask/",  # answers POST alone
    f"/support-contacts/{ID}/seen/",
    "/customers/?q=" + "x" * 2000,
]


@pytest.mark.parametrize(("address", "name"), PAGES.items())
def test_a_page_of_a_list_is_come_back_to_by_its_name(address, name):
    assert own_page(address) == address
    assert list_name(address) == name
    assert origin_of(RequestFactory().get("/", {"from": address})) == address
    assert origin_of(RequestFactory().post("/", {"from": address})) == address


@pytest.mark.parametrize("address", ELSEWHERE)
def test_anything_else_is_no_origin(address):
    assert own_page(address) == ""
    assert list_name("") == "Customers"


@pytest.mark.parametrize(
    ("origin", "name"),
    [("/support-contacts/?attention=1#d-1", "Support contacts"), ("/resellers/", "Resellers")],
)
def test_every_page_on_the_way_leads_back_to_the_list(signed_in, world, origin, name):
    row = world.subscription
    customer = f"/customers/{world.customer.pk}/"
    subscription = f"{customer}subscriptions/{row.public_id}/"
    for address in (customer, subscription):
        page = signed_in.get(address, {"from": origin}).content.decode()
        assert f'<a href="{origin.replace("&", "&amp;")}">{name}</a>' in page
        assert f"?from={quote(origin, safe='')}" in page

    made = signed_in.post(
        f"{subscription}support-contact/",
        {"partner": world.trey.pk, "version": 0, "organisation": world.provider.pk, "from": origin},
    )
    verify = signed_in.get(made["Location"]).content.decode()
    assert f'href="{origin.replace("&", "&amp;")}">Close</a>' in verify
    assert "Close returns to the list." in verify


@pytest.mark.parametrize("origin", ["//evil.example/resellers/", "/resellers/../../evil", "/duties-evil/"])
def test_no_page_leads_elsewhere(signed_in, world, origin):
    customer = f"/customers/{world.customer.pk}/"
    for address in (customer, f"{customer}subscriptions/{world.subscription.public_id}/"):
        page = signed_in.get(address, {"from": origin}).content.decode()
        links = re.findall(r'(?:href|action)="([^"]*)"', page)
        own = [link for link in links if link.startswith("?")]  # a chip of this page keeps its address
        others = set(links) - set(own)
        assert not [link for link in others if link.startswith(origin) or quote(origin, safe="") in link]
