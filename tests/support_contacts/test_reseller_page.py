"""One reseller of a provider: its whole life, and the steps that can be taken."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from portal.models import (
    AnswerLink,
    AuditEvent,
    EndedAs,
    ResellerRelationship,
    State,
)
from portal.operations import answer_links
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
    ResellerRelationshipFactory,
    SubscriptionFactory,
)
from tests.support_contacts.conftest import acting, make_world
from tests.support_contacts.resellers import (
    AGREEMENT,
    LIST,
    member_of,
    posted,
    request_of,
    reseller,
    said,
    text,
    waiting_reseller,
)


@pytest.fixture
def fabrikam(db):
    return ProviderFactory(
        organisation=OrganisationFactory(name="Fabrikam Distribution"), partner_id="4391507"
    )


@pytest.fixture
def agent(client, fabrikam):
    """The client, signed in as an admin agent of Fabrikam."""
    client.force_login(member_of(fabrikam, Role.ADMIN_AGENT).user)
    return client


# -- one reseller


def test_anybody_without_a_record_is_not_found(agent, fabrikam):
    stranger, other = reseller("Stranger"), ProviderFactory()
    ResellerRelationshipFactory(provider=other, reseller=stranger)

    for tenant in (stranger.pk, uuid4(), fabrikam.pk, other.pk):
        for path in ("", "agreement/", "withdraw/", "end/"):
            assert agent.get(f"{LIST}{tenant}/{path}").status_code == 404
        for path in ("agreement/", "send/", "link/", "withdraw/", "end/"):
            assert agent.post(f"{LIST}{tenant}/{path}").status_code == 404


def test_a_provider_of_ours_is_no_reseller_of_ours(client, db):
    """A partner that is both sees its providers elsewhere."""
    dual, provider = ProviderFactory(is_indirect_reseller=True), ProviderFactory(is_indirect_reseller=True)
    ResellerRelationshipFactory(provider=provider, reseller=dual)
    client.force_login(member_of(dual, Role.ADMIN_AGENT).user)

    assert client.get(f"{LIST}{provider.pk}/").status_code == 404
    assert "You have no resellers yet." in text(client.get(LIST))


def test_the_life_of_a_relationship_is_told_whole(agent, fabrikam):
    relecloud = reseller("ReleCloud")
    ours = acting(MembershipFactory(organisation=fabrikam.organisation, user__name="Camille Moreau"))
    theirs = acting(MembershipFactory(organisation=relecloud.organisation, user__name="Secret Person"))
    first = operations.request_reseller_relationship(relecloud, acting=ours, message="First try")
    operations.decline_request(first.relationship, acting=theirs, note="Not this year")
    second = operations.request_reseller_relationship(relecloud, acting=ours, message="Second try")
    operations.accept_request(second.relationship, acting=theirs)
    operations.end_reseller_relationship(second.relationship, acting=ours, note="Moved on")

    page = agent.get(f"{LIST}{relecloud.pk}/")

    history = page.context["page"].history
    assert [entry.state for entry in history] == [
        "ended",
        "established",
        "requested",
        "declined",
        "requested",
    ]
    assert [entry.who for entry in history] == ["Camille Moreau", "", "Camille Moreau", "", "Camille Moreau"]
    assert [entry.organisation for entry in history] == ["", "ReleCloud", "", "ReleCloud", ""]
    assert [entry.note for entry in history] == ["Moved on", "", "Second try", "Not this year", "First try"]
    assert "Secret Person" not in text(page)
    assert "Request relationship" in text(page)


def test_a_lapse_is_told_though_no_event_made_it(agent, fabrikam):
    relecloud = reseller("ReleCloud")
    row = request_of(fabrikam, relecloud)
    ResellerRelationship.objects.filter(pk=row.pk).update(
        requested_at=row.requested_at - timedelta(days=91), lapses_at=row.lapses_at - timedelta(days=91)
    )

    page = agent.get(f"{LIST}{relecloud.pk}/")

    assert [entry.state for entry in page.context["page"].history] == ["lapsed", "requested"]
    assert "Your request lapsed on" in text(page)
    assert "Request again" in text(page)


def test_the_queries_of_a_reseller_do_not_grow(agent, fabrikam):
    trey = reseller("Trey Research")

    def cost(number):
        for _ in range(number):
            customer = CustomerFactory()
            CustomerRelationshipFactory(partner=fabrikam, customer=customer)
            from tests.factories import DelegatedAdminFactory

            at = CustomerRelationshipFactory(partner=trey, customer=customer)
            DelegatedAdminFactory(relationship=at, requested_for=fabrikam)
            for holds in (True, False):
                where = customer if holds else CustomerRelationshipFactory(partner=fabrikam).customer
                row = SubscriptionFactory(provider=fabrikam, customer=where)
                DesignationFactory(subscription=row, partner=trey)
        with CaptureQueriesContext(connection) as queries:
            page = agent.get(f"{LIST}{trey.pk}/")
        assert page.status_code == 200
        return len(queries)

    ResellerRelationshipFactory(provider=fabrikam, reseller=trey)
    agent.get(f"{LIST}{trey.pk}/")
    assert cost(1) == cost(12)
    page = agent.get(f"{LIST}{trey.pk}/")
    shown = page.context["page"]
    assert (len(shown.designations), len(shown.customers), shown.more_customers) == (10, 10, 3)
    assert shown.load.attention == shown.load.designations == 13
    assert f"/support-contacts/?partner={trey.pk}" in text(page)
    assert "All 26 designations" in text(page)


# -- steps on one reseller


@pytest.fixture
def waiting(agent, fabrikam):
    return waiting_reseller(fabrikam)


def test_resend_reminds_and_says_so(agent, fabrikam, waiting):
    page = said(agent, agent.post(f"{waiting.url}send/", posted(fabrikam, waiting.row)))

    assert "The request goes to ReleCloud once more." in page
    assert ProcrastinateJob.objects.filter(task_name="portal.tell_of_request").count() == 1


def test_resend_is_not_a_way_to_flood(agent, fabrikam, waiting):
    for _ in range(3):
        agent.post(f"{waiting.url}send/", posted(fabrikam, waiting.row))

    page = said(agent, agent.post(f"{waiting.url}send/", posted(fabrikam, waiting.row)))

    assert "It was sent several times already." in page
    assert ProcrastinateJob.objects.filter(task_name="portal.tell_of_request").count() == 3


def test_copying_the_link_shows_it_once_and_ends_the_one_before(agent, fabrikam, waiting):
    before = answer_links.another_token(AnswerLink.Kind.RESELLER_RELATIONSHIP, waiting.row.pk)

    page = agent.post(f"{waiting.url}link/", posted(fabrikam, waiting.row))

    assert page.status_code == 200
    token = page.context["url"].rsplit("/", 2)[1]
    assert answer_links.follow(token).target_id == waiting.row.pk
    assert answer_links.follow(before) is None
    assert page.context["url"].startswith("http://testserver/links/")
    assert not ProcrastinateJob.objects.filter(task_name="portal.tell_of_request").exists()


def test_withdraw_asks_first_then_withdraws(agent, fabrikam, waiting):
    question = text(agent.get(f"{waiting.url}withdraw/"))
    assert "Withdraw the request to ReleCloud?" in question
    waiting.row.refresh_from_db()
    assert waiting.row.ended_at is None

    page = said(agent, agent.post(f"{waiting.url}withdraw/", posted(fabrikam, waiting.row)))

    assert "The request to ReleCloud is withdrawn." in page
    assert "You withdrew your request on" in page
    assert agent.get(f"{waiting.url}withdraw/").status_code == 303


def test_a_form_for_an_earlier_request_does_nothing_to_the_later_one(agent, fabrikam, waiting):
    by = acting(member_of(waiting.reseller, Role.ADMIN_AGENT))
    operations.decline_request(waiting.row, acting=by)
    later = request_of(fabrikam, waiting.reseller)

    page = said(agent, agent.post(f"{waiting.url}withdraw/", posted(fabrikam, waiting.row)))

    assert "This request does not wait for an answer any more." in page
    later.refresh_from_db()
    assert later.state(timezone.now()) == State.REQUESTED


def test_end_says_what_it_touches_then_ends(client, db):
    world = make_world()
    client.force_login(member_of(world.provider, Role.GLOBAL_ADMIN).user)
    DesignationFactory(subscription=world.subscription, partner=world.trey)
    stale = SubscriptionFactory(provider=world.provider, customer=CustomerFactory())
    DesignationFactory(subscription=stale, partner=world.trey)
    url = f"{LIST}{world.trey.pk}/end/"

    question = text(client.get(url))
    assert "End the relationship with Trey Research?" in question
    assert "1 designation goes back to Fabrikam Distribution at once." in question
    assert ResellerRelationship.objects.get().ended_at is None

    page = said(client, client.post(url, posted(world.provider, note="Over")))

    assert "The relationship with Trey Research is ended." in page
    assert "Relationship with you ended" in page
    assert ResellerRelationship.objects.get().ended_as == EndedAs.ENDED
    assert client.get(url).status_code == 303
    assert "ended" in said(client, client.post(url, posted(world.provider)))
    assert AuditEvent.objects.count() == 1


def test_a_reason_that_is_too_long_is_kept_and_nothing_ends(client, fabrikam):
    trey = reseller("Trey Research")
    ResellerRelationshipFactory(provider=fabrikam, reseller=trey)
    client.force_login(member_of(fabrikam, Role.GLOBAL_ADMIN).user)

    page = client.post(f"{LIST}{trey.pk}/end/", posted(fabrikam, note="x" * 1001))

    assert page.status_code == 422
    assert "x" * 1001 in page.content.decode()
    assert ResellerRelationship.objects.get().ended_at is None


def test_the_agreement_is_edited(agent, fabrikam):
    trey = reseller("Trey Research")
    row = ResellerRelationshipFactory(provider=fabrikam, reseller=trey)
    url = f"{LIST}{trey.pk}/agreement/"
    seen = agent.get(url).context["form"]["seen"].value()

    page = said(agent, agent.post(url, posted(fabrikam, row, seen=seen, **AGREEMENT)))

    assert "The agreement is saved." in page
    assert "FD-7" in page
    row.refresh_from_db()
    assert str(row.agreement_valid_until) == "2027-06-30"


def test_an_agreement_changed_meanwhile_keeps_what_was_typed_and_can_be_saved_then(agent, fabrikam):
    trey = reseller("Trey Research")
    row = ResellerRelationshipFactory(provider=fabrikam, reseller=trey)
    url = f"{LIST}{trey.pk}/agreement/"
    seen = Agreement.of(row).mark
    ResellerRelationship.objects.update(agreement_reference="Somebody else's")

    page = agent.post(url, posted(fabrikam, row, seen=seen, **AGREEMENT))

    assert page.status_code == 409
    assert 'value="FD-7"' in text(page)
    assert "Somebody else" in text(page)
    row.refresh_from_db()
    assert row.agreement_reference == "Somebody else's"
    again = posted(fabrikam, row, seen=page.context["mark"], **AGREEMENT)
    assert agent.post(url, again).status_code == 303


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("agreement_reference", "x" * 101),
        ("agreement_scope", "x" * 301),
        ("agreement_valid_until", "soon"),
        ("agreement_valid_until", "1999-12-31"),
        ("agreement_valid_until", "2100-01-01"),
        ("escalation_contact", "x" * 301),
        ("agreement_reference", "a\0b"),
    ],
)
def test_an_agreement_to_correct_is_422_with_the_rest_kept(agent, fabrikam, field, value):
    trey = reseller("Trey Research")
    row = ResellerRelationshipFactory(provider=fabrikam, reseller=trey)

    page = agent.post(f"{LIST}{trey.pk}/agreement/", posted(fabrikam, row, **(AGREEMENT | {field: value})))

    assert page.status_code == 422
    assert "1 problem" in text(page)
    assert "FD-7" in text(page) or field == "agreement_reference"
