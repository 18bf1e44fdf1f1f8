"""How calls come in: paths, names, methods, who is asked first; and what every answer carries.

What every answer has, whatever it says, is checked by tests/api/caller.py at each of them.
"""

import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.echo")]


# -- paths


@pytest.mark.parametrize(
    "path", ["/v1/echo", "/v1//echo", "//v1/echo", "/v1/echo/", "/v1/echo//", "///v1///echo///", "/V1/echo"]
)
def test_double_and_trailing_slashes_are_the_same_address(client, path):
    response = client.get(path)
    assert response.status_code == 200
    assert response.json()["path"] == "/v1/echo"


def test_a_put_with_a_trailing_slash_arrives_with_its_body(client):
    assert client.put("/v1//echo/", {"Name": "x"}).json() == {"body": {"name": "x"}}


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/", "/v1/no-such-thing", "/v1/customers/x/y/z", "/v1/\0", "/v1/é"]
)
def test_an_unknown_route_is_json_404(client, path):
    response = client.get(path)
    assert response.status_code == 404
    assert response.json() == {
        "code": 1000,
        "description": "There is no such resource.",
        "data": ["not_found"],
        "source": "PartnerPortal",
    }


@pytest.mark.parametrize("path", ["/v10/echo", "/customers/v1/echo", "/organisation/"])
def test_what_is_not_the_apis_is_not_answered_here(client, path):
    response = super(type(client), client).get(path)
    assert "MS-RequestId" not in response


@pytest.mark.urls("portal.urls")
def test_fixed_words_are_read_in_any_case(client):
    for path in ("/V1/Profiles/MPN", "/v1/PROFILES/mpn", "/v1/profiles/mpn/"):
        assert client.get(path).status_code == 200, path


# -- names of the query


def test_names_of_the_query_are_read_in_any_case_and_values_are_left(client):
    found = client.get("/v1/echo?SIZE=1&SeekOperation=Next&MPN_ID=07&Relationship_Type=IsX&other=A").json()
    assert found["query"] == {
        "size": "1",
        "seekOperation": "Next",
        "mpn_id": "07",
        "relationship_type": "IsX",
        "other": "A",
    }


def test_the_second_question_mark_of_microsofts_page_is_an_ampersand(client):
    found = client.get('/v1/list?size=0?filter={"Field":"CompanyName","Value":"c","Operator":"starts_with"}')
    assert found.json()["filter"] == {"field": "companyname", "value": "c", "operator": "startswith"}


def test_nul_in_the_query_is_refused(client):
    assert client.get("/v1/echo?size=%00").json()["data"] == ["bad_character"]


def test_a_query_of_thousands_of_names_is_refused(client):
    assert client.get("/v1/echo?" + "&".join(f"a{n}=1" for n in range(1500))).status_code == 400


# -- methods


def test_head_is_get_without_a_body(client):
    full, head = client.get("/v1/echo"), client.call("HEAD", "/v1/echo")
    assert head.status_code == 200
    assert int(head["Content-Length"]) == len(full.content)


def test_a_method_nobody_knows_is_405_with_allow(client):
    for method in ("DELETE", "TRACE", "FOO"):
        response = client.call(method, "/v1/list")
        assert response.status_code == 405
        assert response["Allow"] == "GET, HEAD, OPTIONS"
        assert response.json()["data"] == ["method_not_allowed"]


def test_options_says_what_is_allowed(client):
    response = client.call("OPTIONS", "/v1/list")
    assert response.status_code == 200
    assert response["Allow"] == "GET, HEAD, OPTIONS"
    assert "Access-Control-Allow-Origin" not in response


def test_one_path_may_have_several_methods(client):
    assert client.get("/v1/echo").status_code == 200
    assert client.put("/v1/echo", {}).status_code == 200
    assert client.call("PATCH", "/v1/echo", {}).status_code == 200


# -- names of the call


def test_names_a_client_gives_are_echoed(client):
    given = {
        "MS-RequestId": "E9FDD90B-8A0C-4D0F-9C55-0D1F6A3E2B10",
        "MS-CorrelationId": "{e9fdd90b-8a0c-4d0f-9c55-0d1f6a3e2b11}",
        "MS-CV": "bLbUhqy0+ESOX1v4.0",
        "X-Locale": "fr-FR",
    }
    for path in ("/v1/echo", "/v1/nothing"):
        response = client.get(path, headers=given)
        for name, value in given.items():
            assert response[name] == value
        assert response["X-Request-ID"] == given["MS-RequestId"].lower()


def test_names_a_client_does_not_give_are_made(client):
    first, second = client.get("/v1/echo"), client.get("/v1/echo")
    assert uuid.UUID(first["MS-RequestId"]) != uuid.UUID(second["MS-RequestId"])
    assert uuid.UUID(first["MS-CorrelationId"]) != uuid.UUID(second["MS-CorrelationId"])
    assert re.fullmatch(r"[A-Za-z0-9+/]{16}\.0", first["MS-CV"])
    assert re.fullmatch(r"[0-9a-f]{8}", first["MS-ServerId"])
    assert first["MS-ServerId"] == second["MS-ServerId"]


@pytest.mark.parametrize("value", ["no guid", "", "x" * 5000, "é", "1234"])
def test_names_that_are_none_are_replaced(client, value):
    response = client.get(
        "/v1/echo",
        headers={"MS-RequestId": value, "MS-CorrelationId": value, "MS-CV": value, "X-Locale": "?!"},
    )
    assert response.status_code == 200
    assert uuid.UUID(response["MS-RequestId"])
    assert uuid.UUID(response["MS-CorrelationId"])
    assert len(response["MS-CV"]) == 18
    assert response["X-Locale"] == "en-US"


@pytest.mark.parametrize(
    ("locale", "language"),
    [("fr-FR", "fr"), ("fr", "fr"), ("FR-ca", "fr"), ("ja-JP", "en"), ("", "en"), ("en-US", "en")],
)
def test_the_locale_chooses_the_language_of_descriptions(client, locale, language):
    response = client.get("/v1/fail/new-commerce", headers={"X-Locale": locale} if locale else {})
    assert response["Content-Language"] == language
    assert response["X-Locale"] == (locale or "en-US")
    words = response.json()["description"]
    assert words.startswith("New-commerce subscriptions" if language == "en" else "Les abonnements")


# -- who is asked first


def test_nobody_is_401_with_a_challenge(client):
    client.secret = ""
    for path in ("/v1/echo", "/v1/nothing"):
        response = client.get(path)
        assert response.status_code == 401
        assert response["WWW-Authenticate"].startswith("Bearer realm=")


def test_cookies_never_count(client, organisation):
    from portal.models import User

    client.force_login(User.objects.filter(memberships__organisation=organisation).first())
    client.secret = ""
    assert client.get("/v1/echo").status_code == 401


def test_no_proof_against_forged_forms_is_asked_and_no_session_is_read(client):
    client.handler.enforce_csrf_checks = True
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.put("/v1/echo", {}).status_code == 200
    assert not [query for query in captured.captured_queries if "django_session" in query["sql"]]


def test_a_foreign_host_name_is_refused_in_json(client):
    response = client.get("/v1/echo", HTTP_HOST="evil.example")
    assert response.status_code == 400


def test_plain_http_is_refused_in_words_and_not_redirected(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    response = client.get("/v1/echo")
    assert response.status_code == 400
    assert response.json()["data"] == ["https_required"]
    assert client.put("//v1/echo/", {}).status_code == 400
    assert client.get("/v1/echo", **{"wsgi.url_scheme": "https"}).status_code == 200


# -- what goes out


def test_security_headers(client):
    response = client.get("/v1/echo")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert response["Content-Length"] == str(len(response.content))


def test_no_redirect_ever(client):
    assert client.get("/v1/elsewhere").status_code == 404


def test_what_is_not_json_becomes_a_fault(client):
    assert client.get("/v1/page").status_code == 500


@pytest.mark.parametrize(
    "accept", ["application/json", "application/json, text/plain, */*", "text/html", "x"]
)
def test_any_accept_gets_json(client, accept):
    assert client.get("/v1/echo", headers={"Accept": accept}).status_code == 200


def test_no_ms_header_is_needed(client):
    """Node sends none at all."""
    assert client.get("/v1/echo").status_code == 200
