"""Every shape Microsoft documents, and what must come out of it."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from customers.models import CustomerRelationship, DelegatedAdmin
from portal.models import AuditEvent, Organisation, Partner, ResellerRelationship, SupportProfile
from subscriptions.models import Subscription
from tests.support_contacts.importing import bodies
from tests.support_contacts.importing.bodies import ADDON, CUSTOMER, MODERN, OTHER, RESELLER, SUBSCRIPTION
from tests.support_contacts.importing.conftest import codes, reasons

SHAPES = {
    "customer collection": (
        bodies.collection(bodies.customer(), bodies.customer(OTHER, "Contoso"), uri="/customers?size=40"),
        {"customers": 2},
        ["customer_relationship.established"] * 2,
    ),
    "customer detail": (
        bodies.customer_detail(),
        {"customers": 1, "delegated admin": 1},
        ["customer_relationship.established", "delegated_admin.established"],
    ),
    "customers of an indirect reseller, with a comma too many": (
        bodies.data(bodies.collection(bodies.customer())).replace(b"}], ", b"},], "),
        {"customers": 1},
        ["customer_relationship.established"],
    ),
    "traditional subscription": (
        bodies.subscription(),
        {"customers": 1, "subscriptions": 1},
        ["customer_relationship.established"],
    ),
    "subscription collection": (
        bodies.collection(bodies.subscription(), bodies.addon()),
        {"customers": 1, "subscriptions": 2},
        ["customer_relationship.established"],
    ),
    "new-commerce subscription": (
        bodies.modern(),
        {"customers": 1, "subscriptions": 1},
        ["customer_relationship.established"],
    ),
    "list of add-ons that says its customer": (
        bodies.collection(
            bodies.listed_subscription(id=ADDON),
            uri=f"/customers/{CUSTOMER}/subscriptions/{SUBSCRIPTION}/addons",
        ),
        {"customers": 1, "subscriptions": 1},
        ["customer_relationship.established"],
    ),
    "the provider's resellers": (
        bodies.collection(bodies.reseller()),
        {"reseller relationships": 1},
        ["reseller_relationship.established"],
    ),
    "resellers of a customer": (
        bodies.collection(bodies.relationship(), uri=f"/customers/{CUSTOMER}/relationships"),
        {"customers": 1, "reseller relationships": 1, "resellers of customers": 1},
        [
            "customer_relationship.established",
            "reseller_relationship.established",
            "customer_relationship.established",
        ],
    ),
    "support profile": (bodies.support_profile(), {"support profile": 1}, ["support_profile.changed"]),
    "Graph collection": (
        {"@odata.context": "…/$metadata#x", "value": [bodies.graph()]},
        {"customers": 1, "delegated admin": 1},
        ["customer_relationship.established", "delegated_admin.established"],
    ),
    "Graph single": (
        bodies.graph("approvalPending") | {"@odata.type": "#microsoft.graph.delegatedAdminRelationship"},
        {"customers": 1, "delegated admin": 1},
        ["customer_relationship.established", "delegated_admin.requested"],
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shape_comes_out_once(run, name):
    body, created, events = SHAPES[name]

    report = run(body)

    assert {kind: counts["created"] for kind, counts in report.summary().items()} == created
    assert not report.has_refusals, reasons(report)
    written = list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))
    assert sorted(written) == sorted([*events, "import.run"])
    assert report.events == len(written)
    assert {event.channel for event in AuditEvent.objects.all()} == {"import"}
    run.again(body)


def test_customer_detail_member_by_member(run, provider):
    run(bodies.customer_detail(associatedPartnerId=RESELLER))

    row = CustomerRelationship.objects.get()
    assert (row.partner, row.customer_id) == (provider, UUID(CUSTOMER))
    assert (row.company_name, row.domain, row.country) == (
        "Harbour Clinic",
        "harbourclinic.onmicrosoft.com",
        "US",
    )
    assert (row.domains, row.reseller_of_record_id) == (["clinic.example"], UUID(RESELLER))
    stub = Organisation.objects.get(pk=CUSTOMER)
    assert (stub.name, stub.domain, stub.stubbed_by) == (CUSTOMER, "", provider), (
        "names live in the relationship"
    )
    grant = DelegatedAdmin.objects.get()
    assert (grant.kind, grant.relationship, grant.ends_at, grant.requested_for) == (
        "dap",
        row,
        None,
        provider,
    )


def test_traditional_subscription_member_by_member(run):
    run(bodies.subscription())

    row = Subscription.objects.get()
    assert row.microsoft_id == SUBSCRIPTION
    assert row.customer_id == UUID(CUSTOMER)
    assert row.offer_id == "031c9e47-4802-4248-838e-778fb1d2cc05"
    assert (row.quantity, row.status, row.auto_renew, row.reseller_of_record) == (
        12,
        "active",
        True,
        "5550123",
    )
    assert row.created_on == datetime(2020, 3, 2, 10, 11, 12, 123456, UTC)
    assert (row.is_new_commerce, row.moved_to_new_commerce_at, row.contact_version) == (False, None, 0)


def test_usage_based_subscription_ends_never(run):
    run(
        bodies.subscription(
            offerId="MS-AZR-0145P", billingType="usage", commitmentEndDate="9999-12-10T00:00:00Z"
        )
    )

    row = Subscription.objects.get()
    assert (row.offer_id, row.commitment_end, row.is_usage_based, row.is_new_commerce) == (
        "MS-AZR-0145P", None, True, False
    )  # fmt: skip


def test_new_commerce_subscription_is_born_there(run):
    run(bodies.modern())

    row = Subscription.objects.get(microsoft_id=MODERN)
    assert (row.is_new_commerce, row.moved_to_new_commerce_at) == (True, None)
    assert (row.product_type_id, row.term_duration, row.renewal_term_duration) == (
        "OnlineServicesNCE",
        "P1Y",
        "",
    )
    assert (row.order_id, row.reseller_of_record) == ("1a2b3c4d5e6f", "")


def test_listed_subscription_needs_a_customer(run):
    report = run(bodies.collection(bodies.listed_subscription()))

    assert codes(report) == ["customer_unknown"]
    assert Subscription.objects.count() == 0


def test_listed_subscription_of_the_customer_the_command_names(run):
    report = run(bodies.collection(bodies.listed_subscription()), customer=CUSTOMER)

    row = Subscription.objects.get()
    assert row.offer_id == "0cca44d6-68e9-4762-94ee-31ece98783b9", "taken from its link"
    assert row.created_on == datetime(2015, 11, 25, 6, 41, 12, tzinfo=UTC)
    assert row.order_id == ""
    assert '0.json: items[0].orderId: placeholder "{id-for-order}", taken as missing' in reasons(report)
    run.again(bodies.collection(bodies.listed_subscription()), customer=CUSTOMER)


def test_command_s_customer_stands_in_only_where_none_is_named(run):
    run(bodies.subscription(), customer=OTHER)

    assert Subscription.objects.get().customer_id == UUID(CUSTOMER)


def test_placeholders_are_missing(run):
    body = bodies.customer()
    body["companyProfile"] |= {"tenantId": "<guid>", "domain": "domain", "companyName": "companyName"}

    report = run(bodies.collection(body))

    row = CustomerRelationship.objects.get()
    assert (row.customer_id, row.company_name, row.domain) == (UUID(CUSTOMER), "", "")
    assert row.name == CUSTOMER
    assert len(report.lines) == 3


def test_placeholders_blank_nothing(run):
    run(bodies.customer())
    body = bodies.customer()
    body["companyProfile"] |= {"domain": "domain", "companyName": "<name>"}
    run.again(body)

    assert CustomerRelationship.objects.get().company_name == "Harbour Clinic"


def test_provider_s_reseller_is_a_stub(run, provider):
    run(bodies.collection(bodies.reseller()))

    partner = Partner.objects.get(pk=RESELLER)
    assert (partner.name, partner.country, partner.partner_id) == ("Northwind Managed IT", "CA", "5550123")
    assert (partner.is_indirect_reseller, partner.is_indirect_provider) == (True, False)
    assert partner.organisation.stubbed_by == provider
    row = ResellerRelationship.objects.get()
    assert (row.provider, row.reseller) == (provider, partner)
    assert row.established_at is not None


def test_reseller_of_a_customer_is_a_relationship_and_never_delegated_admin(run, provider):
    run(bodies.collection(bodies.relationship()), customer=CUSTOMER)

    assert set(CustomerRelationship.objects.values_list("partner_id", "customer_id")) == {
        (provider.pk, UUID(CUSTOMER)),
        (UUID(RESELLER), UUID(CUSTOMER)),
    }
    assert CustomerRelationship.objects.get(partner=RESELLER).company_name == "", "our name for it is ours"
    assert ResellerRelationship.objects.count() == 1
    assert DelegatedAdmin.objects.count() == 0


def test_reseller_without_state_and_customer_is_reported(run):
    report = run(bodies.collection(bodies.relationship()))

    assert report.has_refusals
    assert Partner.objects.filter(pk=RESELLER).count() == 0


def test_support_profile_is_the_importing_partner_s(run, provider):
    run(bodies.support_profile())

    profile = SupportProfile.objects.get()
    assert profile.partner == provider
    assert (profile.email, profile.telephone, profile.website) == (
        "email@sample.example", "4255555555", "www.sample.example"
    )  # fmt: skip


def test_addon_is_tied_to_its_parent_whichever_comes_first(run):
    run(bodies.addon())
    assert Subscription.objects.get().parent_microsoft_id == SUBSCRIPTION
    assert Subscription.objects.get().parent is None

    run(bodies.subscription())

    assert Subscription.objects.get(microsoft_id=ADDON).parent.microsoft_id == SUBSCRIPTION
    run.again(bodies.subscription(), bodies.addon())


def test_member_names_in_any_case(run):
    pascal = bodies.data(bodies.subscription()).replace(b'"status"', b'"Status"').replace(b'"id"', b'"ID"')

    run(pascal.replace(b'"links"', b'"Links"').replace(b'"attributes"', b'"Attributes"'))

    assert Subscription.objects.get().microsoft_id == SUBSCRIPTION


NOT_READ = {
    "an error": {"code": 20002, "description": "No relationship", "data": [], "source": "PartnerFD"},
    "a Graph error": {"error": {"code": "x"}},
    "another type": {"id": "x", "attributes": {"objectType": "Order"}},
    "another Graph type": {"@odata.type": "#microsoft.graph.user", "id": "x"},
    "a number": b"12",
    "a word": b'"word"',
    "an empty file": b"",
    "no JSON": b"# Title\ntext",
    "half a file": b'{"items": [{"id":',
    "another encoding": '{"é": 1}'.encode("latin-1"),
    "a collection of words": {"items": ["a", 1, None]},
    "a collection without items": {"attributes": {"objectType": "Collection"}},
    "nesting without end": b"[" * 100_000,
    "a table of something else": b"a,b\n1,2",
}


@pytest.mark.parametrize("name", NOT_READ)
def test_what_is_not_read_is_reported_and_the_rest_imported(run, name):
    report = run(NOT_READ[name], bodies.customer())

    assert any(line.refused and line.where.file == "0.json" for line in report.lines)
    assert CustomerRelationship.objects.count() == 1
