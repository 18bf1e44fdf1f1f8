import threading
import time
import uuid

import pytest
from django.urls import NoReverseMatch, path, register_converter, resolve, reverse
from django.urls.exceptions import Resolver404
from hypothesis import given, settings
from hypothesis import strategies as st

from portal import identifiers
from portal.identifiers import GuidConverter, canonical_guid, uuid7

GUID = uuid.UUID("3b33e682-7d41-4c98-9b50-2f0e1a6c54e1")

register_converter(GuidConverter, "test_guid")
urlpatterns = [path("customers/<test_guid:tenant>/", lambda request, tenant: None, name="customer")]


def test_uuid7_is_version_7_of_the_rfc_variant():
    made = uuid7()

    assert made.version == 7
    assert made.variant == uuid.RFC_4122


def test_uuid7_begins_with_the_time(monkeypatch):
    monkeypatch.setattr(identifiers, "_last", 0)  # other tests travel in time; a later id never goes back
    before = time.time_ns() // 1_000_000
    made = uuid7()

    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000 + 1


def test_uuid7_is_greater_every_time():
    made = [uuid7() for _ in range(20_000)]

    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_uuid7_is_greater_every_time_in_one_millisecond(monkeypatch):
    monkeypatch.setattr(identifiers.time, "time_ns", lambda: 4_000_000_000_000_000_000)

    made = [uuid7() for _ in range(5_000)]

    assert made == sorted(set(made))


def test_uuid7_goes_on_when_the_clock_steps_back(monkeypatch):
    monkeypatch.setattr(identifiers, "_last", 0)
    monkeypatch.setattr(identifiers.time, "time_ns", lambda: 2_000_000_000_000_000_000)
    first = uuid7()
    monkeypatch.setattr(identifiers.time, "time_ns", lambda: 1_900_000_000_000_000_000)

    assert uuid7() > first


def test_uuid7_carries_into_the_time_when_the_random_bits_are_used_up(monkeypatch):
    milliseconds = 2_000_000_000_000
    monkeypatch.setattr(identifiers, "_last", (milliseconds << 74) + (1 << 74) - 1)
    monkeypatch.setattr(identifiers.time, "time_ns", lambda: milliseconds * 1_000_000)

    made = uuid7()

    assert made.int >> 80 == milliseconds + 1
    assert (made.version, made.variant) == (7, uuid.RFC_4122)


def test_uuid7_never_repeats_between_threads():
    made: list[list[uuid.UUID]] = [[] for _ in range(4)]

    def work(own: list[uuid.UUID]) -> None:
        own.extend(uuid7() for _ in range(2_000))

    threads = [threading.Thread(target=work, args=(own,)) for own in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({one for own in made for one in own}) == 8_000
    assert all(own == sorted(own) for own in made)


@pytest.mark.parametrize(
    "text",
    [
        "3b33e682-7d41-4c98-9b50-2f0e1a6c54e1",
        "3B33E682-7D41-4C98-9B50-2F0E1A6C54E1",
        "{3b33e682-7d41-4c98-9b50-2f0e1a6c54e1}",
        "3b33e6827d414c989b502f0e1a6c54e1",
        "{3B33E6827D414C989B502F0E1A6C54E1}",
        "  3b33e682-7d41-4c98-9b50-2f0e1a6c54e1\t",
        "\u00a03b33e682-7d41-4c98-9b50-2f0e1a6c54e1\u00a0",
        GUID,
    ],
)
def test_canonical_guid_reads_every_notation(text):
    assert canonical_guid(text) == GUID


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "3b33e682-7d41-4c98-9b50-2f0e1a6c54e",
        "3b33e682-7d41-4c98-9b50-2f0e1a6c54e1f",
        "3b33e682-7d41-4c98-9b502f0e1a6c54e1",
        "3b33e6827-d41-4c98-9b50-2f0e1a6c54e1",
        "{3b33e682-7d41-4c98-9b50-2f0e1a6c54e1",
        "3b33e682-7d41-4c98-9b50-2f0e1a6c54e1}",
        "(3b33e682-7d41-4c98-9b50-2f0e1a6c54e1)",
        "urn:uuid:3b33e682-7d41-4c98-9b50-2f0e1a6c54e1",
        "3b33e682–7d41–4c98–9b50–2f0e1a6c54e1",
        "g" * 32,
        "3b33e6827d414c989b502f0e1a6c54e1\x00",
        "\x003b33e6827d414c989b502f0e1a6c54e1",
        "3b33e6827d414c989b502f0e1a6c54e\ud800",
        "٣" * 32,
        "３" * 32,
        "3b33e682-7d41-4c98-9b50-2f0e1a6c54e1\nx",
        None,
        7,
        b"3b33e6827d414c989b502f0e1a6c54e1",
        ["3b33e6827d414c989b502f0e1a6c54e1"],
    ],
)
def test_canonical_guid_refuses_anything_else(text):
    assert canonical_guid(text) is None


@settings(deadline=None)
@given(st.uuids(), st.booleans(), st.booleans(), st.booleans())
def test_canonical_guid_returns_what_was_written(guid, upper, dashes, braces):
    text = str(guid) if dashes else guid.hex
    text = text.upper() if upper else text

    assert canonical_guid(f"{{{text}}}" if braces else text) == guid


@settings(deadline=None)
@given(st.text())
def test_canonical_guid_never_fails(text):
    assert canonical_guid(text) is None or len(text.strip()) >= 32


@pytest.mark.parametrize(
    "written", [str(GUID), str(GUID).upper(), GUID.hex, f"{{{GUID}}}", f"{{{GUID.hex.upper()}}}"]
)
def test_converter_reads_every_notation_in_a_path(written):
    assert resolve(f"/customers/{written}/", urlconf=__name__).kwargs == {"tenant": GUID}


@pytest.mark.parametrize("written", ["", "7", f"{GUID}0", f"{{{GUID}", f"{GUID}\n", "３" * 32, f"{GUID}/x"])
def test_converter_does_not_match_anything_else(written):
    with pytest.raises(Resolver404):
        resolve(f"/customers/{written}/", urlconf=__name__)


@pytest.mark.parametrize("value", [GUID, str(GUID), str(GUID).upper(), f"{{{GUID.hex}}}"])
def test_converter_writes_canonical_lower_case(value):
    assert reverse("customer", args=[value], urlconf=__name__) == f"/customers/{GUID}/"


def test_converter_refuses_to_write_what_is_no_guid():
    with pytest.raises(NoReverseMatch):
        reverse("customer", args=["contoso"], urlconf=__name__)


def test_converter_raises_value_error_for_what_is_no_guid():
    with pytest.raises(ValueError, match="GUID"):
        GuidConverter().to_python("contoso")
