"""Secrets are derived and never stored; a signature says when, and with which of two secrets."""

import hashlib
import hmac

import pytest

from portal.models import WebhookSecret
from portal.webhooks import signing

BODY = '{"eventName": "test-created", "é": 1}'.encode()
NOW = 1_795_514_400


def row(fresh: signing.Fresh) -> WebhookSecret:
    return WebhookSecret(seed=memoryview(fresh.seed), ending=fresh.ending, fingerprint=fresh.fingerprint)


def test_a_secret_is_256_bits_recognisable_and_always_the_same():
    one, other = signing.fresh(), signing.fresh()
    assert one.secret != other.secret
    assert one.secret.startswith("portal_whs_")
    assert len(one.secret) == len("portal_whs_") + 64
    assert signing.secret_of(row(one)) == one.secret
    assert one.seed.hex() not in one.secret


def test_without_the_key_the_row_says_nothing(settings):
    one = signing.fresh()
    settings.SECRET_KEY = "another" * 10
    with pytest.raises(signing.KeyChanged):
        signing.secret_of(row(one))


def test_while_a_former_key_is_kept_what_was_made_with_it_goes_on(settings):
    one, first = signing.fresh(), settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "second" * 10, [first]
    two = signing.fresh()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "third" * 10, ["second" * 10, first]
    assert signing.secret_of(row(one)) == one.secret
    assert signing.secret_of(row(two)) == two.secret
    settings.SECRET_KEY_FALLBACKS = ["second" * 10]
    assert signing.secret_of(row(two)) == two.secret
    with pytest.raises(signing.KeyChanged):
        signing.secret_of(row(one))


def test_new_secrets_are_made_with_the_present_key(settings):
    settings.SECRET_KEY_FALLBACKS = ["former" * 10]
    one = signing.fresh()
    settings.SECRET_KEY_FALLBACKS = []
    assert signing.secret_of(row(one)) == one.secret


def test_a_key_that_leads_to_the_same_four_digits_is_not_taken_for_the_right_one(settings):
    """What people are shown is too short to choose a key by: in a while one is found that ends alike."""
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    one = WebhookSecret(seed=memoryview(b"seed"), ending="")
    right = signing._derived(b"seed", settings.SECRET_KEY)
    one.ending, one.fingerprint = right[-4:], signing._fingerprint(right)
    settings.SECRET_KEY = next(
        key
        for key in (f"key {number}" for number in range(5_000_000))
        if signing._derived(b"seed", key)[-4:] == one.ending
    )
    assert signing.secret_of(one) == right


def test_of_a_secret_made_before_there_were_fingerprints_the_digits_have_to_do(settings):
    one = signing.fresh()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another" * 10
    older = row(one)
    older.fingerprint = ""
    assert signing.secret_of(older) == one.secret


def test_a_receiver_checks_it_with_nothing_but_the_documentation():
    header = signing.signature(BODY, ["portal_whs_a"], NOW)
    wanted = hmac.new(b"portal_whs_a", f"{NOW}.".encode() + BODY, hashlib.sha256).hexdigest()
    assert header == f"t={NOW},v1={wanted}"


def test_two_secrets_two_signatures_and_each_is_enough():
    header = signing.signature(BODY, ["new", "former"], NOW)
    assert header.count("v1=") == 2
    for secret in ("new", "former"):
        assert signing.verifies(header, BODY, secret, now=NOW)
    assert not signing.verifies(header, BODY, "third", now=NOW)


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_a_time_nearby_is_accepted(seconds):
    assert signing.verifies(signing.signature(BODY, ["s"], NOW), BODY, "s", now=NOW + seconds)


@pytest.mark.parametrize(
    ("header", "body", "now"),
    [
        ("{good}", BODY + b" ", NOW),
        ("{good}", BODY, NOW + 301),
        ("{good}", BODY, NOW - 301),
        ("{good},t=1", BODY, NOW),
        ("", BODY, NOW),
        ("v1=00", BODY, NOW),
        ("t=x,v1=00", BODY, NOW),
        ("t=1795514401,{signature}", BODY, NOW),
        ("t=1795514400,v0={hex}", BODY, NOW),
        ("t=1795514400,v1=é", BODY, NOW),
    ],
)
def test_anything_else_is_not(header, body, now):
    good = signing.signature(BODY, ["s"], NOW)
    signed = good.partition(",")[2]
    said = header.format(good=good, signature=signed, hex=signed.partition("=")[2])
    assert not signing.verifies(said, body, "s", now=now)
