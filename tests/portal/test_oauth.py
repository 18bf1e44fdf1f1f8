"""Client credentials: the shapes of Microsoft's identity platform, and one answer for everybody who may not."""

import base64
from datetime import timedelta
from urllib.parse import urlencode

import jwt
import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.actor import Actor
from portal.models import AuditEvent, CredentialSecret, Membership
from portal.operations import credentials as operations
from portal.permissions import Role
from portal.ratelimit import Rule
from portal.views import oauth
from tests.factories import MembershipFactory, ProviderFactory

pytestmark = pytest.mark.django_db

SCOPE = "https://api.partnercenter.microsoft.com/.default"
NOBODY = "9f9c2b52-71a4-4a8e-8d0f-0d6f4a0f2f11"


@pytest.fixture
def admin():
    organisation = ProviderFactory(name="Fabrikam Distribution").organisation
    return MembershipFactory(organisation=organisation, roles=[Role.GLOBAL_ADMIN])


@pytest.fixture
def acting(admin):
    return Actor.of(Membership.objects.select_related("organisation__partner", "user").get(pk=admin.pk))


@pytest.fixture
def made(acting):
    return operations.create_credential(
        acting=acting,
        name="Billing sync",
        role=Role.HELPDESK_AGENT,
        expires_at=timezone.now() + timedelta(days=30),
    )


def form(made, **more):
    return {
        "grant_type": "client_credentials",
        "client_id": str(made.credential.pk),
        "client_secret": made.secret,
        "scope": SCOPE,
        **more,
    }


def post(client, path, data, **more):
    return client.post(path, urlencode(data), content_type=oauth.FORM, **more)


def ask(client, made, data=None, tenant=None, version="/v2.0", **more):
    tenant = tenant or made.credential.organisation_id
    return post(client, f"/{tenant}/oauth2{version}/token", form(made) if data is None else data, **more)


class TestToken:
    def test_v2_answers_numbers(self, client, made):
        response = ask(client, made)
        assert response.status_code == 200
        body = response.json()
        assert set(body) == {"token_type", "expires_in", "ext_expires_in", "access_token"}
        assert (body["token_type"], body["expires_in"], body["ext_expires_in"]) == ("Bearer", 3600, 3600)
        assert response["Cache-Control"] == "no-store"
        assert response["Pragma"] == "no-cache"
        assert not response.cookies

    def test_v1_answers_strings_and_echoes_the_resource(self, client, made):
        data = form(made, resource="https://graph.windows.net")
        del data["scope"]
        body = ask(client, made, data, version="").json()
        assert body["expires_in"] == "3600"
        assert int(body["expires_on"]) - int(body["not_before"]) == 3600
        assert body["resource"] == "https://graph.windows.net"
        assert all(isinstance(value, str) for value in body.values())

    def test_it_opens_the_api_as_the_role_of_the_integration(self, client, made):
        token = ask(client, made).json()["access_token"]
        claims = jwt.decode(token, options={"verify_signature": False})
        assert claims["tid"] == str(made.credential.organisation_id)
        assert claims["sub"] == claims["appid"] == str(made.credential.pk)
        assert claims["roles"] == ["helpdesk_agent"]
        assert claims["exp"] - claims["iat"] == 3600
        assert made.secret not in token
        response = client.get("/v1/customers", headers={"Authorization": f"Bearer {token}"})
        assert response.status_code != 401

    def test_it_never_outlives_the_integration(self, client, made, acting):
        with time_machine.travel(made.credential.expires_at - timedelta(minutes=10), tick=False):
            assert ask(client, made).json()["expires_in"] == 600

    def test_it_never_outlives_a_former_secret(self, client, made, acting):
        now = timezone.now()
        operations.rotate_credential(
            made.credential.pk,
            acting=acting,
            former_until=now + timedelta(minutes=5),
            expires_at=now + timedelta(days=300),
        )
        assert 0 < ask(client, made).json()["expires_in"] <= 300

    @pytest.mark.parametrize("notation", ["{}", "{{{}}}", "domain", "DOMAIN"])
    def test_the_tenant_is_a_guid_in_any_notation_or_a_domain(self, client, made, notation):
        organisation = made.credential.organisation
        tenant = notation.format(organisation.pk)
        tenant = {"domain": organisation.domain, "DOMAIN": organisation.domain.upper()}.get(notation, tenant)
        assert ask(client, made, tenant=tenant).status_code == 200
        assert ask(client, made, tenant=str(organisation.pk).replace("-", "").upper()).status_code == 200

    def test_client_and_secret_may_come_in_http_basic(self, client, made):
        pair = f"{made.credential.pk}:{made.secret}".encode()
        headers = {"Authorization": "Basic " + base64.b64encode(pair).decode()}
        data = {"grant_type": "client_credentials", "scope": SCOPE}
        assert ask(client, made, data, headers=headers).status_code == 200
        assert ask(client, made, data | {"client_id": NOBODY}, headers=headers).status_code == 400

    def test_the_client_id_is_a_guid_in_any_notation(self, client, made):
        wanted = "{" + str(made.credential.pk).upper() + "}"
        assert ask(client, made, form(made, client_id=wanted)).status_code == 200

    def test_path_is_made_plain(self, client, made):
        path = f"/{made.credential.organisation_id}//OAuth2/V2.0/token/"
        assert post(client, path, form(made)).status_code == 200

    def test_it_is_a_use_of_the_secret_and_no_event(self, client, made):
        before = AuditEvent.objects.count()
        ask(client, made)
        assert CredentialSecret.objects.get().last_used_at is not None
        assert AuditEvent.objects.count() == before


class TestRefusal:
    def test_has_the_shape_of_the_identity_platform(self, client, made):
        correlation = "3A2C3E5F-0B0D-4B7E-9C11-5F0E6A0F7B21"
        response = ask(
            client, made, form(made, client_secret="x"), headers={"client-request-id": correlation}
        )
        assert response.status_code == 401
        body = response.json()
        assert set(body) == {
            *("error", "error_description", "error_codes"),
            *("timestamp", "trace_id", "correlation_id"),
        }
        assert body["error"] == "invalid_client"
        assert body["error_codes"] == [7000215]
        assert body["error_description"].startswith("AADSTS7000215: ")
        assert body["correlation_id"] == correlation.lower()
        assert response["WWW-Authenticate"].startswith("Basic ")
        assert response["Cache-Control"] == "no-store"

    @pytest.mark.parametrize(
        ("change", "status", "error", "code"),
        [
            ({"grant_type": ""}, 400, "invalid_request", 900144),
            ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
            ({"client_id": ""}, 400, "invalid_request", 900144),
            ({"client_secret": ""}, 401, "invalid_client", 7000218),
            ({"scope": "openid"}, 400, "invalid_scope", 70011),
            ({"scope": f"{SCOPE} {SCOPE}"}, 400, "invalid_scope", 70011),
        ],
    )
    def test_says_which_parameter(self, client, made, change, status, error, code):
        response = ask(client, made, form(made, **change))
        assert response.status_code == status
        assert response.json()["error"] == error
        assert response.json()["error_codes"] == [code]

    def test_its_text_is_ascii_in_every_locale(self, client, made):
        """RFC 6749 §5.2 admits nothing else in error_description."""
        response = ask(client, made, form(made, grant_type="password"), headers={"X-Locale": "fr-FR"})
        assert response["Content-Language"] == "fr"
        assert response.json()["error_description"].isascii()

    def test_only_a_form_and_each_parameter_once(self, client, made):
        path = f"/{made.credential.organisation_id}/oauth2/v2.0/token"
        response = client.post(path, form(made), content_type="application/json")
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")
        twice = f"client_id={made.credential.pk}&client_id={NOBODY}&grant_type=client_credentials"
        response = client.post(path, twice, content_type=oauth.FORM)
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")

    @pytest.mark.parametrize("charset", ["latin-1", "utf-16"])
    @pytest.mark.parametrize("version", ["", "/v2.0"])
    def test_only_utf_8(self, client, made, charset, version):
        path = f"/{made.credential.organisation_id}/oauth2{version}/token"
        response = client.post(path, urlencode(form(made)), content_type=f"{oauth.FORM}; charset={charset}")
        assert response.status_code == 400
        assert response.json()["error"] == "invalid_request"

    def test_a_form_of_thousands_of_names(self, client, made):
        data = form(made) | {f"a{number}": "1" for number in range(1500)}
        response = ask(client, made, data)
        assert response.status_code == 400
        assert response.json()["error"] == "invalid_request"

    @pytest.mark.parametrize("method", ["get", "head", "put", "delete"])
    def test_only_post(self, client, made, method):
        response = getattr(client, method)(f"/{made.credential.organisation_id}/oauth2/v2.0/token")
        assert response.status_code == 405
        assert "POST" in response["Allow"]
        assert response["Content-Type"].startswith("application/json")

    def test_unreadable_basic(self, client, made):
        response = ask(client, made, headers={"Authorization": "Basic %%%"})
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")

    def test_a_cookie_counts_for_nothing(self, client, made, admin):
        client.force_login(admin.user)
        assert ask(client, made, form(made, client_secret="x")).status_code == 401


class TestOneAnswer:
    """Unknown, revoked, expired, another's: the same words after the same queries."""

    def answer(self, client, made, data=None, tenant=None):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            response = ask(client, made, data, tenant)
        body = response.json()
        words = body["error_description"].splitlines()[0]
        return response.status_code, body["error"], tuple(body["error_codes"]), words, len(queries)

    def test_for_everybody_who_may_not(self, client, made, acting):
        other = ProviderFactory(name="Proseware Distribution").organisation
        answers = {
            "unknown secret": self.answer(client, made, form(made, client_secret="portal_" + "0" * 64)),
            "not a secret of ours": self.answer(client, made, form(made, client_secret="€\0")),
            "unknown client": self.answer(client, made, form(made, client_id=NOBODY)),
            "not a client id": self.answer(client, made, form(made, client_id="me")),
            "unknown tenant": self.answer(client, made, tenant=NOBODY),
            "another's tenant": self.answer(client, made, tenant=other.pk),
            "another's domain": self.answer(client, made, tenant=other.domain),
            "no tenant": self.answer(client, made, tenant="common"),
        }
        with time_machine.travel(made.credential.expires_at + timedelta(seconds=1)):
            answers["expired"] = self.answer(client, made)
        operations.revoke_credential(made.credential.pk, acting=acting)
        answers["revoked"] = self.answer(client, made)
        assert len(set(answers.values())) == 1, answers
        assert answers["revoked"][:2] == (401, "invalid_client")

    def test_for_a_credential_of_the_demo_outside_the_demo(self, client, made, settings):
        made.credential.organisation.is_demo = True
        made.credential.organisation.save()
        assert ask(client, made).status_code == 401
        settings.DEMO = True
        assert ask(client, made).status_code == 200


class TestRate:
    @pytest.fixture
    def few(self, monkeypatch):
        monkeypatch.setattr(oauth, "BY_CLIENT", Rule("token-client", limit=2, seconds=60))
        monkeypatch.setattr(oauth, "BY_NETWORK", Rule("token-network", limit=4, seconds=60))

    def test_by_client_and_by_network(self, client, made, few):
        assert [ask(client, made).status_code for _ in range(3)] == [200, 200, 429]
        response = ask(client, made)
        assert response.status_code == 429
        assert 0 < int(response["Retry-After"]) <= 60
        assert response.json()["error"] == "temporarily_unavailable"
        # Another client of the same network: its own count is fresh, the network's is used up.
        assert ask(client, made, form(made, client_id=NOBODY)).status_code == 429
        # Nobody is locked out by somebody else's network.
        assert ask(client, made, REMOTE_ADDR="203.0.113.9").status_code == 200
