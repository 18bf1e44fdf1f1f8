"""What no page tells: words of other organisations. And what it does tell: one's own, so that the reading is proved."""

from urllib.parse import quote, urlencode

import pytest
from django.urls import reverse

from tests.architecture.canaries import Canary, guid, is_for
from tests.architecture.cast import (
    AMBI_FABRIKAM,
    AMBI_PROSEWARE,
    ANONYMOUS,
    NOBODY,
    PARTNERS,
    SELLERS,
    Person,
    staff,
)
from tests.architecture.conftest import Stage
from tests.architecture.crawler import Reading, body_of, read_everything, settled, shape
from tests.architecture.routes import ROUTES
from tests.architecture.walk import patterns

ROUTES_THERE_ARE = {name for name, _path, _view in patterns()}
READERS = [
    *staff("fabrikam"),
    *(Person(name, "global_admin") for name in PARTNERS if name != "fabrikam"),
    *(Person("trey", role) for role in ("sales_agent", "billing_admin")),
    Person("woodgrove", "service_support_admin"),
    Person("woodgrove", "helpdesk_agent"),
    *(
        Person(name, "global_admin")
        for name in ("contoso", "northwind", "wingtip", "alpine", "adatum", "lucerne")
    ),
    Person("contoso", "service_support_admin"),
    AMBI_FABRIKAM,
    AMBI_PROSEWARE,
    NOBODY,
    ANONYMOUS,
]
#: What people search by, and what nobody should be able to search by.
KINDS = (
    "company name",
    "Microsoft id",
    "PartnerID",
    "alias",
    "domain",
    "tenant id",
    "our id",
    "name of",
    "nickname",
    "order",
    "reference",
    "mail",
    "event",
)
#: What two providers share, and who supports it for the other one.
NEXT_DOOR = ("contoso", "firstup")
SEARCHERS = [
    Person("fabrikam", "global_admin"),
    Person("litware", "sales_agent"),
    Person("trey", "global_admin"),
    Person("woodgrove", "global_admin"),
    Person("contoso", "service_support_admin"),
]


def read(stage: Stage, person: Person) -> Reading:
    """From the first page, and from every address of the table that is this person's to open."""
    start = ["/"]
    for name, entry in ROUTES.items():
        if entry.get is None or name not in ROUTES_THERE_ARE or name.startswith(("account_", "join")):
            continue
        for target in entry.targets(stage.world, person):
            if entry.is_allowed(person, target, "GET"):
                start.append(reverse(name, args=target.args))
    return read_everything(stage, person, start=start, words=own_words(stage, person))


def own_words(stage: Stage, person: Person) -> list[str]:
    """What this person would search for: a name, an alias, ids and a PartnerID of theirs."""
    if person.organisation not in SELLERS:
        return []
    kinds = (
        "company name fabrikam has for",
        "alias",
        "Microsoft id of sale",
        "PartnerID of t",
        "tenant id of n",
    )
    own = [
        canary.text
        for kind in kinds
        for canary in stage.world.canaries.planted
        if canary.about.startswith(kind) and is_for(canary.may, person)
    ]
    return own[:6]


@pytest.mark.parametrize("person", READERS, ids=str)
def test_a_reader_meets_their_own_words_and_no_others(stage: Stage, person: Person, record_property) -> None:
    reading = read(stage, person)
    record_property("pages", len(reading.bodies))
    seen = stage.world.canaries.among(reading.text)

    told = [
        f"{canary.about} ({canary.text}): {where}"
        for canary in seen
        if not is_for(canary.may, person)
        for where in whereabouts(stage, reading, canary)[:3]
    ]
    assert not told, "\n".join(sorted(told))

    expected = {canary for canary in stage.world.canaries.standing if is_for(canary.must, person)}
    missed = sorted(canary.about for canary in expected - seen)
    assert not missed, "not found, though it is theirs:\n" + "\n".join(missed)


def whereabouts(stage: Stage, reading: Reading, canary: Canary) -> list[str]:
    return [url for url, body in reading.bodies.items() if canary in stage.world.canaries.among(body)]


@pytest.mark.parametrize("person", SEARCHERS, ids=str)
def test_what_others_have_cannot_be_found_by_asking(stage: Stage, person: Person, record_property) -> None:
    """Every box and every parameter, asked with another organisation's words: the answer to any nonsense."""
    reading = read(stage, person)
    asked = 0
    for path, name, is_typed in boxes(reading):
        nothing = {}
        for canary in foreign_words(stage, person)[: None if is_typed else 3]:
            nonsense = nonsense_like(canary.text)
            if nonsense not in nothing:
                nothing[nonsense] = answer(stage, person, path, name, nonsense)
            found = answer(stage, person, path, name, canary.text)
            asked += 1
            if not is_told_by_exact_number(name, canary):
                assert found == nothing[nonsense], f"{path}?{name}={canary.text} tells of {canary.about}"
    assert asked or not reading.forms
    record_property("pages", asked)


def answer(stage: Stage, person: Person, path: str, name: str, text: str) -> tuple[int, str, str]:
    """Status, where it leads, and body without what was asked."""
    response = stage.ask(person, "GET", f"{path}?{urlencode({name: text})}")
    body = settled(body_of(response), request_id=response["X-Request-ID"], but=(text, quote(text)))
    return response.status_code, response.headers.get("Location", ""), body


def boxes(reading: Reading) -> list[tuple[str, str, bool]]:
    """Every parameter anything on a page asks with, on one address of each kind; and whether people type it."""
    found: dict[tuple[str, str], tuple[str, bool]] = {}
    for form in reading.forms.values():
        for name in (*form.typed, *form.chosen):
            found.setdefault((shape(form.action), name), (form.action, name in form.typed))
    for kind, addresses in reading.parameters.items():
        for path, names in addresses.items():
            for name in names:
                found.setdefault((kind, name), (path, False))
    return [(path, name, is_typed) for (_kind, name), (path, is_typed) in found.items()]


def foreign_words(stage: Stage, person: Person) -> list[Canary]:
    """Of every kind a word this person may not read: one of what they share a customer with, for that is next door."""
    found = []
    for kind in KINDS:
        of_kind = (c for c in stage.world.canaries.standing if c.about.startswith(kind) and c.may)
        theirs = sorted(
            (c for c in of_kind if not is_for(c.may, person)),
            key=lambda c: (not any(name in c.about for name in NEXT_DOOR), c.about),
        )
        found += theirs[:1]
    return found


def nonsense_like(text: str) -> str:
    """Something of the same shape that nobody has."""
    if text.startswith("zq"):
        return "zqzzzzx"
    return "7999999" if text.isdigit() else str(guid("nonsense"))


def is_told_by_exact_number(name: str, canary: Canary) -> bool:
    """R4: a reseller one has nothing to do with is found by its exact PartnerID, by name and country alone."""
    return name == "find" and canary.about.startswith("PartnerID")
