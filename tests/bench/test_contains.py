"""What a search inside words costs a provider with 100 000 customers: no index of ours answers it."""

import time

import pytest
from django.db import connection
from django.utils import timezone

from customers.api import shapes
from customers.filters import answering, own_customers
from portal.actor import Actor
from portal.keyset import Order, page_of
from tests.factories import ProviderFactory

pytestmark = [pytest.mark.bench, pytest.mark.django_db]

CUSTOMERS = 100_000
AT_MOST_SECONDS = 1.0  # a statement may take five

_MADE = """CREATE TEMP TABLE made ON COMMIT DROP AS
    SELECT gen_random_uuid() AS id, md5(n::text) AS name FROM generate_series(1, %s) n"""
_ROWS = (
    """INSERT INTO portal_organisation (id, name, sort_name, domain, country, time_zone, is_demo, created_at)
    SELECT id, name, name, name || '.example', 'FR', '', false, now() FROM made""",
    "INSERT INTO customers_customer (organisation_id) SELECT id FROM made",
    """INSERT INTO customers_customerrelationship (id, partner_id, customer_id, company_name, sort_name, domain,
    domains, country, alias, created_at, established_at, ended_as, message)
    SELECT gen_random_uuid(), %s, id, name, name, name || '.example', ARRAY[]::text[], 'FR', '', now(), now(), '', ''
    FROM made""",
    "ANALYZE customers_customerrelationship",
)


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("companyname", "0", 500),
        ("companyname", "abcdef", None),
        ("companyname", "zz", 0),
        ("domain", "zz", 0),
    ],
)
def test_a_page_of_what_contains(field, value, found):
    provider = ProviderFactory()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(_MADE, [CUSTOMERS])
        for statement in _ROWS:
            cursor.execute(statement, [provider.pk] if "%s" in statement else None)
    actor, now = Actor(provider.organisation), timezone.now()
    rows = answering(
        own_customers(actor, now), field=field, operator="substring", value=value, actor=actor, now=now
    )
    listed = rows.values_list(*shapes.LISTED, named=True)
    began = time.perf_counter()
    page = page_of(listed, Order("sort_name"), size=500)
    took = time.perf_counter() - began
    print(f"\n{field} containing {value}: {len(page.rows)} of {CUSTOMERS} customers in {took * 1000:.0f} ms")
    assert found is None or len(page.rows) == found
    assert took < AT_MOST_SECONDS
