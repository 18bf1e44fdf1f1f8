"""The list of a provider's resellers, and who may do what on these pages."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from portal.models import (
    AuditEvent,
    EndedAs,
    OrganisationInvitation,
    ResellerRelationship,
    State,
)
from portal.permissions import Role
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
    today,
)
from tests.support_contacts.resellers import (
    LIST,
    REQUEST,
    member_of,
    posted,
    request_of,
    reseller,
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


@pytest.fixture
def waiting(agent, fabrikam):
    return waiting_reseller(fabrikam)


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
    last = today() + timedelta(days=days)
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
        agreement_valid_until=today(),
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
