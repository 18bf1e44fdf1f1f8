"""What pages cost: beside Django's admin of the same rows, beside a handler that does nothing, and in parts.

All by the web server we serve with, signed in, over connections that stay open, in turn.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from portal.models import Partner
from portal.permissions import Role
from tests.bench.line import Line
from tests.bench.ratio import measure
from tests.browser.server import Server
from tests.factories import (
    CustomerRelationshipFactory,
    DesignationFactory,
    MembershipFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    SubscriptionFactory,
    make_eligible,
)

# Every request commits by itself, as it does when served.
pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

#: Of Django's admin, for the same rows: what is held. The aim is 4 for both; its list shows four columns and no counts.
AT_LEAST_OF_ADMIN = {"subscription page": 1.5, "customers list": 0.5}
CUSTOMERS, RESELLERS, ELIGIBLE = 60, 40, 15
SECONDS, CLIENTS = 3.0, 8


@dataclass
class Shop:
    """A provider at work: its customers, its resellers, and one of its agents signed in."""

    cookie: str
    provider: Partner
    subscription: str
    row: str
    relationship: str
    mid: str


@pytest.fixture
def shop() -> Shop:
    provider = ProviderFactory()
    membership = MembershipFactory(organisation=provider.organisation, roles=[Role.ADMIN_AGENT])
    rows = CustomerRelationshipFactory.create_batch(CUSTOMERS, partner=provider)
    subscriptions = [SubscriptionFactory(provider=provider, customer=row.customer) for row in rows]
    first = subscriptions[0]
    resellers = ResellerFactory.create_batch(RESELLERS)
    for reseller in resellers[:ELIGIBLE]:
        make_eligible(reseller, provider=provider, customer=first.customer)
    for reseller in resellers[ELIGIBLE:]:
        ResellerRelationshipFactory(provider=provider, reseller=reseller)
    DesignationFactory(subscription=first, partner=resellers[0])
    for subscription in subscriptions[1::3]:
        DesignationFactory(subscription=subscription, partner=resellers[1])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    client = Client()
    client.force_login(membership.user)
    name = settings.SESSION_COOKIE_NAME
    return Shop(
        cookie=f"{name}={client.cookies[name].value}",
        provider=provider,
        subscription=f"/customers/{first.customer_id}/subscriptions/{first.microsoft_id}/",
        row=str(first.pk),
        relationship=str(rows[0].pk),
        mid=first.microsoft_id,
    )


@contextmanager
def served(tmp_path, workers: int = 1) -> Iterator[tuple[int, Server]]:
    keys = "NAME", "USER", "PASSWORD", "OPTIONS"
    database = {key: connection.settings_dict[key] for key in keys}
    server = Server(
        database, tmp_path, "tests.bench.served:application", settings="tests.bench.settings", workers=workers
    )
    try:
        yield int(server.url().rpartition(":")[2]), server
    finally:
        server.stop()


def test_pages_against_the_admin_and_a_bare_handler(tmp_path, shop):
    """The subscription page and the customers list; the admin's change page and list of the same rows."""
    pairs = [
        (
            "subscription page",
            shop.subscription,
            f"/bench-admin/subscriptions/subscription/{shop.row}/change/",
        ),
        ("customers list", "/customers/", "/bench-admin/customers/customerrelationship/"),
    ]
    found = {}
    with served(tmp_path) as (port, _server):
        for name, page, admin in pairs:
            with (
                Line(port, page, Cookie=shop.cookie) as ours,
                Line(port, admin, Cookie=shop.cookie) as other,
                Line(port, f"/bare/{shop.provider.pk}/{shop.mid}") as bare,
            ):
                print(f"\n{name}: {len(ours())} bytes, admin {len(other())} bytes")
                found[name] = measure(f"{name} / Django admin", ours, other, calls=60)
                print(found[name])
                print(measure(f"{name} / bare handler with one query", ours, bare, calls=60))
    assert {name for name, ratio in found.items() if ratio.median < AT_LEAST_OF_ADMIN[name]} == set()


def test_a_fragment_against_its_page(tmp_path, shop):
    """What htmx asks for while somebody types, against the whole page with the same answer."""
    path = "/customers/?q=organisation"
    htmx = {"HX-Request": "true", "HX-Target": "found", "Cookie": shop.cookie}
    with (
        served(tmp_path) as (port, _server),
        Line(port, path, **htmx) as fragment,
        Line(port, path, Cookie=shop.cookie) as page,
    ):
        print(f"\nfragment {len(fragment())} bytes, page {len(page())} bytes")
        assert len(fragment()) < len(page())
        print(measure("customers list, fragment / page", fragment, page, calls=100))


def test_what_being_signed_in_costs(tmp_path, shop):
    """A page with hardly anything on it, with a session, its person and memberships, and without."""
    with (
        served(tmp_path) as (port, _server),
        Line(port, "/bench-empty/", Cookie=shop.cookie) as signed,
        Line(port, "/bench-empty/") as stranger,
        Line(port, shop.subscription, Cookie=shop.cookie) as page,
    ):
        print()
        print(measure("an empty answer, stranger / signed in", stranger, signed, calls=200))
        print(measure("an empty answer, signed in / subscription page", signed, page, calls=100))


def test_requests_a_second_and_memory(tmp_path, shop):
    """Eight clients at once, on this machine beside the server: one worker, two workers. Blocks in turn."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _block in range(3):
        for workers, found in rates.items():
            with served(tmp_path, workers) as (port, server):
                found.append(_rate(port, shop))
                memory = _memory(server)
            print(f"\n{workers} worker(s): {found[-1]:.0f} requests/s; MB unique to each process: {memory}")
    ratios = sorted(two / one for one, two in zip(rates[1], rates[2], strict=True))
    print(f"2 workers / 1 worker: {ratios[1]:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f} in 3 blocks)")


def _rate(port: int, shop: Shop) -> float:
    """Requests a second to the subscription page, after every client has had one answer."""
    begin, counts = threading.Barrier(CLIENTS + 1), []

    def ask() -> None:
        with Line(port, shop.subscription, Cookie=shop.cookie) as line:
            line()
            begin.wait()
            until, count = time.monotonic() + SECONDS, 0
            while time.monotonic() < until:
                line()
                count += 1
            counts.append(count)

    threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    begin.wait()
    begun = timezone.now()
    for thread in threads:
        thread.join()
    return sum(counts) / (timezone.now() - begun).total_seconds()


def _memory(server: Server) -> list[int]:
    """Of the web server's processes, what each would give back if it ended."""
    processes = psutil.Process(server.process.pid).children(recursive=True)
    return [round(process.memory_full_info().uss / 2**20) for process in processes]
