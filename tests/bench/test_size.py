"""What size costs: the pages of the largest provider of a million customers against those of the largest of a thousand.

Two databases, two web servers, the same pages of each in turn. Making the million takes longer than all measuring:
`BENCH_CUSTOMERS=100000 make bench` is content with less.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from portal.models import User
from tests.bench.line import Line
from tests.bench.ratio import measure
from tests.browser.server import Server
from tests.support_contacts.at_size import database_of, pages

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

MANY, FEW = int(os.environ.get("BENCH_CUSTOMERS", "1000000")), 1_000
#: How many times as long a page may take with the million as with the thousand, and the last page as the first.
AT_MOST_OF_FEW, AT_MOST_OF_FIRST = 1.3, 1.2
#: What agents, resellers and customers open all day.
OPENED = (
    "home", "customers", "customers_last", "customers_newest", "customers_word", "customers_tenant",
    "customers_country", "customers_designated", "customers_attention", "customer", "subscription", "contacts",
    "contacts_partner", "contacts_attention", "resellers", "duties", "whom_to_call",
)  # fmt: skip


@pytest.fixture(scope="module")
def shops(django_db_setup, django_db_blocker, tmp_path_factory):
    """Of the large database and the small one, what opens a line that asks for a page."""
    with django_db_blocker.unblock():
        empty = connection.settings_dict["NAME"]
        with (
            database_of(MANY, called="many", template=empty),
            served(tmp_path_factory.mktemp("many")) as many,
            database_of(FEW, called="few", template=empty),
            served(tmp_path_factory.mktemp("few")) as few,
        ):
            yield many, few


@contextmanager
def served(mail) -> Iterator[Callable[[str], Line]]:
    keys = "NAME", "USER", "PASSWORD", "OPTIONS"
    database = {key: connection.settings_dict[key] for key in keys}
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")  # what is looked for here is no page of the portal
    found, cookies = pages(), {}
    for who in {who for who, _address in found.values()}:
        client = Client()
        client.force_login(User.objects.get(email=who))
        name = settings.SESSION_COOKIE_NAME
        cookies[who] = f"{name}={client.cookies[name].value}"
    server = Server(database, mail, "tests.bench.served:application", settings="tests.bench.settings")
    try:
        port = int(server.url().rpartition(":")[2])

        def line(page: str) -> Line:
            who, address = found[page]
            query = quote(address["query"], safe="=&")
            return Line(port, f"{address['path']}?{query}", Cookie=cookies[who])

        yield line
    finally:
        server.stop()


def test_a_million_customers_against_a_thousand(shops):
    many, few = shops
    slow = []
    for page in OPENED:
        try:
            with few(page) as ours, many(page) as other:
                found = measure(f"{page}, many / few", ours, other, calls=5, warm_up=3)
        except AssertionError as refused:  # a page that takes longer than a page may
            slow.append(f"{page}: {str(refused)[:60]}")
        else:
            slow += [str(found)] if found.median > AT_MOST_OF_FEW else []
            print(f"\n{found}", end="")
    assert not slow, "\n".join(slow)


def test_the_last_page_against_the_first(shops):
    many, _few = shops
    with many("customers_last") as last, many("customers") as first:
        found = measure("customers list, first page / last page", last, first, calls=20)
    print(f"\n{found}")
    assert found.median >= 1 / AT_MOST_OF_FIRST
