"""Who the API lets in: secrets and tokens, what they may act as, what is refused alike."""

import time
from datetime import timedelta

import jwt
import pytest
import time_machine
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import credentials
from portal.actor import Actor, ActorKind
from portal.api.faults import Fault
from portal.credentials import authenticate, find, token_for
from portal.models import CredentialSecret, Membership
from portal.operations import credentials as operations
from portal.permissions import Permission, Role, can
from tests.factories import MembershipFactory, ProviderFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def organisation():
    return ProviderFactory(name="Fabrikam Distribution").organisation


@pytest.fixture
def admin(organisation):
    return MembershipFactory(organisation=organisation, roles=[Role.GLOBAL_ADMIN])


def acting(membership):
    rows = Membership.objects.select_related("organisation__partner", "user")
    return Actor.of(rows.get(pk=membership.pk))


def made(membership, role=Role.ADMIN_AGENT, name="Billing sync", days=365):
    expires_at = timezone.now() + timedelta(days=days)
    return operations.create_credential(
        acting=acting(membership), name=name, role=role, expires_at=expires_at
    )


def call(token, scheme="Bearer"):
    request = RequestFactory().get("/v1/customers", headers={"Authorization": f"{scheme} {token}"})
    request.id = "8a2a1f0e-6d1c-4d2a-9c55-000000000001"
    return request


def answer(token):
    """What a refusal says, and how many queries it took."""
    with CaptureQueriesContext(connection) as queries, pytest.raises(Fault) as raised:
        authenticate(call(token))
    fault = raised.value
    return fault.status, str(fault.body), fault.headers["WWW-Authenticate"], len(queries)


class TestSecret:
    def test_opens_its_organisation_as_its_role_in_one_query(self, admin, django_assert_num_queries):
        new = made(admin)
        authenticate(call(new.secret))  # the first use is written down
        request = call(new.secret)
        with django_assert_num_queries(1):
            actor = authenticate(request)
            assert actor.is_provider
            assert not actor.is_customer
        assert actor.kind == ActorKind.INTEGRATION
        assert actor.organisation.pk == admin.organisation_id
        assert actor.roles == {Role.ADMIN_AGENT}
        assert (actor.channel, actor.user, actor.membership_id) == ("api", None, None)
        assert actor.credential_id == new.credential.pk == request.credential.pk
        assert actor.request_id == request.id

    @pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer "])
    def test_comes_as_a_bearer_in_any_case(self, admin, scheme):
        assert authenticate(call(made(admin).secret, scheme))

    @pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic eDp5", "portal_0"])
    def test_missing_says_how(self, header):
        request = RequestFactory().get("/v1/customers", headers={"Authorization": header} if header else {})
        with pytest.raises(Fault) as raised:
            authenticate(request)
        assert raised.value.status == 401
        assert raised.value.reasons == ("token_missing",)
        assert raised.value.headers["WWW-Authenticate"].startswith("Bearer ")

    def test_a_session_counts_for_nothing(self, client, admin):
        client.force_login(admin.user)
        assert client.get("/v1/customers").status_code == 401

    def test_unknown_revoked_expired_and_ended_are_refused_alike(self, admin, settings):
        ended, expired, revoked, demo = (made(admin, name=name) for name in "abcd")
        now = timezone.now()
        operations.rotate_credential(
            ended.credential.pk,
            acting=acting(admin),
            former_until=now,
            expires_at=now + timedelta(days=30),
        )
        type(expired.credential).objects.filter(pk=expired.credential.pk).update(
            created_at=now - timedelta(days=9), expires_at=now - timedelta(seconds=1)
        )
        operations.revoke_credential(revoked.credential.pk, acting=acting(admin))
        answers = {
            "unknown": answer("portal_" + "0" * 64),
            "not ours": answer("eyJ0eXAiOiJKV1Qi"),
            "in another case": answer(demo.secret.upper()),
            "not text": answer("\x00\xff"),
            "ended": answer(ended.secret),
            "expired": answer(expired.secret),
            "revoked": answer(revoked.secret),
        }
        admin.organisation.is_demo = True
        admin.organisation.save()
        answers["the demo's"] = answer(demo.secret)
        assert len(set(answers.values())) == 1, answers
        assert answers["unknown"][0] == 401
        assert answers["unknown"][3] == 1

    def test_use_is_written_at_most_once_a_minute(self, admin):
        new = made(admin)
        begun = timezone.now()
        with time_machine.travel(begun, tick=False) as clock:
            authenticate(call(new.secret))
            clock.shift(59)
            authenticate(call(new.secret))
            assert CredentialSecret.objects.get().last_used_at == begun
            clock.shift(2)
            authenticate(call(new.secret))
            assert CredentialSecret.objects.get().last_used_at == begun + timedelta(seconds=61)


class TestRole:
    def test_is_capped_by_the_organisation_from_the_next_request_on(self, admin):
        new = made(admin, Role.ADMIN_AGENT)
        operations.limit_integrations(acting=acting(admin), role=Role.HELPDESK_AGENT)
        actor = authenticate(call(new.secret))
        assert can(actor, Permission.CONTACT_ASSIGN)
        assert not can(actor, Permission.PROFILE_EDIT)
        operations.limit_integrations(acting=acting(admin), role=Role.ADMIN_AGENT)
        assert can(authenticate(call(new.secret)), Permission.PROFILE_EDIT)

    @pytest.mark.parametrize(
        ("role", "limit", "left"),
        [
            (Role.GLOBAL_ADMIN, Role.GLOBAL_ADMIN, {Role.GLOBAL_ADMIN}),
            (Role.SALES_AGENT, Role.ADMIN_AGENT, {Role.SALES_AGENT}),
            (Role.HELPDESK_AGENT, Role.SALES_AGENT, {Role.BILLING_ADMIN}),
            (Role.GLOBAL_ADMIN, Role.USER_ADMIN, {Role.USER_ADMIN, Role.BILLING_ADMIN}),
        ],
    )
    def test_never_holds_more_than_role_and_limit_both(self, admin, role, limit, left):
        operations.limit_integrations(acting=acting(admin), role=Role.GLOBAL_ADMIN)
        new = made(admin, role)
        operations.limit_integrations(acting=acting(admin), role=limit)
        assert authenticate(call(new.secret)).roles == left

    def test_goes_on_when_its_creator_leaves(self, admin, organisation):
        agent = MembershipFactory(organisation=organisation, roles=[Role.ADMIN_AGENT])
        new = made(agent)
        agent.delete()
        assert authenticate(call(new.secret)).roles == {Role.ADMIN_AGENT}


class TestToken:
    """A token of ours opens what its secret opens, and not a moment longer."""

    @pytest.fixture
    def new(self, admin):
        return made(admin)

    @pytest.fixture
    def token(self, new):
        return token_for(find(new.secret), timezone.now())[0]

    def altered(self, token, key=None, algorithm="HS256", **change):
        claims = jwt.decode(token, options={"verify_signature": False}) | change
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, credentials._keys()[0] if key is None else key, algorithm=algorithm)

    def test_opens_the_same_in_one_query(self, new, token, django_assert_num_queries):
        authenticate(call(token))
        with django_assert_num_queries(1):
            assert authenticate(call(token)).credential_id == new.credential.pk

    def test_altered_back_to_itself_is_let_in(self, token):
        assert authenticate(call(self.altered(token)))

    @pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
    def test_is_refused_when_forged(self, admin, new, token):
        now = int(time.time())
        other = made(admin, name="Other")
        nobody = "9f9c2b52-71a4-4a8e-8d0f-0d6f4a0f2f11"
        head, body, signature = token.split(".")
        forged = {
            "no algorithm": self.altered(token, key="", algorithm="none"),
            "unsigned": f"{head}.{body}.",
            "another algorithm": self.altered(token, algorithm="HS512"),
            "another key": self.altered(token, key=b"k" * 32),
            "our own secret itself": self.altered(token, key=("only-for-tests-" * 4).encode()),
            "another signature": f"{head}.{body}.{signature[::-1]}",
            "another issuer": self.altered(token, iss="https://sts.windows.net/"),
            "another audience": self.altered(token, aud="https://graph.windows.net"),
            "several audiences": self.altered(token, aud=[credentials.AUDIENCE]),
            "another's id": self.altered(token, sub=str(other.credential.pk)),
            "another secret": self.altered(token, secret_id=str(find(other.secret).pk)),
            "another tenant": self.altered(token, tid=nobody),
            "no secret's id": self.altered(token, secret_id="x"),
            "an unknown secret": self.altered(token, secret_id=nobody),
            "over": self.altered(token, exp=now - 31),
            "not yet": self.altered(token, nbf=now + 60),
            "from the future": self.altered(token, iat=now + 60),
            "no number": self.altered(token, exp="soon"),
            "too long": self.altered(token, more="x" * 5000),
            **{f"without {claim}": self.altered(token, **{claim: None}) for claim in credentials.CLAIMS},
        }
        for name, text in forged.items():
            with pytest.raises(Fault) as raised:
                authenticate(call(text))
            assert raised.value.reasons == ("token_invalid",), name

    def test_leeway_is_half_a_minute(self, token):
        now = int(time.time())
        assert authenticate(call(self.altered(token, exp=now - 25)))
        assert authenticate(call(self.altered(token, nbf=now + 25, iat=now + 25)))

    def test_its_rights_are_those_of_now_whatever_it_says(self, admin, new, token):
        assert authenticate(call(self.altered(token, roles=["global_admin"]))).roles == {Role.ADMIN_AGENT}
        operations.limit_integrations(acting=acting(admin), role=Role.HELPDESK_AGENT)
        assert not can(authenticate(call(token)), Permission.PROFILE_EDIT)

    def test_ends_with_revocation_at_once(self, admin, new, token):
        operations.revoke_credential(new.credential.pk, acting=acting(admin))
        assert answer(token) == answer("portal_" + "0" * 64)

    def test_ends_with_the_secret_it_came_from(self, admin, new, token):
        now = timezone.now()
        until = now + timedelta(hours=1)
        more = now + timedelta(days=90)
        latest = operations.rotate_credential(
            new.credential.pk, acting=acting(admin), former_until=until, expires_at=more
        )
        assert authenticate(call(token))
        operations.end_former_secret(new.credential.pk, acting=acting(admin))
        assert answer(token)[0] == 401
        assert authenticate(call(token_for(find(latest.secret), now)[0]))

    def test_ends_with_the_integration_without_leeway(self, admin):
        new = made(admin, days=1)
        expires_at = new.credential.expires_at
        with time_machine.travel(expires_at - timedelta(seconds=10)):
            token, ends_at = token_for(find(new.secret), timezone.now())
            assert ends_at == expires_at
        with time_machine.travel(expires_at + timedelta(seconds=1)):
            assert answer(token)[0] == 401

    def test_a_key_that_was_changed_verifies_while_it_is_kept(self, token, settings):
        former = settings.SECRET_KEY
        settings.SECRET_KEY = "another key of ours " * 4
        assert answer(token)[0] == 401
        settings.SECRET_KEY_FALLBACKS = [former]
        assert authenticate(call(token))
