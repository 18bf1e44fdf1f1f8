"""A client of the API that, at every answer, checks what every answer has."""

import json
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from portal.actor import Actor
from portal.models import Membership, Organisation
from portal.operations.credentials import create_credential
from portal.permissions import Role
from tests.factories import MembershipFactory

STATUSES = {200, 400, 401, 403, 404, 405, 409, 429, 500, 503}
NAMES = ("MS-RequestId", "MS-CorrelationId", "MS-CV", "MS-ServerId", "X-Locale")


def bearer(organisation: Organisation, role: str = Role.ADMIN_AGENT) -> str:
    """The secret of a new integration of this organisation with this role."""
    membership = MembershipFactory(organisation=organisation, roles=[Role.GLOBAL_ADMIN])
    rows = Membership.objects.select_related("organisation__partner", "organisation__customer", "user")
    partner = organisation.partner
    if role == Role.GLOBAL_ADMIN and partner.integrations_at_most != Role.GLOBAL_ADMIN:
        partner.integrations_at_most = Role.GLOBAL_ADMIN
        partner.save(update_fields=["integrations_at_most"])
    made = create_credential(
        acting=Actor.of(rows.get(pk=membership.pk)),
        name=f"Integration of {membership.user.name}",
        role=role,
        expires_at=timezone.now() + timedelta(days=30),
    )
    return made.secret


class Caller(Client):
    """Sends its bearer with every call; `json` in, `.json()` out."""

    def __init__(self, secret: str = "", **defaults: Any) -> None:
        super().__init__(raise_request_exception=False, **defaults)
        self.secret = secret

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **extra: Any
    ) -> Any:
        """One call. `body` is bytes, or anything JSON can say. The path is taken as it is, `//` included."""
        said = {"Authorization": f"Bearer {self.secret}"} if self.secret else {}
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        path, _, query = path.partition("?")
        environ = {"PATH_INFO": path, "QUERY_STRING": query, **extra}
        kind = environ.pop("content_type", "application/json")
        response = super().generic(method, "/", data, kind, headers=said | (headers or {}), **environ)
        check(response, head=method == "HEAD")
        return response

    def get(self, path: str, **kwargs: Any) -> Any:  # type: ignore[override]
        return self.call("GET", path, **kwargs)

    def put(self, path: str, body: Any = None, **kwargs: Any) -> Any:  # type: ignore[override]
        return self.call("PUT", path, body, **kwargs)

    def post(self, path: str, body: Any = None, **kwargs: Any) -> Any:  # type: ignore[override]
        return self.call("POST", path, body, **kwargs)


def check(response: Any, *, head: bool = False) -> None:
    """What holds whatever was asked (partner-center-api.md §1.5, §1.8, §8.6, §8.8, §8.15, §9.1)."""
    status = response.status_code
    assert status in STATUSES, status
    for name in NAMES:
        assert response[name], name
    assert response["Content-Type"].startswith("application/json")
    assert response["Cache-Control"] == "no-store"
    assert not response.cookies
    assert "Location" not in response
    if head:
        assert not response.content
        return
    assert not response.content.startswith(b"\xef\xbb\xbf")
    body = json.loads(response.content)
    assert isinstance(body, dict)
    _check_values(body)
    if status == 401:
        assert response["WWW-Authenticate"]
    if status in (429, 503):
        assert int(response["Retry-After"]) > 0
    if status == 429:
        assert set(body) == {"statusCode", "message"}
    elif status >= 400 and "error" not in body:  # the token endpoint speaks OAuth's errors
        check_fault(body)


def check_fault(body: dict[str, Any]) -> None:
    assert set(body) == {"code", "description", "data", "source"}
    assert isinstance(body["code"], int)
    assert body["description"]
    assert len(body["description"]) <= 1024
    assert all(isinstance(reason, str) for reason in body["data"])
    assert body["source"] == "PartnerPortal"


def _check_values(value: Any, name: str = "") -> None:
    assert value is not None, f"{name} is null"
    if isinstance(value, dict):
        for key, inner in value.items():
            assert key[:1].islower(), f"{key} is not camelCase"
            assert "_" not in key or name == "query", f"{key} is not camelCase"
            _check_values(inner, key)
    elif isinstance(value, list):
        for inner in value:
            _check_values(inner, name)
    elif name == "uri":
        assert value.startswith("/"), value
        assert not value.startswith(("//", "/v1")), value
