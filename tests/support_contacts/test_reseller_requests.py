"""Asking a reseller for a relationship by PartnerID or domain, and inviting one that is not here yet."""

from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from portal.models import (
    EndedAs,
    OrganisationInvitation,
    ResellerRelationship,
)
from portal.permissions import Role
from support_contacts.models import Wish
from tests.factories import (
    OrganisationFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
)
from tests.support_contacts.conftest import make_world
from tests.support_contacts.resellers import (
    AGREEMENT,
    LIST,
    REQUEST,
    member_of,
    posted,
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


@pytest.fixture
def waiting(agent, fabrikam):
    return waiting_reseller(fabrikam)


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
