"""All files of one call are one: the last counts, disagreements are told."""

from customers.models import CustomerRelationship
from subscriptions.models import Subscription
from tests.support_contacts.importing import bodies
from tests.support_contacts.importing.bodies import CUSTOMER
from tests.support_contacts.importing.conftest import reasons


def test_last_file_counts_and_the_disagreement_is_told_by_member(run):
    report = run(bodies.customer(name="Old name"), bodies.customer(name="New name"))

    assert CustomerRelationship.objects.get().company_name == "New name"
    assert reasons(report) == [
        '1.json: companyProfile.companyName: "New name" disagrees with "Old name" in 0.json'
        " (companyProfile.companyName); the last one counts"
    ]


def test_files_complete_each_other(run):
    run(bodies.collection(bodies.listed_subscription()), bodies.subscription())

    row = Subscription.objects.get()
    assert (row.offer_name, str(row.customer_id)) == ("Office 365 Business Standard", CUSTOMER)


def test_case_and_notation_of_ids_is_no_disagreement(run):
    offer = "{031C9E47-4802-4248-838E-778FB1D2CC05}"

    report = run(bodies.customer(), bodies.subscription(), bodies.subscription(offerId=offer))

    assert report.lines == []
    assert Subscription.objects.count() == 1


def test_missing_members_blank_nothing(run):
    run(bodies.customer_detail(), bodies.subscription())
    thin = bodies.without(
        bodies.subscription(), "offerName", "friendlyName", "partnerId", "commitmentEndDate"
    )

    run(thin | {"quantity": 13, "orderId": "", "offerName": None})

    row = Subscription.objects.get()
    assert (row.quantity, row.offer_name, row.reseller_of_record) == (
        13,
        "Office 365 Business Standard",
        "5550123",
    )
    assert row.commitment_end is not None
    assert row.order_id


def test_absence_deletes_nothing(run):
    run(bodies.collection(bodies.subscription(), bodies.addon()))

    run(bodies.collection(bodies.subscription()))

    assert Subscription.objects.count() == 2


def test_unusable_members_are_left_out_and_the_item_is_stored(run):
    report = run(
        bodies.subscription(
            quantity=-4, status="asleep", creationDate="yesterday", partnerId="abc", autoRenewEnabled="perhaps",
            offerName=["x"], suspensionReasons="x", friendlyName="x" * 301,
        )
    )  # fmt: skip

    row = Subscription.objects.get()
    assert (row.quantity, row.status, row.created_on, row.offer_name) == (0, "active", None, "")
    assert {line.where.path for line in report.lines if "taken as missing" in line.reason} == {
        "quantity", "status", "creationDate", "partnerId", "autoRenewEnabled", "offerName", "suspensionReasons",
        "friendlyName",
    }  # fmt: skip
    assert not report.has_refusals


def test_name_given_twice_is_told(run):
    report = run(bodies.data(bodies.customer()).replace(b'"id":', b'"id": "x", "ID":', 1))

    assert [line.where.path for line in report.lines] == ["ID"]
    assert CustomerRelationship.objects.count() == 1


def test_characters_no_database_holds_are_left_out(run):
    body = bodies.data(bodies.customer(name="@")).replace(b'"@"', b'"Na\\u0000me \\ud800 \\u001b[1m"')

    report = run(body)

    assert CustomerRelationship.objects.get().company_name == "Name   [1m"
    assert "cannot be stored" in reasons(report)[0]


def test_byte_order_marks_of_either_width(run):
    text = bodies.data(bodies.customer()).decode()

    report = run(b"\xef\xbb\xbf" + text.encode(), b"\xff\xfe" + text.encode("utf-16-le"))

    assert len(report.lines) == 2
    assert not report.has_refusals
    assert CustomerRelationship.objects.count() == 1


def test_dry_run_says_the_same_and_stores_nothing(run):
    dry = run(bodies.customer_detail(), bodies.subscription(), dry_run=True)
    assert CustomerRelationship.objects.count() == Subscription.objects.count() == 0

    real = run(bodies.customer_detail(), bodies.subscription())

    assert dry.summary() == real.summary()
    assert reasons(dry) == reasons(real)


def test_item_the_database_refuses_takes_nothing_with_it(run, provider):
    # A relationship whose words could not be stored would leave a customer without a name.
    bad = bodies.graph(endDateTime="2026-01-01T00:00:00Z", activatedDateTime="2999-01-01T00:00:00Z")
    bad["endDateTime"] = "2998-01-01T00:00:00Z"

    report = run({"value": [bad]}, bodies.subscription())

    assert any("the database refuses it" in line for line in reasons(report))
    assert Subscription.objects.count() == 1
