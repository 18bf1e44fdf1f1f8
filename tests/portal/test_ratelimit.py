import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections
from django.test import RequestFactory

from portal import ratelimit
from portal.ratelimit import client_address, forget, give_back, hit, key_for, network_of, prune

NOW = datetime(2026, 11, 22, 22, 14, tzinfo=UTC)
HOME, OFFICE = "203.0.113.7", "198.51.100.20"


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def tries(account: str, address: str, count: int, now: datetime = NOW) -> list[bool]:
    return [bool(ratelimit.sign_in_attempt(account, address, now)) for _ in range(count)]


# -- one counter


@pytest.mark.django_db
def test_hit_allows_up_to_the_limit_and_then_says_when():
    verdicts = [hit("key", 3, 60, NOW) for _ in range(3)]

    assert all(verdicts)
    assert not hit("key", 3, 60, later(10.5))
    assert hit("key", 3, 60, later(10.5)).retry_after_seconds == 50


@pytest.mark.django_db
def test_hit_begins_anew_when_the_window_is_over():
    assert [bool(hit("key", 1, 60, NOW)), bool(hit("key", 1, 60, later(59.9)))] == [True, False]
    assert hit("key", 1, 60, later(60))
    assert not hit("key", 1, 60, later(119))


@pytest.mark.django_db
def test_refused_tries_do_not_prolong_the_window():
    for second in range(60):
        hit("key", 1, 60, later(second))

    assert hit("key", 1, 60, later(60))


@pytest.mark.django_db
def test_hit_survives_a_clock_that_was_put_back():
    hit("key", 1, 60, later(3600))

    assert hit("key", 1, 60, NOW)
    assert not hit("key", 1, 60, later(1))


@pytest.mark.django_db
def test_a_clock_slightly_behind_counts_in_the_same_window():
    hit("key", 1, 60, NOW)

    verdict = hit("key", 1, 60, later(-2))

    assert not verdict
    assert verdict.retry_after_seconds == 62


@pytest.mark.django_db
def test_keys_are_counted_apart():
    hit("one", 1, 60, NOW)

    assert hit("two", 1, 60, NOW)
    assert not hit("one", 1, 60, NOW)


@pytest.mark.django_db
def test_hit_is_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        hit("key", 1, 60)


@pytest.mark.django_db
def test_give_back_and_forget():
    hit("key", 1, 60, NOW)
    give_back("key")

    assert hit("key", 1, 60, NOW)
    assert not hit("key", 1, 60, NOW)
    forget("key")
    assert hit("key", 1, 60, NOW)
    give_back("unknown")
    forget("unknown")


@pytest.mark.django_db
def test_give_back_never_goes_below_nothing():
    hit("key", 1, 60, NOW)
    for _ in range(5):
        give_back("key")

    assert [bool(hit("key", 1, 60, NOW)) for _ in range(2)] == [True, False]


@pytest.mark.django_db
def test_prune_deletes_old_counters_only():
    hit("old", 1, 60, NOW)
    hit("new", 1, 60, later(120))

    assert prune(later(60)) == 1
    assert not hit("new", 1, 60, later(121))


@pytest.mark.django_db
def test_counters_are_kept_in_an_unlogged_table():
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'portal_ratelimit'")
        assert cursor.fetchone() == ("u",)


@pytest.mark.django_db(transaction=True)
def test_hits_at_the_same_time_are_all_counted():
    allowed: list[bool] = []

    def work() -> None:
        try:
            allowed.extend(bool(hit("key", 10, 60, NOW)) for _ in range(5))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(allowed) == [False] * 10 + [True] * 10


def test_keys_do_not_tell_what_they_are_about():
    key = key_for("sign-in", "lea@fabrikam.example", "203.0.113.0/24")

    assert key.startswith("sign-in:")
    assert "lea" not in key
    assert "203" not in key
    assert key != key_for("reset", "lea@fabrikam.example", "203.0.113.0/24")
    assert key_for("x", "a", "bc") != key_for("x", "ab", "c")


def test_keys_take_any_text():
    assert key_for("x", "\x00\ud800" * 10_000).isascii()


# -- signing in


@pytest.mark.django_db
def test_ten_tries_in_five_minutes_from_one_network():
    assert tries("lea@fabrikam.example", HOME, 11) == [True] * 10 + [False]
    assert tries("lea@fabrikam.example", "203.0.113.200", 1) == [False]
    assert tries("lea@fabrikam.example", HOME, 1, now=later(300)) == [True]


@pytest.mark.django_db
def test_a_victim_signs_in_from_home_while_attacked_from_fifty_networks():
    for network in range(50):
        tries("lea@fabrikam.example", f"10.0.{network}.1", 15)

    assert tries("lea@fabrikam.example", HOME, 1) == [True]


@pytest.mark.django_db
def test_trying_many_accounts_from_one_network_ends_at_the_31st():
    allowed = [bool(ratelimit.sign_in_attempt(f"u{n}@fabrikam.example", HOME, NOW)) for n in range(40)]

    assert allowed == [True] * 30 + [False] * 10


@pytest.mark.django_db
def test_an_account_is_the_same_in_any_case():
    tries("Lea@Fabrikam.example ", HOME, 10)

    assert tries("lea@fabrikam.EXAMPLE", HOME, 1) == [False]


@pytest.mark.django_db
def test_a_busy_office_does_not_count_against_itself():
    for n in range(100):
        account = f"u{n}@fabrikam.example"
        assert ratelimit.sign_in_attempt(account, OFFICE, NOW)
        ratelimit.sign_in_succeeded(account, OFFICE)


@pytest.mark.django_db
def test_an_attackers_own_account_gives_no_more_tries_at_others():
    allowed = 0
    for _ in range(20):
        allowed += sum(tries("lea@fabrikam.example", HOME, 2))
        ratelimit.sign_in_attempt("attacker@contoso.example", HOME, NOW)
        ratelimit.sign_in_succeeded("attacker@contoso.example", HOME)

    assert allowed == 10


@pytest.mark.django_db
def test_signing_in_forgets_own_failures_on_this_network_only():
    tries("lea@fabrikam.example", HOME, 9)
    tries("lea@fabrikam.example", OFFICE, 10)
    ratelimit.sign_in_succeeded("lea@fabrikam.example", HOME)

    assert tries("lea@fabrikam.example", HOME, 10) == [True] * 10
    assert tries("lea@fabrikam.example", OFFICE, 1) == [False]


@pytest.mark.django_db
def test_a_refusal_says_the_longer_wait():
    tries("lea@fabrikam.example", HOME, 10)
    verdict = ratelimit.sign_in_attempt("lea@fabrikam.example", HOME, later(100))

    assert not verdict
    assert verdict.retry_after_seconds == 200


# -- where a request comes from


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("203.0.113.255", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("unix:", "unknown"),
        ("203.0.113", "unknown"),
        ("203.0.113.7, 203.0.113.8", "unknown"),
    ],
)
def test_network_of_an_address(address, network):
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, None, "192.0.2.1"),
        (0, "203.0.113.7", "192.0.2.1"),
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "10.9.9.9, 203.0.113.7", "203.0.113.7"),
        (2, "10.9.9.9, 203.0.113.7, 198.51.100.1", "203.0.113.7"),
        (2, "203.0.113.7", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, None, "192.0.2.1"),
        (1, "203.0.113.7, ", "192.0.2.1"),
        (1, "unknown", "192.0.2.1"),
        (1, "203.0.113.7:49152", "203.0.113.7"),
        (1, "[2001:db8::7]:443", "2001:db8::7"),
        (1, "2001:DB8::7", "2001:db8::7"),
        (1, "::ffff:203.0.113.7", "203.0.113.7"),
    ],
)
def test_client_address_believes_our_proxies_only(settings, proxies, forwarded, address):
    settings.TRUSTED_PROXY_COUNT = proxies
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR="192.0.2.1")

    assert client_address(request) == address


def test_client_address_behind_a_unix_socket_is_empty(settings):
    settings.TRUSTED_PROXY_COUNT = 0

    assert client_address(RequestFactory().get("/", REMOTE_ADDR="")) == ""
