"""What is not visible and what is not there get one answer (R11): status, body, number of queries."""

from collections import defaultdict
from urllib.parse import quote

import pytest
from django.urls import reverse

from tests.architecture.canaries import guid
from tests.architecture.cast import AMBI_FABRIKAM, AMBI_PROSEWARE, EVERYBODY, Person
from tests.architecture.conftest import Stage
from tests.architecture.crawler import settled
from tests.architecture.relations import NOWHERE, Target
from tests.architecture.routes import ROUTES
from tests.architecture.walk import patterns

THERE_ARE = {name for name, _path, _view in patterns()}
#: Routes that name a row, by the method they are called with.
ROWS = [
    (name, method)
    for name, entry in ROUTES.items()
    for method in ("GET", "POST")
    if name in THERE_ARE and method in entry.methods and entry.serves and entry.targets.__name__ != "nothing"
]


@pytest.mark.parametrize(("name", "method"), ROWS)
def test_not_visible_reads_like_not_there(stage: Stage, name: str, method: str, record_property) -> None:
    entry, compared = ROUTES[name], 0
    for person in EVERYBODY:
        if person.organisation not in entry.serves or person in (AMBI_FABRIKAM, AMBI_PROSEWARE):
            continue
        answers: dict[bool, dict[tuple, list[str]]] = {False: defaultdict(list), True: defaultdict(list)}
        for target in entry.targets(stage.world, person):
            if target.is_there(method):
                continue
            answers[target.is_within][answer(stage, person, name, method, target)].append(target.relation)
            compared += 1
        for apart in answers.values():
            assert len(apart) <= 1, f"{person} can tell apart: {list(apart.values())}"
    record_property("cells", compared)


def answer(stage: Stage, person: Person, name: str, method: str, target: Target) -> tuple[int, str, int]:
    """What was answered, but for the address it was asked at: a page may name it, and no more of it."""
    fields = ROUTES[name].fields(stage.world, person, target) if method == "POST" else None
    url = reverse(name, args=target.args)
    response, queries = stage.measure(person, method, url, fields)
    return (
        response.status_code,
        settled(
            response.content.decode(), request_id=response["X-Request-ID"], but=[url, quote(url, safe="")]
        ),
        len(queries),
    )


@pytest.mark.parametrize("person", [AMBI_FABRIKAM, AMBI_PROSEWARE], ids=str)
def test_only_a_person_of_two_organisations_is_offered_the_other(stage: Stage, person: Person) -> None:
    """The offer names an organisation of theirs; an id that neither sees is like one that is nobody's."""
    theirs, other = ("alpine", "Proseware") if person == AMBI_FABRIKAM else ("northwind", "Fabrikam")
    seller = other.lower()
    offered = ask_for(stage, person, theirs)
    assert offered.status_code == 404
    assert str(stage.world.organisations[seller].pk) in offered.content.decode().split('id="content"')[1]
    for customer in ("adatum", "wingtip"):
        refused, queries = stage.measure(person, "GET", detail(guid(customer)))
        nowhere, as_many = stage.measure(person, "GET", detail(NOWHERE))
        assert text(refused, guid(customer)) == text(nowhere, NOWHERE)
        assert len(queries) == len(as_many)


@pytest.mark.parametrize("person", [AMBI_FABRIKAM, AMBI_PROSEWARE], ids=str)
def test_the_offer_follows_the_subscription_not_its_customer(stage: Stage, person: Person) -> None:
    other = "proseware" if person == AMBI_FABRIKAM else "fabrikam"
    sales = stage.world.sales
    theirs, nobodys = sales[other, "contoso"].subscription, sales["litware", "adatum"].subscription
    offered = stage.ask(person, "GET", subscription(theirs.customer_id, theirs.public_id))
    assert offered.status_code == 404
    assert str(guid(other)) in offered.content.decode().split('id="content"')[1]
    # A subscription of neither, under its own customer, and an id nobody has there: no offer, the same answer.
    refused, queries = stage.measure(person, "GET", subscription(nobodys.customer_id, nobodys.public_id))
    nowhere, as_many = stage.measure(person, "GET", subscription(nobodys.customer_id, NOWHERE))
    assert str(guid(other)) not in refused.content.decode().split('id="content"')[1]
    assert text(refused, nobodys.public_id) == text(nowhere, NOWHERE)
    assert len(queries) == len(as_many)


def subscription(tenant: object, identity: object) -> str:
    return reverse("customers:subscription", args=[tenant, identity])


def detail(tenant: object) -> str:
    return reverse("customers:preview", args=[tenant])


def ask_for(stage: Stage, person: Person, customer: str):
    return stage.ask(person, "GET", detail(guid(customer)))


def text(response, named: object) -> str:
    return settled(response.content.decode(), request_id=response["X-Request-ID"], but=[str(named)])


def test_a_partner_we_have_nothing_to_do_with_is_refused_like_one_nobody_knows(stage: Stage) -> None:
    """R4: by form neither its existence nor its name is told; the eligible one beside it is accepted."""
    person = Person("fabrikam", "helpdesk_agent")
    row = stage.world.sales["fabrikam", "contoso"].subscription
    url = reverse("customers:choose", args=[row.customer_id, row.public_id])
    fields = {"version": row.contact_version, "organisation": guid("fabrikam"), "note": ""}
    answers = []
    # A stranger, another provider's reseller, another provider, a customer, nobody.
    for partner in ("stranger", "firstup", "proseware", "alpine", "nobody has this id"):
        response, _queries = stage.measure(person, "POST", url, {**fields, "partner": guid(partner)})
        answers.append((response.status_code, text(response, guid(partner))))
    assert answers[0][0] == 422
    assert len(set(answers)) == 1
    assert stage.ask(person, "POST", url, {**fields, "partner": guid("tailspin")}).status_code == 303
