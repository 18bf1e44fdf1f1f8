"""Every designation of ours: who made it, in force or why not; filters, both sorts, and the CSV of all that."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import PartnerSuspension, ResellerRelationship
from portal.permissions import Role
from support_contacts import attention_list, designation_export
from support_contacts.models import Designation, EndedAs
from support_contacts.operations.choose import choose_support_contact
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    DesignationFactory,
    OrganisationFactory,
    ProviderFactory,
    ResellerFactory,
    SubscriptionFactory,
    make_eligible,
)
from tests.support_contacts.conftest import acting, member

DAY = timedelta(days=1)
URL, EXPORT = "/support-contacts/", "/support-contacts/export/"


def html(response):
    return " ".join(response.content.decode().split())


def shown(client, **query):
    return [line.designation.pk for line in client.get(URL, query).context["list"].lines]


def exported(client, **query):
    response = client.get(EXPORT, query)
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def sold(world, name, *, partner=None, days=60, **extra):
    """A designation at a new customer of this name, `days` ago."""
    customer = CustomerFactory(organisation=OrganisationFactory(name=name))
    CustomerRelationshipFactory(partner=world.provider, customer=customer)
    partner = partner or ResellerFactory()
    make_eligible(partner, provider=world.provider, customer=customer) if not extra.pop(
        "bare", False
    ) else None
    row = SubscriptionFactory(provider=world.provider, customer=customer, **extra)
    return DesignationFactory(subscription=row, partner=partner, started_at=timezone.now() - days * DAY)


def test_who_made_it_stands_beside_since_when(signed_in, world, agent):
    made = choose_support_contact(world.subscription, partner_id=world.trey.pk, version=0, acting=agent)
    assert made

    page = html(signed_in.get(URL))
    (row,) = exported(signed_in)

    assert "· Admin agent</span>" in page
    assert (row["Designated by"], row["Role"], row["Channel"]) == ("Admin agent", "Admin agent", "portal")
    assert row["In force"] == "1"


def test_where_no_record_tells_who_the_door_is_told(signed_in, world):
    DesignationFactory(subscription=world.subscription, partner=world.trey, channel="import")

    assert "· import</span>" in html(signed_in.get(URL))


def test_by_customer_and_by_since_each_page_by_page(signed_in, world, monkeypatch):
    monkeypatch.setattr(attention_list, "PAGE_SIZE", 2)
    names = ["Émile", "adatum", "Zava", "Contoso Two", "Bellows"]
    rows = {name: sold(world, name, days=days) for days, name in enumerate(names, start=1)}
    for sort, wanted in (
        ("customer", ["adatum", "Bellows", "Contoso Two", "Émile", "Zava"]),
        ("", names),
    ):
        found, address = [], f"{URL}?sort={sort}"
        while address:
            listed = signed_in.get(address).context["list"]
            found += [line.designation.pk for line in listed.lines]
            back, address = listed.previous_url, listed.next_url
        assert found == [rows[name].pk for name in wanted]
        page = [line.designation.pk for line in signed_in.get(back).context["list"].lines]
        assert page == [rows[name].pk for name in wanted[2:4]]


def test_sorting_by_customer_stays_with_the_search(signed_in, world):
    sold(world, "Adatum")

    page = html(signed_in.get(URL, {"sort": "customer", "q": "adatum"}))

    assert '<input type="hidden" name="sort" value="customer">' in page
    assert 'aria-sort="ascending"' in page
    assert "/support-contacts/export/?q=adatum&amp;sort=customer" in page


def test_in_force_ended_and_what_stands(signed_in, world):
    holds = sold(world, "Holds")
    stale = sold(world, "Stale", bare=True)
    over = sold(world, "Over")
    over.ended_at, over.ended_as = timezone.now() - DAY, EndedAs.REPLACED
    over.save()
    gone = sold(world, "Gone", status="deleted", ended_at=timezone.now() - DAY)

    assert set(shown(signed_in)) == {holds.pk, stale.pk, gone.pk}
    assert shown(signed_in, holds="1") == [holds.pk]
    assert shown(signed_in, ended="1") == [over.pk]
    assert signed_in.get(URL, {"ended": "1"}).context["list"].total == 1
    page = html(signed_in.get(URL, {"ended": "1"}))
    assert "Replaced" in page
    assert "Until" in page
    assert "Subscription ended" in html(signed_in.get(URL))


@pytest.mark.parametrize("state", ["holds", "ended", "ending", "attention"])
def test_a_state_with_nothing_in_it_says_so_and_leads_on(signed_in, state):
    page = html(signed_in.get(URL, {state: "1"}))

    assert "All designations" in page
    assert "Export" not in page


def suspended(world, row):
    PartnerSuspension.objects.create(partner=row.partner, started_at=timezone.now() - DAY)
    # The first of several causes is the one that is told.
    related(world, row)


def related(world, row):
    ResellerRelationship.objects.filter(reseller=row.partner).update(
        ended_at=timezone.now() - DAY, ended_as="ended"
    )


def rights(world, row):
    grant = row.partner.customer_relationships.get().delegated_admins.get()
    grant.ends_at = timezone.now() - DAY
    grant.save()


def handed_back(world, row):
    row.hands_back_at = timezone.now() - DAY
    row.save()


def declined(world, row):
    row.ended_at, row.ended_as = timezone.now() - DAY, EndedAs.DECLINED
    row.save()


CAUSES = {
    "suspended": (suspended, "cause.reseller_suspended"),
    "relationship": (related, "cause.relationship_ended"),
    "delegated_admin": (rights, "cause.delegated_admin_expired"),
    "handed_back": (handed_back, "cause.handed_back"),
    "declined": (declined, "cause.declined"),
}


def test_each_cause_finds_what_is_told_with_it_and_nothing_else(signed_in, world):
    rows = {name: sold(world, f"Customer {name}") for name in CAUSES}
    for name, (break_it, _key) in CAUSES.items():
        break_it(world, rows[name])

    for name, (_break, key) in CAUSES.items():
        lines = signed_in.get(URL, {"attention": "1", "cause": name}).context["list"].lines
        assert [(line.designation.pk, line.cause.key) for line in lines] == [(rows[name].pk, key)]
    assert len(shown(signed_in, attention="1")) == len(CAUSES)
    assert shown(signed_in, attention="1", cause="new_commerce") == []


def test_the_export_is_what_the_list_shows_all_of_it_in_its_order(signed_in, world, monkeypatch):
    monkeypatch.setattr(designation_export, "CHUNK", 2)
    trey = [sold(world, name, partner=world.trey, bare=True) for name in ("Zava", "Adatum", "Bellows")]
    sold(world, "Of another")

    assert [row["Customer"] for row in exported(signed_in, partner=str(world.trey.pk), sort="customer")] == [
        "Adatum",
        "Bellows",
        "Zava",
    ]
    assert {row["Subscription ID"] for row in exported(signed_in, q="trey")} == {
        row.subscription.public_id for row in trey
    }
    assert len(exported(signed_in)) == 4


def test_the_export_runs_nothing_in_a_spreadsheet_and_says_why_not_in_force(signed_in, world):
    row = sold(world, "=HYPERLINK(1)", offer_name="@SUM(A1)")
    related(world, row)

    (line,) = exported(signed_in)

    assert (line["Customer"], line["Subscription"]) == ("'=HYPERLINK(1)", "'@SUM(A1)")
    assert (line["In force"], line["Reason"]) == ("0", "Relationship ended")
    assert line["Since"].endswith("Z")


def test_the_export_speaks_the_readers_language_to_its_last_line(signed_in, world):
    world.admin_agent.user.language = "fr"
    world.admin_agent.user.save()
    row = sold(world, "Adatum")
    related(world, row)

    (line,) = exported(signed_in)

    assert "Relation terminée" in line.values()


def test_the_export_of_an_address_that_is_none_is_refused(signed_in):
    response = signed_in.get(EXPORT, {"sort": "size"})

    assert response.status_code == 422


def test_the_exports_queries_do_not_grow_with_rows(signed_in, world, django_assert_max_num_queries):
    sold(world, "One")
    exported(signed_in)
    with django_assert_max_num_queries(10):
        exported(signed_in)
    for name in ("Two", "Three"):
        sold(world, name)
    with django_assert_max_num_queries(10):
        assert len(exported(signed_in)) == 3


@pytest.mark.parametrize("query", ["", "sort=customer", "holds=1", "ended=1"])
def test_the_pages_queries_do_not_grow_with_rows(signed_in, world, agent, query, django_assert_num_queries):
    def one_more(name):
        partner = ResellerFactory()
        customer = CustomerFactory(organisation=OrganisationFactory(name=name))
        CustomerRelationshipFactory(partner=world.provider, customer=customer)
        make_eligible(partner, provider=world.provider, customer=customer)
        row = SubscriptionFactory(provider=world.provider, customer=customer)
        choose_support_contact(row, partner_id=partner.pk, version=0, acting=agent)
        if query == "ended=1":
            Designation.objects.filter(subscription=row).update(
                ended_at=timezone.now(), ended_as=EndedAs.BACK_TO_PROVIDER
            )

    one_more("One")
    address = f"{URL}?{query}"
    signed_in.get(address)
    # Session, person with memberships; counts, page, events, people, customers; relationships, grants, suspensions
    # where something stands; what waits, for the frame.
    wanted = 8 if query == "ended=1" else 11
    with django_assert_num_queries(wanted):
        signed_in.get(address)
    one_more("Two")
    one_more("Three")
    with django_assert_num_queries(wanted):
        assert len(signed_in.get(address).context["list"].lines) == 3


def test_others_designations_are_in_no_view_and_no_export(signed_in, world):
    other = ProviderFactory()
    customer = CustomerFactory(organisation=OrganisationFactory(name="Somebody else’s"))
    CustomerRelationshipFactory(partner=other, customer=customer)
    make_eligible(world.trey, provider=other, customer=customer)
    DesignationFactory(
        subscription=SubscriptionFactory(provider=other, customer=customer), partner=world.trey
    )
    DesignationFactory(
        subscription=SubscriptionFactory(provider=other, customer=customer),
        partner=world.trey,
        ended_at=timezone.now(),
        ended_as=EndedAs.DECLINED,
    )

    for query in ({}, {"holds": "1"}, {"ended": "1"}, {"attention": "1"}, {"sort": "customer"}):
        assert shown(signed_in, **query) == []
        assert exported(signed_in, **query) == []
    # A customer that left is no longer ours to tell of.
    mine = sold(world, "Left")
    mine.subscription.customer.relationships.filter(partner=world.provider).update(
        ended_at=timezone.now(), ended_as="ended"
    )
    assert exported(signed_in) == exported(signed_in, sort="customer") == []


@pytest.mark.parametrize(("role", "status"), [(Role.SALES_AGENT, 200), (Role.BILLING_ADMIN, 403)])
def test_the_export_by_role(client, world, role, status):
    client.force_login(member(world.provider.organisation, role).user)

    assert client.get(EXPORT).status_code == status


def test_the_export_is_no_page_of_resellers_or_customers(client, world):
    for organisation in (world.trey.organisation, world.customer.organisation):
        client.force_login(member(organisation, Role.GLOBAL_ADMIN).user)
        assert client.get(EXPORT).status_code == 404


def test_a_colleague_of_another_organisation_is_not_named(client, world, agent):
    """The reseller reads its own list, where our people have no names."""
    choose_support_contact(world.subscription, partner_id=world.trey.pk, version=0, acting=agent)
    staff = acting(member(world.trey.organisation, Role.GLOBAL_ADMIN))
    client.force_login(staff.user)

    assert "· Admin agent" not in html(client.get("/duties/"))


BIG = (
    "customers_customerrelationship",
    "customers_delegatedadmin",
    "subscriptions_subscription",
    "support_contacts_designation",
)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("", "designation_open_since"),
        ("holds=1", "designation_open_since"),
        ("ended=1", "designation_since"),
        ("sort=customer", "customer_rel_by_name"),
        ("attention=1", ""),
        ("ending=1", ""),
        ("q=contoso", ""),
    ],
)
def test_every_view_can_be_answered_from_indexes_alone(signed_in, world, query, index):
    """Where reading whole tables and sorting are forbidden as far as can be, the plans do without."""
    sold(world, "Adatum")
    with CaptureQueriesContext(connection) as captured:
        signed_in.get(f"{URL}?{query}")
    asked = [q["sql"] for q in captured if q["sql"].startswith("SELECT") and BIG[3] in q["sql"]]
    plans = []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        for sql in asked:
            cursor.execute(f"EXPLAIN {sql}")
            plans.append("\n".join(line for (line,) in cursor.fetchall()))
    assert len(plans) >= 2
    for plan in plans:
        assert not [table for table in BIG if f"Seq Scan on {table} " in plan], plan
    assert any(index in plan for plan in plans)
