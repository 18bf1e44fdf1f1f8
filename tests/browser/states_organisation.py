"""The organisation's own pages, and what goes wrong."""

from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails
from playwright.sync_api import Route, expect

from portal.views import errors
from tests.browser.state import (
    AGENT,
    BILLING,
    CONTOSO,
    GLOBAL,
    NO_TENANT,
    NOD,
    SALES,
    STATES,
    USERS,
    Reach,
    State,
    alert,
    at,
    e3,
    state,
    submit,
    switch,
)
from tests.browser.visitor import Visitor
from tests.browser.world import INVITED, TWO

# -- the organisation
at("organisation, may not edit", SALES, "/organisation/")
at("organisation, edit", AGENT, "/organisation/")
at("organisation, edit, nothing given", NOD, "/organisation/")
at("organisation, saved", AGENT, "/organisation/", query="?saved=1")
at("organisation, customer", CONTOSO, "/organisation/")
at("members", GLOBAL, "/organisation/members/")
at("members, a customer’s", CONTOSO, "/organisation/members/")
at("member", GLOBAL, f"member {SALES}")
at("member, out of reach", USERS, f"member {GLOBAL}")
at("member, remove", GLOBAL, f"member {SALES}", query="remove/")
at("preferences", CONTOSO, "/organisation/preferences/")
at("preferences, saved", CONTOSO, "/organisation/preferences/", query="?saved=1")
at("change password", AGENT, "/password/")


@state("organisation, refused", AGENT)
def _(visitor: Visitor) -> None:
    visitor.go("/organisation/")
    visitor.page.locator("form.card").evaluate("form => form.noValidate = true")
    visitor.page.get_by_label("Email").first.fill("not an address")
    visitor.page.get_by_label("Monday", exact=True).fill("nine to five")
    visitor.page.get_by_label("Closed dates").fill("Christmas")
    visitor.button("Save", exact=True).click()
    alert(visitor)


@state("members, refused", GLOBAL)
def _(visitor: Visitor) -> None:
    visitor.go("/organisation/members/")
    visitor.page.get_by_label("Email", exact=True).fill(AGENT)
    visitor.page.get_by_label("Helpdesk agent", exact=True).check()
    visitor.button("Make the invitation").click()
    alert(visitor)


@state("members, invited", GLOBAL, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go("/organisation/members/")
    visitor.page.get_by_label("Email", exact=True).fill("newcomer@people.example")
    visitor.page.get_by_label("Helpdesk agent", exact=True).check()
    visitor.button("Make the invitation").click()
    expect(visitor.heading("The link is ready")).to_be_visible()


@state("members, withdrawn", GLOBAL, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go("/organisation/members/")
    visitor.page.get_by_role("row", name=INVITED).get_by_role("button").click()
    expect(visitor.page.get_by_text("The invitation is withdrawn.")).to_be_visible()


@state("member, the last global admin", CONTOSO)
def _(visitor: Visitor) -> None:
    visitor.go("/organisation/members/")
    visitor.page.get_by_role("row", name="admin@contoso.example").first.get_by_role(
        "link", name="Change"
    ).click()
    visitor.page.get_by_label("Global admin", exact=True).uncheck()
    visitor.button("Save the roles").click()
    alert(visitor)


@state("change password, refused", AGENT)
def _(visitor: Visitor) -> None:
    visitor.go("/password/")
    visitor.page.get_by_label("Current password", exact=True).fill("not this one")
    visitor.page.get_by_label("New password", exact=True).fill("short")
    visitor.page.get_by_label("New password, again", exact=True).fill("another")
    visitor.button("Save the password").click()
    alert(visitor)


# -- what goes wrong
at("403", BILLING, "/customers/", expected=403)
at("404", AGENT, NO_TENANT, expected=404)
at("404, signed out", "", "/nothing/here/", expected=404)
at("404, not for customers", CONTOSO, "/customers/", expected=404)


@state("404, another organisation of mine sees it", TWO, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go("/")
    switch(visitor, "Proseware Distribution")
    visitor.go(e3(visitor))
    expect(visitor.button("Open it as Fabrikam Distribution")).to_be_visible()


@state("409", TWO, writes=True)
def _(visitor: Visitor) -> None:
    visitor.go("/organisation/")
    switch(visitor, "Proseware Distribution")
    visitor.button("Save", exact=True).click()
    expect(visitor.heading("Not saved")).to_be_visible()


@state("form expired", AGENT)
def _(visitor: Visitor) -> None:
    visitor.go(e3(visitor))
    visitor.context.clear_cookies(name="csrf")
    submit(visitor, "Trey Research", note="What I had typed.")
    expect(visitor.heading("Not saved")).to_be_visible()


def broken(template: str, status: int) -> Reach:
    """A page that is only seen when something is broken, as the server would send it."""

    def reach(visitor: Visitor) -> None:
        body = render_to_string(
            template, {"request_id": "01980000-0000-7000-8000-000000000000", "emergency": True}
        )

        def answer(route: Route) -> None:
            route.fulfill(status=status, body=body, content_type="text/html; charset=utf-8")

        visitor.context.route("**/broken/", answer)
        visitor.page.goto(visitor.url + "/broken/")

    return reach


def answered(answer: Callable[[HttpRequest], HttpResponse]) -> Reach:
    """A page that takes too much to come to, as the server would send it to somebody who is not signed in."""

    def reach(visitor: Visitor) -> None:
        request = RequestFactory().get("/broken/")
        request.htmx, request.session, request.user = HtmxDetails(request), {}, AnonymousUser()
        request.id = "01980000-0000-7000-8000-000000000000"
        body = answer(request).content

        def fulfil(route: Route) -> None:
            route.fulfill(body=body, content_type="text/html; charset=utf-8")

        visitor.context.route("**/broken/", fulfil)
        visitor.page.goto(visitor.url + "/broken/")

    return reach


STATES.append(State("400", "", answered(errors.bad_request)))
STATES.append(State("429", "", answered(lambda request: errors.too_many(request, 40))))
STATES.append(State("500", "", broken("500.html", 200)))
STATES.append(State("503", "", broken("503.html", 200)))
