"""How often somebody may try: counters in one unlogged table, one upsert each, shared by all processes.

Count outside transactions: what is rolled back was not counted, and the row stays locked until its end.
Limits are by (account, network) and by network, never by account alone: nobody can lock another person out.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from portal.pg.kept import Kept

# A window in the future (the clock was put back) counts as over: it would otherwise last until then.
_HIT = Kept("""
INSERT INTO portal_ratelimit AS counter (key, window_start, hits) VALUES (%(key)s, %(now)s, %(times)s)
ON CONFLICT (key) DO UPDATE SET
    hits = CASE WHEN counter.window_start > %(expired)s AND counter.window_start <= %(horizon)s
                THEN LEAST(counter.hits, 1000000000) + EXCLUDED.hits ELSE EXCLUDED.hits END,
    window_start = CASE WHEN counter.window_start > %(expired)s AND counter.window_start <= %(horizon)s
                        THEN counter.window_start ELSE EXCLUDED.window_start END
RETURNING window_start, hits
""")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Truthy when allowed; otherwise says after how many seconds to try again."""

    allowed: bool
    retry_after_seconds: int = 0

    def __bool__(self) -> bool:
        return self.allowed


@dataclass(frozen=True, slots=True)
class Rule:
    """At most `limit` tries in `seconds`, counted from the first of them."""

    name: str
    limit: int
    seconds: int


SIGN_IN_BY_ACCOUNT = Rule("sign-in-account", limit=10, seconds=300)
SIGN_IN_BY_NETWORK = Rule("sign-in-network", limit=30, seconds=300)


def hit(key: str, limit: int, seconds: int, now: datetime | None = None, *, times: int = 1) -> Verdict:
    """Count one try or so many, also refused ones; allowed while the window has had at most `limit`."""
    now = now or timezone.now()
    window = timedelta(seconds=seconds)
    with connection.cursor() as cursor:
        cursor.execute(
            _HIT,
            {"key": key, "now": now, "times": times, "expired": now - window, "horizon": now + window},
        )
        window_start, hits = cursor.fetchone()
    if hits <= limit:
        return Verdict(allowed=True)
    return Verdict(
        allowed=False, retry_after_seconds=max(1, ceil((window_start + window - now).total_seconds()))
    )


def give_back(key: str) -> None:
    """Uncount one try: it was not one of those the limit is for."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE portal_ratelimit SET hits = hits - 1 WHERE key = %s AND hits > 0", [key])


def forget(key: str) -> None:
    """Start anew."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM portal_ratelimit WHERE key = %s", [key])


def prune(before: datetime) -> int:
    """Delete counters whose window began before; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM portal_ratelimit WHERE window_start < %s", [before])
        return cursor.rowcount


def key_for(name: str, *parts: object) -> str:
    """A counter's key. What it is about is hashed with our secret: no address or e-mail is in the table."""
    text = "\x1f".join(str(part) for part in parts)
    return f"{name}:{salted_hmac(name, text.encode('utf-8', 'replace'), algorithm='sha256').hexdigest()}"


def attempt(
    by_account: Rule, by_network: Rule, account: object, address: str, now: datetime | None = None
) -> Verdict:
    """Count a try by this account from this network, and by this network; the stricter answer counts."""
    keyed = _keys(by_account, by_network, account, address)
    verdicts = [hit(key, rule.limit, rule.seconds, now) for rule, key in keyed]
    return max(verdicts, key=lambda verdict: verdict.retry_after_seconds)


def sign_in_attempt(account: str, address: str, now: datetime | None = None) -> Verdict:
    """Count a try to sign in as this account from this address, before the password is looked at."""
    return attempt(SIGN_IN_BY_ACCOUNT, SIGN_IN_BY_NETWORK, account.strip().casefold(), address, now)


def sign_in_succeeded(account: str, address: str) -> None:
    """The right person: forget their own failures, and do not let a busy office count against itself."""
    (_, by_account), (_, by_network) = _keys(
        SIGN_IN_BY_ACCOUNT, SIGN_IN_BY_NETWORK, account.strip().casefold(), address
    )
    forget(by_account)
    give_back(by_network)


def network_of(address: str) -> str:
    """The network an address stands for: IPv4 /24, IPv6 /64, since one person has many of them there."""
    ip = _ip(address)
    if ip is None:
        return "unknown"
    return str(ipaddress.ip_network((int(ip), 24 if ip.version == 4 else 64), strict=False))


def client_address(request: HttpRequest) -> str:
    """The address the request came from, as the outermost of our TRUSTED_PROXY_COUNT proxies saw it.

    Whatever is further left in X-Forwarded-For was written by the client. A request that came past the
    proxies, or whose header is not an address, counts as the machine it came from.
    """
    peer = request.META.get("REMOTE_ADDR", "")
    proxies = getattr(settings, "TRUSTED_PROXY_COUNT", 0)
    if proxies > 0:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        seen = _ip(forwarded[-proxies]) if len(forwarded) >= proxies else None
        if seen is not None:
            return str(seen)
    ip = _ip(peer)
    return str(ip) if ip is not None else ""


def _keys(by_account: Rule, by_network: Rule, account: object, address: str) -> list[tuple[Rule, str]]:
    network = network_of(address)
    return [
        (by_account, key_for(by_account.name, account, network)),
        (by_network, key_for(by_network.name, network)),
    ]


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        ip = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (ip.ipv4_mapped or ip) if isinstance(ip, ipaddress.IPv6Address) else ip
