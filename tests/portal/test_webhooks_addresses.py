"""Webhooks go to the internet and nowhere else: no address, however it is written, leads them into this machine."""

import socket
import threading
from collections.abc import Iterator

import pytest
from django.test import override_settings

from portal.webhooks import addresses, sending
from portal.webhooks.addresses import NameUnknown, Refused, is_public, resolved, target_of
from tests.portal.webhook_receiver import Listener, Receiver

#: `{4}` and `{6}` are the ports of listeners on 127.0.0.1 and ::1. Each is an address somebody has used for this.
CORPUS = [
    "https://127.0.0.1:{4}/",
    "https://127.0.0.1.:{4}/",
    "https://127.1:{4}/",
    "https://127.0.1:{4}/",
    "https://2130706433:{4}/",
    "https://0x7f000001:{4}/",
    "https://0x7f.0.0.1:{4}/",
    "https://0x7f.1:{4}/",
    "https://017700000001:{4}/",
    "https://0177.0.0.1:{4}/",
    "https://0177.0x0.0.1:{4}/",
    "https://127.0.0.01:{4}/",
    "https://00000127.0.0.1:{4}/",
    "https://127.127.127.127:{4}/",
    "https://0.0.0.0:{4}/",
    "https://0:{4}/",
    "https://localhost:{4}/",
    "https://LOCALHOST:{4}/",
    "https://localhost.:{4}/",
    "https://hooks.localhost:{4}/",
    "https://ip6-localhost:{6}/",
    "https://１２７.０.０.１:{4}/",
    "https://①②⑦.⓪.⓪.①:{4}/",
    "https://127。0。0。1:{4}/",
    "https://ⓛocalhost:{4}/",
    "https://[::1]:{6}/",
    "https://[0:0:0:0:0:0:0:1]:{6}/",
    "https://[::]:{6}/",
    "https://[::ffff:127.0.0.1]:{4}/",
    "https://[::ffff:7f00:1]:{4}/",
    "https://[::127.0.0.1]:{4}/",
    "https://[64:ff9b::127.0.0.1]:{4}/",
    "https://[64:ff9b:1::7f00:1]:{4}/",
    "https://[2002:7f00:1::]:{4}/",
    "https://[2001:0:7f00:1::]:{4}/",
    "https://[fe80::1]:{6}/",
    "https://[fe80::1%25lo]:{6}/",
    "https://[fd00::1]:{6}/",
    "https://[fc00::1]:{6}/",
    "https://[ff02::1]:{6}/",
    "https://[fd00:ec2::254]/latest/meta-data/",
    "https://169.254.169.254/latest/meta-data/",
    "https://169.254.170.2/v2/credentials",
    "https://100.100.100.200/latest/meta-data/",
    "https://168.63.129.16/machine/",
    "https://192.0.0.192/opc/v2/",
    "https://10.0.0.1:{4}/",
    "https://172.16.0.1:{4}/",
    "https://192.168.0.1:{4}/",
    "https://100.64.0.1:{4}/",
    "https://198.18.0.1:{4}/",
    "https://192.0.2.1:{4}/",
    "https://224.0.0.1:{4}/",
    "https://255.255.255.255:{4}/",
    "https://user:secret@127.0.0.1:{4}/",
    "https://hooks.company.example@127.0.0.1:{4}/",
    "https://127.0.0.1:{4}@hooks.company.example/",
    "https://hooks.company.example#@127.0.0.1:{4}/",
    "https://127.0.0.1:{4}\\@hooks.company.example/",
    "https://127.0.0.1\t:{4}/",
    "https://127.0.0.1%00:{4}/",
    "https://127.0.0.1%2ehooks.company.example:{4}/",
    "http://127.0.0.1:{4}/",
    "http://hooks.company.example:{4}/",
    "https:127.0.0.1:{4}/",
    "https:///127.0.0.1:{4}/",
    "//127.0.0.1:{4}/",
    "ftp://127.0.0.1:{4}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{4}/_POST",
    "unix:///var/run/docker.sock",
    "javascript:alert(1)",
    "https://127.0.0.1:{4}/\r\nHost: hooks.company.example",
    "https://",
    "https://:{4}/",
    "https://.:{4}/",
    "https://a..b:{4}/",
    "https://intranet:{4}/",
    "https://hooks.company.example:22/",
    "https://hooks.company.example:25/",
    "https://hooks.company.example:99999/",
    "https://[v1.127.0.0.1]:{4}/",
    "https://[127.0.0.1]:{4}/",
]
#: What a name may lead to for an attacker who has a name server of their own.
BAD_ANSWERS = [
    *(
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",  # noqa: S104 - refused
        "10.1.2.3",
        "172.31.255.1",
        "192.168.1.1",
        "169.254.169.254",
    ),
    *("100.64.0.1", "168.63.129.16", "192.88.99.1", "224.0.0.251", "240.0.0.1", "255.255.255.255"),
    *("::1", "::", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::7f00:1", "64:ff9b::7f00:1", "64:ff9b:1::1"),
    *("fe80::1", "fe80::1%2", "fc00::1", "fd00:ec2::254", "ff02::1", "ff0e::1", "2002:7f00:1::1"),
    *("2001::1", "2001:db8::1", "100::1", "3fff::1", "4000::1", "5f00::1"),
]


@pytest.fixture
def listeners() -> Iterator[dict[str, Listener]]:
    found = {"4": Listener("127.0.0.1"), "6": Listener("::1")}
    yield found
    for listener in found.values():
        listener.close()


def written(url: str, listeners: dict[str, Listener]) -> str:
    return url.replace("{4}", str(listeners["4"].port)).replace("{6}", str(listeners["6"].port))


def test_the_corpus_opens_no_connection_here(listeners):
    assert len(CORPUS) >= 40
    for url in CORPUS:
        answer = sending.post(written(url, listeners), b"{}", {})
        assert (answer.status, answer.problem) == (None, "address"), url
    assert {name: listener.connections() for name, listener in listeners.items()} == {"4": 0, "6": 0}


def test_the_listeners_would_have_counted(listeners):
    socket.create_connection(("127.0.0.1", listeners["4"].port)).close()
    socket.create_connection(("::1", listeners["6"].port)).close()
    assert {name: listener.connections() for name, listener in listeners.items()} == {"4": 1, "6": 1}


def answering(*found: str):
    """A name server that says this, and counts how often it is asked."""
    asked: list[str] = []

    def getaddrinfo(host, port, *args, **kwargs):
        asked.append(host)
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, port, 0, 0) if ":" in address else (address, port),
            )
            for address in found
        ]

    return getaddrinfo, asked


@pytest.mark.parametrize("address", BAD_ANSWERS)
def test_a_name_that_leads_inside_is_refused(monkeypatch, address, listeners):
    for found in ([address], ["93.184.215.14", address], [address, "2606:4700::1111"]):
        getaddrinfo, asked = answering(*found)
        monkeypatch.setattr(addresses.socket, "getaddrinfo", getaddrinfo)
        port = listeners["6" if ":" in address else "4"].port
        answer = sending.post(f"https://hooks.company.example:{port}/", b"{}", {})
        assert (answer.status, answer.problem) == (None, "address")
        assert asked == ["hooks.company.example"]
    assert not listeners["4"].connections()
    assert not listeners["6"].connections()


def test_a_name_is_asked_once_and_what_it_said_is_where_the_request_goes(monkeypatch):
    """Answering differently the second time (rebinding) is of no use: there is no second time."""
    getaddrinfo, asked = answering("93.184.215.14", "2606:4700::1111")
    monkeypatch.setattr(addresses.socket, "getaddrinfo", getaddrinfo)
    went: list[object] = []

    class Nowhere(socket.socket):
        def connect(self, address):
            went.append(address)
            raise ConnectionRefusedError

    monkeypatch.setattr(sending.socket, "socket", Nowhere)
    answer = sending.post("https://hooks.company.example/x", b"{}", {})
    assert answer.problem == "connection"
    assert asked == ["hooks.company.example"]
    assert went == [("93.184.215.14", 443), ("2606:4700::1111", 443, 0, 0)]


def test_a_name_server_that_says_nothing_does_not_hold_us_up(monkeypatch):
    never = threading.Event()
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *args, **kwargs: never.wait(5) and [])
    with pytest.raises(NameUnknown):
        resolved(target_of("https://hooks.company.example/"), 0.05)
    never.set()


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "2a00:1450:4001::200e"])
def test_machines_on_the_internet_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://hooks.company.example", ("hooks.company.example", 443, "/")),
        ("HTTPS://Hooks.Company.EXAMPLE.:8443/a%20b?c=d&e", ("hooks.company.example", 8443, "/a%20b?c=d&e")),
        ("https://hooks.company.example/été", ("hooks.company.example", 443, "/%C3%A9t%C3%A9")),
        ("https://bücher.example/", ("xn--bcher-kva.example", 443, "/")),
        ("https://8.8.8.8/", ("8.8.8.8", 443, "/")),
        ("https://[2606:4700::1111]:8443/x", ("2606:4700::1111", 8443, "/x")),
    ],
)
def test_addresses_are_read_once(url, target):
    found = target_of(url)
    assert (found.host, found.port, found.path) == target


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "address"),
        ("https://hooks.company.example/a b", "address"),
        ("https://hooks.company.example/#x", "address"),
        ("https://x:y@hooks.company.example/", "credentials"),
        ("http://hooks.company.example/", "scheme"),
        ("ftp://hooks.company.example/", "scheme"),
        ("hooks.company.example", "scheme"),
        ("https://intranet/", "host"),
        ("https://127.1/", "host"),
        ("https://127.0.0.1/", "private"),
        ("https://localhost/", "private"),
        ("https://[::ffff:8.8.8.8]/", "private"),
        ("https://hooks.company.example:80/", "port"),
        ("https://hooks.company.example:0/", "port"),
        ("https://hooks.company.example/" + "x" * 500, "too_long"),
    ],
)
def test_what_is_wrong_with_an_address_is_said(url, code):
    with pytest.raises(Refused) as refused:
        target_of(url)
    assert refused.value.code == code


class TestLoopbackForTryingOut:
    @pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
    def test_is_admitted_by_a_setting_alone(self, host):
        with Receiver(host=host) as receiver:
            assert sending.post(receiver.url, b"{}", {}).problem == "address"
            assert not receiver.requests
            with override_settings(WEBHOOKS_TO_LOOPBACK=True):
                assert sending.post(receiver.url, b"{}", {}).status == 200
                assert len(receiver.requests) == 1

    @pytest.mark.parametrize(
        "url",
        [
            "http://hooks.company.example/",
            "https://10.0.0.1/",
            "https://169.254.169.254/",
            "http://10.1.1.1/",
        ],
    )
    @override_settings(WEBHOOKS_TO_LOOPBACK=True)
    def test_admits_nothing_else(self, url):
        with pytest.raises(Refused):
            target_of(url)

    @override_settings(WEBHOOKS_TO_LOOPBACK=True)
    def test_a_name_that_leads_here_stays_refused(self, monkeypatch):
        getaddrinfo, _asked = answering("127.0.0.1")
        monkeypatch.setattr(addresses.socket, "getaddrinfo", getaddrinfo)
        with pytest.raises(Refused):
            resolved(target_of("https://hooks.company.example/"), 1)

    @override_settings(WEBHOOKS_TO_LOOPBACK=True)
    def test_localhost_leads_nowhere_but_here(self, monkeypatch):
        getaddrinfo, _asked = answering("10.0.0.1")
        monkeypatch.setattr(addresses.socket, "getaddrinfo", getaddrinfo)
        with pytest.raises(Refused):
            resolved(target_of("http://localhost:8080/"), 1)
