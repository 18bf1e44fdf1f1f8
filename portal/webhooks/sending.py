"""One request to one address: to a checked address and no other, ten seconds in all, a little of the answer.

No redirect is followed, no proxy of the environment is used, nothing is decompressed. The name stands in the Host
header and in the certificate; the connection goes to the address it was resolved to (`addresses`).
"""

import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.exceptions import SSLError as HandshakeError

from portal.models.webhooks import WebhookProblem
from portal.webhooks.addresses import NameUnknown, Refused, Socket, Target, resolved, target_of

SECONDS = 10.0
LARGEST = 64 * 1024
SHOWN = 2048
#: Addresses of one name that are tried, and how long each gets.
_MOST, _CONNECT = 3, 4.0
_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request: a status, or why there is none."""

    milliseconds: int
    status: int | None = None
    problem: str = ""
    text: str = ""

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send one request. Never raises: whatever happens is an answer."""
    begun = time.monotonic()
    status, problem, text = None, "", ""
    try:
        status, text = _posted(target_of(url), body, headers, begun + SECONDS)
    except Refused:
        problem = WebhookProblem.ADDRESS.value
    except NameUnknown:
        problem = WebhookProblem.NAME.value
    except (OSError, HTTPError, HTTPException, ValueError) as error:
        problem = _problem(error, is_late=time.monotonic() - begun >= SECONDS - 0.1)
    return Answer(int((time.monotonic() - begun) * 1000), status, problem, text)


def _posted(target: Target, body: bytes, headers: Mapping[str, str], until: float) -> tuple[int, str]:
    if len(body) > LARGEST:
        raise ValueError("a request has 64 kB at most")
    addresses = resolved(target, until - time.monotonic())
    line = _Line(addresses, until)
    connection = _connection(target, line)
    try:
        connection.request(
            "POST",
            target.path,
            body=body,
            headers={"Accept-Encoding": "identity", "Connection": "close", **headers},
            preload_content=False,
            decode_content=False,
        )
        response = connection.getresponse()
        if time.monotonic() >= until:  # headers that were cut off read as if they had ended
            raise TimeoutError
        with contextlib.suppress(OSError, HTTPError, HTTPException, ValueError):
            return response.status, _shown(response, until)
        return response.status, ""
    finally:
        connection.close()
        line.hang_up()


def _shown(response, until: float) -> str:
    """The beginning of an answer, as text. Read until there is no more, too much, or no time."""
    found = bytearray()
    with contextlib.suppress(OSError, HTTPError, HTTPException, ValueError):
        while len(found) < LARGEST and time.monotonic() < until:
            some = response.read1(min(8192, LARGEST - len(found)), decode_content=False)
            if not some:
                break
            found += some
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        return ""
    return _UNREADABLE.sub("\ufffd", bytes(found[:SHOWN]).decode("utf-8", "replace"))


class _Line:
    """The way to a checked address; cut when the time is over, whatever is being waited for."""

    def __init__(self, addresses: list[Socket], until: float) -> None:
        self._addresses, self._until = addresses[:_MOST], until
        self._handle: socket.socket | None = None
        self._clock: threading.Timer | None = None

    def open(self) -> socket.socket:
        failure: OSError = OSError("no address")
        for family, address in self._addresses:
            left = self._until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            connected = socket.socket(family, socket.SOCK_STREAM)
            try:
                connected.settimeout(min(left, _CONNECT))
                connected.connect(address)
            except OSError as error:
                connected.close()
                failure = error
                continue
            left = max(self._until - time.monotonic(), 0.001)
            connected.settimeout(left)
            # A receiver that sends a byte now and then never times out: the clock cuts the line under it. The handle is
            # a second one of the same line, since TLS takes the first over.
            self._handle = connected.dup()
            self._clock = threading.Timer(left, _cut, [self._handle])
            self._clock.daemon = True
            self._clock.start()
            return connected
        raise failure

    def hang_up(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock.join()
        if self._handle is not None:
            self._handle.close()


def _cut(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


class _Plain(HTTPConnection):
    line: _Line

    def _new_conn(self) -> socket.socket:
        return self.line.open()


class _Secure(HTTPSConnection):
    line: _Line

    def _new_conn(self) -> socket.socket:
        return self.line.open()


def _connection(target: Target, line: _Line) -> _Plain | _Secure:
    connection: _Plain | _Secure
    if target.scheme == "https":
        connection = _Secure(target.host, target.port, timeout=SECONDS, ssl_context=_trust())
    else:
        connection = _Plain(target.host, target.port, timeout=SECONDS)
    connection.line = line
    return connection


@cache
def _trust() -> ssl.SSLContext:
    """The machine's own authorities (SSL_CERT_FILE adds an operator's)."""
    return ssl.create_default_context()


def _problem(error: Exception, *, is_late: bool) -> str:
    if is_late or isinstance(error, TimeoutError):
        return WebhookProblem.TIME.value
    if isinstance(error, ssl.SSLError | HandshakeError):
        return WebhookProblem.TLS.value
    if isinstance(error, OSError):
        return WebhookProblem.CONNECTION.value
    return WebhookProblem.ANSWER.value
