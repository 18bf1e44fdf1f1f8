"""Support contacts: a choice an import brings is judged like any other; what the rules refuse is not stored (R3).

An import replaces nothing, or what an import stored. What a person decided here stays, unless `--overwrite` is given.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from customers.models import CustomerRelationship, DelegatedAdmin
from portal.locks import lock_share
from portal.models import Action, AuditEvent, Channel, Partner, ResellerRelationship
from subscriptions.models import Subscription
from support_contacts.importing.records import Record
from support_contacts.importing.report import Kind, Outcome, Refused
from support_contacts.importing.resellers import Partners
from support_contacts.importing.run import Run, chunks
from support_contacts.importing.subscriptions import Subscriptions
from support_contacts.models import Designation
from support_contacts.operations.core import Choice, apply_choice, judge, now_under_lock

Records = Mapping[tuple[object, ...], Record]
DECIDING = (Action.DESIGNATION_MADE, Action.DESIGNATION_ENDED)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A contact that differs from what is in force, so that it has to be judged."""

    record: Record
    partner_id: UUID


@dataclass(frozen=True, slots=True)
class Pending:
    """What contacts that are not so yet rest on: held as it is, each kind in its turn (`portal.locks`)."""

    run: Run
    partners: frozenset[UUID]
    customers: frozenset[UUID]
    rows: list[Subscription]

    def hold_partners(self) -> None:
        lock_share(Partner, self.partners)

    def hold_relationships(self) -> None:
        rows = ResellerRelationship.objects.filter(
            provider=self.run.partner, reseller__in=self.partners, ended_at=None
        )
        lock_share(ResellerRelationship, rows.values_list("pk", flat=True))

    def hold_customers(self) -> None:
        of = self.partners | {self.run.partner.pk}
        for some in chunks(self.customers):
            rows = CustomerRelationship.objects.filter(customer__in=some, partner__in=of, ended_at=None)
            lock_share(CustomerRelationship, rows.values_list("pk", flat=True))

    def hold_grants(self) -> None:
        for some in chunks(self.customers):
            rows = DelegatedAdmin.objects.filter(
                relationship__customer__in=some, relationship__partner__in=self.partners, ended_at=None
            )
            lock_share(DelegatedAdmin, rows.values_list("pk", flat=True))


def pending(run: Run, records: Records, partners: Partners, on_record: Subscriptions) -> Pending:
    """The contacts that are not so yet, as far as that can be seen before anything is applied."""
    in_force = _in_force(run, records, on_record)
    chosen: set[UUID] = set()
    customers: set[UUID] = set()
    rows: list[Subscription] = []
    for record in records.values():
        row = on_record.of.get(str(record.key[0]))
        number = partners.by_partner_id.get(str(record.values.get("partner_id", "")))
        partner_id = record.values.get("tenant") or (number.pk if number else None)
        if partner_id is None or (row is not None and in_force.get(row.pk, run.partner.pk) == partner_id):
            continue
        chosen.add(partner_id)  # type: ignore[arg-type]
        customer_id = row.customer_id if row is not None else record.values.get("customer")
        if customer_id is not None:
            customers.add(customer_id)  # type: ignore[arg-type]
        if row is not None:
            rows.append(row)
    return Pending(run, frozenset(chosen), frozenset(customers), rows)


def apply(run: Run, records: Records, partners: Partners, on_record: Subscriptions) -> None:
    """Bring every support contact onto record."""
    in_force = _in_force(run, records, on_record)
    wanted: list[tuple[Wanted, Subscription]] = []
    for record in records.values():
        row = on_record.of.get(str(record.key[0]))
        try:
            partner_id = _partner(run, record, row, partners)
        except Refused as refusal:
            run.refuse(Kind.CONTACT, record.where, refusal.reason, refusal.code)
            continue
        if row is None or in_force.get(row.pk, run.partner.pk) == partner_id:
            run.unchanged(Kind.CONTACT)
        else:
            wanted.append((Wanted(record, partner_id), row))
    if wanted:
        _choose(run, wanted)


def _choose(run: Run, wanted: list[tuple[Wanted, Subscription]]) -> None:
    """Judge and write what differs, each in a savepoint of its own."""
    rows = run.hold(Subscription, [row for _, row in wanted])
    stored = _stored(rows.values())
    latest = _latest_channels(run, rows.values())
    now = max([run.now, *(now_under_lock(some) for some in chunks(rows.values()))])
    for one, seen in wanted:
        row = rows[seen.pk]
        row.provider = run.partner
        choice = Choice(row, one.partner_id, stored.get(row.pk))
        verdict = judge(choice, at=now)
        if choice.is_already_so(verdict, at=now):
            run.unchanged(Kind.CONTACT)
            continue
        with run.item(Kind.CONTACT, one.record.where, Outcome.CHANGED if choice.stored else Outcome.CREATED):
            channel = latest.get(row.pk, choice.stored.channel if choice.stored else None)
            if channel not in (None, Channel.IMPORT) and not run.overwrite:
                raise Refused(
                    "disagrees with what was decided here, which stays (--overwrite replaces it)", "conflict"
                )
            if not verdict:
                raise Refused("the rules refuse this support contact", str(verdict.reason))
            run.report.events += 1
            apply_choice(choice, at=now, acting=run.acting)


def _partner(run: Run, record: Record, row: Subscription | None, partners: Partners) -> UUID:
    """Whom a record names for a subscription that can have a designated support contact."""
    if row is None:
        raise Refused("its subscription is not on record", "subscription_unknown")
    if record.values.get("customer", row.customer_id) != row.customer_id:
        raise Refused(
            "names another customer than the one on record for its subscription", "subscription_unknown"
        )
    if row.is_new_commerce:
        raise Refused("new commerce has no designated support contact", "new_commerce_not_supported")
    if not row.is_live:
        raise Refused("its subscription has ended", "subscription_ended")
    by_number = partners.by_partner_id.get(str(record.values.get("partner_id", "")))
    tenant: UUID | None = record.values.get("tenant")  # type: ignore[assignment]
    if tenant is None:
        if by_number is None:
            raise Refused("its partner is unknown or unrelated", "relationship_missing")
        return by_number.pk
    if by_number is not None and by_number.pk != tenant:
        run.report.note(
            record.place("partner_id"), "is the PartnerID of another partner; the tenant ID counts"
        )
    return tenant


def _in_force(run: Run, records: Records, on_record: Subscriptions) -> dict[UUID, UUID | None]:
    """Of each subscription with a stored designation: its partner while it is in force, None while it is not."""
    found: dict[UUID, UUID | None] = {}
    rows = [on_record.of[str(key[0])].pk for key in records if str(key[0]) in on_record.of]
    for some in chunks(rows):
        for designation in Designation.objects.stored().with_force(run.now).filter(subscription__in=some):
            found[designation.subscription_id] = designation.partner_id if designation.holds else None
    return found


def _stored(rows: Iterable[Subscription]) -> dict[UUID, Designation]:
    return {
        designation.subscription_id: designation
        for some in chunks(row.pk for row in rows)
        for designation in Designation.objects.stored()
        .filter(subscription__in=some)
        .select_related("partner__organisation")
    }


def _latest_channels(run: Run, rows: Iterable[Subscription]) -> dict[UUID | None, str]:
    """The door the last decision about each subscription's contact came through."""
    return {
        event["subscription_id"]: event["channel"]
        for some in chunks(row.pk for row in rows)
        for event in AuditEvent.objects.filter(
            organisation=run.partner.organisation, subscription_id__in=some, action__in=DECIDING
        )
        .order_by("at", "pk")
        .values("subscription_id", "channel")
    }
