"""What may be done with an integration and by whom; what the record keeps; what happens at the same time."""

import uuid
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.utils import IntegrityError
from django.test import RequestFactory
from django.utils import timezone

from portal.actor import Actor, ActorKind
from portal.authority import still
from portal.credentials import authenticate, find, may_enter, note_use
from portal.errors import NotPermitted, NotVisible, OperationError
from portal.models import AuditEvent, Credential, CredentialSecret, Membership
from portal.operations import credentials as operations
from portal.permissions import PARTNER_ROLES, Permission, Role
from portal.who import names_of, names_read, with_names
from tests.factories import CustomerFactory, MembershipFactory, ProviderFactory, ResellerFactory
from tests.portal.test_reseller_races import at_once

pytestmark = pytest.mark.django_db

MANAGERS = (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT)


def person(organisation, *roles):
    membership = MembershipFactory(organisation=organisation, roles=list(roles))
    rows = Membership.objects.select_related("organisation__partner", "user")
    return Actor.of(rows.get(pk=membership.pk))


@pytest.fixture
def organisation():
    return ProviderFactory(name="Fabrikam Distribution").organisation


@pytest.fixture
def admin(organisation):
    return person(organisation, Role.GLOBAL_ADMIN)


@pytest.fixture
def agent(organisation):
    return person(organisation, Role.ADMIN_AGENT)


def in_days(days):
    return timezone.now() + timedelta(days=days)


def made(acting, role=Role.HELPDESK_AGENT, name="Billing sync", days=300):
    return operations.create_credential(acting=acting, name=name, role=role, expires_at=in_days(days))


def rotated(credential, acting, hours=24, days=300):
    until = timezone.now() + timedelta(hours=hours)
    return operations.rotate_credential(
        credential.pk, acting=acting, former_until=until, expires_at=in_days(days)
    )


def opens(secret):
    found = find(secret)
    return found is not None and may_enter(found, timezone.now())


def actions():
    return list(AuditEvent.objects.order_by("at", "pk").values_list("action", flat=True))


class TestCreate:
    def test_keeps_the_hash_and_one_event_without_the_secret(self, admin):
        new = made(admin)
        assert new.secret.startswith("portal_")
        assert len(new.secret) == len("portal_") + 64
        stored = CredentialSecret.objects.get()
        assert new.secret not in str(vars(stored))
        assert stored.ending == new.secret[-4:]
        event = AuditEvent.objects.get()
        assert (event.action, event.actor_role) == ("credential.created", "global_admin")
        assert event.after["name"] == "Billing sync"
        assert event.after["role"] == "helpdesk_agent"
        assert new.secret not in str([event.before, event.after])
        assert stored.hash not in str([event.before, event.after])

    @pytest.mark.parametrize("role", PARTNER_ROLES)
    def test_never_gives_more_than_the_person_holds(self, organisation, admin, role):
        operations.limit_integrations(acting=admin, role=Role.GLOBAL_ADMIN)
        assert made(admin, role, name="by the global admin")
        agent = person(organisation, Role.ADMIN_AGENT)
        if role in (Role.GLOBAL_ADMIN, Role.USER_ADMIN):
            with pytest.raises(OperationError) as refused:
                made(agent, role)
            assert refused.value.code == "role_not_yours"
        else:
            assert made(agent, role)

    def test_roles_held_together_count_together(self, organisation, admin):
        operations.limit_integrations(acting=admin, role=Role.GLOBAL_ADMIN)
        assert made(person(organisation, Role.ADMIN_AGENT, Role.USER_ADMIN), Role.USER_ADMIN)

    @pytest.mark.parametrize("role", ["service_support_admin", "king", ""])
    def test_no_other_role(self, admin, role):
        with pytest.raises(OperationError):
            made(admin, role)

    def test_not_above_the_limit(self, admin):
        with pytest.raises(OperationError) as refused:
            made(admin, Role.GLOBAL_ADMIN)
        assert refused.value.code == "role_not_yours"

    @pytest.mark.parametrize(("days", "code"), [(0, "expired"), (-1, "expired"), (732, "too_long")])
    def test_expiry_is_ahead_and_two_years_at_most(self, admin, days, code):
        with pytest.raises(OperationError) as refused:
            made(admin, days=days)
        assert refused.value.code == code
        assert made(admin, days=730)

    def test_a_name_is_one_integrations_until_it_is_revoked(self, admin):
        first = made(admin, name="Billing  sync ").credential
        assert first.name == "Billing sync"
        with pytest.raises(OperationError) as refused:
            made(admin, name="BILLING SYNC")
        assert refused.value.code == "name_taken"
        operations.revoke_credential(first.pk, acting=admin)
        assert made(admin, name="Billing sync")
        assert made(person(ResellerFactory().organisation, Role.GLOBAL_ADMIN), name="Billing sync")

    @pytest.mark.parametrize(("name", "code"), [(" ", "no_name"), ("x" * 101, "name_too_long")])
    def test_name_is_checked(self, admin, name, code):
        with pytest.raises(OperationError) as refused:
            made(admin, name=name)
        assert refused.value.code == code

    def test_there_is_a_most(self, admin, monkeypatch):
        monkeypatch.setattr(operations, "MOST", 1)
        first = made(admin).credential
        with pytest.raises(OperationError) as refused:
            made(admin, name="Another")
        assert refused.value.code == "too_many"
        operations.revoke_credential(first.pk, acting=admin)
        assert made(admin, name="Another")


class TestWho:
    @pytest.mark.parametrize("role", [role for role in PARTNER_ROLES if role not in MANAGERS])
    def test_only_managers(self, organisation, admin, role):
        credential = made(admin).credential
        acting = person(organisation, role)
        for act in (
            lambda: made(acting, Role.BILLING_ADMIN, name="x"),
            lambda: rotated(credential, acting),
            lambda: operations.rename_credential(credential.pk, acting=acting, name="x"),
            lambda: operations.revoke_credential(credential.pk, acting=acting),
            lambda: operations.end_former_secret(credential.pk, acting=acting),
            lambda: operations.limit_integrations(acting=acting, role=Role.BILLING_ADMIN),
        ):
            with pytest.raises(NotPermitted):
                act()
        assert actions() == ["credential.created"]

    def test_no_integration_manages_integrations(self, admin):
        operations.limit_integrations(acting=admin, role=Role.GLOBAL_ADMIN)
        credential = made(admin, Role.GLOBAL_ADMIN).credential
        acting = Actor.integration(Credential.objects.get(pk=credential.pk))
        with pytest.raises(NotPermitted):
            made(acting, Role.BILLING_ADMIN, name="x")
        with pytest.raises(NotPermitted):
            operations.limit_integrations(acting=acting, role=Role.GLOBAL_ADMIN)

    def test_customers_have_none(self):
        acting = person(CustomerFactory().organisation, Role.GLOBAL_ADMIN)
        with pytest.raises(NotVisible):
            made(acting)

    def test_anothers_is_not_there(self, admin):
        theirs = made(person(ResellerFactory().organisation, Role.GLOBAL_ADMIN)).credential
        for pk in (theirs.pk, uuid.uuid4()):
            with pytest.raises(NotVisible):
                operations.revoke_credential(pk, acting=admin)

    def test_a_role_lost_meanwhile_counts(self, organisation, agent):
        Membership.objects.filter(pk=agent.membership_id).update(roles=[Role.SALES_AGENT])
        with pytest.raises(NotPermitted):
            made(agent)

    def test_limit_is_a_global_admins_alone(self, admin, agent, organisation):
        with pytest.raises(NotPermitted):
            operations.limit_integrations(acting=agent, role=Role.GLOBAL_ADMIN)
        operations.limit_integrations(acting=admin, role=Role.SALES_AGENT)
        operations.limit_integrations(acting=admin, role=Role.SALES_AGENT)
        with pytest.raises(OperationError):
            operations.limit_integrations(acting=admin, role="service_support_admin")
        event = AuditEvent.objects.get()
        assert event.before == {"integrations_at_most": "admin_agent"}
        assert event.after == {"integrations_at_most": "sales_agent"}
        organisation.partner.refresh_from_db()
        assert organisation.partner.integrations_at_most == "sales_agent"


class TestRotate:
    def test_both_secrets_work_until_the_chosen_instant(self, admin):
        first = made(admin)
        second = rotated(first.credential, admin, hours=24)
        assert opens(first.secret)
        assert opens(second.secret)
        former = find(first.secret)
        assert former.ends_at - timezone.now() <= timedelta(hours=24)
        assert not may_enter(former, former.ends_at)
        event = AuditEvent.objects.last()
        assert event.after["former_until"] == former.ends_at.isoformat()

    def test_at_once(self, admin):
        first = made(admin)
        second = rotated(first.credential, admin, hours=0)
        assert not opens(first.secret)
        assert opens(second.secret)

    def test_seven_days_at_most(self, admin):
        first = made(admin)
        with pytest.raises(OperationError) as refused:
            rotated(first.credential, admin, hours=7 * 24 + 1)
        assert refused.value.code == "too_long"
        assert CredentialSecret.objects.count() == 1

    def test_the_former_secret_never_outlives_its_own_end(self, admin):
        first = made(admin, days=1)
        rotated(first.credential, admin, hours=72)
        assert find(first.secret).ends_at == first.credential.expires_at

    def test_of_two_the_unused_gives_way(self, admin):
        first = made(admin)
        note_use(find(first.secret), timezone.now())
        lost = rotated(first.credential, admin)
        third = rotated(first.credential, admin)
        assert [opens(each.secret) for each in (first, lost, third)] == [True, False, True]

    def test_of_two_in_use_the_older_gives_way(self, admin):
        first = made(admin)
        second = rotated(first.credential, admin)
        note_use(find(second.secret), timezone.now())
        third = rotated(first.credential, admin)
        assert [opens(each.secret) for each in (first, second, third)] == [False, True, True]

    def test_brings_an_expired_integration_back_and_not_its_secret(self, admin):
        first = made(admin)
        past = timezone.now() - timedelta(days=1)
        begun = past - timedelta(days=9)
        Credential.objects.update(created_at=begun, expires_at=past)
        CredentialSecret.objects.update(created_at=begun, ends_at=past)
        second = rotated(first.credential, admin, hours=24)
        assert not opens(first.secret)
        assert opens(second.secret)

    def test_carries_it_from_then_on(self, admin, agent):
        first = made(agent).credential
        assert first.carried_by == agent.user
        rotated(first, admin)
        first.refresh_from_db()
        assert (first.created_by, first.carried_by) == (agent.user, admin.user)

    def test_is_for_those_whose_roles_hold_it(self, admin, agent):
        operations.limit_integrations(acting=admin, role=Role.GLOBAL_ADMIN)
        first = made(admin, Role.GLOBAL_ADMIN)
        with pytest.raises(OperationError) as refused:
            rotated(first.credential, agent)
        assert refused.value.code == "role_not_yours"
        operations.revoke_credential(first.credential.pk, acting=agent)  # to stop it, anybody's who manages

    def test_ending_the_former_is_one_event_and_a_second_time_none(self, admin):
        first = made(admin)
        second = rotated(first.credential, admin)
        operations.end_former_secret(first.credential.pk, acting=admin)
        operations.end_former_secret(first.credential.pk, acting=admin)
        assert not opens(first.secret)
        assert opens(second.secret)
        assert actions() == ["credential.created", "credential.rotated", "credential.secret_ended"]


class TestRenameAndRevoke:
    def test_one_event_each_and_none_for_nothing(self, admin):
        credential = made(admin).credential
        for _twice in range(2):
            operations.rename_credential(credential.pk, acting=admin, name="Sync")
        for _twice in range(2):
            operations.revoke_credential(credential.pk, acting=admin)
        assert actions() == ["credential.created", "credential.renamed", "credential.revoked"]
        event = AuditEvent.objects.get(action="credential.renamed")
        assert (event.before["name"], event.after["name"]) == ("Billing sync", "Sync")
        credential.refresh_from_db()
        assert credential.revoked_by == admin.user

    def test_what_is_revoked_stays_so(self, admin):
        new = made(admin)
        operations.revoke_credential(new.credential.pk, acting=admin)
        for act in (
            lambda: rotated(new.credential, admin),
            lambda: operations.rename_credential(new.credential.pk, acting=admin, name="x"),
        ):
            with pytest.raises(OperationError) as refused:
                act()
            assert refused.value.code == "revoked"
        assert not opens(new.secret)

    def test_constraints_hold_without_the_operations(self, admin):
        new = made(admin)
        for change in ({"name": ""}, {"role": "king"}, {"expires_at": new.credential.created_at}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Credential.objects.filter(pk=new.credential.pk).update(**change)


class TestStill:
    """Under the lock the credential is read again (R2)."""

    @pytest.fixture
    def integration(self, admin):
        credential = made(admin, Role.ADMIN_AGENT).credential
        rows = Credential.objects.select_related("organisation__partner")
        return Actor.integration(rows.get(pk=credential.pk))

    def test_holds_the_roles_of_this_instant(self, admin, integration):
        assert still(integration, Permission.PROFILE_EDIT).roles == {Role.ADMIN_AGENT}
        operations.limit_integrations(acting=admin, role=Role.HELPDESK_AGENT)
        with pytest.raises(NotPermitted):
            still(integration, Permission.PROFILE_EDIT)
        assert still(integration, Permission.CONTACT_ASSIGN)

    def test_revoked_or_expired_is_refused(self, admin, integration):
        Credential.objects.update(created_at=in_days(-9), expires_at=in_days(-1))
        with pytest.raises(NotPermitted):
            still(integration, Permission.CONTACT_ASSIGN)
        Credential.objects.update(expires_at=in_days(9))
        assert still(integration, Permission.CONTACT_ASSIGN)
        operations.revoke_credential(integration.credential_id, acting=admin)
        with pytest.raises(NotPermitted):
            still(integration, Permission.CONTACT_ASSIGN)

    def test_a_secret_that_has_ended_since_is_refused_and_the_new_one_not(self, admin):
        """The call was let in before; under the lock its secret is asked again."""
        former = made(admin, Role.ADMIN_AGENT)
        early = self.let_in(former.secret)
        assert still(early, Permission.CONTACT_ASSIGN)
        latest = rotated(former.credential, admin, hours=1)
        assert still(early, Permission.CONTACT_ASSIGN)
        operations.end_former_secret(former.credential.pk, acting=admin)
        with pytest.raises(NotPermitted):
            still(early, Permission.CONTACT_ASSIGN)
        assert still(self.let_in(latest.secret), Permission.CONTACT_ASSIGN)

    def let_in(self, secret):
        return authenticate(RequestFactory().get("/v1/x", headers={"Authorization": f"Bearer {secret}"}))


class TestTold:
    def test_under_its_name_to_its_own_organisation_only(self, admin, organisation):
        credential = made(admin, name="Billing sync").credential
        told = {"organisation": organisation, "actor_organisation_id": organisation.pk, "at": timezone.now()}
        event = AuditEvent.objects.create(actor_kind=ActorKind.INTEGRATION, actor_id=credential.pk, **told)
        human = AuditEvent.objects.create(actor_kind=ActorKind.PERSON, actor_id=admin.user.pk, **told)
        assert names_of([event, human], organisation.pk) == {
            credential.pk: "integration Billing sync",
            admin.user.pk: admin.user.name,
        }
        stranger = ProviderFactory().organisation.pk
        assert names_of([event, human], stranger) == {}
        for reader in (organisation.pk, stranger):  # read with the events it is the same
            read = with_names(AuditEvent.objects.filter(pk__in=[event.pk, human.pk]), reader)
            assert names_read(read, reader) == names_of([event, human], reader)
            assert {row.actor_name for row in read} == (
                {"Billing sync", admin.user.name} if reader == organisation.pk else {None}
            )

    def test_asks_for_integrations_only_where_there_are_some(self, admin, django_assert_num_queries):
        event = AuditEvent(
            actor_kind=ActorKind.PERSON,
            actor_id=admin.user.pk,
            actor_organisation_id=admin.organisation.pk,
        )
        with django_assert_num_queries(1):
            names_of([event], admin.organisation.pk)


class TestAtOnce:
    @pytest.fixture(autouse=True)
    def real(self, transactional_db):
        pass

    def test_two_of_one_name_are_one(self):
        organisation = ProviderFactory().organisation
        people = [person(organisation, Role.ADMIN_AGENT) for _ in range(4)]
        outcomes = at_once(*(lambda who=who: made(who) for who in people))
        assert sorted(type(each).__name__ for each in outcomes) == ["Made"] + ["OperationError"] * 3
        assert Credential.objects.count() == AuditEvent.objects.count() == 1

    def test_rotations_leave_two_secrets(self):
        admin = person(ProviderFactory().organisation, Role.GLOBAL_ADMIN)
        credential = made(admin).credential
        at_once(*(lambda: rotated(credential, admin) for _ in range(4)))
        credential = Credential.objects.get()
        assert len(credential.live_secrets(timezone.now())) == 2
        assert actions().count("credential.rotated") == 4

    def test_a_use_waits_for_nobody(self):
        admin = person(ProviderFactory().organisation, Role.GLOBAL_ADMIN)
        new = made(admin)

        with transaction.atomic():
            CredentialSecret.objects.select_for_update().get()
            Credential.objects.select_for_update().get()
            assert at_once(lambda: note_use(find(new.secret), timezone.now())) == [None]
        assert CredentialSecret.objects.get().last_used_at is None
        note_use(find(new.secret), timezone.now())
        assert CredentialSecret.objects.get().last_used_at is not None
