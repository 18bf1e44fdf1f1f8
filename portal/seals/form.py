"""How an event is written down to be hashed, and how a seal is: the same on every server, for ever.

A form that seals were made in never changes. What has to be told differently, as when the log gets a new column, is
a new form beside the old ones.
"""

import hashlib
from datetime import UTC, datetime

FORM = 1
#: Every column of the event `e` and its note `n`, as JSON that depends on no setting of server or session.
_COLUMNS: dict[int, tuple[str, ...]] = {
    1: (
        "e.id",
        "e.organisation_id",
        """to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')""",
        "e.action",
        "e.channel",
        "e.actor_kind",
        "e.actor_id",
        "e.actor_role",
        "e.actor_organisation_id",
        "e.actor_organisation_name",
        "e.customer_id",
        "e.subscription_id",
        "e.partner_ids",
        "e.before",
        "e.after",
        "e.note_hash",
        "e.request_id",
        "n.text",
    ),
}


def digest(form: int) -> str:
    """SQL: the SHA-256 of one event with its note."""
    return f"sha256(convert_to(jsonb_build_array({', '.join(_COLUMNS[form])})::text, 'UTF8'))"


def digest_of(form_column: str) -> str:
    """SQL: the same, by the form that stands in a column."""
    cases = " ".join(f"WHEN {form} THEN {digest(form)}" for form in _COLUMNS)
    return f"CASE {form_column} {cases} END"


def seal_hash(
    *,
    form: int,
    number: int,
    sealed_at: datetime,
    count: int,
    oldest: datetime,
    newest: datetime,
    rows_hash: bytes,
    previous: bytes,
) -> bytes:
    """What a seal says, and through `previous` everything before it."""
    said = (
        "portal audit seal",
        form,
        number,
        instant(sealed_at),
        count,
        instant(oldest),
        instant(newest),
        rows_hash.hex(),
        previous.hex(),
    )
    return hashlib.sha256("\n".join(map(str, said)).encode()).digest()


def instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
