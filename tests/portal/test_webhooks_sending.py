"""One request: what it carries, what of an answer is read, and when it is enough."""

import gzip
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.webhooks import sending
from portal.webhooks.sending import post
from tests.portal.webhook_receiver import Listener, Receiver


@pytest.fixture(autouse=True)
def to_loopback(settings):
    settings.WEBHOOKS_TO_LOOPBACK = True


@pytest.fixture
def hurry(monkeypatch) -> float:
    """Half a second in all instead of ten."""
    monkeypatch.setattr(sending, "SECONDS", 0.5)
    return 0.5


def test_carries_body_and_headers_and_nothing_of_ours():
    with Receiver() as receiver:
        answer = post(f"{receiver.url}?a=b", b'{"x": "\xc3\xa9"}', {"X-Portal-Event": "test-created"})
    assert (answer.status, answer.text, answer.problem) == (200, "ok", "")
    assert answer.is_success
    (request,) = receiver.requests
    assert (request.path, request.body) == ("/hook?a=b", b'{"x": "\xc3\xa9"}')
    assert request.headers["Host"] == f"127.0.0.1:{receiver.port}"
    assert request.headers["X-Portal-Event"] == "test-created"
    assert request.headers["Content-Length"] == str(len(request.body))
    assert "Cookie" not in request.headers
    assert "Authorization" not in request.headers


@pytest.mark.parametrize("status", [199 + 1, 201, 202, 204, 299])
def test_every_2xx_is_success(status):
    with Receiver(status) as receiver:
        assert post(receiver.url, b"{}", {}).is_success


@pytest.mark.parametrize("status", [300, 304, 400, 401, 404, 410, 429, 500, 503])
def test_everything_else_is_not(status):
    with Receiver(status) as receiver:
        answer = post(receiver.url, b"{}", {})
    assert (answer.status, answer.is_success) == (status, False)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(status):
    with Receiver() as elsewhere:

        def redirect(handler):
            handler.send_response(status)
            handler.send_header("Location", elsewhere.url)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        with Receiver(redirect) as receiver:
            assert post(receiver.url, b"{}", {}).status == status
        assert not elsewhere.requests


def test_proxies_of_the_environment_are_not_asked(monkeypatch):
    with Receiver() as proxy, Receiver() as receiver:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "")
        assert post(receiver.url, b"{}", {}).status == 200
    assert not proxy.requests


def test_the_first_2_kb_are_shown_and_64_read():
    sent = []

    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                sent.append(handler.wfile.write(b"x" * 65536))
        except OSError:
            pass

    begun = time.monotonic()
    with Receiver(endless) as receiver:
        answer = post(receiver.url, b"{}", {})
    assert (answer.status, answer.text) == (200, "x" * 2048)
    assert time.monotonic() - begun < 5


def test_a_bomb_is_not_opened():
    bomb = gzip.compress(b"\0" * 50_000_000)

    def explode(handler):
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", str(len(bomb)))
        handler.end_headers()
        handler.wfile.write(bomb)

    with Receiver(explode) as receiver:
        answer = post(receiver.url, b"{}", {})
        assert receiver.requests[0].headers["Accept-Encoding"] == "identity"
    assert (answer.status, answer.text) == (200, "")


def test_what_cannot_be_read_or_kept_is_replaced():
    def noise(handler):
        handler.send_response(500)
        handler.end_headers()
        handler.wfile.write(b"a\x00b\xff\x1b[31m\xe2\x80\xa8c")

    with Receiver(noise) as receiver:
        assert post(receiver.url, b"{}", {}).text == "a\ufffdb\ufffd\ufffd[31m\u2028c"


def test_a_request_has_64_kb_at_most():
    with Receiver() as receiver:
        assert post(receiver.url, b"x" * 65536, {}).status == 200
        assert post(receiver.url, b"x" * 65537, {}).status is None
        assert len(receiver.requests) == 1


class TestTenSecondsInAll:
    def drip(self, before: bytes, drop: bytes, pause: float = 0.05):
        def write(handler):
            try:
                handler.wfile.write(before)
                for _ in range(200):
                    handler.wfile.write(drop)
                    handler.wfile.flush()
                    time.sleep(pause)
            except OSError:
                pass

        return write

    @pytest.mark.parametrize(
        ("before", "drop"),
        [
            (b"", b"H"),
            (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
            (b"HTTP/1.1 200 OK\r\nX-A: ", b"b"),
            (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        ],
    )
    def test_headers_that_drip_are_no_answer(self, hurry, before, drop):
        with Receiver(self.drip(before, drop)) as receiver:
            begun = time.monotonic()
            answer = post(receiver.url, b"{}", {})
            assert time.monotonic() - begun < hurry + 0.5
        assert answer.status is None
        assert answer.problem in ("time", "answer")

    @pytest.mark.parametrize("framing", [b"Content-Length: 999\r\n\r\n", b"\r\n"])
    def test_a_body_that_drips_after_a_yes_is_a_yes(self, hurry, framing):
        with Receiver(self.drip(b"HTTP/1.1 200 OK\r\n" + framing, b"z")) as receiver:
            begun = time.monotonic()
            answer = post(receiver.url, b"{}", {})
            assert time.monotonic() - begun < hurry + 0.5
        assert answer.status == 200

    def test_chunks_that_drip_end_as_well(self, hurry):
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        with Receiver(self.drip(head, b"1\r\nz\r\n")) as receiver:
            begun = time.monotonic()
            assert post(receiver.url, b"{}", {}).status == 200
            assert time.monotonic() - begun < hurry + 0.5

    def test_silence(self, hurry):
        listener = Listener("127.0.0.1")
        answer = post(f"http://127.0.0.1:{listener.port}/", b"{}", {})
        listener.close()
        assert (answer.status, answer.problem) == (None, "time")
        assert answer.milliseconds < 1500

    def test_silence_where_tls_should_be(self, hurry):
        listener = Listener("127.0.0.1")
        begun = time.monotonic()
        answer = post(f"https://127.0.0.1:{listener.port}/", b"{}", {})
        listener.close()
        assert answer.problem == "time"
        assert time.monotonic() - begun < hurry + 0.5


class TestNoAnswer:
    def test_nobody_listens(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        answer = post(f"http://127.0.0.1:{port}/", b"{}", {})
        assert (answer.status, answer.problem, answer.text) == (None, "connection", "")

    def test_it_hangs_up(self):
        with Receiver(lambda handler: handler.connection.shutdown(socket.SHUT_RDWR)) as receiver:
            assert post(receiver.url, b"{}", {}).problem in ("connection", "answer")

    @pytest.mark.parametrize("words", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\x00\x01\x02", b"HTTP/1.1 abc\r\n\r\n"])
    def test_it_speaks_something_else(self, words):
        def speak(handler):
            handler.wfile.write(words)
            handler.wfile.flush()
            handler.connection.shutdown(socket.SHUT_RDWR)

        with Receiver(speak) as receiver:
            answer = post(receiver.url, b"{}", {})
        assert (answer.status, answer.problem) == (None, "answer")

    def test_plain_words_where_tls_should_be(self):
        with Receiver() as receiver:
            answer = post(receiver.url.replace("http:", "https:"), b"{}", {})
        assert (answer.status, answer.problem) == (None, "tls")


@pytest.fixture
def certificate(tmp_path: Path) -> Iterator[Path]:
    """Of `localhost` alone, signed by itself."""
    if not shutil.which("openssl"):
        pytest.skip("openssl makes the certificate of this test")
    both = tmp_path / "both.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost",
         "-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "crt.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    both.write_text((tmp_path / "key.pem").read_text() + (tmp_path / "crt.pem").read_text())
    yield both
    sending._trust.cache_clear()


def secure(receiver: Receiver, certificate: Path) -> Receiver:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
    return receiver


def test_a_certificate_nobody_vouches_for_is_refused(certificate):
    with secure(Receiver(), certificate) as receiver:
        answer = post(f"https://localhost:{receiver.port}/", b"{}", {})
        assert (answer.status, answer.problem) == (None, "tls")
        assert not receiver.requests


def test_the_certificate_is_of_the_name_and_the_connection_to_its_address(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    sending._trust.cache_clear()
    with secure(Receiver(), certificate) as receiver:
        assert post(f"https://localhost:{receiver.port}/", b"{}", {}).status == 200
        # The same certificate, trusted, under another name:
        answer = post(f"https://127.0.0.1:{receiver.port}/", b"{}", {})
        assert (answer.status, answer.problem) == (None, "tls")
    assert [request.headers["Host"] for request in receiver.requests] == [f"localhost:{receiver.port}"]
