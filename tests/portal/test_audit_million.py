"""A million events: sealed, verified, and one changed byte among them found."""

import time

import pytest

from portal.models import AuditEvent
from portal.seals.sealing import seal
from portal.seals.verifying import Verified, verify
from tests.factories import ProviderFactory
from tests.portal.record import owners_connection, tampered

pytestmark = [pytest.mark.soak, pytest.mark.django_db(transaction=True)]

ROWS = 1_000_000
EVENTS = """
INSERT INTO portal_auditevent (id, organisation_id, at, action, channel, actor_kind, actor_id, actor_role,
    actor_organisation_id, actor_organisation_name, customer_id, subscription_id, partner_ids, before, after,
    note_hash, request_id)
SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, %(organisation)s,
    timestamptz '2024-01-01' + n * interval '1 minute', 'designation.made', 'portal', 'person', gen_random_uuid(),
    'admin_agent', %(organisation)s, 'Fabrikam Distribution', gen_random_uuid(), gen_random_uuid(),
    ARRAY[gen_random_uuid(), gen_random_uuid()],
    jsonb_build_object('contact', jsonb_build_object('id', gen_random_uuid(), 'name', 'Fabrikam Distribution')),
    jsonb_build_object('contact', jsonb_build_object('id', gen_random_uuid(), 'name', 'Trey Research ' || n)),
    CASE WHEN n %% 10 = 0 THEN encode(sha256(n::text::bytea), 'hex') ELSE '' END, gen_random_uuid()::text
FROM generate_series(1, %(rows)s) AS n
"""
NOTES = """
INSERT INTO portal_auditnote (event_id, text)
SELECT id, 'Agreed with the customer on the telephone' FROM portal_auditevent WHERE note_hash <> ''
"""


def test_a_million_events_are_verified(capsys: pytest.CaptureFixture[str]) -> None:
    organisation = ProviderFactory(name="Fabrikam Distribution").organisation
    with owners_connection() as own:
        own.execute(EVENTS, {"organisation": organisation.pk, "rows": ROWS})
        own.execute(NOTES)
    with owners_connection() as own:
        own.autocommit = True
        own.execute("VACUUM ANALYZE portal_auditevent")  # as a server's autovacuum has long done
    sealing = time.monotonic()
    assert seal() == ROWS
    sealing = time.monotonic() - sealing
    verifying = time.monotonic()
    found = Verified()
    assert list(verify(found)) == []
    verifying = time.monotonic() - verifying
    assert found.events == ROWS
    with capsys.disabled():
        print(f"\n{ROWS} events: sealed in {sealing:.1f} s, verified in {verifying:.1f} s (aim: 60 s)")
    middle = AuditEvent.objects.order_by("pk")[ROWS // 2]
    tampered(
        (
            "UPDATE portal_auditevent SET request_id = overlay(request_id PLACING 'z' FROM 1) WHERE id = %s",
            [middle.pk],
        )
    )
    (fault,) = verify(Verified())
    assert str(middle.pk) in fault
