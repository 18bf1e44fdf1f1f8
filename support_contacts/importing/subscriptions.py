"""Subscriptions of the importing partner: new ones, what changed, the move to new commerce, add-ons and parents."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import DataError, IntegrityError, transaction

from portal.names import sort_name
from subscriptions.models import ENDED, Subscription
from support_contacts.importing.customers import Customers
from support_contacts.importing.records import Record
from support_contacts.importing.report import Kind, Outcome, Refused
from support_contacts.importing.run import Run, chunks, locked, portions
from support_contacts.models import Designation
from support_contacts.operations.commerce import apply_move

Records = Mapping[tuple[object, ...], Record]

#: New rows that are stored in one statement.
TOGETHER = 200
#: Members that are stored as they are said. The rest follows from them.
STORED = (
    "offer_id", "offer_name", "friendly_name", "entitlement_id", "order_id", "parent_microsoft_id",
    "product_type_id", "product_type_name", "quantity", "unit_type", "status", "suspension_reasons", "created_on",
    "effective_start", "commitment_end", "auto_renew", "is_trial", "has_purchasable_addons", "billing_type",
    "billing_cycle", "term_duration", "renewal_term_duration", "contract_type", "publisher_name",
    "reseller_of_record",
)  # fmt: skip


class Subscriptions:
    """The importing partner's subscriptions among those that the files name."""

    def __init__(self, run: Run, microsoft_ids: Iterable[object]) -> None:
        self.of: dict[str, Subscription] = {}
        for some in chunks(microsoft_ids):
            for row in Subscription.objects.filter(provider=run.partner, microsoft_id__in=some):
                self.keep(row)

    def keep(self, row: Subscription) -> None:
        self.of[str(row.microsoft_id)] = row


def customer_of(run: Run, record: Record, row: Subscription | None) -> UUID | None:
    """The customer a record is about: what the files say, else what is on record, else what the command says."""
    stored = row.customer_id if row is not None else None
    return record.values.get("customer") or stored or run.customer  # type: ignore[return-value]


def apply(
    run: Run, records: Records, customers: Customers, on_record: Subscriptions, also: Iterable[Subscription]
) -> None:
    """Bring every subscription onto record, then tie add-ons to their parents. `also` are locked along."""
    new: list[Record] = []
    changed: list[tuple[Record, Subscription]] = []
    for record in records.values():
        row = on_record.of.get(str(record.key[0]))
        try:
            customer_id = _check(run, record, row, customers)
        except Refused as refusal:
            run.refuse(Kind.SUBSCRIPTION, record.where, refusal.reason, refusal.code)
            continue
        record.values["customer"] = customer_id
        if row is None:
            new.append(record)
        elif _differences(record, row) or _moves(record, row):
            changed.append((record, row))
        else:
            run.unchanged(Kind.SUBSCRIPTION)
    held = run.hold(Subscription, {row.pk: row for row in [*(row for _, row in changed), *also]}.values())
    stored = {
        designation.subscription_id: designation
        for some in chunks(row.pk for record, row in changed if _moves(record, row))
        for designation in Designation.objects.stored()
        .filter(subscription__in=some)
        .select_related("partner__organisation")
    }
    for record, row in changed:
        with run.item(Kind.SUBSCRIPTION, record.where, Outcome.CHANGED):
            fresh = held[row.pk]
            fresh.provider = run.partner
            _update(run, record, fresh, stored.get(fresh.pk))
            on_record.keep(fresh)
    for some in portions(new, TOGETHER):
        _create(run, some, on_record)
    _tie(run, records, on_record)


def _check(run: Run, record: Record, row: Subscription | None, customers: Customers) -> UUID:
    """The customer of a subscription that can be stored, or the reason why it cannot."""
    if not run.partner.is_provider:
        raise Refused("only an indirect provider or a direct partner has subscriptions")
    customer_id = customer_of(run, record, row)
    if customer_id is None:
        raise Refused("names no customer: give --customer", "customer_unknown")
    if row is not None and row.customer_id != customer_id:
        raise Refused(f"is on record for another customer ({row.customer_id})")
    if customer_id not in customers.known:
        raise Refused("its customer could not be stored", "customer_unknown")
    if row is not None and row.is_bought_elsewhere and record.values.get("is_new_commerce"):
        raise Refused("is registered for support only, and the file says new commerce")
    if row is not None and row.is_new_commerce and record.values.get("is_traditional"):
        run.report.note(record.where, "looks traditional, but is in new commerce here and stays so")
        record.values.pop("offer_id", None)
    return customer_id


def _differences(record: Record, row: Subscription) -> dict[str, object]:
    return {
        name: record.values[name]
        for name in STORED
        if name in record.values and getattr(row, name) != record.values[name]
    }


def _moves(record: Record, row: Subscription) -> bool:
    return bool(record.values.get("is_new_commerce")) and not row.is_new_commerce


def _create(run: Run, records: Sequence[Record], on_record: Subscriptions) -> None:
    """New rows together; should the database refuse them, one by one, so that only the wrong one is left out."""
    rows = [_new(run, record) for record in records]
    try:
        with transaction.atomic():
            Subscription.objects.bulk_create(rows)
    except (DataError, IntegrityError):
        for record, row in zip(records, rows, strict=True):
            with run.item(Kind.SUBSCRIPTION, record.where, Outcome.CREATED):
                row.save(force_insert=True)
                on_record.keep(row)
        return
    for row in rows:
        on_record.keep(row)
        run.report.count(Kind.SUBSCRIPTION, Outcome.CREATED)


def _new(run: Run, record: Record) -> Subscription:
    row = Subscription(
        provider=run.partner,
        customer_id=record.values["customer"],
        microsoft_id=str(record.key[0]),
        recorded_at=run.now,
        is_new_commerce=bool(record.values.get("is_new_commerce")),
        **{name: record.values[name] for name in STORED if name in record.values},
    )
    row.sort_name = sort_name(row.name)[:200]  # what save() does, for rows that are made together
    _mark_end(run, row)
    return row


def _update(run: Run, record: Record, row: Subscription, stored: Designation | None) -> None:
    differences = _differences(record, row)
    for name, value in differences.items():
        setattr(row, name, value)
    if "parent_microsoft_id" in differences:
        row.parent = None
    _mark_end(run, row)
    row.save(update_fields=[*differences, "parent", "ended_at"])
    if _moves(record, row):
        run.report.events += 1
        apply_move(row, stored, at=run.now, acting=run.acting)


def _mark_end(run: Run, row: Subscription) -> None:
    """Microsoft gives no instant: it is when we first see it ended, or the end of the term if that was earlier."""
    if row.status not in ENDED:
        row.ended_at = None
    elif row.ended_at is None:
        over: datetime | None = row.commitment_end
        row.ended_at = min(run.now, over) if over is not None else run.now


def _tie(run: Run, records: Records, on_record: Subscriptions) -> None:
    """Add-ons to their parents, whichever of the two arrived first."""
    loose = Subscription.objects.filter(provider=run.partner, parent=None).exclude(parent_microsoft_id="")
    waiting: dict[object, Subscription] = {}
    for some in chunks(key[0] for key in records):
        waiting |= {row.pk: row for row in loose.filter(parent_microsoft_id__in=some)}
        waiting |= {row.pk: row for row in loose.filter(microsoft_id__in=some)}
    found = Subscriptions(run, {row.parent_microsoft_id for row in waiting.values()} - on_record.of.keys())
    ties = {
        row.pk: parent
        for row in waiting.values()
        if (parent := on_record.of.get(row.parent_microsoft_id) or found.of.get(row.parent_microsoft_id))
    }
    held = locked(Subscription, [waiting[pk] for pk in ties])
    for pk, row in held.items():
        parent = ties[pk]  # type: ignore[index]
        record = records.get((row.microsoft_id,))
        if parent.customer_id != row.customer_id or parent.parent_microsoft_id:
            if record is not None:
                why = "is an add-on itself" if parent.parent_microsoft_id else "belongs to another customer"
                run.report.note(record.place("parent_microsoft_id"), f"not tied to its parent, which {why}")
            continue
        row.parent = parent
        row.save(update_fields=["parent"])
        if record is None:
            run.report.count(Kind.SUBSCRIPTION, Outcome.CHANGED)
