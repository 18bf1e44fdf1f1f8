"""The API's documentation, out of its own OpenAPI document: public, without scripts.

The document is English; the page translates its sentences, which `portal.messages` gathers with all others.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import slugify

from portal.api import webhooks
from portal.api.document import METHODS
from portal.api.examples import NAMED
from portal.api.meanings import MEANINGS
from portal.api.root import api
from portal.audience import Audience, page
from portal.messages import one_line
from portal.permissions import Permission, role_labels, roles_allowing

BEGIN = """export PORTAL=%s
export TOKEN=portal_…
curl "$PORTAL/v1/customers?size=40" -H "Authorization: Bearer $TOKEN\""""


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    place: str
    text: str
    is_required: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    permission: str
    parameters: tuple[Parameter, ...]
    body_text: str
    request: str
    answer: str

    @property
    def roles(self) -> list[str]:
        """The roles whose credentials may call it, in the reader's words."""
        return role_labels(roles_allowing(Permission(self.permission))) if self.permission else []


@dataclass(frozen=True, slots=True)
class Told:
    """One event of webhooks as the page shows it."""

    name: str
    text: str
    example: str
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    text: str
    operations: list[Operation] = field(default_factory=list)

    @property
    def slug(self) -> str:
        return slugify(self.name)


@page(Audience.PUBLIC)
def openapi(request: HttpRequest) -> HttpResponse:
    """The document, for programs."""
    return HttpResponse(_document(), content_type="application/json; charset=utf-8")


@page(Audience.PUBLIC)
def docs(request: HttpRequest) -> HttpResponse:
    """The same, for people."""
    context = {
        "groups": _groups(),
        "meanings": MEANINGS,
        "events": _events(),
        "headers": [
            Parameter(name, "header", said["description"]) for name, said in webhooks.HEADERS.items()
        ],
        "webhooks": {"name": webhooks.TAG, "text": webhooks.TEXT, "verify": webhooks.VERIFY},
        "begin": BEGIN % f"{request.scheme}://{request.get_host()}",
        "limit": settings.API_REQUESTS_PER_MINUTE,
    }
    return render(request, "portal/api_docs.html", context)


@cache
def _document() -> bytes:
    return json.dumps(api.get_openapi_schema(), ensure_ascii=False, separators=(",", ":")).encode()


@cache
def _groups() -> list[Group]:
    document = json.loads(_document())
    shared = document["components"]["parameters"]
    groups = {tag["name"]: Group(tag["name"], tag["description"]) for tag in document["tags"]}
    for path, item in document["paths"].items():
        for method in [method for method in METHODS if method in item]:
            said = item[method]
            groups[said["tags"][0]].operations.append(_operation(path, method, said, shared))
    return [group for group in groups.values() if group.operations]


@cache
def _events() -> list[Told]:
    said = {name: item["post"] for name, item in json.loads(_document())["webhooks"].items()}
    return [
        Told(name, one["summary"], _pretty(media["example"]))
        for name, one in said.items()
        for media in _bodies(one).values()
    ]


def _operation(path: str, method: str, said: dict[str, Any], shared: dict[str, Any]) -> Operation:
    return Operation(
        id=said["operationId"].replace("_", "-"),
        method=method.upper(),
        path=path,
        summary=said["summary"],
        text=one_line(said.get("description", "")),
        permission=said.get("x-permission", ""),
        parameters=tuple(_parameters(said, shared)),
        body_text=one_line(
            " ".join(media["schema"].get("description", "") for media in _bodies(said).values())
        ),
        request=_curl(path, method, said),
        answer=_pretty(said["responses"]["200"]["content"]["application/json"]["example"]),
    )


def _parameters(said: dict[str, Any], shared: dict[str, Any]) -> Iterator[Parameter]:
    """Its own; those every operation has are told once, above."""
    for one in said["parameters"]:
        if "$ref" not in one:
            values = tuple(value for value in one.get("schema", {}).get("enum", ()) if value)
            values += tuple(json.dumps(media["example"]) for media in one.get("content", {}).values())
            yield Parameter(one["name"], one["in"], one.get("description", ""), one["required"], values)
    for media in _bodies(said).values():
        required = media["schema"].get("required", ())
        for name, member in media["schema"].get("properties", {}).items():
            yield Parameter(name, "body", member.get("description", ""), name in required)


def _curl(path: str, method: str, said: dict[str, Any]) -> str:
    """A line for a shell, with the secret in $TOKEN and the host in $PORTAL."""
    query = {
        one["name"]: one["example"]
        for one in said["parameters"]
        if one.get("in") == "query" and "example" in one and one["required"]
    }
    address = path.format_map(NAMED) + (f"?{urlencode(query, quote_via=quote)}" if query else "")
    verb = "" if method == "get" else f"-X {method.upper()} "
    lines = [f'curl {verb}"$PORTAL{address}"']
    if said.get("security") != []:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    for kind, media in _bodies(said).items():
        if kind == "application/json":
            body = json.dumps(media["example"], ensure_ascii=False).replace("'", "'\\''")
            lines += [f'-H "Content-Type: {kind}"', f"-d '{body}'"]
        else:
            lines += [f"-d '{name}={value}'" for name, value in media["example"].items()]
    return " \\\n  ".join(lines)


def _bodies(said: dict[str, Any]) -> dict[str, Any]:
    """What may be sent, by content type."""
    found: dict[str, Any] = said.get("requestBody", {}).get("content", {})
    return found


def _pretty(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False, indent=2)
