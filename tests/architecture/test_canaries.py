"""What no page tells: words of other organisations. And what it does tell: one's own, so that the reading is proved."""

from collections.abc import Collection
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.urls import reverse

from tests.architecture import relations
from tests.architecture.canaries import Canary, guid, is_for
from tests.architecture.cast import (
    AMBI_FABRIKAM,
    AMBI_PROSEWARE,
    ANONYMOUS,
    EVERYBODY,
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

#: What whoever holds the link may read is tested by itself, below.
BY_LINK = ("join", "organisation-invitation", "follow-link")
ROUTES_THERE_ARE = {name for name, _path, _view in patterns()}
#: Of those who sell, whose pages are by far the most, some read in every run and all of them in the long one.
SELLERS_IN_EVERY_RUN = (
    "litware/global_admin",
    *(f"fabrikam/{role}" for role in ("global_admin", "billing_admin", "user_admin")),
)
READERS = [
    *staff("fabrikam"),
    *(Person(name, "global_admin") for name in PARTNERS if name != "fabrikam"),
    *(Person("trey", role) for role in ("sales_agent", "billing_admin")),
    Person("woodgrove", "service_support_admin"),
    Person("woodgrove", "helpdesk_agent"),
    *(
        Person(name, "global_admin")
        for name in ("contoso", "northwind", "wingtip", "alpine", "adatum", "lucerne", "newcomer")
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
    Person("litware", "global_admin"),
    Person("litware", "sales_agent"),
    Person("trey", "global_admin"),
    Person("woodgrove", "global_admin"),
    Person("contoso", "service_support_admin"),
]


def some(people: list[Person], in_every_run: Collection[str]) -> list[Any]:
    """Everybody, with sellers but these left to the long run: `make soak`."""
    return [
        pytest.param(person, id=str(person))
        if person.organisation not in SELLERS or str(person) in in_every_run
        else pytest.param(person, id=str(person), marks=pytest.mark.soak)
        for person in people
    ]


def read(stage: Stage, person: Person) -> Reading:
    """From the first page, and from every address of the table that is this person's to open.

    Of whoever does not walk the matrix the table knows no rows: those they come to by what they read.
    """
    start = ["/"]
    for name, entry in ROUTES.items():
        if entry.get is None or name not in ROUTES_THERE_ARE or name.startswith(("account_", *BY_LINK)):
            continue
        if person not in EVERYBODY and entry.targets is not relations.nothing:
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


@pytest.mark.parametrize("person", some(READERS, SELLERS_IN_EVERY_RUN))
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


@pytest.mark.parametrize("person", some(SEARCHERS, SELLERS_IN_EVERY_RUN[:1]))
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
            if is_told_by_exact_id(name, canary):
                told = among(stage, found) - among(stage, nothing[nonsense])
                assert {one.about.partition(" of ")[0] for one in told} <= {"name"}, f"{path}: {told}"
            else:
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


def is_told_by_exact_id(name: str, canary: Canary) -> bool:
    """R4: whom one has nothing to do with is found by exact PartnerID or Microsoft ID, by name and country alone."""
    return name == "find" and canary.about.startswith(("PartnerID", "tenant id"))


def among(stage: Stage, answered: tuple[int, str, str]) -> set[Canary]:
    return stage.world.canaries.among(answered[2])


def links(stage: Stage) -> list[tuple[str, str]]:
    """(token, whom it leads to an answer) of every request of the world."""
    found = []
    for about, token in stage.world.tokens.items():
        for kind in (" to reseller ", " to customer "):
            if kind in about:
                found.append((token, about.partition(kind)[2]))
    return found


@pytest.mark.parametrize("person", [one for one in READERS if one.is_signed_in], ids=str)
def test_a_link_tells_the_wrong_organisation_nothing(stage: Stage, person: Person, record_property) -> None:
    """Of a request to somebody else: status, body and queries of a link nobody ever made."""
    walked = links(stage)
    record_property("pages", len(walked))
    assert len({organisation for _token, organisation in walked}) > 8
    nothing = followed(stage, person, "nobody-ever-made-this-one")
    assert nothing[0] == 404
    for token, organisation in walked:
        found = followed(stage, person, token)
        if organisation == person.organisation:
            assert found[0] == 303
        elif person.organisation:
            assert found == nothing, f"a link for {organisation}"


def followed(stage: Stage, person: Person, token: str) -> tuple[int, str, int]:
    response, queries = stage.measure(person, "GET", reverse("follow-link", args=[token]))
    body = settled(response.content.decode(), request_id=response["X-Request-ID"], but=[token])
    return response.status_code, body, len(queries)


@pytest.mark.parametrize("person", [ANONYMOUS, NOBODY, Person("trey", "global_admin")], ids=str)
@pytest.mark.parametrize("seller", ["fabrikam", "proseware"])
def test_an_invitation_tells_what_is_offered_by_whom_and_nothing_else(
    stage: Stage, person: Person, seller: str
) -> None:
    """Whoever holds the link reads it. The PartnerID it was made for is for them to say, and not told."""
    own = frame(stage, person)
    offered = read_link(stage, person, f"invitation of {seller}: open") - own
    wanted = {
        f"{what} of an invitation of {seller}, open"
        for what in ("message", "reference", "scope", "escalation")
    }
    abouts = {canary.about for canary in offered}
    assert wanted <= abouts
    assert abouts - wanted <= {
        f"name of {seller}",
        f"mail of whom {seller} invites, open",
        f"mail of {person}",
    }
    assert read_link(stage, person, f"invitation of {seller}: withdrawn") <= own


def read_link(stage: Stage, person: Person, about: str) -> set[Canary]:
    url = reverse("organisation-invitation", args=[stage.world.tokens[about]])
    return stage.world.canaries.among(stage.ask(person, "GET", url).content.decode().replace(url, ""))


def frame(stage: Stage, person: Person) -> set[Canary]:
    """What stands on every page of theirs."""
    url = reverse("organisation-invitation", args=["no-such-token"])
    return stage.world.canaries.among(stage.ask(person, "GET", url).content.decode())
