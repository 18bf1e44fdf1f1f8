"""What size costs: the pages of the largest provider of a million customers against those of the largest of a thousand.

Two databases, two web servers, the same pages of each in turn. Making the million takes longer than all measuring:
`BENCH_CUSTOMERS=100000 make bench` is content with less.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from portal.models import User
from tests.bench.line import Line
from tests.bench.ratio import Ratio, measure
from tests.browser.server import Server
from tests.support_contacts.at_size import database_of, pages

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

MANY, FEW = int(os.environ.get("BENCH_CUSTOMERS", "1000000")), 1_000
#: How many times as long a page may take with the million as with the thousand, and the last page as the first.
AT_MOST_OF_FEW, AT_MOST_OF_FIRST = 1.3, 1.2
#: Printed and not held: one letter, or the word everybody has, means a thousand customers at one and a million at the
#: other; the first is answered whole, of the other the first twenty thousand are looked at.
COUNTLESS = {"customers_letter", "customers_everybody"}


@pytest.fixture(scope="module")
def shops(django_db_setup, django_db_blocker, tmp_path_factory):
    """Of the large database and the small one, by page: an open line that asks for it."""
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
def served(mail) -> Iterator[dict[str, Line]]:
    keys = "NAME", "USER", "PASSWORD", "OPTIONS"
    database = {key: connection.settings_dict[key] for key in keys}
    found, cookies = pages(), {}
    for who in {who for who, _address in found.values()}:
        client = Client()
        client.force_login(User.objects.get(email=who))
        name = settings.SESSION_COOKIE_NAME
        cookies[who] = f"{name}={client.cookies[name].value}"
    server = Server(database, mail, "tests.bench.served:application", settings="tests.bench.settings")
    lines: dict[str, Line] = {}
    try:
        port = int(server.url().rpartition(":")[2])
        for page, (who, address) in found.items():
            path = f"{address['path']}?{quote(address['query'], safe='=&')}"
            lines[page] = Line(port, path, Cookie=cookies[who])
        yield lines
    finally:
        for line in lines.values():
            line.socket.close()
        server.stop()


def told(*ratios: Ratio) -> None:
    for ratio in ratios:
        print(f"\n{ratio}", end="")


def test_a_million_customers_against_a_thousand(shops):
    many, few = shops
    found = {page: measure(f"{page}, many / few", few[page], many[page], calls=5) for page in few}
    told(*sorted(found.values(), key=lambda ratio: -ratio.median))
    slow = {page for page, ratio in found.items() if ratio.median > AT_MOST_OF_FEW}
    assert slow - COUNTLESS == set()


def test_the_last_page_against_the_first(shops):
    many, _few = shops
    found = measure(
        "customers list, last page / first page", many["customers"], many["customers_last"], calls=60
    )
    told(found)
    assert found.median <= AT_MOST_OF_FIRST
