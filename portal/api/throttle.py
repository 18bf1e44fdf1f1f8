"""How often an organisation may call: so many times a minute, and a no that costs next to nothing.

Every call counts once in the database, for all processes together. Once over, a process says no from its own memory
until the window ends, before authentication and without the database: Microsoft's Java SDK repeats a 429 without end,
within milliseconds (partner-center-api.md §3.2). Who was revoked meanwhile is so told a minute late, but never let in.
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

_until: dict[bytes, float] = {}


def seconds_left(request: HttpRequest) -> int:
    """How long this caller is still refused, as far as this process remembers; 0 when it is not."""
    if not _until:
        return 0
    until = _until.get(_caller(request))
    return max(0, ceil(until - time.monotonic())) if until is not None else 0


def count(request: HttpRequest, actor: Actor) -> int:
    """Count this call for the actor's organisation; how many seconds to wait if it was one too many, else 0."""
    limit = settings.API_REQUESTS_PER_MINUTE
    verdict = ratelimit.hit(ratelimit.key_for("api", actor.organisation.pk), limit, WINDOW)
    if verdict:
        return 0
    _remember(_caller(request), verdict.retry_after_seconds)
    return verdict.retry_after_seconds


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


def _caller(request: HttpRequest) -> bytes:
    header = request.META.get("HTTP_AUTHORIZATION", "")
    return hashlib.blake2b(header.encode("utf-8", "replace"), digest_size=16).digest()


def _remember(caller: bytes, seconds: int) -> None:
    now = time.monotonic()
    if len(_until) >= MOST:
        for known, until in list(_until.items()):
            if until <= now:
                _until.pop(known, None)
        while len(_until) >= MOST:
            _until.pop(next(iter(_until)), None)
    _until[caller] = now + seconds
