"""A secret on its way to the page that shows it once: half of it in the session, half in a cookie of the browser.

Neither half says anything (each alone is random), so no table ever holds the secret. The page takes it: what was shown
is gone, and so is what nobody came for in ten minutes.
"""

import secrets
import uuid

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

KEY = "shown_once"
SECONDS = 600


def keep(request: HttpRequest, response: HttpResponse, about: uuid.UUID, secret: str) -> None:
    """Put it aside for the page that is shown next."""
    pad = secrets.token_bytes(len(secret.encode()))
    request.session[KEY] = {
        "about": str(about),
        "half": _mixed(secret.encode(), pad).hex(),
        "until": int(timezone.now().timestamp()) + SECONDS,
    }
    response.set_cookie(
        _cookie(),
        pad.hex(),
        max_age=SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def take(request: HttpRequest, about: uuid.UUID) -> str:
    """The secret that was kept for this page, once; empty where there is none. HEAD takes nothing."""
    kept = request.session.get(KEY)
    if request.method != "GET" or not isinstance(kept, dict) or kept.get("about") != str(about):
        return ""
    del request.session[KEY]
    try:
        half, pad = bytes.fromhex(kept["half"]), bytes.fromhex(request.COOKIES.get(_cookie(), ""))
    except ValueError:
        return ""
    if len(half) != len(pad) or kept["until"] < timezone.now().timestamp():
        return ""
    return _mixed(half, pad).decode("utf-8", "replace")


def forget(request: HttpRequest, response: HttpResponse) -> None:
    """The browser's half goes too, once the page is made."""
    if _cookie() in request.COOKIES:
        response.delete_cookie(_cookie(), samesite="Strict")


def _mixed(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _cookie() -> str:
    prefix, _name, _rest = settings.SESSION_COOKIE_NAME.rpartition("session")
    return f"{prefix}once"
