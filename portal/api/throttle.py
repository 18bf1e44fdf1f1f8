"""How often an organisation may call: so many times a minute, and a no that costs next to nothing.

Every call counts once in the database, for all processes together. Once over, a process says no from its own memory
until the window ends, before authentication and without the database: Microsoft's Java SDK repeats a 429 without end,
within milliseconds (partner-center-api.md §3.2). Who was revoked meanwhile is so told a minute late, but never let in.

Calls that are let in by nothing count for their network instead, and are refused for it; who is known never is.
"""

import hashlib
import time
from http import HTTPStatus
from math import ceil

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from portal import ratelimit
from portal.actor import Actor

WINDOW = 60
#: Callers over their limit that one process remembers. A forgotten one is counted again, and refused again.
MOST = 10_000
ITEMS_A_CALL = 10

#: Calls without a good bearer, of one network.
UNKNOWN = ratelimit.Rule("api-unknown", limit=100, seconds=WINDOW)

_until: dict[bytes, float] = {}
#: Networks whose unknown callers are refused, and those callers: apart, so that they push out nobody who is known.
_unknown: dict[bytes, float] = {}


def seconds_left(request: HttpRequest) -> int:
    """How long this caller is still refused, as far as this process remembers; 0 when it is not."""
    return (
        (_until and _left(_until, _caller(request)))
        or (_unknown and _left(_unknown, _caller(request, _network(request))))
        or 0
    )


def count(request: HttpRequest, actor: Actor, calls: int = 1) -> int:
    """Count this call for the actor's organisation; how many seconds to wait if it was one too many, else 0."""
    limit = settings.API_REQUESTS_PER_MINUTE
    key = ratelimit.key_for("api", actor.organisation.pk)
    verdict = ratelimit.hit(key, limit, WINDOW, times=calls)
    if verdict:
        return 0
    _remember(_caller(request), verdict.retry_after_seconds)
    return verdict.retry_after_seconds


def count_items(request: HttpRequest, actor: Actor, items: int) -> int:
    """Count what a call of many items is more than the one call it was counted as; seconds to wait, or 0.

    Ten items are a call. However many there are, they are let through where nothing else was asked for a minute.
    """
    calls = min(ceil(items / ITEMS_A_CALL), settings.API_REQUESTS_PER_MINUTE)
    return count(request, actor, calls - 1) if calls > 1 else 0


def count_unknown(request: HttpRequest) -> int:
    """Count this call that nothing let in, for its network; how many seconds to wait if it was one too many, else 0."""
    network = _network(request)
    seconds = _left(_unknown, network.encode())
    if not seconds:
        verdict = ratelimit.hit(ratelimit.key_for(UNKNOWN.name, network), UNKNOWN.limit, UNKNOWN.seconds)
        seconds = verdict.retry_after_seconds
    if seconds:
        _remember(network.encode(), seconds, _unknown)
        _remember(_caller(request, network), seconds, _unknown)
    return seconds


def refusal(seconds: int) -> HttpResponse:
    """Microsoft's answer, which is not its error body; clients read the seconds from the header (§1.9, §8.16)."""
    text = f'{{"statusCode":429,"message":"Rate limit is exceeded. Try again in {seconds} seconds."}}'
    headers = {"Retry-After": str(seconds)}
    return HttpResponse(
        text,
        status=HTTPStatus.TOO_MANY_REQUESTS,
        content_type="application/json; charset=utf-8",
        headers=headers,
    )


def forget() -> None:
    """Remember nobody."""
    _until.clear()
    _unknown.clear()


def _caller(request: HttpRequest, network: str = "") -> bytes:
    header = f"{network}\n{request.META.get('HTTP_AUTHORIZATION', '')}"
    return hashlib.blake2b(header.encode("utf-8", "replace"), digest_size=16).digest()


def _network(request: HttpRequest) -> str:
    return ratelimit.network_of(ratelimit.client_address(request))


def _left(memory: dict[bytes, float], key: bytes) -> int:
    until = memory.get(key)
    return max(0, ceil(until - time.monotonic())) if until is not None else 0


def _remember(key: bytes, seconds: int, memory: dict[bytes, float] = _until) -> None:
    now = time.monotonic()
    memory.pop(key, None)  # to the end of those that are forgotten first
    if len(memory) >= MOST:
        for known, until in list(memory.items()):
            if until <= now:
                memory.pop(known, None)
        while len(memory) >= MOST:
            memory.pop(next(iter(memory)), None)
    memory[key] = now + seconds
