"""Customers, and partners' relationships with them: the importing partner's own, and its resellers'."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from customers.models import Customer, CustomerRelationship, DelegatedAdmin
from portal.models import Action, EndedAs, Organisation, Partner
from support_contacts.importing import resellers
from support_contacts.importing.records import ENDED, ESTABLISHED, Record
from support_contacts.importing.report import Kind, Outcome, Refused, Where
from support_contacts.importing.run import Run, chunks
from support_contacts.operations.core import named

Records = Mapping[tuple[object, ...], Record]

#: What a partner's view of a customer holds, beside its own alias.
VIEW = ("company_name", "domain", "domains", "country", "reseller_of_record_id")
NOT_REVIVED = "not revived: the relationship with this customer was ended here"


class Customers:
    """Relationships on record between some partners and some customers; asked once, kept up to date by the run."""

    def __init__(self, run: Run, partner_ids: Iterable[UUID], customer_ids: Iterable[UUID]) -> None:
        self.run = run
        self.known: set[UUID] = set()
        self._latest: dict[tuple[UUID, UUID], CustomerRelationship] = {}
        partner_ids = {run.partner.pk, *partner_ids}
        for some in chunks(customer_ids):
            self.known.update(Customer.objects.filter(pk__in=some).values_list("pk", flat=True))
            found = CustomerRelationship.objects.filter(customer_id__in=some, partner_id__in=partner_ids)
            for row in found.select_related("partner__organisation"):
                self.keep(row)

    def keep(self, row: CustomerRelationship) -> None:
        pair = (row.partner_id, row.customer_id)
        known = self._latest.get(pair)
        if known is None or known.pk == row.pk or _order(row) >= _order(known):
            self._latest[pair] = row

    def latest(self, partner_id: UUID, customer_id: UUID) -> CustomerRelationship | None:
        """The open record of a pair, else the one that ended last."""
        return self._latest.get((partner_id, customer_id))

    def established(self, partner_id: UUID, customer_id: UUID) -> CustomerRelationship | None:
        row = self.latest(partner_id, customer_id)
        return row if row is not None and row.ended_at is None and row.established_at is not None else None

    def stub(self, customer_id: UUID) -> None:
        """A customer that nobody has named yet: its organisation is shown by its tenant id."""
        if customer_id in self.known:
            return
        organisation = Organisation.objects.filter(pk=customer_id).first()
        if organisation is None:
            organisation = Organisation(pk=customer_id, name=str(customer_id), stubbed_by=self.run.partner)
            organisation.save(force_insert=True)
            Customer.objects.create(organisation=organisation)
        else:
            Customer.objects.get_or_create(organisation=organisation)


def _order(row: CustomerRelationship) -> tuple[bool, float]:
    return row.ended_at is None, row.ended_at.timestamp() if row.ended_at else 0.0


def apply(run: Run, records: Records, customers: Customers, live: set[UUID]) -> None:
    """The importing partner's own customers. `live` are those that have live subscriptions of it."""
    changes: list[tuple[Record, str]] = []
    for record in records.values():
        customer_id: UUID = record.key[0]  # type: ignore[assignment]
        change = _change(run, record, customers, live)
        if change.startswith("not"):
            run.refuse(Kind.CUSTOMER, record.where, change)
        elif change or view_of(record, customers.latest(run.partner.pk, customer_id)):
            changes.append((record, change))
        else:
            run.unchanged(Kind.CUSTOMER)
    rows = [customers.latest(run.partner.pk, record.key[0]) for record, _ in changes]  # type: ignore[arg-type]
    held = run.hold(CustomerRelationship, [row for row in rows if row is not None and row.ended_at is None])
    for record, change in changes:
        row = customers.latest(run.partner.pk, record.key[0])  # type: ignore[arg-type]
        _write(run, record, change, customers, held.get(row.pk) if row is not None else None)


def imply(
    run: Run, mentioned: Mapping[UUID, Record], customers: Customers
) -> dict[tuple[object, ...], Record]:
    """Customers that only subscriptions, resellers or grants name: each becomes one of ours, its name unknown."""
    implied: dict[tuple[object, ...], Record] = {}
    for customer_id, by in mentioned.items():
        row = customers.latest(run.partner.pk, customer_id)
        if row is not None and row.ended_at is None and row.established_at is not None:
            continue
        record = Record(Kind.CUSTOMER, (customer_id,), by.where)
        if "customer_name" in by.values:
            record.values["company_name"] = by.values["customer_name"]
        elif row is None:
            run.report.note(by.where, f"customer {customer_id} is in no file; its name is not known")
        implied[record.key] = record
    return implied


def view_of(record: Record, row: CustomerRelationship | None) -> dict[str, object]:
    """The members in which a record differs from a partner's view of a customer."""
    if row is None:
        return {}
    return {
        name: record.values[name]
        for name in VIEW
        if name in record.values and getattr(row, name) != record.values[name]
    }


def _change(run: Run, record: Record, customers: Customers, live: set[UUID]) -> str:
    """What a record does to the relationship: a state, "" for nothing but its view, or why it is not done."""
    customer_id: UUID = record.key[0]  # type: ignore[assignment]
    row = customers.latest(run.partner.pk, customer_id)
    if record.values.get("state") == ENDED:
        if row is None or row.ended_at is not None:
            return ""
        return "not ended: this customer has live subscriptions" if customer_id in live else ENDED
    if row is not None and row.ended_at is None:
        return "" if row.established_at is not None else ESTABLISHED
    if row is not None and not run.ended_by_import(row, Action.CUSTOMER_RELATIONSHIP_ENDED):
        return NOT_REVIVED
    return ESTABLISHED


def _write(
    run: Run, record: Record, change: str, customers: Customers, row: CustomerRelationship | None
) -> None:
    customer_id: UUID = record.key[0]  # type: ignore[assignment]
    with run.item(Kind.CUSTOMER, record.where, Outcome.CHANGED if row else Outcome.CREATED):
        if row is not None and row.ended_at is not None:
            raise Refused("was ended by somebody else at the same time")
        if change == ENDED and row is not None:
            row.partner = run.partner
            end(run, row)
        else:
            customers.stub(customer_id)
            if row is not None:
                row.partner = run.partner
            row = row or CustomerRelationship(
                partner=run.partner, customer_id=customer_id, created_at=run.now
            )
            for name in VIEW:
                setattr(row, name, record.values.get(name, getattr(row, name)))
            establish(run, row) if change else row.save()
        customers.known.add(customer_id)
        customers.keep(row)


def establish(run: Run, row: CustomerRelationship) -> None:
    """Begin a relationship, or a requested one."""
    row.established_at = run.after(row)
    before = {"id": str(row.pk), "state": "requested"} if row.requested_at else {"state": None}
    row.save()
    run.record(
        Action.CUSTOMER_RELATIONSHIP_ESTABLISHED,
        at=row.established_at,
        before=before,
        after={"id": str(row.pk), "state": ESTABLISHED, "partner": named(row.partner)},
        customer_id=row.customer_id,
        partner_ids=[row.partner_id],
    )


def end(run: Run, row: CustomerRelationship) -> None:
    """End a relationship and the grants under it, each with its event (R10)."""
    open_grants = DelegatedAdmin.objects.filter(relationship=row, ended_at=None)
    for grant in run.hold(DelegatedAdmin, open_grants).values():
        grant.relationship = row
        close_grant(run, grant, EndedAs.ENDED)
    at = run.after(row)
    before = {"id": str(row.pk), "state": str(row.state(at))}
    row.ended_at = at
    row.ended_as = EndedAs.ENDED if row.established_at else EndedAs.WITHDRAWN
    row.save()
    run.record(
        Action.CUSTOMER_RELATIONSHIP_ENDED,
        at=at,
        before=before,
        after={"id": str(row.pk), "state": row.ended_as, "partner": named(row.partner)},
        customer_id=row.customer_id,
        partner_ids=[row.partner_id],
    )


def close_grant(run: Run, grant: DelegatedAdmin, ended_as: EndedAs, **stated: object) -> None:
    """End a grant now: what customers were shown until this instant stays so; the stated date is in the event."""
    at = run.after(grant)
    before = {"id": str(grant.pk), "state": str(grant.state(at)), "ends_at": _iso(grant.ends_at)}
    grant.ended_at = at
    if grant.established_at is None:
        ended_as = EndedAs.LAPSED if ended_as == EndedAs.EXPIRED else EndedAs.WITHDRAWN
    grant.ended_as = ended_as
    grant.save(update_fields=["ended_at", "ended_as"])
    run.record(
        Action.DELEGATED_ADMIN_ENDED,
        at=at,
        before=before,
        after={"id": str(grant.pk), "state": grant.ended_as, **stated},
        customer_id=grant.relationship.customer_id,
        partner_ids=[grant.relationship.partner_id],
    )


def _iso(value: object) -> str | None:
    return value.isoformat() if hasattr(value, "isoformat") else None


def apply_resellers(run: Run, records: Records, customers: Customers, partners: resellers.Partners) -> None:
    """Resellers of one customer: their relationship with it, and with us where none is on record yet."""
    for record in records.values():
        customer_id: UUID = record.values["customer"]  # type: ignore[assignment]
        reseller_id: UUID = record.values["reseller"]  # type: ignore[assignment]
        refusal = resellers.refusal(run, record)
        row = customers.latest(reseller_id, customer_id)
        if refusal:
            run.refuse(Kind.CUSTOMER_RESELLER, record.where, refusal)
            continue
        if customers.established(run.partner.pk, customer_id) is None:
            run.refuse(
                Kind.CUSTOMER_RESELLER, record.where, "its customer is none of ours", "customer_unknown"
            )
            continue
        partners.tell(record)
        if not partners.relationships.get(reseller_id) or partners.wanted(record):
            change = "" if partners.relationships.get(reseller_id) else ESTABLISHED
            resellers.write(run, Kind.RESELLER, record, change, partners, {})
        partner = partners.get(reseller_id)
        if partner is None:
            run.refuse(
                Kind.CUSTOMER_RESELLER, record.where, "its partner is not on record", "relationship_missing"
            )
        elif row is not None and row.ended_at is None and row.established_at is not None:
            run.unchanged(Kind.CUSTOMER_RESELLER)
        else:
            relate(run, partner, customer_id, customers, record.where)


def relate(
    run: Run, partner: Partner, customer_id: UUID, customers: Customers, where: Where
) -> CustomerRelationship | None:
    """A reseller's relationship with a customer, unless somebody ended it here. It has no name of ours for it."""
    row = customers.latest(partner.pk, customer_id)
    if row is not None and row.ended_at is not None:
        if not run.ended_by_import(row, Action.CUSTOMER_RELATIONSHIP_ENDED):
            run.refuse(Kind.CUSTOMER_RESELLER, where, NOT_REVIVED)
            return None
        row = None
    made: list[CustomerRelationship] = []
    with run.item(Kind.CUSTOMER_RESELLER, where, Outcome.CHANGED if row else Outcome.CREATED):
        if row is not None:
            row = run.hold(CustomerRelationship, [row])[row.pk]
            if row.ended_at is not None:
                raise Refused("was ended by somebody else at the same time")
        row = row or CustomerRelationship(partner=partner, customer_id=customer_id, created_at=run.now)
        row.partner = partner
        establish(run, row)
        made.append(row)
    for kept in made:
        customers.keep(kept)
    return made[0] if made else None
