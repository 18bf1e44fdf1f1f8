"""Secrets of endpoints, and how a request is signed with them.

A secret is not stored, it is derived: HMAC-SHA256 of 32 random bytes of its row under a key made from SECRET_KEY
(Django's salted_hmac). Encrypting it would need a cipher, which neither Python nor any dependency brings, and would
come to the same: who has the database alone cannot sign, who has SECRET_KEY as well can. This needs nothing but a
pseudo-random function, the one use HMAC is proved for.

New secrets are derived under SECRET_KEY; those made before it was changed go on under the key they were made with for
as long as that one stands in SECRET_KEY_FALLBACKS. Which one it is, 64 bits of the secret's hash say: the four digits
people are shown would take a wrong key for the right one once in 65 536 times, and sign with it.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.utils.crypto import salted_hmac

from portal.models.webhooks import WebhookSecret

#: What secret scanners look for: this and 64 hexadecimal digits, 256 random bits.
PREFIX = "portal_whs_"
SIGNATURE = "X-Portal-Signature"
#: How far the `t` of a request may be from a receiver's clock.
TOLERANCE = 300
_SALT = "portal.webhooks.secret"


class KeyChanged(Exception):
    """None of our keys is the one this secret was made with: what we would sign with, nobody could check."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """A new secret: what its row keeps, and itself, which is shown once."""

    seed: bytes
    secret: str

    @property
    def ending(self) -> str:
        return self.secret[-4:]

    @property
    def fingerprint(self) -> str:
        return _fingerprint(self.secret)


def fresh() -> Fresh:
    seed = secrets.token_bytes(32)
    return Fresh(seed, _derived(seed, settings.SECRET_KEY))


def secret_of(row: WebhookSecret) -> str:
    """The secret of this row, the one that was shown. Raises KeyChanged where none of our keys leads to it."""
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        secret = _derived(bytes(row.seed), key)
        if secret[-4:] == row.ending and row.fingerprint in ("", _fingerprint(secret)):
            return secret
    raise KeyChanged


def signature(body: bytes, live: Iterable[str], at: int) -> str:
    """`t=<unix>,v1=<hex>`, with a `v1` for each secret that is live: HMAC-SHA256 over `<t>.<body>`."""
    return ",".join([f"t={at}", *(f"v1={_signed(body, secret, at)}" for secret in live)])


def verifies(header: str, body: bytes, secret: str, *, now: int) -> bool:
    """What a receiver does: the time is near, and one of the signatures is ours, compared in constant time."""
    parts = [part.partition("=") for part in header.split(",")]
    times = [value for name, _equals, value in parts if name == "t" and value.isdecimal()]
    if len(times) != 1 or abs(now - int(times[0])) > TOLERANCE:
        return False
    wanted = _signed(body, secret, int(times[0]))
    given = [value for name, _equals, value in parts if name == "v1"]
    return any(hmac.compare_digest(wanted.encode(), value.encode()) for value in given)


def _derived(seed: bytes, key: str) -> str:
    return PREFIX + salted_hmac(_SALT, seed, secret=key, algorithm="sha256").hexdigest()


def _fingerprint(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


def _signed(body: bytes, secret: str, at: int) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
