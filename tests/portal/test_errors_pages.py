"""What people read when something is refused, missing or broken."""

import re
import uuid

import pytest
from django.core.exceptions import SuspiciousOperation
from django.db import connection
from django.db.utils import InterfaceError, OperationalError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path

from portal import outage
from portal.audience import Audience, page
from portal.errors import NotPermitted
from portal.permissions import Permission, Role
from portal.urls import urlpatterns as real
from portal.views import errors
from tests.factories import CustomerRelationshipFactory, MembershipFactory, ProviderFactory

pytestmark = pytest.mark.django_db

handler400, handler403, handler404, handler500 = (
    errors.bad_request,
    errors.forbidden,
    errors.not_found,
    errors.server_error,
)


@page(Audience.PUBLIC, methods=("GET", "POST"))
def break_database(request):
    raise OperationalError("server closed the connection unexpectedly")


@page(Audience.PUBLIC)
def break_connection(request):
    raise InterfaceError("connection already closed")


@page(Audience.PUBLIC)
def break_code(request):
    raise RuntimeError("secret detail")


@page(Audience.PUBLIC)
def break_request(request):
    raise SuspiciousOperation("secret detail")


@page(Audience.PUBLIC)
def break_permission(request):
    raise NotPermitted(Permission.MEMBER_MANAGE, roles=[])


@page(Audience.PUBLIC)
def break_organisation(request):
    request.POST = {"organisation": str(uuid.uuid4())}
    return errors.wrong_organisation(request)


@page(Audience.PUBLIC)
def break_often(request):
    return errors.too_many(request, 40)


urlpatterns = [
    *real,
    path("break/request/", break_request),
    path("break/permission/", break_permission),
    path("break/organisation/", break_organisation),
    path("break/often/", break_often),
    path("break/database/", break_database),
    path("break/connection/", break_connection),
    path("break/code/", break_code),
    path("support/break/", break_code),
]


@pytest.fixture
def member():
    return MembershipFactory(
        organisation=ProviderFactory(name="Fabrikam").organisation, roles=[Role.SALES_AGENT]
    )


def same(response):
    """The page without what is different each time."""
    text = re.sub(r'(csrfmiddlewaretoken" value="|x-csrftoken": ")\w+', "", response.content.decode())
    return re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID", text)


def test_not_found_is_the_same_for_invisible_and_nonexistent(client, member):
    foreign = CustomerRelationshipFactory()
    client.force_login(member.user)
    client.get("/")  # the session's first request writes when it began
    answers = []
    for tenant in (foreign.customer_id, uuid.uuid4()):
        with CaptureQueriesContext(connection) as queries:
            response = client.get(f"/customers/{tenant}/")
        statements = [
            re.sub(r"[0-9a-f-]{36}|[0-9a-f]{32}|'[0-9-]{10} [^']*'", "?", query["sql"]) for query in queries
        ]
        answers.append((response.status_code, same(response), statements))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404
    assert "The two look the same on purpose." in answers[0][1]


def test_not_found_offers_the_organisation_that_sees_it(client, member):
    seen_by_other = CustomerRelationshipFactory(partner=ProviderFactory(name="Proseware"))
    client.force_login(member.user)
    address = f"/customers/{seen_by_other.customer_id}/"
    assert "Proseware" not in client.get(address).content.decode()
    MembershipFactory(organisation=seen_by_other.partner.organisation, user=member.user)
    page = client.get(address).content.decode()
    assert "Open it as Proseware" in page
    form = {"organisation": str(seen_by_other.partner_id), "next": address}
    assert client.post("/switch-organisation/", form)["Location"] == address
    assert client.get(address).status_code == 200


def test_not_found_without_the_upper_app_offers_nothing(client, member, monkeypatch):
    monkeypatch.setattr(errors, "SWITCH_OFFERS", "nowhere.at.all")
    MembershipFactory(organisation=ProviderFactory().organisation, user=member.user)
    client.force_login(member.user)
    assert client.get(f"/customers/{uuid.uuid4()}/").status_code == 404


def test_forbidden_names_roles_that_may_and_ones_own(client, member):
    client.force_login(member.user)
    response = client.get("/organisation/members/", headers={"Referer": "http://testserver/organisation/"})
    text = response.content.decode()
    assert response.status_code == 403
    assert "You may see this, not change it" in text
    assert "Managing members and roles is done by Global admin and User management admin." in text
    assert "You are Sales agent of Fabrikam." in text
    assert 'href="/organisation/"' in text


def test_forbidden_goes_back_to_pages_of_ours_only(client, member):
    client.force_login(member.user)
    response = client.get("/organisation/members/", headers={"Referer": "https://evil.example/x"})
    assert "evil.example" not in response.content.decode()


class TestFormWithoutProof:
    @pytest.fixture
    def strict(self, member):
        client = Client(enforce_csrf_checks=True)
        client.force_login(member.user)
        return client

    def post(self, client, origin):
        form = {
            "name": "Typed with care",
            "password1": "a secret password",
            "organisation": str(uuid.uuid4()),
            "csrfmiddlewaretoken": "x",
        }
        return client.post("/organisation/preferences/", form, headers={"Origin": origin} if origin else {})

    def test_is_readable_and_gives_back_what_was_typed(self, strict):
        response = self.post(strict, "http://testserver")
        text = response.content.decode()
        assert response.status_code == 403
        assert "Not saved" in text
        assert "Typed with care" in text
        assert "a secret password" not in text

    @pytest.mark.parametrize("origin", ["https://evil.example", ""])
    def test_another_site_cannot_put_its_words_on_our_page(self, strict, origin):
        response = self.post(strict, origin)
        assert response.status_code == 403
        assert "Typed with care" not in response.content.decode()

    @pytest.mark.parametrize(
        "address",
        [
            "/",
            "/sign-in/",
            "/sign-out/",
            "/language/",
            "/switch-organisation/",
            "/demo-sign-in/",
            "/join/abc/",
            "/password/",
            "/password/forgotten/",
            "/organisation/profile/",
            "/organisation/profile/preview/",
            "/organisation/members/invite/",
        ],
    )
    def test_every_form_needs_it(self, strict, address):
        assert strict.post(address).status_code in (403, 405)


def test_bad_host_is_a_readable_400(client, member):
    client.force_login(member.user)
    response = client.get("/organisation/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "Something in the address or form is not right" in response.content.decode()
    assert "evil.example" not in response.content.decode()


@pytest.mark.urls(__name__)
class TestBroken:
    @pytest.fixture
    def client(self, member):
        client = Client(raise_request_exception=False)
        client.force_login(member.user)
        return client

    def test_code_says_so_and_never_shows_a_stack(self, client):
        response = client.get("/break/code/")
        text = response.content.decode()
        assert response.status_code == 500
        assert "Something broke here, not at your end" in text
        assert "secret detail" not in text
        assert response["X-Request-ID"] in text

    @pytest.mark.parametrize(
        ("status", "address"),
        [
            (400, "/break/request/"),
            (403, "/break/permission/"),
            (404, "/no/such/page/"),
            (409, "/break/organisation/"),
            (429, "/break/often/"),
            (500, "/break/code/"),
            (503, "/break/database/"),
        ],
    )
    def test_each_is_a_page_in_both_languages_with_the_request_id(self, client, member, status, address):
        headings = {}
        for language in ("en", "fr"):
            member.user.language = language
            member.user.save()
            response = client.get(address)
            text = response.content.decode()
            assert response.status_code == status
            assert f'<html lang="{language}"' in text
            assert response["X-Request-ID"] in text
            assert "secret detail" not in text
            (headings[language],) = re.findall(r"<h1[^>]*>\s*(.+?)\s*</h1>", text, re.DOTALL)
        assert headings["en"] != headings["fr"]

    def test_a_bad_request_that_has_no_frame_is_still_a_sentence(self, rf):
        request = rf.get("/")  # before any middleware: no person, no session
        request.id = "01980000-0000-7000-8000-000000000000"
        response = errors.bad_request(request)
        assert response.status_code == 400
        assert "Something in the address or form is not right" in response.content.decode()
        assert request.id in response.content.decode()

    def test_what_broke_is_said_without_asking_the_database(self, rf, django_assert_num_queries):
        for error in (RuntimeError(), OperationalError()):
            with django_assert_num_queries(0):
                try:
                    raise error
                except Exception:
                    assert errors.server_error(rf.get("/")).status_code in (500, 503)

    def test_on_the_customers_page_it_says_whom_to_call(self, client):
        assert (
            "call the company that sold you the subscription"
            in client.get("/support/break/").content.decode()
        )

    @pytest.mark.parametrize("address", ["/break/database/", "/break/connection/"])
    def test_database_away_is_503_made_without_it(self, client, address, django_assert_max_num_queries):
        response = client.get(address)
        text = response.content.decode()
        assert response.status_code == 503
        assert response["Retry-After"] == "15"
        assert "no-store" in response["Cache-Control"]
        assert "The portal cannot reach its data" in text
        assert response["X-Request-ID"] in text

    def test_database_away_under_the_view_is_503_too(self, client, monkeypatch):
        def away(user):
            raise OperationalError("the database system is shutting down")

        monkeypatch.setattr("portal.middleware.memberships_of", away)
        response = client.get("/organisation/")
        assert response.status_code == 503
        assert response["Retry-After"] == "15"


def test_only_the_way_to_the_database_counts_as_away():
    assert outage.is_away(OperationalError())
    assert outage.is_away(InterfaceError())
    assert not outage.is_away(RuntimeError())
