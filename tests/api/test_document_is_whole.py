"""The OpenAPI document is valid, and is about every endpoint and nothing else."""

import json
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from django.test import Client
from django.urls import Resolver404, resolve

from portal.api.document import METHODS, TOKEN_PATH
from tests.architecture.api_routes import ENDPOINTS
from tests.architecture.walk import endpoints

#: The JSON Schema of OpenAPI 3.1.
DIALECT = "https://json-schema.org/draft/2020-12/schema"
#: The words of api_routes.py for the rows an address names, in the document's.
NAMED = ("{tenant}", "{subscription}")


@pytest.fixture
def document(db) -> dict[str, Any]:
    found: dict[str, Any] = Client().get("/api/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {
        item[method]["operationId"]: (method.upper(), path)
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    }


def shapes(value: Any) -> Any:
    """Every schema that stands somewhere in the document."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "schema":
                yield inner
            elif name not in ("example", "examples"):
                yield from shapes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from shapes(inner)


def test_it_is_valid_openapi_3_1(document):
    schemathesis.openapi.from_dict(document).validate()


@pytest.mark.parametrize(
    "broken", [{"info": {}}, {"paths": {"/v1": {"get": {"responses": []}}}}, {"tags": 3}]
)
def test_what_is_not_valid_would_be_found(document, broken):
    with pytest.raises(jsonschema_rs.ValidationError):
        schemathesis.openapi.from_dict({**document, **broken}).validate()


def test_every_schema_of_it_is_a_json_schema(document):
    found = [*shapes(document), *document["components"]["schemas"].values()]
    assert len(found) > 50
    for schema in found:
        assert jsonschema_rs.meta.is_valid({"$schema": DIALECT, **schema}), json.dumps(schema)[:200]


def test_every_endpoint_is_documented_and_nothing_else(document):
    table = {
        name: (endpoint.method, "/v1/" + endpoint.path.format(*NAMED)) for name, endpoint in ENDPOINTS.items()
    }
    assert operations(document) == {**table, "get_token": ("POST", TOKEN_PATH)}


def test_every_address_of_the_api_is_in_it_and_answers(document):
    there = {
        path.replace("<", "{").replace(">", "}").replace("str:", "") for _name, path, _view in endpoints()
    }
    documented = {path.lstrip("/") for path in document["paths"]}
    # The root of the router is nobody's address, and version 1 of the token is told beside version 2.
    assert there - documented == {"v1/", "{tenant}/oauth2/token"}
    assert documented <= there
    for path in document["paths"]:
        try:
            resolve(path)
        except Resolver404:
            pytest.fail(path)


def test_every_example_is_as_its_schema_says(document):
    """Answers and bodies alike; a reference leads into the same document."""
    root = {"$schema": DIALECT, "components": document["components"]}
    for name, (method, path) in operations(document).items():
        said = document["paths"][path][method.lower()]
        for body in (said.get("requestBody", {}), said["responses"]["200"]):
            for media in body.get("content", {}).values():
                judge = jsonschema_rs.Draft202012Validator({**root, "allOf": [media["schema"]]})
                errors = [error.message for error in judge.iter_errors(media["example"])]
                assert not errors, f"{name}: {errors}"
