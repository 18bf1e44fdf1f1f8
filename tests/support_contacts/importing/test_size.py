"""Queries do not grow with what is unchanged; a mutated body is a line, never a crash."""

import json
import uuid

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.actor import Actor
from portal.errors import OperationError
from subscriptions.models import Subscription
from support_contacts.importing import subscriptions
from support_contacts.importing.customers import Customers
from support_contacts.importing.merging import read_all
from support_contacts.importing.records import Record
from support_contacts.importing.report import Kind, Report, Where
from support_contacts.importing.run import Run
from support_contacts.operations.importing import import_partner_center
from tests.support_contacts.importing import bodies
from tests.support_contacts.importing.bodies import CUSTOMER, RESELLER


def many(count: int) -> list[object]:
    """`count` customers, each with a subscription that a reseller supports."""
    tenants = [str(uuid.UUID(int=uuid.UUID(CUSTOMER).int + index)) for index in range(count)]
    ids = [str(uuid.UUID(int=uuid.UUID(bodies.SUBSCRIPTION).int + index)) for index in range(count)]
    pairs = list(zip(ids, tenants, strict=True))
    return [
        bodies.collection(*(bodies.customer(tenant, allowDelegatedAccess=True) for tenant in tenants)),
        bodies.collection(bodies.reseller()),
        bodies.table(*(f"{tenant},{RESELLER},2025-01-01,2029-12-31" for tenant in tenants)),
        bodies.collection(*(bodies.subscription(pk, tenant) for pk, tenant in pairs)),
        bodies.collection(*(bodies.support_contact(pk, tenant) for pk, tenant in pairs)),
        {"value": [bodies.graph(source=f"g-{tenant}", tenant=tenant) for tenant in tenants]},
    ]


def test_queries_of_an_unchanged_run_do_not_grow(run):
    run(*many(3))
    few = run.again(*many(3)).queries
    run(*many(30))

    assert run.again(*many(30)).queries == few


def test_queries_of_a_new_subscription_are_few(run):
    run(bodies.customer())

    def spent(count):
        ids = [str(uuid.uuid4()) for _ in range(count)]
        with CaptureQueriesContext(connection) as captured:
            run(bodies.collection(*(bodies.subscription(pk) for pk in ids)))
        return len(captured)

    assert spent(30) == spent(10)


def test_new_subscription_the_database_refuses_is_left_out_alone(run, provider):
    run(bodies.customer())
    now = timezone.now()
    importing = Run(
        provider, None, False, Actor.operator(provider.organisation, channel="import"), Report(), now
    )
    records = [
        Record(Kind.SUBSCRIPTION, (str(uuid.uuid4()),), Where("0.json", f"items[{index}]"), values)
        for index, values in enumerate([{}, {"quantity": -1}, {}])
    ]
    for record in records:
        record.values["customer"] = uuid.UUID(CUSTOMER)

    subscriptions.apply(importing, {r.key: r for r in records}, _customers(importing), _none(importing), [])

    assert Subscription.objects.count() == 2
    assert [line.where.path for line in importing.report.lines] == ["items[1]"]


def _customers(importing):
    return Customers(importing, [], [uuid.UUID(CUSTOMER)])


def _none(importing):
    return subscriptions.Subscriptions(importing, [])


@pytest.mark.django_db(transaction=True)
def test_second_import_of_a_partner_waits_for_nobody(provider):
    acting = Actor.operator(provider.organisation, channel="import")
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [provider.pk.int % 2**63])
        with pytest.raises(OperationError, match="Another import"):
            import_partner_center(provider, files=[], acting=acting)
    finally:
        other.close()


BODIES = [
    bodies.customer_detail(),
    bodies.collection(bodies.customer(), uri="/customers?size=40"),
    bodies.subscription(),
    bodies.addon(),
    bodies.modern(),
    bodies.collection(bodies.listed_subscription(), uri=f"/customers/{CUSTOMER}/subscriptions"),
    bodies.collection(bodies.reseller()),
    bodies.collection(bodies.relationship(), uri=f"/customers/{CUSTOMER}/relationships"),
    bodies.support_contact(),
    bodies.support_profile(),
    {"value": [bodies.graph(), bodies.graph("approvalPending", "g-2")]},
]
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**40, -(10**30), 2**31, 2**63, 1e308, -0.0, float("nan"), float("inf")]),
    st.text(max_size=12),
    st.sampled_from(
        [
            "\x00", "\ud800", "<guid>", "{}", "{x}", "", " ", "9999-12-10T00:00:00Z", "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59-14:00", "2025-02-30", "x" * 20_000, CUSTOMER.upper(), f"{{{RESELLER}}}", "none",
            f"/customers/{CUSTOMER}/subscriptions/{bodies.SUBSCRIPTION}/supportcontact", "٣", "terminated",
        ]
    ),
    st.recursive(st.none(), lambda inner: st.lists(inner, max_size=2), max_leaves=4),
    st.dictionaries(st.text(max_size=6), st.none() | st.text(max_size=4), max_size=3),
)  # fmt: skip


def places(value, path=()):
    """Every place in a body at which something else could stand."""
    yield path
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in entries:
        yield from places(inner, (*path, key))


def replaced(value, path, odd):
    if not path:
        return odd
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], odd)
    return copy


@st.composite
def mutated(draw):
    body = draw(st.sampled_from(BODIES))
    for _ in range(draw(st.integers(1, 3))):
        body = replaced(body, draw(st.sampled_from(list(places(body)))), draw(ODD))
    text = json.dumps(body, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    if draw(st.booleans()):
        cut, more = draw(st.integers(0, len(text))), draw(st.binary(max_size=6))
        text = text[:cut] + more + text[cut + draw(st.integers(0, 4)) :]
    return text


SAID = {"said": st.lists(mutated(), min_size=1, max_size=3), "customer": st.sampled_from([None, CUSTOMER])}
ALIKE = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


@settings(max_examples=150, **ALIKE)
@given(**SAID)
def test_mutated_bodies_are_lines_and_never_a_crash(run, said, customer):
    never_a_crash(run, said, customer)


@pytest.mark.soak
@settings(max_examples=3_000, **ALIKE)
@given(**SAID)
def test_many_more_mutated_bodies(run, said, customer):
    never_a_crash(run, said, customer)


def never_a_crash(run, said, customer):
    before = transaction.savepoint()
    report = run(bodies.customer(), bodies.subscription(), *said, customer=customer)
    assert not any("the database refuses" in str(line) for line in report.lines)
    assert all(line.encode() for line in report.grouped())
    assert Subscription.objects.count() >= 1
    transaction.savepoint_rollback(before)


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=200) | st.text(max_size=200).map(lambda text: ("customer,partner\n" + text).encode())
)
def test_any_bytes_are_read_or_reported(data):
    read_all([("any", data)], None, Report())
