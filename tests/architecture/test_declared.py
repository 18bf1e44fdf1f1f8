"""Routes of the relationships, held to what they declare: kind of organisation, row, role.

`routes.py` knows every call of the older routes by hand, with the status of success. Here each route is knocked at by
everybody: nobody signed in is sent to sign in; the wrong kind of organisation, and a row that is not theirs or not
there, is 404 whatever the role; the right kind without the role is 403; who may is neither refused nor shown a fault.
Which roles hold which permission is DESIGN §6, written here a second time.
"""

import re

import pytest
from django.urls import reverse

from portal.audience import Audience
from tests.architecture import relations
from tests.architecture.cast import EVERYBODY, SELLERS
from tests.architecture.relations import NOWHERE, Target
from tests.architecture.routes import BY_DECLARATION
from tests.architecture.test_matrix import SERVED
from tests.architecture.walk import patterns

TOP = {"global_admin"}
AGENTS = TOP | {"admin_agent"}
HOLDERS = {
    "contact:assign": AGENTS | {"helpdesk_agent"},
    "customer:view": AGENTS | {"helpdesk_agent", "sales_agent"},
    "partner_request:answer": TOP,
    "profile:edit": AGENTS,
    "relationship:ask": AGENTS | {"helpdesk_agent", "sales_agent"},
    "relationship:end": TOP,
    "relationship:request": AGENTS | {"sales_agent"},
    "request:answer": AGENTS,
    "support:view": TOP | {"service_support_admin"},
}
FOUND = {name: (path, view.route) for name, path, view in patterns() if name in BY_DECLARATION}
CALLS = [
    (name, method)
    for name, (_path, route) in FOUND.items()
    for method in ("GET", "POST")
    if method in route.methods
]


def targets(world, person, name):
    """Addresses with no row behind them; for a customer's own pages also each relation to a customer."""
    path, _route = FOUND[name]
    arguments = re.findall(r"<(\w+):(\w+)>", path)
    if not arguments:
        return [Target("own")]
    nothing = tuple("nobodys-token" if kind == "str" else NOWHERE for kind, _name in arguments)
    found = [Target("nonexistent", nothing, False)]
    if path.startswith("customers/<guid:tenant>") and person.organisation in SELLERS:
        for target in relations.customers(world, person):
            if (name, target.relation) == ("customers:end", "ended"):
                continue  # pressed twice, it says that nothing was changed
            is_whole = len(arguments) == 1 and target.is_visible
            found.append(Target(target.relation, (*target.args[:1], *nothing[1:]), is_whole))
    return found


def expected(person, target, route):
    """The statuses this person may get, or None for "let in"."""
    if route.audience is not Audience.PUBLIC:
        if not person.is_signed_in:
            return {302}
        if person.organisation not in SERVED[route.audience]:
            return {404}
    if not target.is_visible:
        return {404}
    if route.permission and person.role not in HOLDERS[route.permission]:
        return {403}
    return None


@pytest.mark.parametrize(("name", "method"), CALLS)
def test_a_route_keeps_to_what_it_declares(stage, name, method, record_property):
    _path, route = FOUND[name]
    wrong, count, let_in, kept_out = [], 0, 0, 0
    for person in EVERYBODY:
        for target in targets(stage.world, person, name):
            own = (
                {"organisation": stage.world.organisations[person.organisation].pk}
                if person.organisation
                else {}
            )
            response = stage.ask(
                person, method, reverse(name, args=target.args), own if method == "POST" else None
            )
            allowed = expected(person, target, route)
            count += 1
            if allowed is None:
                let_in += 1
                fine = response.status_code in {200, 302, 303, 409, 422}
            else:
                kept_out += 1
                fine = response.status_code in allowed
            if not fine:
                said = allowed or "let in"
                wrong.append(
                    f"{method} {name} ({target.relation}) by {person}: {response.status_code}, not {said}"
                )
    record_property("cells", count)
    assert not wrong, "\n".join(wrong)
    assert kept_out
    # Where a route names no row, or a customer alone, somebody gets in: the refusals stand beside a success.
    assert let_in or "<" in FOUND[name][0]


def test_every_permission_a_route_asks_for_has_its_holders():
    asked = {route.permission for _path, route in FOUND.values() if route.permission}
    assert {str(permission.value) for permission in asked} == set(HOLDERS)
