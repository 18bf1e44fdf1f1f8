"""At size: every filter of the activity log is answered by its index, and an export holds one page at a time."""

import csv
import io
from datetime import timedelta

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from portal import audit
from portal.csv_files import csv_lines
from portal.database import databases
from portal.keyset import page_of
from portal.models import Action, AuditEvent
from support_contacts.activity import chosen, exporting
from support_contacts.activity.chosen import Found, Wanted, events
from support_contacts.activity.exporting import exported, heads
from support_contacts.activity.listing import ORDER
from support_contacts.counting import COUNTED
from tests.factories import CustomerFactory, ProviderFactory
from tests.support_contacts.conftest import acting, member

NOW = timezone.now().replace(microsecond=0)
DAY = timedelta(days=1)
ROWS = 30_000
#: Two organisations, ours with half; forty customers, 400 subscriptions, ten people, ten actions, three channels, as
#: unevenly as in life: what comes first has half of it.
FILL = """
INSERT INTO portal_auditevent (id, organisation_id, at, action, channel, actor_kind, actor_id, actor_role,
    actor_organisation_id, actor_organisation_name, customer_id, subscription_id, partner_ids, before, after,
    note_hash, request_id)
SELECT gen_random_uuid(), CASE WHEN n %% 2 = 0 THEN %(ours)s::uuid ELSE %(theirs)s::uuid END,
    %(now)s::timestamptz - n * interval '1 minute',
    CASE WHEN n %% 4 < 2 THEN 'designation.made' ELSE 'kind.' || n %% 10 END,
    (ARRAY['portal', 'portal', 'api', 'bulk'])[n / 2 %% 4 + 1], 'person',
    CASE WHEN n %% 4 < 2 THEN %(person)s::uuid ELSE md5('p' || n %% 10)::uuid END, 'admin_agent', %(ours)s::uuid, '',
    CASE WHEN n %% 8 < 2 THEN %(customer)s::uuid ELSE md5('c' || n %% 40)::uuid END, md5('s' || n %% 400)::uuid,
    '{}', '{}', '{}', '', ''
FROM generate_series(1, %(rows)s) n
"""


@pytest.fixture
def full(world, agent):
    """An agent of an organisation with many events, beside another with as many."""
    other = ProviderFactory()
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")  # what no page does may take as long as it takes
        values = {"ours": world.provider.pk, "theirs": other.pk, "person": agent.user.pk, "rows": ROWS}
        cursor.execute(FILL, {**values, "customer": world.customer.pk, "now": NOW})
        cursor.execute("RESET statement_timeout")
    return agent


@pytest.fixture
def counted(transactional_db, full):
    """The same, as the database knows it after its own housekeeping, which is the owner's to do."""
    said = settings.ENVIRONMENT
    urls = said.database_url, said.migration_database_url
    owner = databases(*urls, settings.VAR_DIR / "database", as_owner=True, prepared=said.db_prepared)[
        "default"
    ]
    where = {k: v for k, v in connection.get_connection_params().items() if k in ("host", "port", "dbname")}
    password = {"password": owner["PASSWORD"]} if owner.get("PASSWORD") else {}
    with psycopg.connect(**where, user=owner["USER"], **password, autocommit=True) as own:
        own.execute("VACUUM ANALYZE portal_auditevent")
    return full


def explained(rows):
    with connection.cursor() as cursor:
        text, parameters = rows.query.sql_with_params()
        cursor.execute(f"EXPLAIN {text}", parameters)
        return "\n".join(line for (line,) in cursor.fetchall())


def cases(world, agent):
    some = AuditEvent.objects.visible_to(agent).exclude(customer_id=world.customer.pk).first()
    days = {"since": NOW - 3 * DAY, "until": NOW - 2 * DAY}
    customer, subscription = Found(world.customer.pk, "x"), Found(some.subscription_id, "x")
    return {
        "nothing": ({}, "auditevent_org_at"),
        "days": (days, "auditevent_"),
        "person": ({"person": some.actor_id}, "auditevent_by_actor"),
        "rare customer": ({"customer": Found(some.customer_id, "x")}, "auditevent_by_customer"),
        "customer": ({"customer": customer}, "auditevent_"),
        "subscription": ({"subscription": subscription}, "auditevent_by_subscription"),
        "action": ({"action": some.action}, "auditevent_by_action"),
        "channel": ({"channel": "bulk"}, "auditevent_"),
        "unknown channel": ({"channel": "command"}, "auditevent_by_channel"),
        "unknown person": ({"person": world.provider.pk}, "auditevent_by_actor"),
        "customer, action": ({"customer": customer, "action": "designation.made"}, "auditevent_"),
        "person, channel, days": ({"person": agent.user.pk, "channel": "api", **days}, "auditevent_"),
        "all": (
            {"person": agent.user.pk, "channel": "api", "action": "kind.2", "customer": customer, **days},
            "auditevent_",
        ),
    }


def test_every_filter_and_page_is_read_off_an_index(world, counted, monkeypatch):
    """First page, page in the middle both ways, and the capped count, in proportion to a thirtieth of a million."""
    monkeypatch.setattr(chosen, "COUNTED", COUNTED // 30)
    for name, (filters, index) in cases(world, counted).items():
        rows = events(counted, Wanted(**filters))
        first = page_of(rows, ORDER, size=50)
        ordered = rows.order_by("-at", "-pk")
        plans = {"first": explained(ordered[:51]), "count": explained(chosen.counted(rows))}
        with CaptureQueriesContext(connection) as asked:
            if first.after is not None:
                page_of(rows, ORDER, size=50, after=first.after)
                page_of(rows, ORDER, size=50, before=first.after)
        with connection.cursor() as cursor:
            for number, query in enumerate(asked.captured_queries):
                cursor.execute("EXPLAIN " + query["sql"])
                plans[f"page {number}"] = "\n".join(line for (line,) in cursor.fetchall())
        for part, plan in plans.items():
            assert "Seq Scan" not in plan, f"{name}, {part}:\n{plan}"
            assert index in plan, f"{name}, {part}:\n{plan}"


def test_the_count_stops_at_the_cap(full):
    rows = events(full, Wanted())

    assert rows.count() == ROWS // 2
    assert chosen.counted(rows).count() == COUNTED + 1


def test_an_export_reads_page_after_page(world, full, monkeypatch):
    """Everything once, in order, no query without a limit, and as many rows in memory as one chunk has."""
    monkeypatch.setattr(exporting, "CHUNK", 4_000)
    with CaptureQueriesContext(connection) as asked:
        lines = list(csv_lines(heads(), exported(full, events(full, Wanted()), now=NOW)))

    read = list(csv.reader(io.StringIO(b"".join(lines).decode("utf-8-sig"))))
    assert len(read) == ROWS // 2 + 1
    assert len({row[0] for row in read}) == ROWS // 2 + 1
    instants = [row[1] for row in read[1:]]
    assert instants == sorted(instants, reverse=True)
    chunks = [
        query["sql"] for query in asked.captured_queries if '"portal_auditevent"."at" DESC' in query["sql"]
    ]
    assert len(chunks) == 4
    assert all("LIMIT 4001" in sql for sql in chunks)


# -- what a file holds


def lines_of(client, **query):
    response = client.get("/activity/export/", query)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Cache-Control"].startswith("max-age=0")
    raw = b"".join(response)
    assert raw.startswith("\ufeff".encode())
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))


def test_a_file_has_ids_utc_and_the_filtered_rows_alone(signed_in, world, agent):
    event = audit.record(
        Action.DESIGNATION_MADE,
        acting=agent,
        organisation=agent.organisation,
        at=NOW,
        note="Agreed",
        before={"contact": {"name": "Fabrikam Distribution"}},
        after={"contact": {"name": "Trey Research"}, "designated": {"name": "Trey Research"}},
        customer_id=world.customer.pk,
        subscription_id=world.subscription.pk,
    )
    audit.record(Action.POLICY_CHANGED, acting=agent, organisation=agent.organisation, at=NOW)

    heads, row = lines_of(signed_in, action="designation.made")

    said = dict(zip(heads, row, strict=True))
    assert said["Event ID"] == str(event.pk)
    assert said["When (UTC)"] == NOW.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert said["Kind"] == "designation.made"
    assert said["What happened"] == "Trey Research designated as support contact"
    assert said["Changes"] == "Fabrikam Distribution → Trey Research"
    assert (said["Who"], said["Who (ID)"]) == ("Admin agent", str(agent.user.pk))
    assert (said["Customer"], said["Microsoft ID"]) == ("Contoso", str(world.customer.pk))
    assert said["Subscription ID"] == world.subscription.microsoft_id
    assert (said["Note"], said["Request ID"]) == ("Agreed", "test")


def test_nothing_in_a_file_is_a_formula(signed_in, world, agent):
    evil = '=HYPERLINK("http://evil.example")'
    world.relationship.company_name = evil
    world.relationship.save()
    world.subscription.offer_name = evil
    world.subscription.save()
    agent.user.name = evil
    agent.user.save()
    about = {"customer_id": world.customer.pk, "subscription_id": world.subscription.pk}
    after = {"contact": {"name": evil}, "designated": {"name": evil}}
    audit.record(
        Action.DESIGNATION_MADE,
        acting=agent,
        organisation=agent.organisation,
        at=NOW,
        note=evil,
        after=after,
        **about,
    )

    _heads, row = lines_of(signed_in)

    held = [cell for cell in row if "HYPERLINK" in cell]
    assert len(held) == 6
    assert all(cell.startswith(("'", "– → ")) for cell in held)


def test_a_file_is_written_in_the_language_of_who_asked(world, agent):
    """Also when it is read long after the request, with another language about."""
    customer = CustomerFactory()
    audit.record(
        Action.DESIGNATION_MADE,
        acting=acting(member(world.provider.organisation, "admin_agent")),
        organisation=agent.organisation,
        at=NOW,
        customer_id=customer.pk,
    )
    with translation.override("fr"):
        lines = csv_lines(heads(), exported(agent, events(agent, Wanted()), now=NOW))
    with translation.override("en"):
        written = b"".join(lines).decode()
        assert translation.get_language() == "en"

    assert "Contact de support désigné" in written
    assert "Support contact designated" not in written
