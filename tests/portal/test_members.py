"""Who may invite, change and remove whom; the last global admin; what the record keeps."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from portal.actor import Actor
from portal.errors import NotPermitted, NotVisible, OperationError
from portal.models import AuditEvent, Membership, PasswordLink
from portal.operations import members as operations
from portal.permissions import Role
from portal.ratelimit import Rule
from portal.views import members as view
from tests.factories import CustomerFactory, MembershipFactory, ProviderFactory

pytestmark = pytest.mark.django_db

GLOBAL, AGENT, USERS, BILLING = Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, Role.USER_ADMIN, Role.BILLING_ADMIN


@pytest.fixture
def organisation():
    return ProviderFactory(name="Fabrikam Distribution").organisation


@pytest.fixture
def admin(organisation):
    return MembershipFactory(organisation=organisation, roles=[GLOBAL])


@pytest.fixture
def user_admin(organisation, admin):
    return MembershipFactory(organisation=organisation, roles=[USERS])


@pytest.fixture
def agent(organisation, admin):
    return MembershipFactory(organisation=organisation, roles=[AGENT])


def acting(membership):
    return Actor.of(Membership.objects.select_related("organisation__partner", "user").get(pk=membership.pk))


def actions():
    return list(AuditEvent.objects.order_by("at", "pk").values_list("action", flat=True))


class TestChangeRoles:
    def test_writes_roles_and_one_event_with_ids_only(self, admin, agent):
        operations.change_roles(agent.pk, acting=acting(admin), roles=[BILLING, AGENT])
        agent.refresh_from_db()
        assert agent.roles == ["admin_agent", "billing_admin"]
        event = AuditEvent.objects.get()
        assert event.action == "member.roles_changed"
        assert event.before == {"user": str(agent.user_id), "roles": ["admin_agent"]}
        assert event.after == {"user": str(agent.user_id), "roles": ["admin_agent", "billing_admin"]}
        assert event.actor_role == "global_admin"
        assert agent.user.name not in str(event.before) + str(event.after)

    def test_same_roles_write_nothing(self, admin, agent):
        operations.change_roles(agent.pk, acting=acting(admin), roles=[AGENT])
        assert actions() == []

    def test_user_admin_manages_the_others(self, user_admin, agent):
        operations.change_roles(agent.pk, acting=acting(user_admin), roles=[BILLING])
        assert AuditEvent.objects.get().actor_role == "user_admin"

    @pytest.mark.parametrize("roles", [[], ["emperor"], [Role.SERVICE_SUPPORT_ADMIN]])
    def test_roles_that_do_not_fit_are_refused(self, admin, agent, roles):
        with pytest.raises(OperationError):
            operations.change_roles(agent.pk, acting=acting(admin), roles=roles)
        assert actions() == []

    def test_only_a_global_admin_grants_global_admin(self, user_admin, agent):
        with pytest.raises(OperationError, match="Only a global admin"):
            operations.change_roles(agent.pk, acting=acting(user_admin), roles=[GLOBAL])

    def test_only_a_global_admin_takes_global_admin(self, admin, user_admin):
        with pytest.raises(OperationError, match="Only a global admin"):
            operations.change_roles(admin.pk, acting=acting(user_admin), roles=[AGENT])

    def test_nobody_raises_their_own_role(self, user_admin):
        with pytest.raises(OperationError, match="cannot give yourself"):
            operations.change_roles(user_admin.pk, acting=acting(user_admin), roles=[USERS, AGENT])

    def test_the_last_global_admin_stays(self, admin):
        with pytest.raises(OperationError, match="needs a global admin"):
            operations.change_roles(admin.pk, acting=acting(admin), roles=[AGENT])

    def test_a_second_global_admin_makes_it_possible(self, organisation, admin):
        MembershipFactory(organisation=organisation, roles=[GLOBAL])
        operations.change_roles(admin.pk, acting=acting(admin), roles=[AGENT])

    def test_another_role_does_not_manage(self, agent, admin):
        with pytest.raises(NotPermitted):
            operations.change_roles(admin.pk, acting=acting(agent), roles=[AGENT])

    def test_a_role_taken_meanwhile_does_not_count(self, admin, agent, organisation):
        stale = acting(MembershipFactory(organisation=organisation, roles=[USERS]))
        Membership.objects.filter(pk=stale.membership_id).update(roles=[BILLING])
        with pytest.raises(NotPermitted):
            operations.change_roles(agent.pk, acting=stale, roles=[BILLING])

    def test_a_member_of_another_organisation_is_not_there(self, admin):
        other = MembershipFactory(organisation=ProviderFactory().organisation)
        with pytest.raises(NotVisible):
            operations.change_roles(other.pk, acting=acting(admin), roles=[AGENT])


class TestRemove:
    def test_takes_the_person_out(self, admin, agent):
        operations.remove_member(agent.pk, acting=acting(admin))
        assert not Membership.objects.filter(pk=agent.pk).exists()
        event = AuditEvent.objects.get()
        assert (event.action, event.before["user"]) == ("member.removed", str(agent.user_id))

    def test_the_last_global_admin_stays(self, admin):
        with pytest.raises(OperationError, match="needs a global admin"):
            operations.remove_member(admin.pk, acting=acting(admin))

    def test_user_admin_does_not_remove_a_global_admin(self, admin, user_admin):
        with pytest.raises(OperationError, match="Only a global admin"):
            operations.remove_member(admin.pk, acting=acting(user_admin))

    def test_invitations_they_sent_die_with_it(self, admin, user_admin):
        operations.invite(acting=acting(user_admin), email="friend@home.example", roles=[AGENT])
        operations.remove_member(user_admin.pk, acting=acting(admin))
        assert PasswordLink.objects.get().withdrawn_at is not None
        assert set(actions()) == {"member.invited", "member.removed", "member.invitation_withdrawn"}

    def test_counts_on_the_next_request_of_every_session(self, client, admin, agent):
        elsewhere = type(client)()
        for each in (client, elsewhere):
            each.force_login(agent.user)
            assert each.get("/organisation/").status_code == 200
        operations.remove_member(agent.pk, acting=acting(admin))
        for each in (client, elsewhere):
            assert each.get("/organisation/").status_code == 404
            assert "You belong to no organisation here" in each.get("/").content.decode()


def test_role_counts_on_the_next_request(client, admin, agent):
    client.force_login(agent.user)
    assert client.get("/organisation/members/").status_code == 403
    operations.change_roles(agent.pk, acting=acting(admin), roles=[USERS])
    assert client.get("/organisation/members/").status_code == 200


class TestInvite:
    def test_keeps_only_the_hash_for_seven_days(self, admin):
        invited = operations.invite(acting=acting(admin), email="New@Person.example", roles=[AGENT])
        link = PasswordLink.objects.get()
        assert invited.token not in link.token_hash
        assert len(link.token_hash) == 64
        assert link.email == "new@person.example"
        assert timedelta(days=6, hours=23) < link.expires_at - timezone.now() <= timedelta(days=7)
        event = AuditEvent.objects.get()
        assert event.after == {"invitation": str(link.pk), "roles": ["admin_agent"]}

    def test_member_already_is_refused(self, admin, agent):
        with pytest.raises(OperationError, match="is a member already"):
            operations.invite(acting=acting(admin), email=agent.user.email.upper(), roles=[AGENT])

    def test_open_invitation_is_refused_and_an_expired_one_replaced(self, admin):
        operations.invite(acting=acting(admin), email="new@person.example", roles=[AGENT])
        with pytest.raises(OperationError, match="open invitation already"):
            operations.invite(acting=acting(admin), email="NEW@person.example", roles=[AGENT])
        PasswordLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        operations.invite(acting=acting(admin), email="new@person.example", roles=[AGENT])
        assert PasswordLink.objects.filter(withdrawn_at=None).count() == 1

    def test_user_admin_does_not_invite_a_global_admin(self, user_admin):
        with pytest.raises(OperationError, match="Only a global admin"):
            operations.invite(acting=acting(user_admin), email="new@person.example", roles=[GLOBAL])

    def test_roles_of_the_other_kind_are_refused(self, admin):
        customer = MembershipFactory(organisation=CustomerFactory().organisation)
        with pytest.raises(OperationError):
            operations.invite(acting=acting(customer), email="new@person.example", roles=[AGENT])
        with pytest.raises(OperationError):
            operations.invite(acting=acting(admin), email="n@p.example", roles=[Role.SERVICE_SUPPORT_ADMIN])

    def test_organisation_of_both_kinds_has_both_kinds_of_roles(self, admin, organisation):
        CustomerFactory(organisation=organisation)
        operations.invite(
            acting=acting(admin), email="n@p.example", roles=[Role.SERVICE_SUPPORT_ADMIN, AGENT]
        )


class TestPages:
    def test_list_names_people_roles_and_open_invitations(self, client, admin, agent):
        operations.invite(acting=acting(admin), email="new@person.example", roles=[AGENT])
        MembershipFactory(organisation=ProviderFactory().organisation, user__name="Canary Elsewhere")
        client.force_login(admin.user)
        page = client.get("/organisation/members/").content.decode()
        for words in (
            admin.user.name,
            agent.user.email,
            "Admin agent",
            "new@person.example",
            "Open invitations",
        ):
            assert words in page
        assert "Canary" not in page

    def test_queries_do_not_grow_with_members(
        self, client, admin, agent, organisation, django_assert_max_num_queries
    ):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        client.force_login(admin.user)
        client.get("/organisation/members/")
        counts = []
        for number in range(2):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                client.get("/organisation/members/")
            counts.append(len(queries))
            for each in range(3):
                MembershipFactory(organisation=organisation, roles=[AGENT])
                operations.invite(acting=acting(admin), email=f"n{number}{each}@p.example", roles=[AGENT])
        assert counts[0] == counts[1]

    def test_invite_shows_the_link_once_and_mails_it(self, client, admin):
        client.force_login(admin.user)
        form = {"email": "new@person.example", "name": "New", "roles": ["admin_agent"]}
        response = client.post("/organisation/members/invite/", form)
        page = response.content.decode()
        assert response.status_code == 200
        url = re.search(r"http://testserver/join/[\w-]+/", page)[0]
        assert mail.outbox[0].to == ["new@person.example"]
        assert url in mail.outbox[0].body
        assert "/join/" not in client.get("/organisation/members/").content.decode()
        assert type(client)().get(url).status_code == 200

    def test_invitation_without_a_mail_server_says_so(self, client, admin, settings, tmp_path):
        settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
        settings.EMAIL_FILE_PATH = tmp_path
        client.force_login(admin.user)
        form = {"email": "new@person.example", "roles": ["admin_agent"]}
        page = client.post("/organisation/members/invite/", form).content.decode()
        assert "No email went out. Pass the link on yourself." in page
        assert len(list(tmp_path.iterdir())) == 1

    def test_refused_invitation_keeps_what_was_typed(self, client, admin, agent):
        client.force_login(admin.user)
        form = {"email": agent.user.email, "name": "Typed Name", "roles": ["admin_agent"]}
        response = client.post("/organisation/members/invite/", form)
        assert response.status_code == 422
        assert "This person is a member already." in response.content.decode()
        assert "Typed Name" in response.content.decode()

    def test_invitations_are_limited_and_nothing_typed_is_lost(self, client, admin, monkeypatch):
        monkeypatch.setattr(view, "INVITES_BY_PERSON", Rule("invite-person", limit=2, seconds=3600))
        client.force_login(admin.user)
        for _time in range(2):
            invited = self.invite(client).context["invitation"]
            client.post(f"/organisation/invitations/{invited.pk}/withdraw/")

        refused = self.invite(client)

        assert refused.status_code == 429
        assert 3500 < int(refused["Retry-After"]) <= 3600
        page = refused.content.decode()
        assert "Too many invitations in a short time. Try again in 60 minutes." in page
        assert "new@person.example" in page
        assert len(mail.outbox) == PasswordLink.objects.count() == 2

    def test_invitations_are_limited_by_network(self, client, admin, user_admin, monkeypatch):
        monkeypatch.setattr(view, "INVITES_BY_NETWORK", Rule("invite-network", limit=1, seconds=3600))
        client.force_login(admin.user)
        assert self.invite(client, email="one@person.example").status_code == 200
        client.force_login(user_admin.user)

        assert self.invite(client, email="two@person.example").status_code == 429
        assert self.invite(client, email="two@person.example", REMOTE_ADDR="198.51.100.20").status_code == 200

    def invite(self, client, email="new@person.example", **extra):
        fields = {"email": email, "name": "Somebody", "roles": ["admin_agent"]}
        return client.post("/organisation/members/invite/", fields, **extra)

    def test_change_and_remove(self, client, admin, agent):
        client.force_login(admin.user)
        address = f"/organisation/members/{agent.pk}/"
        assert client.get(address).status_code == 200
        assert client.post(address, {"roles": []}).status_code == 422
        assert client.post(address, {"roles": ["billing_admin"]})["Location"] == "/organisation/members/"
        assert client.get(f"{address}remove/").status_code == 200
        assert Membership.objects.filter(pk=agent.pk).exists()
        assert client.post(f"{address}remove/")["Location"] == "/organisation/members/"
        assert not Membership.objects.filter(pk=agent.pk).exists()

    def test_refused_removal_says_why(self, client, admin):
        client.force_login(admin.user)
        response = client.post(f"/organisation/members/{admin.pk}/remove/")
        assert response.status_code == 409
        assert "An organisation needs a global admin." in response.content.decode()

    def test_withdrawn_link_is_dead(self, client, admin):
        invited = operations.invite(acting=acting(admin), email="new@person.example", roles=[AGENT])
        client.force_login(admin.user)
        address = f"/organisation/invitations/{invited.invitation.pk}/withdraw/"
        assert client.post(address)["Location"] == "/organisation/members/"
        assert type(client)().get(f"/join/{invited.token}/").status_code == 404
        assert client.post(address).status_code == 404

    def test_other_organisations_members_and_invitations_are_not_found(self, client, admin):
        other = MembershipFactory(organisation=ProviderFactory().organisation)
        invited = operations.invite(acting=acting(other), email="new@person.example", roles=[AGENT])
        client.force_login(admin.user)
        for address in (
            f"/organisation/members/{other.pk}/",
            f"/organisation/members/{other.pk}/remove/",
            f"/organisation/invitations/{invited.invitation.pk}/withdraw/",
        ):
            assert client.post(address, {"roles": ["admin_agent"]}).status_code == 404
        assert Membership.objects.filter(pk=other.pk).exists()

    def test_other_roles_are_told_who_may(self, client, agent, admin):
        client.force_login(agent.user)
        for response in (
            client.get("/organisation/members/"),
            client.post("/organisation/members/invite/", {}),
            client.post(f"/organisation/members/{admin.pk}/remove/"),
        ):
            assert response.status_code == 403
            page = response.content.decode()
            assert "Managing members and roles" in page
            assert "Global admin" in page
            assert "Service support admin" not in page

    def test_form_of_another_organisation_is_a_conflict(self, client, admin, agent):
        other = MembershipFactory(
            organisation=ProviderFactory(name="Proseware").organisation, user=admin.user
        )
        client.force_login(admin.user)
        form = {"organisation": str(other.organisation_id), "email": "n@p.example", "roles": ["admin_agent"]}
        client.post("/switch-organisation/", {"organisation": str(admin.organisation_id)})
        response = client.post("/organisation/members/invite/", form)
        assert response.status_code == 409
        assert "Proseware" in response.content.decode()
        assert not PasswordLink.objects.exists()
