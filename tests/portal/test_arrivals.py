"""A reseller that is not here yet: invited, it confirms its id and arrives; where it is here already, it is asked."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.db import connections
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from portal.errors import NotPermitted, NotVisible, OperationError
from portal.models import (
    Action,
    AnswerLink,
    AuditEvent,
    EndedAs,
    Membership,
    Organisation,
    OrganisationInvitation,
    Partner,
    ResellerRelationship,
    State,
    User,
)
from portal.operations import answer_links, arrivals
from portal.operations import reseller_invitations as invitations
from portal.operations.accounts import LinkDead, SignInFirst
from portal.operations.arrivals import Accepted, AskedInstead, Newcomer, WrongId
from portal.operations.resellers import Agreement
from portal.permissions import Role
from tests.factories import (
    CustomerFactory,
    MembershipFactory,
    OrganisationFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    UserFactory,
)
from tests.portal.test_reseller_operations import person

TENANT = UUID("3f8a2c1e-0b7d-4e65-9a41-5c2d7e9b1f08")
PARTNER_ID, EMAIL, PASSWORD = "6161616", "owner@newcomer.example", "violet tram under seven lamps"
AGREEMENT = Agreement("FD-9", "First level", date(2027, 1, 31), "Duty manager")
NEWCOMER = Newcomer("Newcomer GmbH", "DE", "Europe/Berlin", name="Ada Newcomer", password=PASSWORD)


@pytest.fixture
def fabrikam(db):
    return ProviderFactory(
        organisation=OrganisationFactory(name="Fabrikam Distribution"), partner_id="4391507"
    )


@pytest.fixture
def agent(fabrikam):
    return person(fabrikam, Role.ADMIN_AGENT)


@pytest.fixture
def invited(agent):
    return invitations.invite_reseller(
        acting=agent, email=EMAIL, partner_id=PARTNER_ID, message="Join us", agreement=AGREEMENT
    )


def accept(token, *, confirmed=PARTNER_ID, newcomer=NEWCOMER, user=None):
    return arrivals.accept_invitation(token, confirmed=confirmed, newcomer=newcomer, user=user)


def nothing_came_of(invitation):
    invitation.refresh_from_db()
    return invitation.used_at is None and not ResellerRelationship.objects.exists()


# -- the provider's side


def test_r10_an_invitation_keeps_the_hash_the_agreement_one_event_and_a_mail(invited, agent, fabrikam):
    row = OrganisationInvitation.objects.get()
    assert row == invited.invitation
    assert invited.token not in row.token_hash
    assert (row.provider, row.partner_id, row.tenant_id, row.email) == (fabrikam, PARTNER_ID, None, EMAIL)
    assert Agreement.of(row) == AGREEMENT
    assert row.expires_at - row.created_at == timedelta(days=7)
    event = AuditEvent.objects.get()
    assert (event.action, event.organisation) == (Action.ORGANISATION_INVITED, fabrikam.organisation)
    assert event.after["partner_id"] == PARTNER_ID
    assert EMAIL not in str(event.after)
    job = ProcrastinateJob.objects.get(task_name="portal.tell_of_invitation")
    assert job.args == {"invitation_id": str(row.pk)}


@pytest.mark.parametrize("role", [Role.HELPDESK_AGENT, Role.BILLING_ADMIN, Role.USER_ADMIN])
def test_r10_who_may_not_invite_renew_or_withdraw(fabrikam, invited, role):
    acting = person(fabrikam, role)

    with pytest.raises(NotPermitted):
        invitations.invite_reseller(acting=acting, email="a@b.example", partner_id="999")
    with pytest.raises(NotPermitted):
        invitations.renew_invitation(invited.invitation, acting=acting)
    with pytest.raises(NotPermitted):
        invitations.withdraw_invitation(invited.invitation, acting=acting)


def test_r10_an_invitation_is_its_providers_alone(invited):
    other = person(ProviderFactory(), Role.GLOBAL_ADMIN)

    with pytest.raises(NotVisible):
        invitations.renew_invitation(invited.invitation, acting=other)
    with pytest.raises(NotVisible):
        invitations.withdraw_invitation(invited.invitation, acting=other)


def test_r10_a_reseller_has_one_open_invitation(invited, agent):
    again = invitations.invite_reseller(acting=agent, email="second@newcomer.example", partner_id=PARTNER_ID)

    assert again == invitations.InvitedAlready(invited.invitation)
    assert OrganisationInvitation.objects.count() == 1


def test_r10_an_expired_invitation_gives_way_to_a_new_one(invited, agent):
    OrganisationInvitation.objects.update(expires_at=timezone.now())

    again = invitations.invite_reseller(acting=agent, email=EMAIL, partner_id=PARTNER_ID)

    assert isinstance(again, invitations.Invited)
    invited.invitation.refresh_from_db()
    assert invited.invitation.withdrawn_at is not None
    assert AuditEvent.objects.filter(action=Action.ORGANISATION_INVITATION_WITHDRAWN).count() == 1


def test_r10_a_partner_id_that_is_here_is_asked_not_invited(agent):
    ResellerFactory(partner_id="777")

    with pytest.raises(OperationError) as refusal:
        invitations.invite_reseller(acting=agent, email=EMAIL, partner_id="777")
    assert refusal.value.code == "here_already"


def test_r10_of_a_microsoft_id_nothing_is_told_that_is_not_seen_anyway(agent, fabrikam):
    """An invitation of a stranger's id is made as if nobody were there; one of a reseller of ours is refused."""
    stranger, customer, ours = ResellerFactory(), CustomerFactory(), ResellerFactory()
    ResellerRelationshipFactory(provider=fabrikam, reseller=ours)

    for tenant in (stranger.pk, customer.pk, TENANT):
        outcome = invitations.invite_reseller(acting=agent, email=EMAIL, tenant_id=tenant)
        assert isinstance(outcome, invitations.Invited)
    with pytest.raises(OperationError) as refusal:
        invitations.invite_reseller(acting=agent, email=EMAIL, tenant_id=ours.pk)
    assert refusal.value.code == "here_already"


def test_r10_nobody_invites_themselves(agent, fabrikam):
    for ids in ({"tenant_id": fabrikam.pk}, {"partner_id": fabrikam.partner_id}):
        with pytest.raises(OperationError) as refusal:
            invitations.invite_reseller(acting=agent, email=EMAIL, **ids)
        assert refusal.value.code == "own_id"


def test_r10_a_renewed_invitation_has_a_new_link_and_seven_days(invited, agent):
    OrganisationInvitation.objects.update(expires_at=timezone.now() - timedelta(days=1))

    renewed = invitations.renew_invitation(invited.invitation, acting=agent)

    with pytest.raises(LinkDead):
        invitations.open_invitation(invited.token, timezone.now())
    assert invitations.open_invitation(renewed.token, timezone.now()) == invited.invitation
    assert ProcrastinateJob.objects.filter(task_name="portal.tell_of_invitation").count() == 2


def test_r10_the_mails_link_leads_there_too_and_dies_with_the_one_on_the_screen(invited, agent):
    mailed = invitations.mail_token(invited.invitation)
    assert invitations.open_invitation(mailed, timezone.now()) == invited.invitation

    renewed = invitations.renew_invitation(invited.invitation, acting=agent, tell=False)

    with pytest.raises(LinkDead):
        invitations.open_invitation(mailed, timezone.now())
    assert invitations.mail_token(renewed.invitation) != mailed


def test_r10_a_withdrawn_invitation_is_dead_and_cannot_be_renewed(invited, agent):
    invitations.withdraw_invitation(invited.invitation, acting=agent)
    invitations.withdraw_invitation(invited.invitation, acting=agent)

    assert AuditEvent.objects.filter(action=Action.ORGANISATION_INVITATION_WITHDRAWN).count() == 1
    for token in (invited.token, invitations.mail_token(invited.invitation)):
        with pytest.raises(LinkDead):
            accept(token)
    with pytest.raises(OperationError) as refusal:
        invitations.renew_invitation(invited.invitation, acting=agent)
    assert refusal.value.code == "invitation_closed"


# -- the invitee's side


def test_r10_accepting_makes_organisation_admin_and_relationship_at_once(invited, fabrikam, agent):
    outcome = accept(invited.token)

    assert isinstance(outcome, Accepted)
    organisation = Organisation.objects.get(name="Newcomer GmbH")
    assert (organisation.country, organisation.time_zone, organisation.stubbed_by) == (
        "DE",
        "Europe/Berlin",
        None,
    )
    partner = organisation.partner
    assert (partner.partner_id, partner.is_indirect_reseller, partner.is_provider) == (
        PARTNER_ID,
        True,
        False,
    )
    user = User.objects.get(email=EMAIL)
    assert user.check_password(PASSWORD)
    assert Membership.objects.get(user=user).roles == [Role.GLOBAL_ADMIN]
    row = ResellerRelationship.objects.get()
    assert (row.provider, row.reseller) == (fabrikam, partner)
    assert row.state(timezone.now()) == State.ESTABLISHED
    assert row.requested_by == agent.user
    assert Agreement.of(row) == AGREEMENT
    told = {(event.action, event.organisation_id) for event in AuditEvent.objects.all()}
    assert told == {
        (Action.ORGANISATION_INVITED, fabrikam.pk),
        (Action.ORGANISATION_CREATED, partner.pk),
        (Action.MEMBER_JOINED, partner.pk),
        (Action.RESELLER_RELATIONSHIP_ESTABLISHED, fabrikam.pk),
    }
    with pytest.raises(LinkDead):
        accept(invited.token)


def test_r10_the_tenant_id_typed_becomes_the_organisations(agent):
    invited = invitations.invite_reseller(acting=agent, email=EMAIL, tenant_id=TENANT)

    outcome = accept(invited.token, confirmed=f"{{{str(TENANT).upper()}}}")

    assert outcome.membership.organisation_id == TENANT
    assert Partner.objects.get(pk=TENANT).partner_id == ""


@pytest.mark.parametrize("typed", ["6161617", "", "616 1616", str(TENANT), "0"])
def test_r10_another_id_creates_nothing(invited, typed):
    with pytest.raises(WrongId):
        accept(invited.token, confirmed=typed)

    assert nothing_came_of(invited.invitation)
    assert not User.objects.filter(email=EMAIL).exists()


@pytest.mark.parametrize("how", ["expired", "withdrawn", "unknown", "forged"])
def test_r10_a_dead_link_creates_nothing(invited, agent, how):
    token = invited.token
    if how == "expired":
        OrganisationInvitation.objects.update(expires_at=timezone.now())
    elif how == "withdrawn":
        invitations.withdraw_invitation(invited.invitation, acting=agent)
    elif how == "unknown":
        token = "x" * 43
    else:
        token = f"{invited.invitation.pk.hex}.{'0' * 64}"

    with pytest.raises(LinkDead):
        accept(token)
    assert not ResellerRelationship.objects.exists()


def test_r10_an_address_with_an_account_signs_in_first(invited):
    user = UserFactory(email=EMAIL.upper())

    with pytest.raises(SignInFirst):
        accept(invited.token)
    assert nothing_came_of(invited.invitation)
    outcome = accept(invited.token, user=user)
    assert outcome.membership.user == user


def test_r10_somebody_else_signed_in_does_not_get_in(invited):
    with pytest.raises(SignInFirst):
        accept(invited.token, user=UserFactory(email="thief@elsewhere.example"))
    assert nothing_came_of(invited.invitation)


def test_r10_an_organisation_here_meanwhile_is_asked_in_the_ordinary_way(invited, fabrikam, agent):
    here = ResellerFactory(partner_id=PARTNER_ID)

    outcome = accept(invited.token)

    assert isinstance(outcome, AskedInstead)
    row = ResellerRelationship.objects.get()
    assert (row.provider, row.reseller, row.state(timezone.now())) == (fabrikam, here, State.REQUESTED)
    assert (row.message, row.requested_by, Agreement.of(row)) == ("Join us", agent.user, AGREEMENT)
    link = answer_links.follow(outcome.token)
    assert (link.target_id, link.organisation_id) == (row.pk, here.pk)
    assert not User.objects.filter(email=EMAIL).exists()
    event = AuditEvent.objects.get(action=Action.RESELLER_RELATIONSHIP_REQUESTED)
    assert event.actor_kind == "system"
    with pytest.raises(LinkDead):
        accept(invited.token)


def test_r10_where_a_request_waits_already_its_link_on_the_screen_stays(invited, fabrikam):
    here = ResellerFactory(partner_id=PARTNER_ID)
    row = ResellerRelationshipFactory(
        provider=fabrikam, reseller=here, established_at=None, requested_at=timezone.now()
    )
    shown = answer_links.renew(
        AnswerLink.Kind.RESELLER_RELATIONSHIP, row.pk, organisation=here.organisation, at=timezone.now()
    )

    outcome = arrivals.ask_instead(invited.token, confirmed=PARTNER_ID)

    assert answer_links.follow(outcome.token) == answer_links.follow(shown)
    assert ResellerRelationship.objects.get() == row


def test_r10_where_nobody_is_yet_there_is_nothing_to_ask_instead(invited):
    assert arrivals.ask_instead(invited.token, confirmed=PARTNER_ID) is None
    assert nothing_came_of(invited.invitation)


def test_r10_a_customer_of_that_id_is_not_taken_over(agent):
    customer = CustomerFactory()
    customer.organisation.stubbed_by = agent.organisation.partner
    customer.organisation.save()
    invited = invitations.invite_reseller(acting=agent, email=EMAIL, tenant_id=customer.pk)

    with pytest.raises(OperationError) as refusal:
        accept(invited.token, confirmed=str(customer.pk))
    assert refusal.value.code == "taken"
    assert nothing_came_of(invited.invitation)
    assert not Membership.objects.filter(organisation_id=customer.pk).exists()


def stub(provider, **more):
    """A reseller that an import of this provider had to name."""
    return ResellerFactory(organisation__stubbed_by=provider, partner_id=PARTNER_ID, **more)


def test_r10_a_stub_of_the_inviters_own_is_taken_over_with_its_relationship(agent, fabrikam):
    left = stub(fabrikam)
    related = ResellerRelationshipFactory(provider=fabrikam, reseller=left)
    invited = invitations.invite_reseller(acting=agent, email=EMAIL, partner_id=PARTNER_ID)

    outcome = accept(invited.token)

    assert outcome.membership.organisation_id == left.pk
    assert outcome.relationship == related
    left.organisation.refresh_from_db()
    assert (left.organisation.name, left.organisation.stubbed_by) == ("Newcomer GmbH", None)


def test_r10_a_request_that_lapsed_gives_way_when_the_stub_arrives(agent, fabrikam):
    left, long_ago = stub(fabrikam), timezone.now() - timedelta(days=100)
    lapsed = ResellerRelationshipFactory(
        provider=fabrikam,
        reseller=left,
        established_at=None,
        requested_at=long_ago,
        lapses_at=long_ago + timedelta(days=90),
    )
    invited = invitations.invite_reseller(acting=agent, email=EMAIL, partner_id=PARTNER_ID)

    outcome = accept(invited.token)

    lapsed.refresh_from_db()
    assert lapsed.ended_as == EndedAs.LAPSED
    assert outcome.relationship != lapsed


@pytest.mark.parametrize("why", ["anothers", "a member", "anothers data"])
def test_r10_a_stub_that_is_not_the_inviters_alone_is_not_taken_over(agent, fabrikam, why):
    """Whoever takes it over sees all that hangs on it: only what the inviter itself put there."""
    other = ProviderFactory()
    invited = invitations.invite_reseller(acting=agent, email=EMAIL, partner_id=PARTNER_ID)
    left = stub(other if why == "anothers" else fabrikam)
    if why == "a member":
        MembershipFactory(organisation=left.organisation)
    if why == "anothers data":
        ResellerRelationshipFactory(provider=other, reseller=left)

    assert isinstance(accept(invited.token), AskedInstead)
    assert not User.objects.filter(email=EMAIL).exists()


def test_r10_two_invitations_of_one_reseller_at_once_make_one_organisation(transactional_db):
    providers = [ProviderFactory(), ProviderFactory()]
    made = [
        invitations.invite_reseller(
            acting=person(provider, Role.ADMIN_AGENT),
            email=f"owner{n}@newcomer.example",
            partner_id=PARTNER_ID,
        )
        for n, provider in enumerate(providers)
    ]
    barrier = Barrier(2)

    def run(invited):
        try:
            barrier.wait(timeout=10)
            return accept(invited.token)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(run, made))

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Accepted", "AskedInstead"]
    assert Partner.objects.filter(partner_id=PARTNER_ID).count() == 1
    states = sorted(row.state(timezone.now()) for row in ResellerRelationship.objects.all())
    assert states == [State.ESTABLISHED, State.REQUESTED]


# -- the page


@pytest.fixture
def form():
    return {
        "confirmed": PARTNER_ID,
        "organisation": "Newcomer GmbH",
        "country": "DE",
        "time_zone": "Europe/Berlin",
        "name": "Ada Newcomer",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }


def url(token):
    return f"/invitations/{token}/"


def counts():
    return SimpleNamespace(
        organisations=Organisation.objects.count(),
        users=User.objects.count(),
        events=AuditEvent.objects.count(),
    )


def test_opening_the_invitation_says_who_asks_and_changes_nothing(client, invited):
    before = counts()

    for _time in range(3):
        page = client.get(url(invited.token))

    text = page.content.decode()
    assert page.status_code == 200
    assert "Fabrikam Distribution asks to be your provider" in text
    assert "Join us" in text
    assert "FD-9" in text
    assert PARTNER_ID not in text
    assert counts() == before


def test_the_invitee_arrives_signed_in_at_its_provider(client, invited, form):
    response = client.post(url(invited.token), form)

    assert (response.status_code, response["Location"]) == (303, "/providers/")
    page = client.get("/providers/").content.decode()
    assert "Your relationship with Fabrikam Distribution is established." in page
    assert "Newcomer GmbH" in page


def test_a_wrong_id_is_a_field_error_that_keeps_the_rest(client, invited, form):
    response = client.post(url(invited.token), form | {"confirmed": "6161617"})

    text = response.content.decode()
    assert response.status_code == 422
    assert 'href="#id_confirmed"' in text
    assert "This is not the ID the invitation was made for." in text
    assert 'value="Newcomer GmbH"' in text
    assert nothing_came_of(invited.invitation)


def test_the_id_cannot_be_found_by_trying(client, invited, form):
    answers = [
        client.post(url(invited.token), form | {"confirmed": str(number)}).status_code for number in range(12)
    ]

    assert answers[:10] == [422] * 10
    assert answers[10:] == [429] * 2
    assert client.post(url(invited.token), form).status_code == 429


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("organisation", ""),
        ("organisation", "x" * 201),
        ("country", ""),
        ("country", "XX"),
        ("time_zone", "Mars/Olympus"),
        ("name", ""),
        ("password1", "short"),
        ("password2", "another lamp than that"),
        ("password1", "newcomer gmbh 2026"),
        ("organisation", "a\0b"),
    ],
)
def test_a_form_to_correct_is_422_and_creates_nothing(client, invited, form, field, value):
    assert client.post(url(invited.token), form | {field: value}).status_code == 422
    assert nothing_came_of(invited.invitation)


def test_a_dead_invitation_is_404_for_every_reason(client, invited, agent, form):
    invitations.withdraw_invitation(invited.invitation, acting=agent)

    def text(token):
        page = client.get(url(token))
        assert page.status_code == 404
        return re.sub(r"\b[A-Za-z0-9]{64}\b", "", page.content.decode().replace(url(token), ""))

    assert text(invited.token) == text("never-was") == text(invitations.mail_token(invited.invitation))
    assert client.post(url(invited.token), form).status_code == 404


def test_where_the_organisation_is_here_the_way_leads_to_the_ordinary_request(client, invited):
    """Also with nothing but the id filled in: the rest is not needed."""
    here = ResellerFactory(partner_id=PARTNER_ID)

    response = client.post(url(invited.token), {"confirmed": PARTNER_ID})

    assert response.status_code == 303
    row = ResellerRelationship.objects.get(reseller=here)
    client.force_login(MembershipFactory(organisation=here.organisation).user)
    assert client.get(response["Location"])["Location"] == f"/providers/#request-{row.pk}"


def test_a_signed_in_invitee_needs_no_password(client, invited, form):
    client.force_login(UserFactory(email=EMAIL))

    page = client.get(url(invited.token)).content.decode()
    assert "password1" not in page
    short = {name: form[name] for name in ("confirmed", "organisation", "country", "time_zone")}
    assert client.post(url(invited.token), short).status_code == 303
    assert Membership.objects.get(user__email=EMAIL).organisation.name == "Newcomer GmbH"


def test_somebody_else_signed_in_is_told_whose_it_is(client, invited, form):
    client.force_login(UserFactory(email="else@elsewhere.example"))

    page = client.get(url(invited.token))
    assert f"This invitation is for {EMAIL}." in page.content.decode()
    assert client.post(url(invited.token), form).status_code == 403
    assert nothing_came_of(invited.invitation)


def test_an_account_of_that_address_signs_in_first(client, invited, form):
    UserFactory(email=EMAIL)

    response = client.post(url(invited.token), form)

    assert response.status_code == 422
    assert "Sign in with this address first, then open the link again." in response.content.decode()
