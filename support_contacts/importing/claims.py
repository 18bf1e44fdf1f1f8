"""What the files say about delegated admin, whichever way they say it: one claim a grant."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from customers.models import DelegatedAdmin
from portal.identifiers import canonical_guid
from portal.models import Partner
from support_contacts.importing.customers import Customers
from support_contacts.importing.records import ENDED, ESTABLISHED, EXPIRED, REQUESTED, Record
from support_contacts.importing.report import Kind, Where
from support_contacts.importing.resellers import Partners
from support_contacts.importing.run import Run

Records = Mapping[tuple[object, ...], Record]


@dataclass(frozen=True, slots=True)
class Claim:
    """One grant as a file states it. `dated` is when the source record itself began; None where it does not say."""

    where: Where
    partner: Partner
    customer_id: UUID
    kind: str
    source_id: str
    state: str
    began: datetime | None = None
    until: datetime | None = None
    dated: datetime | None = None
    requested_for: Partner | None = None

    @property
    def is_identified(self) -> bool:
        """Microsoft's own id says which grant it is."""
        return self.kind == DelegatedAdmin.Kind.GDAP and not self.source_id.startswith("csv:")


def claims_of(
    run: Run, customer_records: Records, grant_records: Records, customers: Customers, partners: Partners
) -> list[Claim]:
    """Every claim that can be placed, once a grant; a line for every other one."""
    found: dict[tuple[object, ...], Claim] = {}
    for claim in _claims(run, customer_records, grant_records, customers, partners):
        key = (claim.partner.pk, claim.customer_id, claim.kind, claim.source_id)
        earlier = found.get(key)
        if earlier is not None and (earlier.state, earlier.until) != (claim.state, claim.until):
            run.report.note(
                claim.where, f"disagrees with {earlier.where.file} about this grant; the last one counts"
            )
        found[key] = claim
    return list(found.values())


def _claims(
    run: Run, customer_records: Records, grant_records: Records, customers: Customers, partners: Partners
) -> Iterator[Claim]:
    for record in customer_records.values():
        yield from _of_customer(run, record, customers)
    for record in grant_records.values():
        read = _of_graph if "source_id" in record.values else _of_row
        claim = read(run, record, customers, partners)
        if claim is not None:
            yield claim


def _of_customer(run: Run, record: Record, customers: Customers) -> Iterable[Claim]:
    """`allowDelegatedAccess` speaks of the importing partner's own rights, and of DAP."""
    if "dap" not in record.values:
        return
    customer_id: UUID = record.key[0]  # type: ignore[assignment]
    has = bool(record.values["dap"])
    if customers.established(run.partner.pk, customer_id) is None:
        if has:
            run.refuse(Kind.GRANT, record.place("dap"), "no established relationship with this customer")
        return
    yield Claim(
        record.place("dap"), run.partner, customer_id, DelegatedAdmin.Kind.DAP, "",
        ESTABLISHED if has else ENDED, requested_for=run.partner,
    )  # fmt: skip


def _of_graph(run: Run, record: Record, customers: Customers, partners: Partners) -> Claim | None:
    """A Graph body names no partner: it is the importing partner's own. The subtype names who asked for it."""
    values = record.values
    customer_id: UUID = values["customer"]  # type: ignore[assignment]
    state = str(values["state"])
    began, until = _instant(values, "began"), _instant(values, "until")
    if began is None or state == REQUESTED:
        began = _instant(values, "created")
    if state == ESTABLISHED and until is None:
        run.refuse(Kind.GRANT, record.place("until"), "has no end date; delegated admin (GDAP) ends")
        return None
    if customers.established(run.partner.pk, customer_id) is None:
        run.refuse(Kind.GRANT, record.where, "no established relationship with this customer")
        return None
    requested_for: Partner | None = run.partner
    if "requested_for" in values:
        requested_for = partners.get(values["requested_for"])
        if requested_for is None:
            run.report.note(
                record.place("requested_for"), "is no partner on record; the request is kept without it"
            )
    if state in (ENDED, EXPIRED):
        modified = _instant(values, "modified")
        until = min(filter(None, (until, modified)), default=None) if state == ENDED else until
    return Claim(
        record.where, run.partner, customer_id, DelegatedAdmin.Kind.GDAP, str(values["source_id"]),
        _by_clock(state, until, run.now), began, until,
        dated=began, requested_for=requested_for,
    )  # fmt: skip


def _of_row(run: Run, record: Record, customers: Customers, partners: Partners) -> Claim | None:
    """A row of the table: ours, or of a partner related to us, at a customer of ours."""
    values = record.values
    customer_id: UUID = values["customer"]  # type: ignore[assignment]
    partner = partner_of(run, record, partners)
    if partner is None or not partners.is_related(partner.pk):
        run.refuse(Kind.GRANT, record.place("partner"), "is no partner related to us", "relationship_missing")
        return None
    if customers.established(run.partner.pk, customer_id) is None:
        run.refuse(Kind.GRANT, record.place("customer"), "is no customer of ours", "customer_unknown")
        return None
    began, until = _instant(values, "began"), _instant(values, "until")
    if began is not None and until is not None and until <= began:
        run.refuse(Kind.GRANT, record.where, "ends before it begins")
        return None
    kind, source = DelegatedAdmin.Kind.DAP, ""
    if until is not None:
        # Each provider's table says what that provider knows: its rows are told apart from another's.
        kind, source = (
            DelegatedAdmin.Kind.GDAP,
            f"csv:{run.partner.pk.hex}:{began.isoformat() if began else ''}",
        )
    return Claim(
        record.where, partner, customer_id, kind, source, _by_clock(ESTABLISHED, until, run.now),
        began, until, dated=began, requested_for=run.partner,
    )  # fmt: skip


def partner_of(run: Run, record: Record, partners: Partners) -> Partner | None:
    """The partner a row names, by tenant id or by PartnerID."""
    name = str(record.values["partner"])
    tenant = canonical_guid(name)
    if tenant is not None:
        return run.partner if tenant == run.partner.pk else partners.get(tenant)
    return partners.by_partner_id.get(name)


def _by_clock(state: str, until: datetime | None, now: datetime) -> str:
    return EXPIRED if state == ESTABLISHED and until is not None and until <= now else state


def _instant(values: Mapping[str, object], name: str) -> datetime | None:
    found = values.get(name)
    return found if isinstance(found, datetime) else None
