"""Where the portal sends, and where it does not: what an address may be, and what a name may lead to.

The address is parsed once and what was parsed is what is used. A name is resolved once a try, every address it leads to
has to be public, and the connection goes to such an address itself: a name that answers differently the second time is
not asked a second time.
"""

import ipaddress
import re
import socket
import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings

LONGEST = 500
#: Where services other than web servers live.
_LOW_PORTS = 1024
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\\]|\s")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_REFUSED = [
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24"),
        *("192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
        *("224.0.0.0/4", "240.0.0.0/4"),
        # Public by number, and the metadata of one cloud's machines all the same.
        "168.63.129.16/32",
        # Of IPv6 only 2000::/3 is given out; within it: Teredo, ORCHID, documentation, 6to4.
        *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"),
    )
]
_GIVEN_OUT = ipaddress.ip_network("2000::/3")
Socket = tuple[int, Any]


class Refused(Exception):
    """Not an address the portal sends to: `code` says what is wrong with it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NameUnknown(Exception):
    """Nobody knows the name, or nobody answers for it in time."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address, taken apart. `host` is a name in ASCII, or an IP address without brackets."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def is_local(self) -> bool:
        """Names this machine: admitted only by a setting for trying out."""
        literal = _literal(self.host)
        return self.host == "localhost" or (literal is not None and literal.is_loopback)

    @property
    def origin(self) -> str:
        """Without path and query, which may carry a secret of the receiver's."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"https": 443, "http": 80}[self.scheme]
        return f"{self.scheme}://{host}" + ("" if self.port == usual else f":{self.port}")


def target_of(url: str) -> Target:
    """The address a text is. Refused: address, credentials, host, port, private, scheme, too_long."""
    if len(url) > LONGEST:
        raise Refused("too_long")
    if not url or _UNSEEN.search(url):
        raise Refused("address")
    try:
        parts = urlsplit(url)
        port, name = parts.port, parts.hostname or ""
    except ValueError as error:
        raise Refused("address") from error
    scheme = parts.scheme.lower()
    if scheme not in ("https", "http"):
        raise Refused("scheme")
    if "@" in parts.netloc:
        raise Refused("credentials")
    if parts.fragment or "#" in url:
        raise Refused("address")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=-._~")
    if parts.query:
        path += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=-._~?")
    host = _host(name, bracketed=parts.netloc.startswith("["))
    target = Target(scheme, host, port if port is not None else {"https": 443, "http": 80}[scheme], path)
    _check(target)
    return target


def resolved(target: Target, seconds: float) -> list[Socket]:
    """Every address the name leads to, asked once; Refused("private") if one of them is not to be sent to.

    The resolver has no time limit of its own that we could set: it is asked on a thread that is left to itself.
    """
    found: list[Socket] = []
    failed: list[OSError | UnicodeError] = []

    def ask() -> None:
        try:
            for family, _type, _protocol, _name, address in socket.getaddrinfo(
                target.host, target.port, type=socket.SOCK_STREAM
            ):
                found.append((family, address))
        except (OSError, UnicodeError) as error:
            failed.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(max(seconds, 0))
    if asking.is_alive() or failed or not found:
        raise NameUnknown(target.host) from (failed[0] if failed else None)
    if not all(_may_be_sent_to(str(address[0]), target) for _family, address in found):
        raise Refused("private")
    return found


def is_public(address: str) -> bool:
    """Is this the address of a machine on the internet, and nothing that stands for another one?"""
    ip = _literal(address)
    if ip is None or (ip.version == 6 and ip not in _GIVEN_OUT):
        # Also every form of IPv6 that carries an IPv4 address: mapped, compatible, NAT64, ULA, link-local, multicast.
        return False
    if any(ip.version == network.version and ip in network for network in _REFUSED):
        return False
    special = ip.is_private or ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_reserved
    return ip.is_global and not special and not ip.is_unspecified


def _may_be_sent_to(address: str, target: Target) -> bool:
    if target.is_local and settings.WEBHOOKS_TO_LOOPBACK:
        ip = _literal(address)
        return ip is not None and ip.is_loopback
    return is_public(address)


def _check(target: Target) -> None:
    literal = _literal(target.host)
    if target.is_local:
        if not settings.WEBHOOKS_TO_LOOPBACK:
            raise Refused("private")
        return
    if target.scheme != "https":
        raise Refused("scheme")
    if literal is not None and not is_public(target.host):
        raise Refused("private")
    if target.port != 443 and not _LOW_PORTS <= target.port <= 65535:
        raise Refused("port")


def _host(name: str, *, bracketed: bool) -> str:
    """A name in ASCII, or an IP address in its one usual notation; what could be read as another is refused."""
    if bracketed:
        literal = _literal(name)
        if literal is None or literal.version != 6 or "%" in name:
            raise Refused("host")
        return str(literal)
    try:
        host = name if name.isascii() else name.encode("idna").decode()
    except UnicodeError as error:
        raise Refused("host") from error
    host = host.lower().removesuffix(".")
    literal = _literal(host)
    if literal is not None and literal.version == 4:
        return str(literal)
    labels = host.split(".")
    if host == "localhost" or host.endswith(".localhost"):
        return "localhost"
    if len(host) > 253 or len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise Refused("host")
    if _NUMBER.fullmatch(
        labels[-1]
    ):  # 127.1, 0x7f.1, 2130706433: numbers a resolver would take for an address
        raise Refused("host")
    return host


def _literal(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def origin_of(url: str) -> str:
    """What may be written down of an address elsewhere: its path may carry a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
