"""Delegated admin by `allowDelegatedAccess`, by Graph and by table: begun, extended, ended, never revived."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from customers.models import CustomerRelationship, DelegatedAdmin
from portal.models import Action, AuditEvent
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    DelegatedAdminFactory,
    ProviderFactory,
    ResellerFactory,
)
from tests.support_contacts.importing import bodies
from tests.support_contacts.importing.bodies import CUSTOMER, OTHER, RESELLER, SECOND_RESELLER
from tests.support_contacts.importing.conftest import codes, reasons

BASE = (bodies.customer(), bodies.reseller())


def day(days: int) -> str:
    return f"{timezone.now() + timedelta(days=days):%Y-%m-%d}"


def instant(days: int) -> str:
    return (timezone.now() + timedelta(days=days)).isoformat()


def grants_in_force():
    return DelegatedAdmin.objects.active(timezone.now())


def test_dap_ends_when_the_customer_says_no(run):
    run(bodies.customer_detail())

    run(bodies.customer(allowDelegatedAccess=False))

    row = DelegatedAdmin.objects.get()
    assert row.ended_as == "ended"
    assert CustomerRelationship.objects.get().ended_at is None
    run.again(bodies.customer(allowDelegatedAccess=False))
    run(bodies.customer_detail())
    assert grants_in_force().count() == 1, "what an import ended, an import begins anew"


def test_dap_nobody_speaks_of_stays(run):
    run(bodies.customer_detail())
    run.again(bodies.customer())

    assert grants_in_force().count() == 1


def test_dap_a_person_ended_is_not_revived(run):
    run(bodies.customer_detail())
    DelegatedAdmin.objects.update(ended_at=timezone.now(), ended_as="ended")

    report = run.again(bodies.customer_detail()).report

    assert "not revived" in reasons(report)[0]
    assert grants_in_force().count() == 0


@pytest.mark.parametrize("status", ["active", "expiring", "Active"])
def test_graph_grant_in_force_begins_now_whatever_it_states(run, provider, status):
    before = timezone.now()

    run({"value": [bodies.graph(status)]})

    row = grants_in_force().get()
    assert row.established_at >= before
    assert row.ends_at == datetime(2029, 2, 10, 11, 24, 42, 314826, UTC)
    assert (row.source_id, row.requested_for, row.relationship.partner) == ("g-1", provider, provider)
    assert row.relationship.company_name == "Harbour Clinic"
    event = AuditEvent.objects.get(action=Action.DELEGATED_ADMIN_ESTABLISHED)
    assert event.after["stated_from"].startswith("2025-02-10T11:26:44")


@pytest.mark.parametrize("status", ["approvalPending", "created", "approved", "activating"])
def test_graph_request_waits(run, status):
    run({"value": [bodies.graph(status, createdDateTime=instant(-1))]})

    assert grants_in_force().count() == 0
    assert DelegatedAdmin.objects.get().state(timezone.now()) == "requested"

    run({"value": [bodies.graph()]})

    assert grants_in_force().count() == 1
    assert DelegatedAdmin.objects.count() == 1


@pytest.mark.parametrize(
    ("status", "ended_as"),
    [
        ("terminated", "ended"),
        ("terminating", "ended"),
        ("terminationRequested", "ended"),
        ("expired", "expired"),
    ],
)
def test_graph_grant_that_is_over_ends_now(run, status, ended_as):
    run({"value": [bodies.graph()]})
    before = timezone.now()

    run({"value": [bodies.graph(status)]})

    row = DelegatedAdmin.objects.get()
    assert (row.ended_as, row.ended_at >= before) == (ended_as, True)
    run.again({"value": [bodies.graph(status)]})


def test_graph_grant_over_before_it_was_heard_of_explains_but_was_never_in_force(run):
    body = bodies.graph("expired", endDateTime="2026-01-05T00:00:00Z")

    run({"value": [body]})

    row = DelegatedAdmin.objects.get()
    assert row.established_at == row.ended_at == datetime(2026, 1, 5, tzinfo=UTC)
    assert row.state(timezone.now()) == "expired"
    run.again({"value": [body]})


def test_graph_grant_a_person_ended_is_not_revived(run):
    run({"value": [bodies.graph()]})
    DelegatedAdmin.objects.update(ended_at=timezone.now(), ended_as="ended")

    report = run.again({"value": [bodies.graph()]}).report

    assert "not revived" in reasons(report)[0]


def test_graph_grant_activated_after_a_person_ended_it_is_a_new_one(run):
    run({"value": [bodies.graph()]})
    DelegatedAdmin.objects.update(ended_at=timezone.now(), ended_as="ended")

    run({"value": [bodies.graph(activatedDateTime=instant(1)), bodies.graph(source="g-2")]})

    assert DelegatedAdmin.objects.filter(source_id="g-1", ended_at=None).count() == 1
    assert grants_in_force().get().source_id == "g-2", "the other begins tomorrow"


def test_graph_grant_extended_while_in_force(run):
    run({"value": [bodies.graph()]})

    run({"value": [bodies.graph(endDateTime="2030-01-01T00:00:00Z")]})

    assert grants_in_force().get().ends_at.year == 2030
    assert DelegatedAdmin.objects.count() == 1


def test_graph_grant_extended_after_it_had_expired_is_a_new_interval(run):
    run({"value": [bodies.graph()]})
    ended = timezone.now() - timedelta(days=2)
    DelegatedAdmin.objects.update(established_at=ended - timedelta(days=30), ends_at=ended)

    run({"value": [bodies.graph()]})

    assert DelegatedAdmin.objects.count() == 2
    assert not DelegatedAdmin.objects.active(timezone.now() - timedelta(days=1)).exists(), (
        "no day is rewritten"
    )
    assert grants_in_force().count() == 1
    run.again({"value": [bodies.graph()]})


def test_graph_subtype_names_who_asked(importer_of, db):
    asking = ProviderFactory()
    reseller = ResellerFactory()

    importer_of(reseller)({"value": [bodies.graph(indirectProviderTenantId=str(asking.pk))]})

    row = DelegatedAdmin.objects.get()
    assert (row.relationship.partner, row.requested_for) == (reseller, asking)


def test_graph_grant_without_end_is_refused(run):
    report = run({"value": [bodies.graph(endDateTime="9999-12-10T00:00:00Z")]})

    assert report.has_refusals
    assert DelegatedAdmin.objects.count() == 0


def test_table_gives_a_reseller_its_grant(run, provider):
    until = timezone.now() + timedelta(days=30)

    run(*BASE, bodies.table(f"{{{CUSTOMER.upper()}}},5550123,{day(-10)},{until:%Y-%m-%d}"))

    row = grants_in_force().get()
    assert (row.relationship.partner_id, row.requested_for, row.kind) == (UUID(RESELLER), provider, "gdap")
    midnight = (until + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert row.ends_at == midnight, "a bare until is inclusive"
    run.again(*BASE, bodies.table(f"{CUSTOMER},{RESELLER},{day(-10)},{until:%Y-%m-%d}"))


def test_table_with_timestamps_and_semicolons(run):
    run(
        *BASE,
        bodies.table(
            f"{RESELLER};2029-01-02T03:04:05+02:00;{CUSTOMER};", header="partner;until;customer;from"
        ),
    )

    assert grants_in_force().get().ends_at == datetime(2029, 1, 2, 1, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("until", ["", "9999-12-31"])
def test_table_without_end_is_dap(run, until):
    run(*BASE, bodies.table(f"{CUSTOMER},{RESELLER},2020-01-01,{until}"))

    row = grants_in_force().get()
    assert (row.kind, row.ends_at) == ("dap", None)
    run.again(*BASE, bodies.table(f"{CUSTOMER},{RESELLER},2021-01-01,"))


def test_table_ends_a_grant_now_that_it_says_ended_last_week(run):
    run(*BASE, bodies.table(f"{CUSTOMER},{RESELLER},2026-01-01,{day(40)}"))
    before = timezone.now()

    run(bodies.table(f"{CUSTOMER},{RESELLER},2026-01-01,{day(-7)}"))

    row = DelegatedAdmin.objects.get()
    assert row.ended_at >= before, "customers were shown the reseller until now"
    assert AuditEvent.objects.get(action=Action.DELEGATED_ADMIN_ENDED).after["stated_until"][:10] == day(-6)
    run.again(bodies.table(f"{CUSTOMER},{RESELLER},2026-01-01,{day(-7)}"))


def test_table_does_not_revive_what_a_person_ended_later(run, provider):
    customer = CustomerFactory(organisation__id=UUID(CUSTOMER))
    reseller = ResellerFactory(organisation__id=UUID(RESELLER))
    DelegatedAdminFactory(
        relationship=CustomerRelationshipFactory(partner=reseller, customer=customer),
        ended_at=timezone.now() - timedelta(days=5),
        ended_as="ended",
    )

    report = run(*BASE, bodies.table(f"{CUSTOMER},{RESELLER},{day(-20)},{day(40)}"))
    assert "not revived" in reasons(report)[-1]
    assert grants_in_force().count() == 0

    run(bodies.table(f"{CUSTOMER},{RESELLER},{day(-3)},{day(40)}"))
    assert grants_in_force().count() == 1, "a grant that began after that is another one"


ROWS = {
    "unknown partner": (f"{CUSTOMER},5550999,,", ["relationship_missing"]),
    "unrelated partner": (f"{CUSTOMER},{SECOND_RESELLER},,", ["relationship_missing"]),
    "customer of nobody": (f"{OTHER},{RESELLER},,", ["customer_unknown"]),
    "no customer": (f",{RESELLER},,", []),
    "no partner": (f"{CUSTOMER},,,", []),
    "unreadable end": (f"{CUSTOMER},{RESELLER},,someday", []),
    "ends before it begins": (f"{CUSTOMER},{RESELLER},2029-01-01,2028-01-01", []),
}


@pytest.mark.parametrize("name", ROWS)
def test_row_that_cannot_be_placed_is_refused(run, name):
    row, expected = ROWS[name]
    ResellerFactory(organisation__id=UUID(SECOND_RESELLER))

    report = run(*BASE, bodies.table(row, f"{CUSTOMER},{RESELLER},,{day(9)}"))

    assert codes(report) == expected
    assert [line.where.path[:6] for line in report.lines if line.refused] == ["line 2"]
    assert grants_in_force().count() == 1


def test_row_and_detail_about_the_same_dap_are_one_grant(run, provider):
    report = run(bodies.customer_detail(), bodies.table(f"{CUSTOMER},{provider.pk},,"))

    assert not report.has_refusals
    assert DelegatedAdmin.objects.count() == 1
