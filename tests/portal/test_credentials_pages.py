"""The pages of API credentials: shown once, refused at the field, told what stops."""

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from portal.actor import Actor
from portal.models import Credential, CredentialSecret, Membership
from portal.operations import credentials as operations
from portal.permissions import Role
from tests.factories import CustomerFactory, MembershipFactory, ProviderFactory, ResellerFactory, today

pytestmark = pytest.mark.django_db

LIST, NEW = "/organisation/credentials/", "/organisation/credentials/new/"


@pytest.fixture
def organisation():
    return ProviderFactory(name="Fabrikam Distribution").organisation


@pytest.fixture
def admin(organisation, client):
    membership = MembershipFactory(organisation=organisation, roles=[Role.GLOBAL_ADMIN])
    client.force_login(membership.user)
    return membership


def acting(membership):
    return Actor.of(Membership.objects.select_related("organisation__partner", "user").get(pk=membership.pk))


def made(membership, name="Billing sync", role=Role.ADMIN_AGENT, days=300):
    expires_at = timezone.now() + timedelta(days=days)
    return operations.create_credential(
        acting=acting(membership), name=name, role=role, expires_at=expires_at
    )


def day(days=100):
    return (today() + timedelta(days=days)).isoformat()


def url(name, credential):
    return reverse(f"organisation:{name}", args=[credential.pk])


def secrets_in(response):
    return set(re.findall(r"portal_[0-9a-f]{64}", response.content.decode()))


class TestMaking:
    def test_shows_the_secret_on_the_page_that_follows_and_never_again(self, client, admin):
        response = client.post(NEW, {"name": "Billing sync", "role": "admin_agent", "expires": day()})
        assert response.status_code == 303
        assert not secrets_in(response)
        page = client.get(response["Location"])
        (secret,) = secrets_in(page)
        assert CredentialSecret.objects.get().ending == secret[-4:]
        assert "no-store" in page["Cache-Control"]
        assert not secrets_in(client.get(response["Location"]))

    def test_keeps_the_secret_in_no_table_on_the_way(self, client, admin):
        client.post(NEW, {"name": "Billing sync", "role": "admin_agent", "expires": day()})
        kept = [session.get_decoded() for session in Session.objects.all()]
        assert any("shown_once" in session for session in kept)
        assert "portal_" not in str(kept)
        assert b"portal_".hex() not in str(kept)

    def test_is_not_shown_to_head_nor_on_another_page_nor_without_the_cookie(self, client, admin):
        other = made(admin, name="Other").credential
        response = client.post(NEW, {"name": "Billing sync", "role": "admin_agent", "expires": day()})
        client.head(response["Location"])
        assert not secrets_in(client.get(url("credential", other)))
        cookie = client.cookies.pop("once")
        assert cookie["httponly"]
        assert not secrets_in(client.get(response["Location"]))

    def test_offers_no_role_above_the_limit_or_above_the_person(self, client, admin, organisation):
        roles = re.findall(r'name="role" value="(\w+)"', client.get(NEW).content.decode())
        assert roles == ["admin_agent", "helpdesk_agent", "sales_agent", "billing_admin"]
        agent = MembershipFactory(organisation=organisation, roles=[Role.ADMIN_AGENT])
        organisation.partner.integrations_at_most = Role.GLOBAL_ADMIN
        organisation.partner.save()
        client.force_login(agent.user)
        response = client.post(NEW, {"name": "x", "role": "global_admin", "expires": day()})
        assert response.status_code == 422
        assert not Credential.objects.exists()

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"name": " "}, "Enter a name."),
            ({"name": "x" * 101}, "This is too long: 101 of 100 characters."),
            ({"name": "BILLING sync"}, "Another integration has this name."),
            ({"role": ""}, "Choose a role."),
            ({"role": "service_support_admin"}, "Choose a role."),
            ({"expires": ""}, "Choose a day."),
            ({"expires": "tomorrow"}, "Choose a day."),
            ({"expires": "2020-01-01"}, "Choose a date between"),
            ({"expires": "2999-01-01"}, "Choose a date between"),
        ],
    )
    def test_says_at_the_field_what_is_wrong(self, client, admin, change, words):
        made(admin)
        fields = {"name": "New one", "role": "sales_agent", "expires": day()} | change
        response = client.post(NEW, fields)
        assert response.status_code == 422
        assert words in response.content.decode()
        assert 'class="field-error"' in response.content.decode()
        assert Credential.objects.count() == 1

    def test_works_until_the_end_of_the_last_day_that_is_offered(self, client, admin):
        last = re.search(r'max="([\d-]+)"', client.get(NEW).content.decode())[1]
        assert client.post(NEW, {"name": "x", "role": "sales_agent", "expires": last}).status_code == 303
        assert client.post(NEW, {"name": "y", "role": "sales_agent", "expires": day(0)}).status_code == 303


class TestList:
    def test_is_empty_with_what_it_is_for(self, client, admin):
        page = client.get(LIST).content.decode()
        assert "No integration yet" in page
        assert NEW in page

    def test_tells_name_role_creator_expiry_use_and_state(self, client, admin):
        made(admin)
        made(admin, name="Old", days=5)
        page = client.get(LIST).content.decode()
        for words in ("Billing sync", "Admin agent", str(admin.user), "Never", "Active", "Expires in 4 days"):
            assert words in page

    def test_asks_the_same_whatever_the_number(
        self, client, admin, organisation, django_assert_max_num_queries
    ):
        def queries():
            with django_assert_max_num_queries(30) as found:
                client.get(LIST)
            return len(found)

        made(admin)
        one = queries()
        for number in range(5):
            made(admin, name=f"Another {number}")
        operations.revoke_credential(Credential.objects.first().pk, acting=acting(admin))
        assert queries() <= one + 1  # the secrets of the revoked ones

    def test_flags_what_nobody_answers_for(self, client, admin, organisation):
        agent = MembershipFactory(organisation=organisation, roles=[Role.ADMIN_AGENT])
        credential = made(agent).credential
        page = lambda: client.get(url("credential", credential)).content.decode()  # noqa: E731
        assert "Nobody here answers for it." not in page()
        Membership.objects.filter(pk=agent.pk).update(roles=[Role.SALES_AGENT])
        assert "Its creator lost the role" in client.get(LIST).content.decode()
        assert "lost the role it rests on" in page()
        agent.delete()
        assert "Its creator has left" in client.get(LIST).content.decode()
        assert "is no longer here" in page()
        client.post(url("rotate-credential", credential), {"former": "0", "expires": day()})
        assert "Its creator has left" not in client.get(LIST).content.decode()

    def test_limit_is_a_global_admins(self, client, admin, organisation):
        where = reverse("organisation:limit-credentials")
        made(admin)
        assert client.post(where, {"role": "sales_agent"}).status_code == 302
        organisation.partner.refresh_from_db()
        assert organisation.partner.integrations_at_most == "sales_agent"
        assert "Acts with less" in client.get(LIST).content.decode()
        assert client.post(where, {"role": "king"}).status_code == 422
        agent = MembershipFactory(organisation=organisation, roles=[Role.ADMIN_AGENT])
        client.force_login(agent.user)
        page = client.get(LIST).content.decode()
        assert "The highest role is Sales agent." in page
        assert where not in page
        assert client.post(where, {"role": "global_admin"}).status_code == 403


class TestOne:
    def test_is_renamed(self, client, admin):
        credential = made(admin).credential
        made(admin, name="Taken")
        assert client.post(url("rename-credential", credential), {"name": "Taken"}).status_code == 422
        assert client.post(url("rename-credential", credential), {"name": "Sync"}).status_code == 302
        credential.refresh_from_db()
        assert credential.name == "Sync"

    def test_is_rotated_and_the_former_secret_ended(self, client, admin):
        first = made(admin)
        where = url("rotate-credential", first.credential)
        assert "nobody has used it yet" in client.get(where).content.decode()
        assert client.post(where, {"former": "9999", "expires": day()}).status_code == 422
        response = client.post(where, {"former": "24", "expires": day()})
        assert response.status_code == 303
        page = client.get(response["Location"])
        assert secrets_in(page)
        assert "End it now" in page.content.decode()
        assert client.post(url("end-former-secret", first.credential)).status_code == 302
        assert "End it now" not in client.get(url("credential", first.credential)).content.decode()

    def test_says_which_of_two_gives_way(self, client, admin):
        first = made(admin)
        where = url("rotate-credential", first.credential)
        client.post(where, {"former": "24", "expires": day()})
        newest = CredentialSecret.objects.order_by("created_at").last()
        page = client.get(where).content.decode()
        assert f"The one that ends in {newest.ending} stops as soon as you make another." in page

    def test_with_more_than_one_may_do_is_not_rotated(self, client, admin, organisation):
        organisation.partner.integrations_at_most = Role.GLOBAL_ADMIN
        organisation.partner.save()
        credential = made(admin, role=Role.GLOBAL_ADMIN).credential
        agent = MembershipFactory(organisation=organisation, roles=[Role.ADMIN_AGENT])
        client.force_login(agent.user)
        where = url("rotate-credential", credential)
        assert where not in client.get(url("credential", credential)).content.decode()
        assert "You cannot make a new secret." in client.get(where).content.decode()
        assert client.post(where, {"former": "0", "expires": day()}).status_code == 422
        assert CredentialSecret.objects.count() == 1

    def test_is_revoked_after_a_page_that_says_what_stops(self, client, admin):
        credential = made(admin).credential
        where = url("revoke-credential", credential)
        assert "Its next request is refused" in client.get(where).content.decode()
        credential.refresh_from_db()
        assert credential.revoked_at is None
        assert client.post(where).status_code == 302
        credential.refresh_from_db()
        assert credential.revoked_by == admin.user
        page = client.get(LIST).content.decode()
        assert "Revoked" in page
        assert client.get(where).status_code == 302
        assert client.post(where).status_code == 302  # twice: nothing more

    def test_of_a_form_opened_for_another_organisation_is_left_alone(self, client, admin):
        credential = made(admin).credential
        other = ProviderFactory().organisation.pk
        for name in ("rename-credential", "rotate-credential", "revoke-credential", "end-former-secret"):
            assert client.post(url(name, credential), {"organisation": other}).status_code == 409
        credential.refresh_from_db()
        assert credential.revoked_at is None


class TestWho:
    @pytest.mark.parametrize("name", ["credential", "rotate-credential", "revoke-credential"])
    def test_anothers_is_not_there(self, client, admin, name):
        theirs = MembershipFactory(organisation=ResellerFactory().organisation, roles=[Role.GLOBAL_ADMIN])
        credential = made(theirs).credential
        assert client.get(url(name, credential)).status_code == 404

    def test_resellers_have_their_own(self, client):
        reseller = MembershipFactory(organisation=ResellerFactory().organisation, roles=[Role.ADMIN_AGENT])
        client.force_login(reseller.user)
        assert client.get(LIST).status_code == 200
        assert LIST in client.get("/organisation/").content.decode()

    def test_customers_have_none(self, client):
        customer = MembershipFactory(organisation=CustomerFactory().organisation, roles=[Role.GLOBAL_ADMIN])
        client.force_login(customer.user)
        assert client.get(LIST).status_code == 404
        assert LIST not in client.get("/organisation/").content.decode()

    @pytest.mark.parametrize("role", [Role.HELPDESK_AGENT, Role.SALES_AGENT, Role.USER_ADMIN])
    def test_other_roles_are_told_who_may(self, client, admin, organisation, role):
        credential = made(admin).credential
        member = MembershipFactory(organisation=organisation, roles=[role])
        client.force_login(member.user)
        response = client.get(LIST)
        assert response.status_code == 403
        assert "Managing API credentials" in response.content.decode()
        assert client.get(url("credential", credential)).status_code == 403
        assert LIST not in client.get("/organisation/").content.decode()
