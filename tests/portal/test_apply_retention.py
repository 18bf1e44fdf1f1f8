"""Retention: whole old segments go, by the owner alone, told in the record; the chain still verifies."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from portal import environment
from portal.models import AuditEvent, AuditNote, AuditSeal
from portal.operations import retention
from portal.seals import sealing
from portal.seals.sealing import seal
from tests.factories import ProviderFactory
from tests.portal.record import as_owner, happened, ran, tampered

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

OLD = timedelta(days=8 * 366)


@pytest.fixture
def organisations():
    return [ProviderFactory(name=name).organisation for name in ("Fabrikam", "Litware")]


@pytest.fixture
def record(organisations, monkeypatch):
    """Two old segments, one on the boundary of seven years, one of today; each of three events."""
    monkeypatch.setattr(sealing, "SEGMENT", 3)
    fabrikam, litware = organisations
    now = timezone.now()
    boundary = retention.years_before(now, 7)
    ages = [now - OLD] * 6 + [boundary - timedelta(days=1)] * 2 + [boundary + timedelta(days=1)] + [now] * 3
    events = [
        happened(litware if number == 1 else fabrikam, at=at, note=f"note {number}")
        for number, at in enumerate(ages)
    ]
    seal()
    assert AuditSeal.objects.count() == 4
    return events


def left():
    return set(AuditEvent.objects.exclude(action="audit.retention_applied").values_list("pk", flat=True))


def apply(*options):
    with as_owner():
        return ran("apply_retention", *options)


class TestApply:
    def test_without_yes_it_says_what_would_go_and_nothing_goes(self, record):
        lines, error = apply()
        assert not error
        assert lines[0].startswith("6 events in 2 segments lie before ")
        assert lines[0].endswith("Nothing was removed; --yes removes them.")
        assert left() == {event.pk for event in record}

    def test_whole_segments_older_than_that_go_and_the_rest_stays(self, record):
        lines, error = apply("--yes")
        assert not error
        assert "Removed 6 events in 2 segments, told in the record of 2 organisations." in lines
        assert left() == {event.pk for event in record[6:]}  # of the third segment one event is too young
        assert set(AuditNote.objects.values_list("text", flat=True)) == {f"note {n}" for n in range(6, 12)}

    def test_it_is_an_event_of_each_organisation_concerned(self, record, organisations):
        apply("--yes")
        fabrikam, litware = organisations
        events = {e.organisation_id: e for e in AuditEvent.objects.filter(action="audit.retention_applied")}
        assert {pk: event.after["events"] for pk, event in events.items()} == {fabrikam.pk: 5, litware.pk: 1}
        for event in events.values():
            assert (event.channel, event.actor_kind) == ("command", "operator")
            until = datetime.fromisoformat(event.after["until"])
            assert abs(until - retention.years_before(timezone.now(), 7)) < timedelta(minutes=5)
        assert len({event.request_id for event in events.values()}) == 1
        removed = AuditSeal.objects.exclude(removed_at=None)
        assert set(removed.values_list("removed_by", flat=True)) == {events[fabrikam.pk].request_id}

    def test_what_is_left_and_the_whole_chain_verify(self, record, tmp_path):
        outside = tmp_path / "seals"
        outside.write_text("\n".join(ran("export_audit_seals")[0]))
        apply("--yes")
        for _time in ("before its own events are sealed", "and after"):
            lines, error = ran("verify_audit", "--expect", str(outside))
            assert not error
            assert (
                "Segments 1 to 4, 2 of them removed by retention; events: 6;" in lines[0]
                or _time == "and after"
            )
            seal()
        assert ran("export_audit_seals")[0][:4] == outside.read_text().splitlines()

    def test_what_is_changed_afterwards_is_still_found(self, record):
        apply("--yes")
        tampered(("UPDATE portal_auditevent SET after = '{\"x\": 1}' WHERE id = %s", [record[7].pk]))
        lines, error = ran("verify_audit")
        assert error
        assert str(record[7].pk) in lines[0]

    def test_a_young_segment_cannot_be_passed_off_as_removed(self, record):
        apply("--yes")
        young = [event.pk for event in record[9:]]
        tampered(
            ("DELETE FROM portal_auditnote WHERE event_id = ANY(%s)", [young]),
            ("DELETE FROM portal_auditevent WHERE id = ANY(%s)", [young]),
            "UPDATE portal_auditseal SET removed_at = now(), events = '{}', digests = '{}' WHERE number = 4",
        )
        lines, error = ran("verify_audit")
        assert error
        assert lines == ["Segment 4 is marked as removed by retention, and no event tells of such a removal."]

    def test_what_was_changed_is_evidence_and_stays(self, record):
        tampered(("UPDATE portal_auditevent SET request_id = 'x' WHERE id = %s", [record[4].pk]))
        _lines, error = apply("--yes")
        assert error == "Segment 2 is not what was sealed, so it stays; verify_audit says what was changed."
        assert left() == {event.pk for event in record}

    def test_an_event_changed_together_with_its_digest_is_evidence_too(self, record):
        tampered(
            ("UPDATE portal_auditevent SET request_id = 'x' WHERE id = %s", [record[4].pk]),
            """UPDATE portal_auditseal AS seal SET digests =
                   (SELECT array_agg(d ORDER BY place DESC) FROM unnest(digests) WITH ORDINALITY AS all_of (d, place))
               WHERE number = 2""",
        )
        _lines, error = apply("--yes")
        assert error == "Segment 2 is not what was sealed, so it stays; verify_audit says what was changed."
        lines, error = ran("verify_audit")
        assert error
        assert "Segment 2: the list of its events was changed." in lines

    def test_a_segment_whose_own_list_was_changed_stays(self, record):
        tampered("UPDATE portal_auditseal SET rows_hash = sha256('other') WHERE number = 2")
        _lines, error = apply("--yes")
        assert error == "Segment 2 is not what was sealed, so it stays; verify_audit says what was changed."

    def test_a_second_time_there_is_nothing(self, record):
        apply("--yes")
        for options in ((), ("--yes",)):
            lines, error = apply(*options)
            assert not error
            assert lines[0].startswith("Nothing to remove: no sealed segment lies wholly before ")
        assert AuditEvent.objects.filter(action="audit.retention_applied").count() == 2

    def test_it_goes_in_pieces_each_told(self, record, monkeypatch):
        monkeypatch.setattr(retention, "SEGMENTS_AT_ONCE", 1)
        lines, _error = apply("--yes")
        assert [line.split(" in ")[0] for line in lines] == [
            "Removed 3 events",
            "Removed 3 events",
            "6 events",
        ]
        told = AuditEvent.objects.filter(action="audit.retention_applied")
        assert sum(event.after["events"] for event in told) == 6
        assert not ran("verify_audit")[1]

    def test_as_many_years_as_the_setting_says(self, record, settings):
        settings.AUDIT_RETENTION_YEARS = 9
        lines, _error = apply("--yes")
        assert lines[0].startswith("Nothing to remove")
        settings.AUDIT_RETENTION_YEARS = 6
        lines, _error = apply("--yes")
        assert lines[0].startswith("Removed 9 events in 3 segments")

    def test_what_waits_for_its_seal_stays_however_old(self, organisations):
        happened(organisations[0], at=timezone.now() - OLD)
        lines, error = apply("--yes")
        assert not error
        assert lines[0].startswith("Nothing to remove")
        assert AuditEvent.objects.count() == 1

    @pytest.mark.parametrize("options", [(), ("--yes",)])
    def test_the_role_that_serves_is_refused_in_a_sentence(self, record, options):
        lines, error = ran("apply_retention", *options)
        assert not lines
        assert error == (
            "portal_app may not remove anything of the record; portal_owner, who owns it, may: "
            "give that role's address as MIGRATION_DATABASE_URL."
        )
        assert left() == {event.pk for event in record}


def test_a_leap_day_is_counted_back_to_the_28th():
    assert retention.years_before(datetime(2028, 2, 29, 12, tzinfo=UTC), 7) == datetime(
        2021, 2, 28, 12, tzinfo=UTC
    )
    assert retention.years_before(datetime(2028, 2, 29, tzinfo=UTC), 4) == datetime(2024, 2, 29, tzinfo=UTC)


def test_the_setting_is_seven_years_unless_said_and_never_none(monkeypatch):
    monkeypatch.delenv("AUDIT_RETENTION_YEARS", raising=False)
    assert environment.read().audit_retention_years == 7
    monkeypatch.setenv("AUDIT_RETENTION_YEARS", "10")
    assert environment.read().audit_retention_years == 10
    monkeypatch.setenv("AUDIT_RETENTION_YEARS", "0")
    with pytest.raises(ImproperlyConfigured, match="AUDIT_RETENTION_YEARS=0 is not between 1 and 100"):
        environment.read()
