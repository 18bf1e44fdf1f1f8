"""A reseller's providers: what waits for an answer, how each stands, accept, decline, end."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import AuditEvent, EndedAs, ResellerRelationship, State
from portal.operations import resellers as operations
from portal.operations.resellers import Agreement
from portal.permissions import Role
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    DesignationFactory,
    MembershipFactory,
    OrganisationFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    SubscriptionFactory,
    make_eligible,
    today,
)
from tests.pages import text
from tests.support_contacts.conftest import acting, make_world

LIST = "/providers/"


@pytest.fixture
def relecloud(db):
    return ResellerFactory(organisation=OrganisationFactory(name="ReleCloud"))


@pytest.fixture
def fabrikam(db):
    return ProviderFactory(organisation=OrganisationFactory(name="Fabrikam Distribution"))


@pytest.fixture
def agent(client, relecloud):
    client.force_login(member_of(relecloud, Role.ADMIN_AGENT).user)
    return client


@pytest.fixture
def asked(fabrikam, relecloud):
    by = acting(MembershipFactory(organisation=fabrikam.organisation, user__name="Camille Moreau"))
    return operations.request_reseller_relationship(
        relecloud, acting=by, message="Teams telephony", agreement=Agreement("FD-7", "Second level")
    ).relationship


def member_of(partner, *roles):
    return MembershipFactory(organisation=partner.organisation, roles=list(roles))


def said(client, response):
    assert response.status_code == 303, text(response)[:2000]
    return text(client.get(response["Location"]))


def posted(partner, **more):
    return {"organisation": str(partner.pk), **more}


def test_a_request_says_who_asks_what_it_means_and_until_when(agent, asked):
    page = text(agent.get(LIST))

    assert "Fabrikam Distribution asks to be your provider" in page
    assert "Waiting for you" in page
    assert "Fabrikam Distribution may name ReleCloud as support contact of its customers" in page
    assert "“Teams telephony”" in page
    assert "Camille Moreau" in page
    assert "FD-7" in page
    assert f'id="request-{asked.pk}"' in page


def test_accepting_establishes_what_was_read(agent, relecloud, asked):
    seen = re.search(r'name="seen" value="(\w+)"', text(agent.get(LIST)))[1]

    page = said(agent, agent.post(f"{LIST}{asked.pk}/accept/", posted(relecloud, seen=seen)))

    assert "Accepted. Fabrikam Distribution is your provider from now on." in page
    assert "Established" in page
    asked.refresh_from_db()
    assert asked.state(timezone.now()) == State.ESTABLISHED
    agent.post(f"{LIST}{asked.pk}/accept/", posted(relecloud, seen=seen))
    assert AuditEvent.objects.count() == 2


def test_an_agreement_changed_since_is_read_again_first(agent, relecloud, asked):
    seen = Agreement.of(asked).mark
    ResellerRelationship.objects.update(agreement_reference="Another one")

    response = agent.post(f"{LIST}{asked.pk}/accept/", posted(relecloud, seen=seen))

    assert response["Location"] == f"{LIST}#request-{asked.pk}"
    page = said(agent, response)
    assert "Fabrikam Distribution changed the agreement after you opened the page." in page
    assert "Another one" in page
    asked.refresh_from_db()
    assert asked.state(timezone.now()) == State.REQUESTED


def test_declining_asks_for_a_reason_the_provider_reads(agent, relecloud, asked):
    url = f"{LIST}{asked.pk}/decline/"
    assert "Decline the request of Fabrikam Distribution?" in text(agent.get(url))
    assert AuditEvent.objects.count() == 1

    page = said(agent, agent.post(url, posted(relecloud, note="No people this year")))

    assert "Declined. Fabrikam Distribution is told." in page
    assert AuditEvent.objects.latest("at").note.text == "No people this year"
    assert agent.get(url).status_code == 303


def test_a_reason_that_is_too_long_is_kept_and_nothing_declined(agent, relecloud, asked):
    page = agent.post(f"{LIST}{asked.pk}/decline/", posted(relecloud, note="x" * 1001))

    assert page.status_code == 422
    assert "x" * 1001 in page.content.decode()
    asked.refresh_from_db()
    assert asked.ended_at is None


def test_what_was_withdrawn_meanwhile_is_said_so(agent, relecloud, fabrikam, asked):
    operations.withdraw_request(asked, acting=acting(member_of(fabrikam, Role.ADMIN_AGENT)))

    for step in ("accept", "decline"):
        page = said(agent, agent.post(f"{LIST}{asked.pk}/{step}/", posted(relecloud)))
        assert "This request does not wait for an answer any more." in page
    assert "Withdrawn" in page


def test_ending_says_what_it_touches_then_ends(client, db):
    world = make_world()
    DesignationFactory(subscription=world.subscription, partner=world.trey)
    client.force_login(member_of(world.trey, Role.GLOBAL_ADMIN).user)
    row = ResellerRelationship.objects.get()
    url = f"{LIST}{row.pk}/end/"

    assert "1 designation goes back to Fabrikam Distribution at once." in text(client.get(url))
    page = said(client, client.post(url, posted(world.trey, note="Over")))

    assert "The relationship with Fabrikam Distribution is ended." in page
    row.refresh_from_db()
    assert row.ended_as == EndedAs.ENDED
    assert client.get(url).status_code == 303


def test_how_each_provider_stands(agent, relecloud, fabrikam):
    now = timezone.now()
    ResellerRelationshipFactory(
        provider=fabrikam,
        reseller=relecloud,
        agreement_reference="FD-7",
        agreement_scope="Second level",
        agreement_valid_until=today() + timedelta(days=5),
        escalation_contact="Duty manager",
    )
    gone = ProviderFactory(organisation=OrganisationFactory(name="Proseware Distribution"))
    for ended in (now - timedelta(days=40), now - timedelta(days=4)):
        ResellerRelationshipFactory(provider=gone, reseller=relecloud, ended_at=ended, ended_as=EndedAs.ENDED)
    customer = CustomerFactory()
    make_eligible(relecloud, provider=ProviderFactory(), customer=customer)
    CustomerRelationshipFactory(partner=fabrikam, customer=customer)
    DesignationFactory(
        subscription=SubscriptionFactory(provider=fabrikam, customer=customer), partner=relecloud
    )

    page = text(agent.get(LIST))

    assert page.count("Proseware Distribution") == 1
    for words in ("FD-7", "Second level", "Ends in 5 days", "Duty manager"):
        assert words in page
    assert '<td class="cell-number" data-label="You support">1</td>' in page


def test_without_providers_it_says_what_will_stand_here(agent):
    assert "No providers yet" in text(agent.get(LIST))


def test_the_queries_do_not_grow(agent, relecloud):
    def cost(number):
        for n in range(number):
            ResellerRelationshipFactory(reseller=relecloud)
            provider = ProviderFactory()
            operations.request_reseller_relationship(
                relecloud, acting=acting(member_of(provider, Role.ADMIN_AGENT)), message=str(n)
            )
        with CaptureQueriesContext(connection) as queries:
            assert agent.get(LIST).status_code == 200
        return len(queries)

    agent.get(LIST)
    assert cost(1) == cost(10)


def test_providers_page_by_key(agent, relecloud):
    for number in range(60):
        provider = ProviderFactory(organisation=OrganisationFactory(name=f"Provider {number:02}"))
        ResellerRelationshipFactory(provider=provider, reseller=relecloud)

    first = agent.get(LIST)
    second = agent.get(first.context["list"].next_url)

    assert "1–50 of your providers" in text(first)
    assert [row.provider.name for row in second.context["list"].rows] == [
        f"Provider {number:02}" for number in range(50, 60)
    ]
    assert agent.get(LIST, {"after": "nonsense"}).status_code == 404


# -- who


def test_who_reads_who_answers_and_who_ends(client, relecloud, asked):
    expected = {
        Role.GLOBAL_ADMIN: (200, 200),
        Role.ADMIN_AGENT: (200, 200),
        Role.HELPDESK_AGENT: (200, 403),
        Role.SALES_AGENT: (200, 403),
        Role.BILLING_ADMIN: (403, 403),
        Role.USER_ADMIN: (403, 403),
    }
    for role, (reads, answers) in expected.items():
        client.force_login(member_of(relecloud, role).user)
        page = client.get(LIST)
        assert page.status_code == reads, role
        assert ("/accept/" in text(page)) == (answers == 200)
        assert client.get(f"{LIST}{asked.pk}/decline/").status_code == answers
        if answers == 403:
            for step in ("accept", "decline", "end"):
                assert client.post(f"{LIST}{asked.pk}/{step}/", posted(relecloud)).status_code == 403
    asked.refresh_from_db()
    assert asked.state(timezone.now()) == State.REQUESTED


def test_an_admin_agent_does_not_end(agent, relecloud, fabrikam):
    row = ResellerRelationshipFactory(provider=fabrikam, reseller=relecloud)

    assert agent.get(f"{LIST}{row.pk}/end/").status_code == 403
    assert agent.post(f"{LIST}{row.pk}/end/", posted(relecloud)).status_code == 403
    assert "/end/" not in text(agent.get(LIST))


def test_what_is_others_and_what_is_nobodys_are_not_found_alike(agent, relecloud, fabrikam):
    others = ResellerRelationshipFactory(provider=fabrikam, reseller=ResellerFactory())

    for pk in (others.pk, uuid4()):
        for step in ("accept", "decline", "end"):
            assert agent.post(f"{LIST}{pk}/{step}/", posted(relecloud)).status_code == 404
        for step in ("decline", "end"):
            assert agent.get(f"{LIST}{pk}/{step}/").status_code == 404
        assert agent.get(f"{LIST}{pk}/accept/").status_code == 405


def test_a_provider_that_is_both_answers_only_what_it_is_asked(client, db):
    """The other side of its own requests is not its own to answer."""
    dual, relecloud = ProviderFactory(is_indirect_reseller=True), ResellerFactory()
    by = acting(member_of(dual, Role.GLOBAL_ADMIN))
    asked = operations.request_reseller_relationship(relecloud, acting=by).relationship
    client.force_login(by.user)

    for step in ("accept", "decline", "end"):
        assert client.post(f"{LIST}{asked.pk}/{step}/", posted(dual)).status_code == 404
    assert "No providers yet" in text(client.get(LIST))


def test_providers_and_customers_have_no_such_page(client, fabrikam, asked):
    for organisation in (fabrikam.organisation, CustomerFactory().organisation):
        client.force_login(MembershipFactory(organisation=organisation).user)
        assert client.get(LIST).status_code == 404
        assert client.post(f"{LIST}{asked.pk}/accept/").status_code == 404


def test_a_form_opened_for_another_organisation_is_a_conflict(agent, asked):
    for step in ("accept", "decline", "end"):
        other = {"organisation": str(uuid4())}
        assert agent.post(f"{LIST}{asked.pk}/{step}/", other).status_code == 409
    asked.refresh_from_db()
    assert asked.state(timezone.now()) == State.REQUESTED


def test_two_worlds_that_differ_in_anothers_data_are_equal(agent, relecloud, fabrikam):
    row = ResellerRelationshipFactory(provider=fabrikam, reseller=relecloud)

    def pages():
        return re.sub(r"\b[A-Za-z0-9]{64}\b", "", agent.get(LIST).content.decode())

    before = pages()
    other = ResellerFactory(organisation=OrganisationFactory(name="CANARY"))
    ResellerRelationshipFactory(provider=fabrikam, reseller=other, agreement_reference="CANARY")
    operations.request_reseller_relationship(
        ResellerFactory(), acting=acting(member_of(fabrikam, Role.ADMIN_AGENT)), message="CANARY"
    )
    customer = CustomerFactory()
    CustomerRelationshipFactory(partner=fabrikam, customer=customer)
    subscription = SubscriptionFactory(provider=fabrikam, customer=customer)
    DesignationFactory(subscription=subscription, partner=other)

    assert pages() == before
    assert str(row.pk) in before


def test_a_request_to_another_organisation_of_ones_own_is_offered_there(client, relecloud, fabrikam, asked):
    user = MembershipFactory(organisation=OrganisationFactory(name="A first one")).user
    MembershipFactory(organisation=relecloud.organisation, user=user)
    client.force_login(user)

    page = client.get(f"{LIST}{asked.pk}/decline/")

    assert page.status_code == 404
    assert "Open it as ReleCloud" in text(page)
    assert "Open it as" not in text(client.get(f"{LIST}{uuid4()}/decline/"))
