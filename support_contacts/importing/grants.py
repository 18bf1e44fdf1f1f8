"""Delegated admin: claims of the files against the grants on record.

Intervals are closed, never rewritten. What customers were shown stays so: a grant that a file dates back begins now,
one that a file says ended last week ends now; the stated dates are kept in the event. A grant that was over before it
was first heard of here becomes an interval of no length, so that it explains but never changes a day that is past.
What a person ended here is not revived by a source record that is older than that.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

from customers.models import CustomerRelationship, DelegatedAdmin
from portal.models import LAPSES_AFTER, Action, EndedAs
from support_contacts.importing.claims import Claim
from support_contacts.importing.customers import Customers, close_grant, relate
from support_contacts.importing.records import ENDED, ESTABLISHED, EXPIRED, REQUESTED
from support_contacts.importing.report import Kind, Outcome, Refused
from support_contacts.importing.run import Run, chunks
from support_contacts.operations.core import named

Pair = tuple[UUID, UUID]

CREATE, EXTEND, ACTIVATE, CLOSE, HISTORY = "create", "extend", "activate", "close", "history"


class Grants:
    """Every grant on record of the pairs that the claims name, oldest first."""

    def __init__(self, claims: Iterable[Claim]) -> None:
        self._of: dict[Pair, list[DelegatedAdmin]] = defaultdict(list)
        customers = {claim.customer_id for claim in claims}
        partners = {claim.partner.pk for claim in claims}
        for some in chunks(customers):
            found = DelegatedAdmin.objects.filter(
                relationship__customer_id__in=some, relationship__partner_id__in=partners
            ).select_related("relationship__partner__organisation")
            for row in found.order_by("pk"):
                self.of(row.relationship.partner_id, row.relationship.customer_id).append(row)

    def of(self, partner_id: UUID, customer_id: UUID) -> list[DelegatedAdmin]:
        return self._of[partner_id, customer_id]

    def same(self, claim: Claim) -> DelegatedAdmin | None:
        """The grant a claim is about: by its source id, or the pair's DAP; the open one before ended ones."""
        rows = [
            row
            for row in self.of(claim.partner.pk, claim.customer_id)
            if row.kind == claim.kind
            and (claim.kind == DelegatedAdmin.Kind.DAP or row.source_id == claim.source_id)
        ]
        return max(rows, key=lambda row: (row.ended_at is None, row.pk.int), default=None)


def apply(run: Run, claims: list[Claim], customers: Customers) -> None:
    """Bring every claim onto record."""
    grants = Grants(claims)
    changes: list[tuple[Claim, str, DelegatedAdmin | None]] = []
    for claim in claims:
        row = grants.same(claim)
        try:
            change = decide(run, claim, row, grants.of(claim.partner.pk, claim.customer_id))
        except Refused as refusal:
            run.refuse(Kind.GRANT, claim.where, refusal.reason, refusal.code)
            continue
        if change:
            changes.append((claim, change, row))
        else:
            run.unchanged(Kind.GRANT)
    relationships = [
        customers.established(claim.partner.pk, claim.customer_id)
        or relate(run, claim.partner, claim.customer_id, customers, claim.where)
        for claim, _, _ in changes
    ]
    held = run.hold(DelegatedAdmin, [row for _, _, row in changes if row is not None])
    for (claim, change, row), relationship in zip(changes, relationships, strict=True):
        if relationship is None:
            run.report.count(Kind.GRANT, Outcome.REPORTED)
            continue
        outcome = Outcome.CREATED if change in (CREATE, HISTORY) else Outcome.CHANGED
        with run.item(Kind.GRANT, claim.where, outcome):
            fresh = held[row.pk] if row is not None else None
            if fresh is not None and row is not None and fresh.ended_at != row.ended_at:
                raise Refused("was ended by somebody else at the same time")
            _write(run, claim, change, fresh, relationship)


def decide(run: Run, claim: Claim, row: DelegatedAdmin | None, others: Iterable[DelegatedAdmin]) -> str:
    """What a claim changes: one of the words above, or "" for nothing. Raises where it is not done."""
    is_open = row is not None and row.ended_at is None
    if claim.state == ESTABLISHED:
        if row is not None and is_open:
            if row.established_at is None:
                return ACTIVATE
            if row.ends_at is not None and row.ends_at <= run.now:
                return CREATE
            return EXTEND if row.ends_at != claim.until else ""
        _never_revive(run, claim, [row] if claim.is_identified and row else _alike(claim, others))
        return CREATE
    if claim.state == REQUESTED:
        return CREATE if row is None else ""
    if row is None:
        return HISTORY if claim.kind == DelegatedAdmin.Kind.GDAP and claim.until is not None else ""
    is_over = row.ends_at is not None and row.ends_at <= run.now and row.established_at is not None
    return CLOSE if is_open and not is_over else ""


def _alike(claim: Claim, others: Iterable[DelegatedAdmin]) -> list[DelegatedAdmin]:
    """Grants a claim without an id of Microsoft's may be about: every one that has no such id either."""
    if claim.is_identified:
        return []
    return [row for row in others if not row.source_id or row.source_id.startswith("csv:")]


def _never_revive(run: Run, claim: Claim, rows: Iterable[DelegatedAdmin]) -> None:
    for row in rows:
        if row.ended_at is None or row.ended_as not in (EndedAs.ENDED, EndedAs.DECLINED):
            continue
        if row.established_at == row.ended_at or (claim.dated is not None and claim.dated > row.ended_at):
            continue  # it was never in force here, or the record is about a later grant
        if not run.ended_by_import(row, Action.DELEGATED_ADMIN_ENDED):
            raise Refused(
                f"not revived: it was ended here on {row.ended_at:%Y-%m-%d}, later than this record"
            )


def _write(
    run: Run, claim: Claim, change: str, row: DelegatedAdmin | None, relationship: CustomerRelationship
) -> None:
    if change == CLOSE and row is not None:
        row.relationship = relationship
        close_grant(
            run,
            row,
            EndedAs.EXPIRED if claim.state == EXPIRED else EndedAs.ENDED,
            stated_until=_iso(claim.until),
        )
        return
    before: Mapping[str, object] = {"state": None}
    if row is not None and change in (ACTIVATE, EXTEND):
        before = {"id": str(row.pk), "state": str(row.state(run.now)), "ends_at": _iso(row.ends_at)}
    if change == CREATE and row is not None and row.source_id and row.relationship_id == relationship.pk:
        # The new interval takes the source's id; the old one keeps a mark of it.
        row.source_id = f"{row.source_id[:60]}#{row.pk.hex}"
        if row.ended_at is None and row.ends_at is not None:
            row.ended_at, row.ended_as = row.ends_at, EndedAs.EXPIRED
        row.save(update_fields=["source_id", "ended_at", "ended_as"])
    if change in (CREATE, HISTORY):
        row = DelegatedAdmin(relationship=relationship, kind=claim.kind, source_id=claim.source_id)
    assert row is not None  # noqa: S101  every other change is of a row
    if change != EXTEND:
        row.requested_for = claim.requested_for
    row.ends_at = claim.until
    action = Action.DELEGATED_ADMIN_ESTABLISHED
    if change == HISTORY:
        row.established_at = claim.until
        row.ended_at, row.ended_as = claim.until, EndedAs.ENDED if claim.state == ENDED else EndedAs.EXPIRED
        action = Action.DELEGATED_ADMIN_ENDED
    elif claim.state == REQUESTED:
        row.requested_at = min(claim.began or run.now, run.now)
        row.lapses_at = row.requested_at + LAPSES_AFTER
        action = Action.DELEGATED_ADMIN_REQUESTED
    elif row.established_at is None:
        row.established_at = max(claim.began or run.now, run.after(row))
    row.save()
    run.record(
        action,
        before=before,
        after={
            "id": str(row.pk),
            "kind": row.kind,
            "state": claim.state,
            "ends_at": _iso(row.ends_at),
            "stated_from": _iso(claim.began),
            "stated_until": _iso(claim.until),
            "partner": named(claim.partner),
        },
        customer_id=claim.customer_id,
        partner_ids=[claim.partner.pk],
    )


def _iso(value: object) -> str | None:
    return value.isoformat() if hasattr(value, "isoformat") else None
