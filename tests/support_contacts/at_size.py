"""A database of its own, filled with invented customers, and what PostgreSQL does for each page of it."""

import itertools
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.db import connection, connections
from django.utils import timezone

from portal.models import Membership, User
from portal.pg.kept import Kept
from support_contacts.generating.people import sign_ins
from support_contacts.generating.run import generate
from support_contacts.models import Designation
from tests.browser.databases import _ROLE, Databases, _owner

#: Tables that grow with customers. Reading one of them from end to end is what no page may do.
LARGE = {
    "portal_organisation",
    "portal_auditevent",
    "customers_customer",
    "customers_customerrelationship",
    "customers_customerword",
    "customers_delegatedadmin",
    "subscriptions_subscription",
    "support_contacts_designation",
}


@contextmanager
def database_of(customers: int, *, called: str = "large", template: str = "") -> Iterator[None]:
    """While this lasts, the connection is the portal's own to a database with so many customers.

    Made from the empty `template`; without one, from what the connection is to.
    """
    tests = connection.settings_dict["NAME"]
    app = {key: connection.settings_dict[key] for key in _ROLE}
    owner, name = _owner(), f"{tests}_{called}"
    connections.close_all()
    Databases._on_server(owner, f'CREATE DATABASE "{name}" TEMPLATE "{template or tests}"')
    try:
        connection.settings_dict.update(owner, NAME=name)
        made = generate(customers=customers, providers=4, seed=1, now=timezone.now(), demo=True)
        list(sign_ins(made, demo=True))
        User.objects.update(is_demo=False)  # who is of the demo is let in there only
        connection.close()
        connection.settings_dict.update(app)
        yield
    finally:
        connection.close()
        connection.settings_dict.update(app, NAME=tests)
        Databases._on_server(owner, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@dataclass
class Read:
    """What one statement read."""

    sql: str
    rows: int
    whole: list[str] = field(default_factory=list)


class Plans:
    """Lets every SELECT be explained right after it has answered, with its own parameters: as it was planned for them,
    or for anybody where the plan is kept (`portal.pg.kept`)."""

    def __init__(self) -> None:
        self.statements: list[Read] = []

    def __call__(self, execute: Callable, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        result = execute(sql, params, many, context)
        if sql.lstrip("( ").upper().startswith(("SELECT", "WITH")):
            explain = "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON)"
            with context["connection"].connection.cursor() as cursor:
                if isinstance(sql, Kept):
                    found = _explained_for_anybody(cursor, explain, sql, params)
                else:
                    cursor.execute(f"{explain} {sql}", params)
                    (found,) = cursor.fetchone()
            plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
            self.statements.append(_read(sql, plan))
        return result


def _explained_for_anybody(cursor: Any, explain: str, sql: str, params: Any) -> Any:
    """What the server keeps for a statement that it has prepared, whether or not it has come to keep it yet."""
    places = (f"${number}" for number in itertools.count(1))
    cursor.execute(
        "SELECT name FROM pg_prepared_statements WHERE statement = %s",
        [re.sub("%s", lambda _: next(places), sql)],
    )
    (name,) = cursor.fetchone()
    cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    given = psycopg.sql.SQL(", ").join(map(psycopg.sql.Literal, params))
    cursor.execute(
        psycopg.sql.SQL("{} EXECUTE {} ({})").format(
            psycopg.sql.SQL(explain), psycopg.sql.Identifier(name), given
        )
    )
    (found,) = cursor.fetchone()
    cursor.execute("RESET plan_cache_mode")
    return found


def _read(sql: str, plan: dict[str, Any]) -> Read:
    read = Read(sql, 0)
    nodes = [plan]
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        if "Relation Name" in node:
            each = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            read.rows += int(each * node["Actual Loops"])
            if node["Node Type"] == "Seq Scan" and node["Actual Loops"]:
                read.whole.append(node["Relation Name"])
    return read


def pages() -> dict[str, tuple[str, dict[str, str]]]:
    """Every list, search, filter and picker: who opens it, and its address, by a name."""
    agent = User.objects.get(email="admin-agent@northwindcloud.example")
    me = agent.memberships.get().organisation_id
    others = {
        "reseller" if membership.organisation.is_partner else "customer": membership.user.email
        for membership in Membership.objects.exclude(organisation=me).select_related(
            "user", "organisation__partner", "organisation__customer"
        )
    }
    chosen = (
        Designation.objects.filter(provider_id=me)
        .live()
        .holding(timezone.now())
        .select_related("subscription", "partner")
        .order_by("-started_at")
        .first()
    )
    row, customers = chosen.subscription, "/customers/"
    one = f"{customers}{row.customer_id}/"
    contacts, resellers = "/support-contacts/", "/resellers/"
    far = "WyJ-IiwgImZmZmZmZmZmLWZmZmYtZmZmZi1mZmZmLWZmZmZmZmZmZmZmZiIsIDk5OTld"
    found: dict[str, tuple[str, dict[str, str]]] = {}

    def add(who: str, path: str, **queries: str) -> None:
        for name, query in queries.items():
            found[name] = (who, {"path": path, "query": query})

    add(agent.email, "/", home="")
    add(
        agent.email,
        customers,
        customers="",
        customers_last=f"before={far}",
        customers_newest="sort=newest",
        customers_word="q=müller",
        customers_words="q=nordsee klinik",
        customers_letter="q=a",
        customers_everybody="q=example",
        customers_arabic="q=النخيل",
        customers_nobody="q=zzzz",
        customers_tenant=f"q={row.customer_id}",
        customers_subscription=f"q={row.microsoft_id}",
        customers_partner_id=f"q={chosen.partner.partner_id}",
        customers_country="country=FR",
        customers_country_newest="country=NL&sort=newest",
        customers_word_in_country="q=sarl&country=FR",
        customers_record=f"record={chosen.partner.partner_id}",
        customers_designated="designated=1",
        customers_designated_newest="designated=1&sort=newest",
        customers_attention="attention=1",
        customers_attention_newest="attention=1&sort=newest",
    )
    add(agent.email, one, customer="")
    add(agent.email, f"{one}as-customer/", as_customer="")
    add(agent.email, f"{one}requests/new/", request_rights="", request_rights_search="find=al")
    add(agent.email, f"{one}subscriptions/{row.public_id}/", subscription="", picker_search="find=al")
    add(
        agent.email,
        contacts,
        contacts="",
        contacts_partner=f"partner={chosen.partner_id}",
        contacts_attention="attention=1",
        contacts_attention_of_partner=f"attention=1&partner={chosen.partner_id}",
        contacts_ending="ending=1",
        contacts_tenant=f"q={row.customer_id}",
        contacts_subscription=f"q={row.microsoft_id}",
        contacts_customer="q=müller",
        contacts_offer="q=visio",
    )
    add(
        agent.email,
        resellers,
        resellers="",
        resellers_word="q=cloud",
        resellers_attention="show=attention",
        resellers_established="show=established",
        resellers_requested="show=requested",
        resellers_agreement="show=agreement",
    )
    add(agent.email, f"{resellers}{chosen.partner_id}/", reseller="")
    add(others["reseller"], "/duties/", duties="", duties_word="q=microsoft")
    add(others["reseller"], "/providers/", providers="")
    add(others["customer"], "/support/", whom_to_call="")
    add(others["customer"], "/partner-relationships/", partner_relationships="")
    return found
