"""No page reads a table that grows with customers from end to end, whatever is searched, filtered or sorted.

Every SELECT of every list, search, filter and picker is explained as it ran, with its own parameters.
"""

import re
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from portal.among import among
from portal.models import User
from support_contacts.models import Designation
from tests.support_contacts.at_size import LARGE, Plans, database_of, pages

pytestmark = pytest.mark.django_db

#: What these pages count of the resellers they list is read whole where those are most of all there are.
COUNTS = {
    *("resellers", "resellers_established", "resellers_agreement", "resellers_attention", "duties_word"),
    "providers",
}
#: Few enough to be made in seconds, and so many that reading them all is no longer the quickest.
CUSTOMERS = 4_000


@pytest.fixture(scope="module")
def at_size(django_db_setup, django_db_blocker, request):
    with django_db_blocker.unblock(), database_of(getattr(request, "param", CUSTOMERS)):
        yield pages()


def explained(found, monkeypatch, *, counted: int):
    """What every statement of every page read, by page."""
    monkeypatch.setattr("support_contacts.counting.COUNTED", counted)
    clients: dict[str, Client] = {}
    read = {}
    for name, (who, address) in found.items():
        if who not in clients:
            clients[who] = Client()
            clients[who].force_login(User.objects.get(email=who))
        plans = Plans()
        with connection.execute_wrapper(plans):
            response = clients[who].get(f"{address['path']}?{address['query']}")
        assert response.status_code == 200, name
        read[name] = plans.statements
    return read


def wrong(read, *, most: int) -> list[str]:
    return [
        f"{name}: {statement.rows:,} rows, whole: {sorted(LARGE & {*statement.whole})}: {statement.sql[:400]}"
        for name, statements in read.items()
        for statement in statements
        if (name not in COUNTS and LARGE & {*statement.whole}) or statement.rows > most
    ]


def test_no_page_reads_a_whole_table(at_size, monkeypatch):
    read = explained(at_size, monkeypatch, counted=100)

    assert len(read) > 45
    assert sum(map(len, read.values())) > 300
    found = wrong(read, most=10 * CUSTOMERS)
    assert not found, "\n".join(found)


@pytest.mark.soak
@pytest.mark.parametrize("at_size", [100_000], indirect=True)
def test_no_page_reads_a_whole_table_of_a_hundred_thousand(at_size, monkeypatch):
    found = wrong(explained(at_size, monkeypatch, counted=10_000), most=150_000)

    assert not found, "\n".join(found)


def test_reading_a_whole_table_would_be_found(at_size):
    """The reader of plans sees what it is there to see."""
    plans = Plans()
    with connection.execute_wrapper(plans), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM subscriptions_subscription WHERE friendly_name LIKE %s", ["%x%"])

    assert plans.statements[0].whole == ["subscriptions_subscription"]
    assert plans.statements[0].rows > 3 * CUSTOMERS - 1


def test_few_rows_are_found_once_whatever_the_planner_expects():
    """Tables it takes for empty are where it would ask again for each row."""
    me, now = uuid.uuid4(), timezone.now()
    found = Designation.objects.touched(me, now - timedelta(days=1), now)

    for rows in (found, Designation.objects.waiting(me, now), found.filter(among("pk", found.values("pk")))):
        assert re.search(r"= ANY \((\$\d|\(InitPlan)", rows.explain()), rows.explain()
    assert not Designation.objects.filter(among("pk", Designation.objects.none().values("pk"))).exists()
