"""The customers list: what finds a customer, what its line says, and what its address may hold."""

import uuid
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone

from customers.models import DelegatedAdmin
from portal.keyset import Cursor
from portal.permissions import Role
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    DelegatedAdminFactory,
    DesignationFactory,
    OrganisationFactory,
    PartnerSuspensionFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    SubscriptionFactory,
    make_eligible,
)
from tests.support_contacts.conftest import member

URL = "/customers/"


def customer_of(provider, name, **fields):
    customer = CustomerFactory(organisation=OrganisationFactory(name=name))
    return CustomerRelationshipFactory(partner=provider, customer=customer, **fields)


def listed(response):
    return [line.row.relationship.name for line in response.context["list"].rows]


def line(response, name):
    return next(one.row for one in response.context["list"].rows if one.row.relationship.name == name)


def found(client, **query):
    response = client.get(URL, query)
    assert response.status_code == 200
    return listed(response)


# -- what finds a customer


@pytest.mark.parametrize(
    ("typed", "finds"),
    [
        ("cont", True),
        ("CONTOSO", True),
        ("hold cont", True),
        ("elysee", True),
        ("contoso.example", True),
        ("ontoso", False),
        ("contoso nothing", False),
        ("!!!", False),
        ("%", False),
    ],
)
def test_every_word_begins_a_word_of_the_name_or_domain(signed_in, world, typed, finds):
    world.relationship.company_name, world.relationship.domain = "Contoso Élysée Holding", "contoso.example"
    world.relationship.save()
    customer_of(world.provider, "Northwind Traders")

    assert found(signed_in, q=typed) == (["Contoso Élysée Holding"] if finds else [])


@pytest.mark.parametrize("notation", ["{}", "{{{}}}", " {} "])
def test_tenant_id_finds_the_customer_in_any_notation(signed_in, world, notation):
    customer_of(world.provider, "Northwind Traders")

    assert found(signed_in, q=notation.format(str(world.customer.pk).upper())) == ["Contoso"]
    assert found(signed_in, q=world.customer.pk.hex) == ["Contoso"]


def test_subscription_id_finds_its_customer_and_links_to_it(signed_in, world):
    customer_of(world.provider, "Northwind Traders")

    response = signed_in.get(URL, {"q": world.subscription.microsoft_id.upper()})

    assert listed(response) == ["Contoso"]
    address = reverse("customers:subscription", args=[world.customer.pk, world.subscription.microsoft_id])
    assert f'href="{address}?from=' in response.content.decode()
    assert "Subscription: Microsoft 365 E3" in response.content.decode()


def test_subscription_id_of_another_provider_finds_nothing(signed_in, world):
    other = ProviderFactory()
    CustomerRelationshipFactory(partner=other, customer=world.customer)
    theirs = SubscriptionFactory(provider=other, customer=world.customer)

    assert found(signed_in, q=theirs.microsoft_id) == []


def test_partner_id_finds_by_reseller_of_record_and_by_designation(signed_in, world):
    world.subscription.reseller_of_record = "5127741"
    world.subscription.save()
    of_record = ResellerFactory(partner_id="5127741")
    ResellerRelationshipFactory(provider=world.provider, reseller=of_record)
    customer_of(world.provider, "As a whole", reseller_of_record_id=of_record.pk)
    designated = customer_of(world.provider, "By designation")
    subscription = SubscriptionFactory(provider=world.provider, customer=designated.customer)
    DesignationFactory(subscription=subscription, partner=of_record)
    customer_of(world.provider, "51277 Bakery")
    customer_of(world.provider, "Northwind Traders")

    assert found(signed_in, q="5127741") == ["As a whole", "By designation", "Contoso"]
    assert found(signed_in, q="51277") == ["51277 Bakery"]
    assert found(signed_in, record="5127741") == ["As a whole", "Contoso"]


def test_menu_names_the_resellers_of_record_we_know(signed_in, world):
    """One that is no partner of ours stays digits, even where the portal knows its name."""
    stranger = ResellerFactory(organisation=OrganisationFactory(name="Canary"), partner_id="6666666")
    for partner in (world.trey, stranger):
        SubscriptionFactory(
            provider=world.provider, customer=world.customer, reseller_of_record=partner.partner_id
        )

    response = signed_in.get(URL, {"record": "6666666"})

    assert [choice.label for choice in response.context["list"].records] == ["6666666", "Trey Research"]
    assert response.context["list"].record.label == "6666666"
    assert "Canary" not in response.content.decode()


def test_r4_partner_id_of_an_unrelated_reseller_of_record_is_not_told(signed_in, world):
    """Its tenant id is all that was imported; which PartnerID belongs to it is not ours to know."""
    unrelated = ResellerFactory(partner_id="5127741")
    customer_of(world.provider, "As a whole", reseller_of_record_id=unrelated.pk)

    assert [choice.label for choice in signed_in.get(URL).context["list"].records] == []
    assert found(signed_in, record="5127741") == []
    assert found(signed_in, q="5127741") == []


def test_partner_id_of_an_ended_designation_finds_nothing(signed_in, world):
    DesignationFactory(
        subscription=world.subscription,
        partner=ResellerFactory(partner_id="5127741"),
        ended_at=timezone.now(),
        ended_as="replaced",
    )

    assert found(signed_in, q="5127741") == []


def test_country_filter_and_its_menu(signed_in, world):
    customer_of(world.provider, "Southridge", country="DE")

    response = signed_in.get(URL, {"country": "de"})

    assert listed(response) == ["Southridge"]
    assert response.context["list"].country.label == "Germany"
    menu = signed_in.get(URL).context["list"].countries
    assert [choice.label for choice in menu] == ["France", "Germany"]


def test_customers_of_others_and_ended_relationships_are_not_there(signed_in, world):
    customer_of(ProviderFactory(), "Somebody else’s")
    customer_of(world.provider, "Ended", ended_at=timezone.now(), ended_as="ended")
    customer_of(world.provider, "Requested", established_at=None, requested_at=timezone.now())

    response = signed_in.get(URL)

    assert listed(response) == ["Contoso"]
    assert response.context["list"].heading.everything == 1


# -- what a line says


def test_line_names_the_provider_until_somebody_is_designated(signed_in, world):
    row = line(signed_in.get(URL), "Contoso")

    assert (row.subscriptions, row.supported_by, row.more_supporters) == (1, "Fabrikam Distribution", 0)


def test_line_names_the_reseller_with_most_subscriptions_first(signed_in, world):
    alpine = ResellerFactory(organisation=OrganisationFactory(name="Alpine Ski House"))
    make_eligible(alpine, provider=world.provider, customer=world.customer)
    for partner in (world.trey, world.trey, alpine):
        subscription = SubscriptionFactory(provider=world.provider, customer=world.customer)
        DesignationFactory(subscription=subscription, partner=partner)

    response = signed_in.get(URL)

    row = line(response, "Contoso")
    assert (row.subscriptions, row.supported_by, row.more_supporters) == (4, "Trey Research", 2)
    assert "and 2 more" in response.content.decode()
    assert "In order" in response.content.decode()


def test_line_says_what_needs_attention_and_since_when(signed_in, world):
    DesignationFactory(subscription=world.subscription, partner=world.trey)
    PartnerSuspensionFactory(partner=world.trey, started_at=timezone.now() - timedelta(days=3))

    response = signed_in.get(URL)

    row = line(response, "Contoso")
    assert (row.stale, row.supported_by) == (1, "Fabrikam Distribution")
    assert (timezone.now() - row.stale_since).days == 3
    assert "1 of 1, since" in response.content.decode()


def test_line_warns_when_delegated_admin_ends_within_31_days(signed_in, world):
    grant = world.trey.customer_relationships.get().delegated_admins.get()
    grant.ends_at = timezone.now() + timedelta(days=8, hours=1)
    grant.save()
    DesignationFactory(subscription=world.subscription, partner=world.trey)

    row = line(signed_in.get(URL), "Contoso")

    assert row.days_left() in (8, 9)
    assert row.stale == 0


def test_ended_subscriptions_neither_count_nor_need_attention(signed_in, world):
    ended = SubscriptionFactory(
        provider=world.provider, customer=world.customer, status="expired", ended_at=timezone.now()
    )
    DesignationFactory(subscription=ended)

    response = signed_in.get(URL)

    assert line(response, "Contoso").subscriptions == 1
    assert response.context["list"].heading.attention == 0
    assert response.context["list"].heading.designated == 0


def test_customer_without_a_name_is_shown_by_its_tenant_id(signed_in, world):
    relationship = customer_of(world.provider, "Stub", company_name="", domain="")

    content = signed_in.get(URL).content.decode()

    assert f"<bdi>{relationship.customer_id}</bdi>" in content
    assert "Name not known" in content


# -- chips


def test_chips_filter_and_count(signed_in, world):
    stale = customer_of(world.provider, "Stale")
    subscription = SubscriptionFactory(provider=world.provider, customer=stale.customer)
    partner = ResellerFactory()
    _related, grant = make_eligible(partner, provider=world.provider, customer=stale.customer)
    DesignationFactory(subscription=subscription, partner=partner)
    DelegatedAdmin.objects.filter(pk=grant.pk).update(ends_at=timezone.now() - timedelta(days=1))
    DesignationFactory(subscription=world.subscription, partner=world.trey)
    customer_of(world.provider, "Nobody")

    heading = signed_in.get(URL).context["list"].heading

    assert (heading.everything, heading.attention, heading.designated) == (3, 1, 2)
    assert found(signed_in, attention="1") == ["Stale"]
    assert found(signed_in, designated="1") == ["Contoso", "Stale"]
    assert found(signed_in, designated="1", attention="1") == ["Stale"]
    assert signed_in.get(URL, {"designated": "1", "attention": "1"}).context["list"].total == 1


# -- pages


@pytest.fixture
def many(world):
    """Sixty more customers, some of one name and one instant: only their ids tell them apart."""
    began = timezone.now() - timedelta(days=900)
    for number in range(60):
        customer_of(
            world.provider, f"Customer {number // 30}", established_at=began + timedelta(days=number // 30)
        )
    return world


@pytest.mark.parametrize("sort", ["name", "newest"])
def test_pages_go_forth_and_back_over_every_customer_once(signed_in, many, sort):
    response = signed_in.get(URL, {"sort": sort})
    seen, summaries = [], []
    while True:
        shown = response.context["list"]
        seen.append([one.row.relationship.pk for one in shown.rows])
        summaries.append(shown.summary)
        if not shown.next_url:
            break
        response = signed_in.get(shown.next_url)
    everyone = [pk for page in seen for pk in page]
    assert len(everyone) == len(set(everyone)) == 61
    assert summaries == ["1–25 of 61 customers", "26–50 of 61 customers", "51–61 of 61 customers"]

    back = [seen[-1]]
    while response.context["list"].previous_url:
        response = signed_in.get(response.context["list"].previous_url)
        back.append([one.row.relationship.pk for one in response.context["list"].rows])
    assert back == seen[::-1]
    assert response.context["list"].summary == "1–25 of 61 customers"


def test_a_page_keeps_search_and_filters(signed_in, many):
    response = signed_in.get(URL, {"q": "customer", "country": "FR"})

    query = parse_qs(urlsplit(response.context["list"].next_url).query)

    assert query["q"] == ["customer"]
    assert query["country"] == ["FR"]


def test_totals_are_counted_to_a_cap(signed_in, many, monkeypatch):
    monkeypatch.setattr("support_contacts.counting.COUNTED", 40)
    monkeypatch.setattr("support_contacts.list_frame.COUNTED", 40)

    assert signed_in.get(URL).context["list"].summary == "1–25 of 40+ customers"


def test_the_way_back_remembers_page_and_row(signed_in, world):
    shown = signed_in.get(URL, {"q": "con", "sort": "newest"}).context["list"]

    back = parse_qs(urlsplit(shown.rows[0].url).query)["from"][0]

    assert back == f"/customers/?q=con&sort=newest#c-{world.customer.pk}"


# -- what the address may hold


@pytest.mark.parametrize(
    "query",
    [
        {"q": "x\0y"},
        {"q": "x" * 201},
        {"country": "FRANCE"},
        {"country": "F1"},
        {"record": "12 OR 1=1"},
        {"record": "٣٤"},
        {"designated": "2"},
        {"attention": "yes"},
        {"sort": "domain"},
        {"after": "nonsense"},
        {"after": "e30"},
        {"after": "WzFd"},
        {"before": "A" * 5000},
        {"before": str(Cursor("x\0", uuid.uuid4(), 1))},
        {"before": str(Cursor("x", uuid.uuid4(), -1))},
        {"after": "W1tbW1tb" * 200},
    ],
)
def test_what_makes_no_sense_is_said_and_never_an_error(signed_in, world, query):
    response = signed_in.get(URL, query)

    assert response.status_code == 422
    assert "Something in the address or form is not right." in response.content.decode()


@pytest.mark.parametrize(
    "raw",
    [
        "q=%ED%A0%80",
        "q=%FF%FE",
        "q=\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
        "q=%5C%27%22%25_",
    ],
)
def test_odd_bytes_are_searched_for_and_found_nowhere(signed_in, world, raw):
    response = signed_in.get(f"{URL}?{raw}")

    assert response.status_code == 200
    assert listed(response) == []


@pytest.mark.parametrize("sort", ["name", "newest"])
def test_a_cursor_of_another_sort_or_a_row_that_is_gone_is_an_empty_page_or_a_page(signed_in, world, sort):
    for key in ("zzz", "2020-01-01T00:00:00+00:00", "", "\U0001f600"):
        response = signed_in.get(URL, {"sort": sort, "after": str(Cursor(key, uuid.uuid4(), 5))})
        assert response.status_code == 200


# -- nothing there


def test_nothing_found_says_for_what_and_offers_the_way_out(signed_in, world):
    response = signed_in.get(URL, {"q": "contsoo", "country": "FR"})

    content = response.content.decode()
    assert "No customer matches “contsoo” in France" in content
    assert 'href="/customers/?q=contsoo"' in content
    assert "Clear search and filters" in content


def test_no_customers_yet(client, db):
    newcomer = member(ProviderFactory().organisation, Role.ADMIN_AGENT)
    client.force_login(newcomer.user)

    content = client.get(URL).content.decode()

    assert "No customers yet" in content
    assert "Clear search and filters" not in content


# -- the fragment, the queries, the doors


def test_typing_gets_only_results_and_chips(signed_in, world):
    response = signed_in.get(URL, {"q": "cont"}, headers={"HX-Request": "true"})

    content = response.content.decode()
    assert "<html" not in content
    assert 'hx-swap-oob="true"' in content
    assert 'data-say="1 result"' in content
    assert "HX-Request" in response["Vary"]


def test_queries_do_not_grow_with_rows(signed_in, world, django_assert_num_queries):
    """Session, user, memberships; counts and menus, customers, subscriptions, designations, and the rule's three."""
    world.subscription.reseller_of_record = world.trey.partner_id
    world.subscription.save()
    DesignationFactory(subscription=world.subscription, partner=world.trey)
    signed_in.get(URL)
    with django_assert_num_queries(11):
        signed_in.get(URL)
    for number in range(2):
        more = customer_of(world.provider, f"More {number}")
        reseller = ResellerFactory()
        make_eligible(reseller, provider=world.provider, customer=more.customer)
        for _ in range(2):
            subscription = SubscriptionFactory(provider=world.provider, customer=more.customer)
            DesignationFactory(subscription=subscription, partner=reseller)
    with django_assert_num_queries(11):
        assert len(listed(signed_in.get(URL))) == 3


@pytest.mark.parametrize("role", [Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, Role.HELPDESK_AGENT, Role.SALES_AGENT])
def test_agents_see_the_list(client, world, role):
    client.force_login(member(world.provider.organisation, role).user)

    assert client.get(URL).status_code == 200


@pytest.mark.parametrize("role", [Role.BILLING_ADMIN, Role.USER_ADMIN])
def test_other_roles_are_told_who_may(client, world, role):
    client.force_login(member(world.provider.organisation, role).user)

    response = client.get(URL)

    assert response.status_code == 403
    assert "sales agent" in response.content.decode().lower()


def test_resellers_and_customers_have_no_such_page(client, world):
    for organisation in (world.trey.organisation, world.customer.organisation):
        client.force_login(member(organisation, Role.GLOBAL_ADMIN).user)
        assert client.get(URL).status_code == 404


def test_signed_out_goes_to_sign_in(client, db):
    assert client.get(URL).status_code == 302


def test_a_grant_for_somebody_else_does_not_show_here(signed_in, world):
    """A sibling provider's choices at the same customer are its own."""
    other = ProviderFactory()
    CustomerRelationshipFactory(partner=other, customer=world.customer)
    theirs = SubscriptionFactory(provider=other, customer=world.customer)
    DelegatedAdminFactory(relationship__partner=other, relationship__customer=CustomerFactory())
    DesignationFactory(subscription=theirs, partner=ResellerFactory(partner_id="6666666"))

    response = signed_in.get(URL)

    row = line(response, "Contoso")
    assert (row.subscriptions, row.stale, row.supported_by) == (1, 0, "Fabrikam Distribution")
    assert found(signed_in, q="6666666") == []
