"""Seals on the record: every event is in one, whenever it commits, and one changed byte is found and named."""

import logging
import sys
import threading
import uuid
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.db import IntegrityError, OperationalError, ProgrammingError, connection, transaction
from django.utils import timezone
from psycopg.errors import InsufficientPrivilege

from portal import migrations, tasks
from portal.models import AuditEvent, AuditNote, AuditSeal, AuditUnsealed
from portal.permissions import Permission
from portal.seals import form, sealing
from portal.seals.sealing import seal
from tests.factories import MembershipFactory, ProviderFactory
from tests.portal.record import happened, owners_connection, ran, tampered

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture
def organisation():
    return ProviderFactory(name="Fabrikam Distribution").organisation


@pytest.fixture
def small_segments(monkeypatch):
    monkeypatch.setattr(sealing, "SEGMENT", 3)


def sealed():
    return [list(events) for events in AuditSeal.objects.order_by("number").values_list("events", flat=True)]


def verify(*options):
    """The faults that were named; the verdict must fit them."""
    lines, error = ran("verify_audit", *options)
    if error:
        assert error.startswith("The record is not what was sealed.")
        assert lines
        return lines
    assert len(lines) == 1
    assert lines[0].startswith("Nothing was changed.")
    return []


class TestSealing:
    def test_takes_every_event_once_and_none_twice(self, organisation):
        events = [happened(organisation, note=f"note {number}") for number in range(3)]
        assert seal() == 3
        assert sealed() == [[event.pk for event in events]]
        assert seal() == 0
        later = happened(organisation)
        assert seal() == 1
        assert sealed()[1:] == [[later.pk]]
        assert not AuditUnsealed.objects.exists()
        assert verify() == []

    def test_what_there_was_is_sealed_in_pieces_that_hang_together(self, organisation, small_segments):
        events = [happened(organisation).pk for _number in range(7)]
        assert seal() == 7
        assert sealed() == [events[:3], events[3:6], events[6:]]
        seals = list(AuditSeal.objects.order_by("number"))
        assert bytes(seals[0].previous) == b""
        assert [bytes(row.previous) for row in seals[1:]] == [bytes(row.hash) for row in seals[:2]]
        assert verify() == []

    def test_an_event_that_commits_after_a_later_one_was_sealed_is_in_the_next_seal(self, organisation):
        written, go_on = threading.Event(), threading.Event()
        late = []

        def slow():
            try:
                with transaction.atomic():
                    late.append(happened(organisation, note="begun first").pk)
                    written.set()
                    go_on.wait(timeout=30)
            finally:
                connection.close()

        thread = threading.Thread(target=slow)
        thread.start()
        try:
            assert written.wait(timeout=30)
            early = happened(organisation)
            assert (
                early.pk > late[0]
            )  # the open transaction's event has the smaller id and the earlier instant
            assert seal() == 1
            assert sealed() == [[early.pk]]
            assert verify() == []
        finally:
            go_on.set()
            thread.join(timeout=30)
        assert seal() == 1
        assert sealed() == [[early.pk], late]
        assert verify() == []

    def test_much_at_once_is_sealed_in_several_runs(self, organisation, small_segments, monkeypatch):
        monkeypatch.setattr(tasks, "SEALED_AT_ONCE", 2)
        events = [happened(organisation).pk for _number in range(7)]
        for _minute in range(2):
            tasks.seal_audit(timestamp=0)
        assert sealed() == [events[:3], events[3:6], events[6:]]

    def test_what_is_taken_off_the_waiting_list_is_found(self, organisation):
        """The portal's own role can do that: what it hides from the seal is what verifying looks for."""
        event = happened(organisation)
        AuditUnsealed.objects.all().delete()
        assert seal() == 0
        (fault,) = verify()
        assert fault.startswith(f"Event {event.pk} (")
        assert "is in no segment" in fault

    def test_an_event_that_rolls_back_is_in_no_seal(self, organisation):
        with transaction.atomic():
            happened(organisation)
            transaction.set_rollback(True)
        assert seal() == 0
        assert not AuditSeal.objects.exists()

    def test_two_sealers_make_one_chain(self, organisation):
        happened(organisation)
        with owners_connection() as other:
            other.execute("SELECT pg_advisory_xact_lock(%s)", [sealing._LOCK])
            assert seal() == 0  # it does not wait
        assert seal() == 1
        assert AuditSeal.objects.count() == 1

    def test_a_host_whose_clock_is_behind_seals_after_the_last_one(self, organisation, monkeypatch):
        happened(organisation)
        seal()
        happened(organisation)
        monkeypatch.setattr(
            sealing.timezone, "now", lambda: AuditSeal.objects.get().sealed_at - timedelta(days=1)
        )
        seal()
        first, second = AuditSeal.objects.order_by("number")
        assert second.sealed_at == first.sealed_at

    def test_a_restored_copy_goes_on_where_the_first_one_was(self, organisation, small_segments):
        """All that sealing knows is in tables: nothing that counts anew in another cluster."""
        events = [happened(organisation, note="x").pk for _number in range(4)]
        seal()
        waiting = happened(organisation)
        tables = "portal_auditseal", "portal_auditunsealed", "portal_auditnote", "portal_auditevent"
        with owners_connection() as own:
            for table in tables:
                own.execute(f"CREATE TEMP TABLE kept_{table} AS TABLE {table}")
                own.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            for table in tables:
                own.execute(f"DELETE FROM {table}")
            for table in reversed(tables):
                own.execute(f"INSERT INTO {table} SELECT * FROM kept_{table}")
            own.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in tables:
                own.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        assert seal() == 1
        assert sealed() == [events[:3], events[3:], [waiting.pk]]
        assert verify() == []

    def test_what_was_there_before_seals_were_made_is_put_on_the_list_once(self, organisation):
        """The migration, beside events that were written since the trigger was there."""
        (name,) = (path.stem for path in Path(migrations.__path__[0]).glob("*_audit_seals_backlog.py"))
        backlog = import_module(f"{migrations.__name__}.{name}").BACKLOG
        before = happened(organisation)
        AuditUnsealed.objects.all().delete()
        since = happened(organisation)
        with owners_connection() as own:
            own.execute(backlog)
        assert seal() == 2
        assert sealed() == [[before.pk, since.pk]]

    def test_the_job_seals_and_its_log_line_is_what_is_published(self, organisation, caplog):
        happened(organisation)
        with caplog.at_level(logging.INFO, logger="portal.seals.sealing"):
            tasks.seal_audit(timestamp=0)
        lines, _error = ran("export_audit_seals")
        assert [record.message for record in caplog.records] == [f"audit sealed: {lines[0]}"]

    def test_event_and_note_are_seen_together(self, organisation):
        """Also where nobody opened a transaction: an event sealed without its note would be found changed."""
        with pytest.raises(ProgrammingError):
            self._note_that_fails(organisation)
        assert not AuditEvent.objects.exists()

    def _note_that_fails(self, organisation):
        from portal.actor import Actor
        from portal.audit import record
        from portal.models import Action

        with owners_connection() as own:
            own.execute("REVOKE INSERT ON portal_auditnote FROM portal_app")
        try:
            record(
                Action.POLICY_CHANGED,
                acting=Actor.operator(organisation),
                organisation=organisation,
                at=timezone.now(),
                note="x",
            )
        finally:
            with owners_connection() as own:
                own.execute("GRANT INSERT ON portal_auditnote TO portal_app")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE portal_auditseal SET hash = hash",
        "DELETE FROM portal_auditseal",
        "TRUNCATE portal_auditseal",
        "ALTER TABLE portal_auditseal DISABLE TRIGGER USER",
        "UPDATE portal_auditnote SET text = text",
        "INSERT INTO portal_auditunsealed VALUES (gen_random_uuid())",
        "UPDATE portal_auditunsealed SET event_id = event_id",
        "TRUNCATE portal_auditunsealed",
        "SET LOCAL portal.retention = 'on'; DELETE FROM portal_auditevent",
        "SET LOCAL portal.retention = 'on'; UPDATE portal_auditseal SET removed_at = now()",
    ],
)
def test_the_portal_may_not(statement):
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        _one_after_the_other(statement)


def seal_put_in(*, number="max(number) + 1", sealed_at="max(sealed_at)"):
    """A seal like the last one, put in with the portal's own role; its number."""
    columns = ("form", "count", "oldest", "newest", "events", "digests", "rows_hash", "previous", "hash")
    columns += ("removed_at", "removed_by")
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO portal_auditseal (number, sealed_at, {', '.join(columns)})"
            f" SELECT (SELECT {number} FROM portal_auditseal), (SELECT {sealed_at} FROM portal_auditseal),"
            f" {', '.join(columns)} FROM portal_auditseal ORDER BY number DESC LIMIT 1 RETURNING number"
        )
        return cursor.fetchone()[0]


def event_put_in(at: str) -> None:
    """A copy of the last event, at another instant."""
    columns = ", ".join(f.column for f in AuditEvent._meta.concrete_fields if f.name not in ("id", "at"))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO portal_auditevent (id, at, {columns})"
            f" SELECT gen_random_uuid(), {at}, {columns} FROM portal_auditevent LIMIT 1"
        )


@pytest.mark.parametrize("at", ["timestamptz 'infinity'", "timestamptz '-infinity'"])
def test_an_event_at_no_instant_is_refused_and_sealing_goes_on(organisation, at):
    happened(organisation)
    with pytest.raises(IntegrityError, match="auditevent_at_is_finite"):
        event_put_in(at)
    event_put_in("now()")
    assert seal() == 2


@pytest.mark.parametrize(
    "said",
    [
        {"number": "9223372036854775807"},
        {"number": "max(number) + 2"},
        {"number": "0"},
        {"sealed_at": "'infinity'::timestamptz"},
        {"sealed_at": "now() + interval '2 days'"},
        {"sealed_at": "max(sealed_at) - interval '1 second'"},
    ],
    ids=lambda said: " ".join(said.values()),
)
def test_a_seal_that_does_not_follow_the_last_one_is_refused(organisation, said):
    """As the portal's own role, which may add seals: nothing it adds leaves sealing without a next number."""
    happened(organisation)
    seal()
    with pytest.raises(ProgrammingError, match="follows the last one"):
        seal_put_in(**said)
    assert seal_put_in() == 2
    happened(organisation)
    assert seal() == 1
    assert list(AuditSeal.objects.order_by("number").values_list("number", flat=True)) == [1, 2, 3]


def test_a_seal_put_in_beside_sealing_waits_and_is_judged_by_what_was_sealed(organisation):
    happened(organisation)
    seal()
    with owners_connection() as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [sealing._LOCK])
        with transaction.atomic():
            _one_after_the_other("SET LOCAL lock_timeout = 1")
            with pytest.raises(OperationalError, match="lock timeout"), transaction.atomic():
                seal_put_in()
    assert seal_put_in() == 2


@transaction.atomic
def _one_after_the_other(statements):
    with connection.cursor() as cursor:
        for each in statements.split("; "):
            cursor.execute(each)


@pytest.mark.parametrize(
    ("setting", "statement"),
    [
        ("off", "DELETE FROM portal_auditevent"),
        ("off", "DELETE FROM portal_auditnote"),
        ("off", "UPDATE portal_auditseal SET removed_at = now()"),
        ("on", "UPDATE portal_auditevent SET at = at"),
        ("on", "UPDATE portal_auditnote SET text = text"),
        ("on", "DELETE FROM portal_auditseal"),
        ("on", "TRUNCATE portal_auditseal"),
    ],
)
def test_the_owner_may_not_by_accident(setting, statement):
    """The trigger, for deployments with one role: retention alone, and what retention does alone."""
    with owners_connection() as own:
        own.execute(f"SET LOCAL portal.retention = '{setting}'")
        with pytest.raises(InsufficientPrivilege, match="only ever added"):
            own.execute(statement)


def test_every_column_of_event_and_note_is_in_the_form():
    """A new column needs a new form: what no seal covers can be changed unseen."""
    columns = {f"e.{field.column}" for field in AuditEvent._meta.concrete_fields}
    columns |= {f"n.{field.column}" for field in AuditNote._meta.concrete_fields} - {"n.event_id"}
    written = form._COLUMNS[form.FORM]
    assert {column for column in columns if not any(column in part for part in written)} == set()
    assert len(written) == len(columns)


CHANGES = {
    "organisation_id": "(SELECT id FROM portal_organisation WHERE name = 'Another')",
    "at": "at + interval '1 microsecond'",
    "action": "overlay(action PLACING 'q' FROM 1)",
    "channel": "'apj'",
    "actor_kind": "'persoN'",
    "actor_id": "gen_random_uuid()",
    "actor_role": "''",
    "actor_organisation_id": "NULL",
    "actor_organisation_name": "actor_organisation_name || ' '",
    "customer_id": "NULL",
    "subscription_id": "gen_random_uuid()",
    "partner_ids": "partner_ids || gen_random_uuid()",
    "before": """'{"name": "Fabrikan"}'""",
    "after": "after || '{\"n\": 1.0}'",
    "note_hash": "overlay(note_hash PLACING 'x' FROM 64)",
    "request_id": "'b'",
}


class TestTampering:
    @pytest.fixture
    def events(self, organisation, small_segments):
        from portal.actor import Actor

        ProviderFactory(name="Another")
        member = MembershipFactory(organisation=organisation)
        found = [
            happened(
                organisation,
                acting=Actor.of(member, request_id="a"),
                permission=Permission.MEMBER_MANAGE,
                before={"name": "Fabrikam"},
                after={"n": 1},
                note=f"note {number}",
                customer_id=uuid.uuid4(),
                subscription_id=uuid.uuid4(),
                partner_ids=[uuid.uuid4()],
            )
            for number in range(8)
        ]
        seal()
        assert verify() == []
        return found

    def test_the_changes_cover_every_column(self):
        assert set(CHANGES) == {field.column for field in AuditEvent._meta.concrete_fields} - {"id"}

    @pytest.mark.parametrize("column", sorted(CHANGES))
    def test_a_changed_byte_is_found_and_named(self, events, column):
        event = events[4]
        tampered((f"UPDATE portal_auditevent SET {column} = {CHANGES[column]} WHERE id = %s", [event.pk]))
        (fault,) = verify()
        assert fault.startswith("Segment 2, sealed ")
        assert f"event {event.pk} (" in fault
        assert fault.endswith("is not what was sealed.")
        assert not any(str(other.pk) in fault for other in events if other != event)

    def test_a_changed_note_is(self, events):
        tampered(("UPDATE portal_auditnote SET text = 'Note 4' WHERE event_id = %s", [events[4].pk]))
        (fault,) = verify()
        assert str(events[4].pk) in fault

    def test_a_note_that_is_gone_is(self, events):
        tampered(("DELETE FROM portal_auditnote WHERE event_id = %s", [events[0].pk]))
        (fault,) = verify()
        assert fault.startswith("Segment 1")
        assert str(events[0].pk) in fault

    def test_a_changed_id_is_one_gone_and_one_put_in(self, events):
        fresh = uuid.uuid4()
        tampered(
            ("DELETE FROM portal_auditnote WHERE event_id = %s", [events[4].pk]),
            ("UPDATE portal_auditevent SET id = %s WHERE id = %s", [fresh, events[4].pk]),
        )
        gone, put_in = verify()
        assert f"event {events[4].pk} is gone" in gone
        assert put_in.startswith(f"Event {fresh} (")

    def test_an_event_that_is_gone_is(self, events):
        tampered(
            ("DELETE FROM portal_auditnote WHERE event_id = %s", [events[7].pk]),
            ("DELETE FROM portal_auditevent WHERE id = %s", [events[7].pk]),
        )
        (fault,) = verify()
        assert fault.startswith("Segment 3, ")
        assert fault.endswith(f"event {events[7].pk} is gone.")

    def test_an_event_put_in_beside_the_portal_is(self, events):
        columns = ", ".join(
            field.column for field in AuditEvent._meta.concrete_fields if field.column != "id"
        )
        fresh = uuid.uuid4()
        tampered(
            (
                f"INSERT INTO portal_auditevent (id, {columns}) SELECT %s, {columns}"
                " FROM portal_auditevent WHERE id = %s",
                [fresh, events[0].pk],
            )
        )
        (fault,) = verify()
        assert fault.startswith(f"Event {fresh} (")
        assert "is in no segment" in fault

    def test_two_events_that_changed_places_are_both(self, events):
        first, second = events[1], events[6]
        places = ("UPDATE portal_auditevent SET id = %s WHERE id = %s",)
        spare = uuid.uuid4()
        tampered(
            ("DELETE FROM portal_auditnote WHERE event_id = ANY(%s)", [[first.pk, second.pk]]),
            (places[0], [spare, first.pk]),
            (places[0], [first.pk, second.pk]),
            (places[0], [second.pk, spare]),
        )
        faults = verify()
        assert len(faults) == 2
        assert str(first.pk) in faults[0]
        assert str(second.pk) in faults[1]

    def test_many_changes_are_named_by_segment_in_order(self, events):
        tampered("UPDATE portal_auditevent SET request_id = ''")
        faults = verify()
        assert [fault.split(",")[0] for fault in faults] == ["Segment 1", "Segment 2", "Segment 3"]
        assert all(str(event.pk) in "".join(faults) for event in events)

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ("count = count + 1", "its seal was changed"),
            ("sealed_at = sealed_at + interval '1 microsecond'", "its seal was changed"),
            ("newest = newest + interval '1 day'", "its seal was changed"),
            ("rows_hash = sha256(rows_hash)", "its seal was changed"),
            ("previous = sha256(previous)", "does not follow segment 1"),
            ("hash = sha256(hash)", "its seal was changed"),
            ("events = events[2:], digests = digests[2:]", "the list of its events was changed"),
            ("digests[1] = sha256(digests[1])", "the list of its events was changed"),
            ("removed_at = now()", "no event tells of such a removal"),
            ("removed_at = now(), events = '{}', digests = '{}'", "no event tells of such a removal"),
        ],
    )
    def test_a_changed_seal_is_found(self, events, change, says):
        tampered(f"UPDATE portal_auditseal SET {change} WHERE number = 2")
        faults = verify()
        assert any(fault.startswith("Segment 2") and says in fault for fault in faults)

    def test_a_seal_that_is_gone_is_found(self, events):
        tampered("DELETE FROM portal_auditseal WHERE number = 2")
        faults = verify()
        assert faults[0] == "Segment 2 is gone."
        assert sum("is in no segment" in fault for fault in faults) == 3

    def test_a_gap_is_one_line_however_wide(self, events):
        tampered("UPDATE portal_auditseal SET number = 9223372036854775806 WHERE number = 3")
        faults = verify()
        assert faults[0] == "Segments 3 to 9223372036854775805 are gone."
        assert len(faults) == 2

    def test_the_last_seal_that_is_gone_is_found_by_its_events(self, events):
        tampered("DELETE FROM portal_auditseal WHERE number = 3")
        assert ["is in no segment" in fault for fault in verify()] == [True, True]

    def test_whoever_rewrites_everything_is_found_by_what_was_published(self, events, tmp_path, monkeypatch):
        lines, _error = ran("export_audit_seals")
        assert [line.split()[0] for line in lines] == ["1", "2", "3"]
        outside = tmp_path / "seals"
        outside.write_text("\n".join(lines) + "\n")
        assert verify("--expect", str(outside)) == []
        tampered(
            ("UPDATE portal_auditevent SET after = '{}' WHERE id = %s", [events[4].pk]),
            "DELETE FROM portal_auditseal",
            "INSERT INTO portal_auditunsealed SELECT id FROM portal_auditevent",
        )
        seal()
        assert verify() == []  # inside the database it all fits
        faults = verify("--expect", str(outside))
        assert len(faults) == 3
        monkeypatch.setattr("sys.stdin", outside.open(encoding="utf-8"))
        with sys.stdin:
            assert verify("--expect", "-") == faults
        assert all("not the one that was published" in fault for fault in faults)

    def test_an_end_that_was_cut_off_is_found_by_what_was_published(self, events, tmp_path):
        outside = tmp_path / "seals"
        outside.write_text("\n".join(ran("export_audit_seals", "--from", "2")[0]))
        tampered(
            "DELETE FROM portal_auditseal WHERE number >= 2",
            ("DELETE FROM portal_auditnote WHERE event_id = ANY(%s)", [[event.pk for event in events[3:]]]),
            ("DELETE FROM portal_auditevent WHERE id = ANY(%s)", [[event.pk for event in events[3:]]]),
        )
        assert verify() == []
        (fault,) = verify("--expect", str(outside))
        assert fault == "Segments 2 to 3 are gone: published, and so was every hash."

    def test_from_looks_at_what_follows_alone(self, events):
        tampered(("UPDATE portal_auditevent SET after = '{}' WHERE id = %s", [events[0].pk]))
        assert verify("--from", "2") == []
        assert len(verify("--from", "1")) == 1

    def test_what_is_no_publication_is_refused_in_a_sentence(self, events, tmp_path):
        outside = tmp_path / "seals"
        outside.write_text("1 2026 3\n")
        _lines, error = ran("verify_audit", "--expect", str(outside))
        assert "Line 1 is no seal: 1 2026 3" in error
        _lines, error = ran("verify_audit", "--expect", str(tmp_path / "absent"))
        assert "cannot be read" in error
        _lines, error = ran("verify_audit", "--from", "0")
        assert error == "--from begins with 1."


def test_nothing_sealed_yet_is_said(organisation):
    happened(organisation)
    lines, error = ran("verify_audit")
    assert not error
    assert lines == ["Nothing was changed. No segment is sealed yet. Waiting for a seal: 1."]
    seal()
    lines, error = ran("verify_audit", "--from", "2")
    assert not error
    assert "No segment is there from number 2 on" in lines[0]
    lines, error = ran("verify_audit", "--from", "3")
    assert lines == ["Segment 2 is gone, so what follows hangs on nothing."]


def test_an_hour_without_events_makes_no_seals(organisation):
    for _minute in range(3):
        tasks.seal_audit(timestamp=0)
    assert not AuditSeal.objects.exists()
