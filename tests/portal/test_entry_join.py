"""Joining by a one-use link."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.actor import Actor
from portal.models import AuditEvent, Membership, PasswordLink, User
from portal.operations import members as operations
from portal.permissions import Role
from tests.factories import MembershipFactory, ProviderFactory, UserFactory

pytestmark = pytest.mark.django_db

PASSWORD = "violet tram under seven lamps"


@pytest.fixture
def admin():
    return MembershipFactory(organisation=ProviderFactory(name="Fabrikam Distribution").organisation)


def invite(admin, email="new@person.example", **more):
    membership = Membership.objects.select_related("organisation__partner", "user").get(pk=admin.pk)
    return operations.invite(acting=Actor.of(membership), email=email, roles=[Role.ADMIN_AGENT], **more)


def form(**changed):
    return {"name": "New Person", "password1": PASSWORD, "password2": PASSWORD, **changed}


def test_opening_the_link_changes_nothing(client, admin):
    invited = invite(admin, name="Given Name")
    before = AuditEvent.objects.count()
    for _time in range(3):
        response = client.get(f"/join/{invited.token}/")
    page = response.content.decode()
    assert response.status_code == 200
    assert "Join Fabrikam Distribution" in page
    assert "new@person.example" in page
    assert "Given Name" in page
    assert PasswordLink.objects.get().used_at is None
    assert (AuditEvent.objects.count(), User.objects.count()) == (before, 1)


def test_new_person_sets_a_password_and_is_in(client, admin):
    invited = invite(admin)
    assert client.post(f"/join/{invited.token}/", form())["Location"] == "/"
    user = User.objects.get(email="new@person.example")
    assert user.name == "New Person"
    assert user.check_password(PASSWORD)
    assert Membership.objects.get(user=user).roles == ["admin_agent"]
    assert client.get("/organisation/").status_code == 200
    event = AuditEvent.objects.latest("at")
    assert (event.action, event.actor_id, event.organisation_id) == (
        "member.joined",
        user.pk,
        admin.organisation_id,
    )
    assert "New Person" not in str(event.after)


@pytest.mark.parametrize(
    "changed",
    [
        {"name": ""},
        {"password1": "short", "password2": "short"},
        {"password1": "fabrikam distribution", "password2": "fabrikam distribution"},
        {"password1": "new@person.example", "password2": "new@person.example"},
        {"password1": "demo-portal-2026", "password2": "demo-portal-2026"},
        {"password2": "another one altogether"},
    ],
)
def test_refused_form_keeps_the_link_open(client, admin, changed):
    invited = invite(admin)
    response = client.post(f"/join/{invited.token}/", form(**changed))
    assert response.status_code == 422
    assert not User.objects.filter(email="new@person.example").exists()
    assert client.post(f"/join/{invited.token}/", form()).status_code == 302


def test_used_withdrawn_expired_and_unknown_links_get_one_answer(client, admin):
    used, withdrawn, expired = (invite(admin, email=f"{name}@p.example") for name in ("a", "b", "c"))
    type(client)().post(f"/join/{used.token}/", form())
    PasswordLink.objects.filter(pk=withdrawn.invitation.pk).update(withdrawn_at=timezone.now())
    PasswordLink.objects.filter(pk=expired.invitation.pk).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )
    for token in (used.token, withdrawn.token, expired.token, "unknown"):
        for response in (client.get(f"/join/{token}/"), client.post(f"/join/{token}/", form())):
            assert response.status_code == 404
            assert "This link no longer works" in response.content.decode()
            assert "Fabrikam" not in response.content.decode()


class TestExistingAccount:
    @pytest.fixture
    def known(self):
        return UserFactory(email="known@person.example")

    def test_screen_is_the_same_as_for_a_new_person(self, client, admin, known):
        pages = []
        for email in (known.email, "fresh@person.example"):
            invited = invite(admin, email=email)
            page = client.get(f"/join/{invited.token}/").content.decode()
            pages.append(
                [
                    line
                    for line in page.replace(invited.token, "").replace(email, "").splitlines()
                    if "csrf" not in line
                ]
            )
        assert pages[0] == pages[1]

    def test_link_alone_neither_gets_in_nor_sets_the_password(self, client, admin, known):
        invited = invite(admin, email=known.email)
        response = client.post(f"/join/{invited.token}/", form())
        assert response.status_code == 422
        assert "Sign in with this address first" in response.content.decode()
        known.refresh_from_db()
        assert not known.check_password(PASSWORD)
        assert not known.memberships.exists()
        assert PasswordLink.objects.get().used_at is None

    def test_signed_in_as_that_address_one_click_joins(self, client, admin, known):
        invited = invite(admin, email=known.email)
        own = MembershipFactory(organisation=ProviderFactory(name="AAA").organisation, user=known)
        client.force_login(known)
        assert client.get(f"/join/{invited.token}/").status_code == 200
        assert not Membership.objects.filter(organisation=admin.organisation, user=known).exists()
        assert client.post(f"/join/{invited.token}/")["Location"] == "/"
        assert Membership.objects.filter(organisation=admin.organisation, user=known).exists()
        assert "Fabrikam Distribution" in client.get("/organisation/").content.decode()  # switched there
        assert own.pk

    def test_signed_in_as_somebody_else_does_not_join(self, client, admin, known):
        invited = invite(admin, email=known.email)
        client.force_login(UserFactory())
        page = client.get(f"/join/{invited.token}/").content.decode()
        assert "This invitation is for known@person.example" in page
        assert client.post(f"/join/{invited.token}/").status_code == 403
        assert PasswordLink.objects.get().used_at is None
