"""The OpenAPI document and its page: complete, true, public, without scripts."""

import ast
import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from portal import messages
from portal.api import door
from portal.api.document import FAULTS, METHODS, WRITES
from portal.api.meanings import MEANINGS, NOT_ELIGIBLE
from portal.api.root import ROUTERS, api
from portal.views.api_docs import _groups

pytestmark = pytest.mark.django_db
HOUSE = Path(__file__).resolve().parents[2]


@pytest.fixture
def document():
    response = Client().get("/api/openapi.json")
    assert response.status_code == 200
    assert response["Content-Type"].startswith("application/json")
    return response.json()


@pytest.fixture
def page():
    response = Client().get("/api/docs")
    assert response.status_code == 200
    return response.content.decode()


def operations(document):
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def test_every_router_is_there():
    for name in ROUTERS:
        module, _, router = name.rpartition(".")
        assert getattr(__import__(module, fromlist=[router]), router) is not None
    assert len(list(api.operations())) >= 19


def test_it_is_openapi_3_1_and_every_reference_leads_somewhere(document):
    assert document["openapi"].startswith("3.1.")
    assert document["servers"] == [{"url": "/"}]
    text = json.dumps(document)
    assert "$defs" not in text
    for reference in set(re.findall(r'"\$ref": "([^"]+)"', text)):
        found = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


def test_every_operation_has_a_name_of_its_own_a_sentence_a_group_and_an_example(document):
    names = []
    for path, method, operation in operations(document):
        names.append(operation["operationId"])
        assert operation["summary"], path
        assert len(operation["tags"]) == 1
        assert "example" in operation["responses"]["200"]["content"]["application/json"]
        if method in WRITES:
            assert operation["requestBody"]["content"]
    assert len(set(names)) == len(names)


def test_every_operation_says_how_it_fails(document):
    for path, method, operation in operations(document):
        if path.startswith("/v1"):
            wanted = {str(status) for status in FAULTS if status != 409 or method in WRITES}
            assert wanted <= set(operation["responses"]), f"{method} {path}"
            assert "422" not in operation["responses"]


def test_every_operation_says_who_may(document):
    declared = api.declared()
    for path, _method, operation in operations(document):
        if path.startswith("/v1"):
            assert operation["x-permission"] == declared[operation["operationId"]].permission


def test_there_are_two_ways_to_prove_who_calls(document):
    assert document["security"] == [{"bearer": []}, {"oauth2": []}]
    schemes = document["components"]["securitySchemes"]
    assert schemes["bearer"]["scheme"] == "bearer"
    assert "clientCredentials" in schemes["oauth2"]["flows"]
    assert document["paths"]["/{tenant}/oauth2/v2.0/token"]["post"]["security"] == []


def test_examples_are_as_answers_are(document):
    """Relative links without /v1, nothing that is null."""
    for path, _method, operation in operations(document):
        text = json.dumps(operation["responses"]["200"]["content"]["application/json"]["example"])
        assert "null" not in text, path
        for uri in re.findall(r'"uri": "([^"]*)"', text):
            assert uri.startswith("/")
            assert not uri.startswith("/v1")


def test_every_name_of_a_query_is_read_in_any_case(document):
    named = {
        parameter["name"]
        for _path, _method, operation in operations(document)
        for parameter in operation["parameters"]
        if parameter.get("in") == "query"
    }
    assert named <= set(door.QUERY)


def test_every_reason_is_in_the_table():
    """Whatever is given to Fault or bad_input as a literal reason, and every code of an operation's refusal."""
    told = {reason for meaning in MEANINGS for reason in meaning.reasons}
    parameters = set(door.QUERY) | {"mpnId"}
    missing = []
    for folder in ("portal", "customers", "subscriptions", "support_contacts"):
        for path in sorted((HOUSE / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                    continue
                first = {"Fault": 3, "bad_input": 1}.get(node.func.id)
                reasons = node.args[first:] if first else []
                missing += [
                    f"{path.relative_to(HOUSE)}:{node.lineno} {reason.value}"
                    for reason in reasons
                    if isinstance(reason, ast.Constant) and reason.value not in told | parameters
                ]
    assert not missing, missing


def test_the_reasons_of_r4_are_those_of_the_portal():
    from support_contacts.models import Reason

    assert set(NOT_ELIGIBLE) <= set(Reason.values)


def test_the_page_shows_every_operation_and_every_fault(document, page):
    for path, _method, operation in operations(document):
        assert f'id="{operation["operationId"].replace("_", "-")}"' in page
        assert path in page
    for meaning in MEANINGS:
        for reason in meaning.reasons:
            assert reason in page
        assert str(meaning.code or 429) in page
    assert "MS-RequestId" in page


def test_the_page_runs_nothing_and_works_without_scripts(page):
    main = page.partition("<main")[2]
    assert "<script" not in main
    assert "style=" not in main
    assert "hx-" not in main


def test_the_page_keeps_the_content_security_policy():
    response = Client().get("/api/docs")
    assert "default-src 'none'" in response["Content-Security-Policy"]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_is_in_both_languages(language):
    response = Client().get("/api/docs", headers={"Accept-Language": language})
    page = response.content.decode()
    assert f'<html lang="{language}"' in page
    assert 'lang="en"' not in page.partition("<main")[2]


def test_every_sentence_of_the_page_is_gathered_for_translation():
    """The page translates what the document says; what is not gathered would stay English."""
    gathered = messages.gathered()
    shown = []
    for group in _groups():
        shown += [group.name, group.text]
        for one in group.operations:
            shown += [one.summary, one.text, one.body_text, *(said.text for said in one.parameters)]
    assert len(set(shown)) > 60
    assert [text for text in dict.fromkeys(shown) if text and not gathered.get(text)] == []


def test_both_are_public_and_only_read():
    for name in ("api-docs", "openapi"):
        assert Client().get(reverse(name)).status_code == 200
        assert Client().post(reverse(name)).status_code == 405


def test_the_limit_is_the_one_in_force(page):
    assert f"{settings.API_REQUESTS_PER_MINUTE} calls a minute" in page


def test_no_shape_of_ninjas_errors_is_told(document):
    assert '"detail"' not in json.dumps(document)
