"""The same behind the web server we serve with, over sockets: what no test client can say."""

import contextlib
import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from portal.models import Partner
from tests.api.caller import bearer
from tests.browser.server import Server
from tests.factories import SupportProfileFactory

pytestmark = [pytest.mark.django_db(transaction=True)]

PROFILE = "/v1/profiles/support"
BODY = b'{"email":"help@fabrikam.example","telephone":"+33 1 99 00 47 10","website":"www.fabrikam.example"}'


@pytest.fixture
def served(provider: Partner, tmp_path: Path) -> Iterator["Wire"]:
    SupportProfileFactory(partner=provider)
    secret = bearer(provider.organisation)
    keys = "NAME", "USER", "PASSWORD", "OPTIONS"
    server = Server({key: connection.settings_dict[key] for key in keys}, tmp_path)
    try:
        yield Wire(int(server.url().rpartition(":")[2]), secret)
    finally:
        server.stop()


class Wire:
    """Calls byte by byte."""

    def __init__(self, port: int, secret: str) -> None:
        self.port, self.secret = port, secret

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Any:
        own = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(own):
            own.putrequest(method, path)
            self._say(own, headers)
            if body is not None:
                own.putheader("Content-Length", str(len(body)))
            own.endheaders(body)
            return _read(own.getresponse())

    def chunked(self, path: str, parts: list[bytes], **headers: str) -> Any:
        own = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(own):
            own.putrequest("PUT", path)
            self._say(own, headers)
            own.putheader("Transfer-Encoding", "chunked")
            own.endheaders()
            with contextlib.suppress(ConnectionError):
                for part in [*parts, b""]:
                    own.send(b"%x\r\n%s\r\n" % (len(part), part))
            return _read(own.getresponse())

    def raw(self, head: bytes) -> socket.socket:
        own = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        own.sendall(head)
        return own

    def _say(self, own: http.client.HTTPConnection, headers: dict[str, str]) -> None:
        for name, value in {"Authorization": f"Bearer {self.secret}", **headers}.items():
            own.putheader(name.replace("_", "-"), value)


def _read(response: http.client.HTTPResponse) -> Any:
    response.said = response.read()  # type: ignore[attr-defined]
    return response


def test_behind_the_web_server(served):
    """One server for all of it: starting it is what takes long."""
    _addresses(served)
    _head_and_methods(served)
    _expect(served)
    _chunks(served)
    _too_large(served)
    _nonsense(served)


def _addresses(served: Wire) -> None:
    for path in (
        "/v1/profiles/support",
        "/v1//profiles/support",
        "//v1/profiles/support/",
        "/V1/Profiles/Support",
    ):
        response = served.call("GET", path)
        assert response.status == 200, path
        assert json.loads(response.said)["profileType"] == "support_profile"


def _head_and_methods(served: Wire) -> None:
    full, head = served.call("GET", PROFILE), served.call("HEAD", PROFILE)
    assert (head.status, head.said) == (200, b"")
    assert head.headers["Content-Length"] == str(len(full.said))
    assert served.call("DELETE", PROFILE).status == 405
    assert served.call("OPTIONS", PROFILE).status == 200


def _expect(served: Wire) -> None:
    """.NET Framework waits for 100 before it sends a body."""
    head = (
        f"PUT {PROFILE} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {{}}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\nExpect: 100-continue\r\n\r\n"
    )
    with served.raw(head.format(served.secret).encode()) as own:
        assert own.recv(4096).startswith(b"HTTP/1.1 100 ")
        own.sendall(BODY)
        assert own.recv(65536).startswith(b"HTTP/1.1 200 ")
    with served.raw(head.format("portal_nobody").encode()) as own:
        said = own.recv(65536)
        if said.startswith(b"HTTP/1.1 100 "):
            own.sendall(BODY)
            said = said.partition(b"\r\n\r\n")[2] or own.recv(65536)
        assert said.startswith(b"HTTP/1.1 401 ")


def _chunks(served: Wire) -> None:
    """.NET's JsonContent does not say how long its body is. Taken for an empty one, it would be a silent mistake."""
    middle = len(BODY) // 2
    said = BODY.replace(b"help@", b"chunks@")
    assert served.chunked(PROFILE, [said[:middle], said[middle:]]).status == 200
    assert json.loads(served.call("GET", PROFILE).said)["email"] == "chunks@fabrikam.example"
    refused = served.chunked(PROFILE, [b'{"email":'])
    assert refused.status == 400
    assert json.loads(refused.said)["data"] == ["not_json"]


def _too_large(served: Wire) -> None:
    refused = served.call("PUT", PROFILE, b'{"a":"' + b"x" * 2_200_000 + b'"}')
    assert refused.status == 400
    assert json.loads(refused.said)["data"] == ["too_large"]
    refused = served.chunked(PROFILE, [b"x" * 65536] * 40)
    assert refused.status == 400
    assert json.loads(refused.said)["data"] == ["too_large"]


def _nonsense(served: Wire) -> None:
    assert served.call("GET", "/v1/profiles/%00").status == 404
    assert served.call("GET", "/v1/%ff%fe").status == 404
    assert served.call("GET", "/v1/profiles/mpn?mpnId=%ff").status in (400, 404)
    assert served.call("GET", "/v1/customers/" + "a" * 5000).status == 404
