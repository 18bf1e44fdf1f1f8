"""A provider's resellers: the list, one reseller, requests, invitations, and who may do what there."""

from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from portal.models import (
    AnswerLink,
    AuditEvent,
    EndedAs,
    OrganisationInvitation,
    ResellerRelationship,
    State,
)
from portal.operations import answer_links
from portal.operations import resellers as operations
from portal.operations.resellers import Agreement
from portal.permissions import Role
from support_contacts.models import Wish
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    DesignationFactory,
    MembershipFactory,
    OrganisationFactory,
    PartnerSuspensionFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    SubscriptionFactory,
    make_eligible,
)
from tests.support_contacts.conftest import acting, make_world

LIST = "/resellers/"
REQUEST = "/resellers/request/"


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


def member_of(partner, *roles):
    return MembershipFactory(organisation=partner.organisation, roles=list(roles))


def reseller(name, **more):
    return ResellerFactory(organisation=OrganisationFactory(name=name), **more)


def request_of(fabrikam, relecloud, **more):
    by = acting(member_of(fabrikam, Role.ADMIN_AGENT))
    return operations.request_reseller_relationship(relecloud, acting=by, **more).relationship


def text(response):
    return " ".join(response.content.decode().split())


def said(client, response):
    """The page a step leads to."""
    assert response.status_code == 303, text(response)[:2000]
    return text(client.get(response["Location"]))


def one_of_each(fabrikam):
    """A reseller in every state, named after it."""
    now = timezone.now()
    asked = {"established_at": None, "requested_at": now - timedelta(days=10)}
    rows = {
        "established": {},
        "requested": {**asked, "lapses_at": now + timedelta(days=80)},
        "declined": {**asked, "ended_at": now, "ended_as": EndedAs.DECLINED},
        "withdrawn": {**asked, "ended_at": now, "ended_as": EndedAs.WITHDRAWN},
        "lapsed": {**asked, "lapses_at": now - timedelta(days=1)},
        "ended": {"ended_at": now, "ended_as": EndedAs.ENDED},
    }
    return {
        state: ResellerRelationshipFactory(provider=fabrikam, reseller=reseller(f"Is {state}"), **row)
        for state, row in rows.items()
    }


# -- the list


def test_the_list_shows_every_relationship_and_request_once(agent, fabrikam):
    one_of_each(fabrikam)
    again = reseller("Came back")
    ResellerRelationshipFactory(
        provider=fabrikam, reseller=again, ended_at=timezone.now() - timedelta(days=9), ended_as=EndedAs.ENDED
    )
    ResellerRelationshipFactory(provider=fabrikam, reseller=again, established_at=timezone.now())

    page = text(agent.get(LIST))

    assert "7 resellers" in page
    for name in ("Is established", "Is requested", "Is declined", "Is withdrawn", "Is lapsed", "Is ended"):
        assert page.count(name) == 1
    assert page.count("Came back") == 1


@pytest.mark.parametrize("show", ["established", "requested", "declined", "withdrawn", "lapsed", "ended"])
def test_a_chip_shows_its_state_alone(agent, fabrikam, show):
    one_of_each(fabrikam)

    page = text(agent.get(LIST, {"show": show}))

    assert f"Is {show}" in page
    assert page.count("Is ") == 1
    assert "1 reseller" in page


def test_the_states_in_sql_are_those_in_memory(agent, fabrikam):
    from support_contacts.reseller_rows import is_in

    rows = one_of_each(fabrikam)
    for row in rows.values():
        boundaries = {row.requested_at, row.established_at, row.ended_at, row.lapses_at} - {None}
        for instant in {b + timedelta(microseconds=n) for b in boundaries for n in (0, 1)}:
            if not row.has_begun(instant):
                continue
            state = row.state(instant)
            found = {
                other.value
                for other in State
                if other != State.EXPIRED
                and ResellerRelationship.objects.filter(pk=row.pk)
                .filter(is_in(other.value, instant))
                .exists()
            }
            assert found == {state.value}


@pytest.mark.parametrize(
    ("query", "finds"),
    [
        ("trey", True),
        ("RESEARCH", True),
        ("trey res", True),
        ("res trey", True),
        ("rey", False),
        ("5127741", True),
        ("512774", False),
        ("treyresearch.example", True),
        ("treyresearch", False),
        ("{pk}", True),
        ("{PK}", True),
        ("nobody", False),
        ("%", False),
        ("_", False),
        ("'", False),
    ],
)
def test_search_by_words_of_the_name_partner_id_domain_or_id(agent, fabrikam, query, finds):
    trey = ResellerFactory(
        organisation=OrganisationFactory(name="Trey Résearch (Paris)", domain="treyresearch.example"),
        partner_id="5127741",
    )
    ResellerRelationshipFactory(provider=fabrikam, reseller=trey)
    ResellerRelationshipFactory(provider=fabrikam, reseller=reseller("Alpine Ski House"))
    query = query.replace("{pk}", trey.pk.hex).replace("{PK}", f"{{{str(trey.pk).upper()}}}")

    page = agent.get(LIST, {"q": query})

    assert page.status_code == 200
    assert ("Trey Résearch" in text(page)) == finds
    assert "Alpine Ski House" not in text(page)


def test_designations_customers_and_licences_are_counted(agent, fabrikam):
    trey = reseller("Trey Research")
    contoso, northwind, unrelated = CustomerFactory(), CustomerFactory(), CustomerFactory()
    make_eligible(trey, provider=fabrikam, customer=contoso)
    for customer in (contoso, northwind):
        CustomerRelationshipFactory(partner=fabrikam, customer=customer)
    from tests.factories import DelegatedAdminFactory

    DelegatedAdminFactory(
        relationship=CustomerRelationshipFactory(partner=trey, customer=unrelated), requested_for=None
    )
    for customer, quantity in ((contoso, 100), (contoso, 150), (northwind, 9)):
        row = SubscriptionFactory(provider=fabrikam, customer=customer, quantity=quantity)
        DesignationFactory(subscription=row, partner=trey)
    ended = SubscriptionFactory(
        provider=fabrikam, customer=contoso, status="expired", ended_at=timezone.now()
    )
    DesignationFactory(subscription=ended, partner=trey)
    elsewhere = SubscriptionFactory(provider=ProviderFactory(), customer=contoso)
    DesignationFactory(subscription=elsewhere, partner=trey)

    page = text(agent.get(LIST))

    assert '<td class="cell-number cell-fold" data-label="Customers">1</td>' in page
    assert '<td data-label="Designations">2<span' in page
    assert "250 licences" in page
    assert "1 needs attention" in page
    assert "Trey Research" in text(agent.get(LIST, {"show": "attention"}))


def test_of_whom_is_only_asked_nothing_is_told(agent, fabrikam):
    """Asking for a relationship is not a way to learn at whose customers somebody holds delegated admin."""
    asked, contoso = reseller("Asked alone"), CustomerFactory()
    CustomerRelationshipFactory(partner=fabrikam, customer=contoso)
    make_eligible(asked, provider=ProviderFactory(), customer=contoso)
    request_of(fabrikam, asked)

    assert '<td class="cell-number cell-fold wide-only"><span class="faint">–</span></td>' in text(
        agent.get(LIST)
    )
    page = text(agent.get(f"{LIST}{asked.pk}/"))
    assert "Customers with its delegated admin" not in page


@pytest.mark.parametrize(
    ("days", "words"),
    [(-1, "Agreement ended"), (0, "Ends today"), (1, "Ends in 1 day"), (31, "Ends in 31 days"), (32, None)],
)
def test_an_agreement_that_ends_is_warned_of(agent, fabrikam, days, words):
    last = timezone.localdate() + timedelta(days=days)
    ResellerRelationshipFactory(
        provider=fabrikam, reseller=reseller("Trey Research"), agreement_valid_until=last
    )

    page = text(agent.get(LIST))

    assert ("Agreement ends" in page) == (words is not None)
    assert ("Trey Research" in text(agent.get(LIST, {"show": "agreement"}))) == (words is not None)
    if words:
        assert words in page


def test_the_agreement_of_what_has_ended_warns_of_nothing(agent, fabrikam):
    ResellerRelationshipFactory(
        provider=fabrikam,
        reseller=reseller("Trey Research"),
        agreement_valid_until=timezone.localdate(),
        ended_at=timezone.now(),
        ended_as=EndedAs.ENDED,
    )

    assert "Ends today" not in text(agent.get(LIST))


def test_a_suspended_reseller_of_ours_says_so(agent, fabrikam):
    ours, asked = reseller("Ours"), reseller("Asked")
    ResellerRelationshipFactory(provider=fabrikam, reseller=ours)
    request_of(fabrikam, asked)
    for partner in (ours, asked):
        PartnerSuspensionFactory(partner=partner)

    assert text(agent.get(LIST)).count("Suspended") == 1
    assert "Account suspended since" in text(agent.get(f"{LIST}{ours.pk}/"))
    assert "uspended" not in text(agent.get(f"{LIST}{asked.pk}/"))


def test_the_list_pages_by_key_in_the_order_of_names(agent, fabrikam):
    for number in range(60):
        ResellerRelationshipFactory(provider=fabrikam, reseller=reseller(f"Reseller {number:02}"))

    first = agent.get(LIST)
    shown = first.context["list"]
    assert "1–25 of 60 resellers" in text(first)
    second = agent.get(shown.next_url)
    assert "26–50 of 60 resellers" in text(second)
    third = agent.get(second.context["list"].next_url)
    assert "51–60 of 60 resellers" in text(third)
    assert third.context["list"].next_url == ""
    back = agent.get(third.context["list"].previous_url)
    assert [row.reseller.name for row in back.context["list"].rows] == [
        f"Reseller {number:02}" for number in range(25, 50)
    ]


def test_the_queries_of_the_list_do_not_grow(agent, fabrikam):
    def fill(number):
        for _ in range(number):
            customer, some = CustomerFactory(), reseller(f"Reseller {uuid4()}")
            CustomerRelationshipFactory(partner=fabrikam, customer=customer)
            make_eligible(some, provider=fabrikam, customer=customer)
            DesignationFactory(
                subscription=SubscriptionFactory(provider=fabrikam, customer=customer), partner=some
            )
        with CaptureQueriesContext(connection) as queries:
            assert agent.get(LIST).status_code == 200
        return len(queries)

    agent.get(LIST)
    assert fill(1) == fill(12)


@pytest.mark.parametrize(
    "query", [{"show": "bribed"}, {"q": "x" * 201}, {"after": "nonsense"}, {"q": "a\0b"}]
)
def test_an_address_that_means_nothing_is_said_so(agent, query):
    page = agent.get(LIST, query)
    assert page.status_code == 422
    assert "Something in the address or form is not right." in text(page)


def test_htmx_gets_the_results_and_the_chips_alone(agent, fabrikam):
    ResellerRelationshipFactory(provider=fabrikam, reseller=reseller("Trey Research"))

    page = text(agent.get(LIST, {"q": "trey"}, headers={"HX-Request": "true"}))

    assert "Trey Research" in page
    assert 'hx-swap-oob="true"' in page
    assert "<html" not in page


def test_without_resellers_the_next_step_is_a_request(agent):
    page = text(agent.get(LIST))
    assert "You have no resellers yet." in page
    assert REQUEST in page


def test_two_worlds_that_differ_in_anothers_data_are_equal(client, fabrikam):
    client.force_login(member_of(fabrikam, Role.GLOBAL_ADMIN).user)
    ours = reseller("Trey Research")
    ResellerRelationshipFactory(provider=fabrikam, reseller=ours)

    def pages():
        return [
            strip(client.get(address))
            for address in (LIST, f"{LIST}?q=trey", f"{LIST}{ours.pk}/", f"{LIST}{ours.pk}/end/")
        ]

    def strip(response):
        import re

        return re.sub(r"\b[A-Za-z0-9]{64}\b", "", response.content.decode())

    before = pages()
    other = ProviderFactory()
    ResellerRelationshipFactory(
        provider=other,
        reseller=ours,
        agreement_reference="CANARY",
        message="CANARY",
        ended_at=timezone.now(),
        ended_as=EndedAs.ENDED,
    )
    request_of(other, ours, message="CANARY")
    customer = CustomerFactory()
    make_eligible(ours, provider=ProviderFactory(), customer=customer)
    DesignationFactory(subscription=SubscriptionFactory(provider=other, customer=customer), partner=ours)
    ResellerRelationshipFactory(provider=other, reseller=reseller("Trey CANARY"))
    OrganisationInvitation.objects.create(
        token_hash="c", provider=other, email="c@canary.example", partner_id="1", expires_at=timezone.now()
    )

    assert pages() == before


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
    relecloud = reseller("ReleCloud")
    row = request_of(fabrikam, relecloud)
    return SimpleNamespace(reseller=relecloud, row=row, url=f"{LIST}{relecloud.pk}/")


def posted(fabrikam, row=None, **more):
    form = {"organisation": str(fabrikam.pk), **more}
    return form | {"relationship": str(row.pk)} if row else form


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


AGREEMENT = {
    "agreement_reference": "FD-7",
    "agreement_scope": "Second level",
    "agreement_valid_until": "2027-06-30",
    "escalation_contact": "Duty manager",
}


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


# -- request


def test_a_reseller_is_found_by_exact_partner_id_or_domain_with_name_and_country_alone(agent):
    ResellerFactory(
        organisation=OrganisationFactory(name="ReleCloud", domain="relecloud.example", country="NL"),
        partner_id="5309418",
    )

    for find in ("5309418", "relecloud.example", " RELECLOUD.example "):
        page = text(agent.get(REQUEST, {"find": find}))
        assert "ReleCloud" in page
        assert "Netherlands" in page
        assert "Request the relationship" in page
    for find in ("530941", "relecloud", "ReleCloud", "%", "5309418x"):
        page = text(agent.get(REQUEST, {"find": find}))
        assert "No reseller here has the PartnerID or domain" in page
        assert "Invite the reseller by email" in page


def test_a_domain_of_two_resellers_names_neither(agent):
    for name in ("One", "Two"):
        ResellerFactory(organisation=OrganisationFactory(name=name, domain="shared.example"))

    assert "No reseller here has" in text(agent.get(REQUEST, {"find": "shared.example"}))


def test_looking_up_is_limited(agent):
    answers = [agent.get(REQUEST, {"find": str(number)}).status_code for number in range(22)]

    assert answers[:20] == [200] * 20
    assert answers[20:] == [429] * 2


def test_no_partner_is_found_by_a_microsoft_id_that_has_nothing_to_do_with_us(agent):
    stranger = reseller("Stranger")

    assert agent.get(REQUEST, {"reseller": stranger.pk}).status_code == 404
    assert agent.post(REQUEST, {"reseller": stranger.pk}).status_code == 404
    assert "Stranger" not in text(agent.get(REQUEST, {"find": str(stranger.pk)}))


def test_a_request_with_message_and_agreement_leads_to_the_resellers_page(agent, fabrikam):
    relecloud = reseller("ReleCloud", partner_id="5309418")

    form = posted(fabrikam, find="5309418", message="Teams telephony", **AGREEMENT)
    response = agent.post(REQUEST, form)

    assert response["Location"] == f"{LIST}{relecloud.pk}/"
    page = said(agent, response)
    assert "Requested. ReleCloud has until" in page
    assert "Waiting for ReleCloud" in page
    row = ResellerRelationship.objects.get()
    assert (row.message, row.agreement_reference) == ("Teams telephony", "FD-7")


def test_a_second_request_leads_to_the_first(agent, fabrikam, waiting):
    page = text(agent.get(REQUEST, {"reseller": waiting.reseller.pk}))
    assert "no answer yet" in page
    assert "<form class" not in page.split("</header>")[-1].split("no answer yet")[1]

    page = said(agent, agent.post(REQUEST, posted(fabrikam, reseller=waiting.reseller.pk)))
    assert "ReleCloud was asked already" in page
    assert ResellerRelationship.objects.count() == 1


def test_asking_again_proposes_the_agreement_there_was(agent, fabrikam):
    trey = reseller("Trey Research")
    ResellerRelationshipFactory(
        provider=fabrikam,
        reseller=trey,
        agreement_reference="FD-old",
        ended_at=timezone.now(),
        ended_as=EndedAs.ENDED,
    )

    assert 'value="FD-old"' in text(agent.get(REQUEST, {"reseller": trey.pk}))


def test_from_the_picker_it_leads_back_to_the_row_and_waits_for_the_reseller(client, db):
    world = make_world()
    client.force_login(member_of(world.provider, Role.ADMIN_AGENT).user)
    relecloud = reseller("ReleCloud", partner_id="5309418")
    origin = reverse("customers:subscription", args=[world.customer.pk, world.subscription.public_id])
    page = text(client.get(REQUEST, {"find": "5309418", "from": origin}))
    assert f'name="from" value="{origin}"' in page

    response = client.post(REQUEST, posted(world.provider, find="5309418", **{"from": origin}))

    assert response["Location"] == f"{origin}#reseller-{relecloud.pk}"
    assert "Requested." in said(client, response)
    wish = Wish.objects.get()
    assert (wish.subscription, wish.reseller) == (world.subscription, relecloud)


@pytest.mark.parametrize(
    "origin", ["//evil.example/", "https://evil.example/customers/", "/organisation/", "x"]
)
def test_nobody_is_led_out_of_our_pages(agent, fabrikam, origin):
    relecloud = reseller("ReleCloud", partner_id="5309418")

    response = agent.post(REQUEST, posted(fabrikam, find="5309418", **{"from": origin}))

    assert response["Location"] == f"{LIST}{relecloud.pk}/"


@pytest.mark.parametrize(
    ("field", "value"), [("message", "x" * 501), ("agreement_valid_until", "never"), ("message", "a\0b")]
)
def test_a_request_to_correct_is_422_with_everything_kept(agent, fabrikam, field, value):
    reseller("ReleCloud", partner_id="5309418")

    form = posted(fabrikam, find="5309418", **(AGREEMENT | {"message": "Hello", field: value}))
    page = agent.post(REQUEST, form)

    assert page.status_code == 422
    assert "FD-7" in text(page)
    assert not ResellerRelationship.objects.exists()


# -- invite


INVITATION = {"identity": "6161616", "email": "owner@newcomer.example", "message": "Join us"}


def test_an_unknown_reseller_is_invited_and_its_link_shown_once(agent, fabrikam):
    page = agent.post("/resellers/invite/", posted(fabrikam, **INVITATION, **AGREEMENT))

    assert page.status_code == 200
    assert "It is shown this once only." in text(page)
    assert page.context["url"].startswith("http://testserver/invitations/")
    row = OrganisationInvitation.objects.get()
    assert (row.email, row.partner_id, row.agreement_reference) == (INVITATION["email"], "6161616", "FD-7")
    listed = text(agent.get(LIST))
    assert "Invited, not here yet" in listed
    assert INVITATION["email"] in listed


def test_a_microsoft_id_is_read_in_any_notation(agent, fabrikam):
    tenant = uuid4()

    agent.post("/resellers/invite/", posted(fabrikam, **(INVITATION | {"identity": f"{{{tenant}}}".upper()})))

    assert OrganisationInvitation.objects.get().tenant_id == tenant


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("identity", ""),
        ("identity", "FR-12"),
        ("identity", "1" * 21),
        ("identity", "٣٤٥"),
        ("email", ""),
        ("email", "nobody"),
        ("message", "x" * 501),
    ],
)
def test_an_invitation_to_correct_is_422(agent, fabrikam, field, value):
    page = agent.post("/resellers/invite/", posted(fabrikam, **(INVITATION | AGREEMENT | {field: value})))

    assert page.status_code == 422
    assert "FD-7" in text(page)
    assert not OrganisationInvitation.objects.exists()


def test_inviting_who_is_here_leads_to_the_request(agent, fabrikam):
    reseller("ReleCloud", partner_id="6161616")

    page = agent.post("/resellers/invite/", posted(fabrikam, **INVITATION))

    assert page.status_code == 422
    assert "This reseller is here already." in text(page)
    assert "/resellers/request/?find=6161616" in text(page)


def test_a_second_invitation_leads_to_the_first(agent, fabrikam):
    agent.post("/resellers/invite/", posted(fabrikam, **INVITATION))

    page = said(agent, agent.post("/resellers/invite/", posted(fabrikam, **INVITATION)))

    assert "has an open invitation for this reseller already." in page
    assert OrganisationInvitation.objects.count() == 1


@pytest.fixture
def invitation(agent, fabrikam):
    agent.post("/resellers/invite/", posted(fabrikam, **INVITATION))
    return OrganisationInvitation.objects.get()


def test_an_invitation_is_sent_again_copied_and_withdrawn(agent, fabrikam, invitation):
    url, hashes = f"/resellers/invitations/{invitation.pk}/", [invitation.token_hash]

    assert "once more" in said(agent, agent.post(f"{url}send/", posted(fabrikam)))
    page = agent.post(f"{url}link/", posted(fabrikam))
    assert page.context["url"].startswith("http://testserver/invitations/")
    hashes.append(OrganisationInvitation.objects.get().token_hash)
    assert len(set(hashes)) == 2
    assert ProcrastinateJob.objects.filter(task_name="portal.tell_of_invitation").count() == 2

    assert "Its link no longer works." in said(agent, agent.post(f"{url}withdraw/", posted(fabrikam)))
    assert "Invited, not here yet" not in text(agent.get(LIST))
    for step in ("send", "link"):
        refused = said(agent, agent.post(f"{url}{step}/", posted(fabrikam)))
        assert "answered or withdrawn already" in refused


def test_an_invitation_of_others_is_not_found(client, invitation):
    client.force_login(member_of(ProviderFactory(), Role.GLOBAL_ADMIN).user)

    for step in ("send", "link", "withdraw"):
        for pk in (invitation.pk, uuid4()):
            assert client.post(f"/resellers/invitations/{pk}/{step}/").status_code == 404
    assert "Invited, not here yet" not in text(client.get(LIST))


# -- who


def test_who_may_see_and_who_may_act(client, fabrikam):
    trey = reseller("Trey Research")
    row = ResellerRelationshipFactory(provider=fabrikam, reseller=trey)
    expected = {
        Role.GLOBAL_ADMIN: (200, 200, 200, 200),
        Role.ADMIN_AGENT: (200, 200, 200, 403),
        Role.SALES_AGENT: (200, 200, 200, 403),
        Role.HELPDESK_AGENT: (200, 403, 403, 403),
        Role.BILLING_ADMIN: (403, 403, 403, 403),
        Role.USER_ADMIN: (403, 403, 403, 403),
    }
    for role, statuses in expected.items():
        client.force_login(member_of(fabrikam, role).user)
        pages = (f"{LIST}{trey.pk}/", REQUEST, f"{LIST}{trey.pk}/agreement/", f"{LIST}{trey.pk}/end/")
        assert tuple(client.get(page).status_code for page in pages) == statuses, role
        assert client.get(LIST).status_code == statuses[0]
        for address in ("send/", "link/", "withdraw/"):
            posted_status = client.post(f"{LIST}{trey.pk}/{address}", posted(fabrikam, row)).status_code
            assert (posted_status == 403) == (statuses[1] == 403)
        assert (client.post("/resellers/invite/", posted(fabrikam)).status_code == 403) == (
            statuses[1] == 403
        )
    assert row.state(timezone.now()) == State.ESTABLISHED


def test_who_may_not_act_reads_who_may(client, fabrikam):
    relecloud = reseller("ReleCloud")
    request_of(fabrikam, relecloud)
    client.force_login(member_of(fabrikam, Role.HELPDESK_AGENT).user)

    page = text(client.get(f"{LIST}{relecloud.pk}/"))

    assert "An admin agent can resend or withdraw it." in page
    assert "Copy the link" not in page
    assert REQUEST not in text(client.get(LIST))


def test_resellers_and_customers_have_no_such_page(client, fabrikam):
    trey = reseller("Trey Research")
    ResellerRelationshipFactory(provider=fabrikam, reseller=trey)
    for organisation in (trey.organisation, CustomerFactory().organisation):
        client.force_login(MembershipFactory(organisation=organisation).user)
        for page in (LIST, REQUEST, f"{LIST}{trey.pk}/"):
            assert client.get(page).status_code == 404


def test_a_form_opened_for_another_organisation_is_a_conflict(agent, fabrikam, waiting):
    other = str(uuid4())
    for address in (f"{waiting.url}send/", f"{waiting.url}withdraw/", f"{waiting.url}link/", REQUEST):
        assert (
            agent.post(address, {"organisation": other, "reseller": waiting.reseller.pk}).status_code == 409
        )
    for address in ("/resellers/invite/", f"{waiting.url}agreement/", f"{waiting.url}end/"):
        assert agent.post(address, {"organisation": other}).status_code == 409
    waiting.row.refresh_from_db()
    assert waiting.row.state(timezone.now()) == State.REQUESTED


def test_nothing_happens_by_getting(agent, fabrikam, waiting):
    before = AuditEvent.objects.count(), ProcrastinateJob.objects.count()

    for path in ("", "agreement/", "withdraw/", "end/"):
        agent.get(f"{waiting.url}{path}")
    for path in ("send/", "link/"):
        assert agent.get(f"{waiting.url}{path}").status_code == 405

    assert (AuditEvent.objects.count(), ProcrastinateJob.objects.count()) == before


def test_a_reseller_of_another_organisation_of_ones_own_is_offered_there(client, fabrikam):
    trey, other = (
        reseller("Trey Research"),
        ProviderFactory(organisation=OrganisationFactory(name="A first one")),
    )
    ResellerRelationshipFactory(provider=fabrikam, reseller=trey)
    user = MembershipFactory(organisation=other.organisation).user
    MembershipFactory(organisation=fabrikam.organisation, user=user)
    client.force_login(user)

    page = client.get(f"{LIST}{trey.pk}/")

    assert page.status_code == 404
    assert "Open it as Fabrikam Distribution" in text(page)
    assert "Open it as" not in text(client.get(f"{LIST}{uuid4()}/"))
    form = {"organisation": str(fabrikam.pk), "next": f"{LIST}{trey.pk}/"}
    assert client.post("/switch-organisation/", form)["Location"] == f"{LIST}{trey.pk}/"
    assert client.get(f"{LIST}{trey.pk}/").status_code == 200
