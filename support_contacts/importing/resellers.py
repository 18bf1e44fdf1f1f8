"""Partners that the files name, and the provider's relationships with its resellers."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from portal.models import (
    LAPSES_AFTER,
    Action,
    EndedAs,
    Membership,
    Organisation,
    Partner,
    ResellerRelationship,
)
from support_contacts.importing.records import DECLINED, ESTABLISHED, REQUESTED, Record
from support_contacts.importing.report import Kind, Outcome, Refused
from support_contacts.importing.run import Run, chunks
from support_contacts.operations.core import named

Records = Mapping[tuple[object, ...], Record]


class Partners:
    """The partners on record among those that the files name; asked once, kept up to date by the run."""

    def __init__(self, run: Run, ids: Iterable[object], partner_ids: Iterable[object]) -> None:
        self.run = run
        self.organisations: dict[UUID, Organisation] = {}
        number = run.partner.partner_id
        self.by_partner_id: dict[str, Partner] = {number: run.partner} if number else {}
        self.with_members: set[UUID] = set()
        for some in chunks(ids):
            for row in Organisation.objects.filter(pk__in=some).select_related("partner", "customer"):
                self.organisations[row.pk] = row
            members = Membership.objects.filter(organisation_id__in=some)
            self.with_members.update(members.values_list("organisation_id", flat=True).distinct())
        for some in chunks(partner_ids):
            for partner in Partner.objects.filter(partner_id__in=some).select_related("organisation"):
                self.by_partner_id[partner.partner_id] = partner
        related = ResellerRelationship.objects.filter(provider=run.partner).select_related(
            "reseller__organisation"
        )
        self.relationships: dict[UUID, list[ResellerRelationship]] = {}
        for relationship in related:
            self.relationships.setdefault(relationship.reseller_id, []).append(relationship)

    def get(self, pk: object) -> Partner | None:
        organisation = self.organisations.get(pk)  # type: ignore[call-overload]
        return organisation.partner if organisation is not None and organisation.is_partner else None

    def is_related(self, pk: UUID) -> bool:
        """The importing partner itself, or one with any past or present relationship to it."""
        return pk == self.run.partner.pk or pk in self.relationships

    def latest(self, pk: UUID) -> ResellerRelationship | None:
        """The open record with a reseller, else the one that ended last."""
        rows = self.relationships.get(pk, [])
        return max(rows, key=lambda row: (row.ended_at is None, row.ended_at or self.run.now), default=None)

    def may_change(self, organisation: Organisation) -> bool:
        """Only a stub that this partner's imports made, and that nobody has come to yet."""
        return organisation.stubbed_by_id == self.run.partner.pk and organisation.pk not in self.with_members

    def wanted(self, record: Record) -> dict[str, object]:
        """What a record would change at its partner's stub; {} when nothing, or nothing that may be changed."""
        pk: UUID = record.values["reseller"]  # type: ignore[assignment]
        organisation = self.organisations.get(pk)
        if organisation is None:
            return {"new": True}
        if not self.may_change(organisation):
            return {}
        partner = self.get(pk)
        found: dict[str, object] = {
            name: record.values[name]
            for name in ("name", "country")
            if record.values.get(name, getattr(organisation, name)) != getattr(organisation, name)
        }
        number = self._free_number(record, pk)
        if number and (partner is None or partner.partner_id != number):
            found["partner_id"] = number
        if partner is None or not partner.is_indirect_reseller:
            found["is_indirect_reseller"] = True
        return found

    def stub(self, record: Record) -> Organisation:
        """The partner a record names, made or brought up to date as far as it may be."""
        pk: UUID = record.values["reseller"]  # type: ignore[assignment]
        known = self.organisations.get(pk)
        if known is not None and not self.may_change(known):
            if not known.is_partner:
                raise Refused(
                    "is on record as an organisation that is no partner; an import does not change that"
                )
            return known
        values = record.values
        organisation = Organisation.objects.filter(pk=pk).first() or Organisation(
            pk=pk, stubbed_by=self.run.partner
        )
        organisation.name = str(values.get("name") or organisation.name or pk)
        organisation.country = str(values.get("country") or organisation.country)
        organisation.save()
        partner = organisation.partner if organisation.is_partner else Partner(organisation=organisation)
        partner.partner_id = self._free_number(record, pk) or partner.partner_id
        partner.is_indirect_reseller = True
        partner.save()
        return Organisation.objects.select_related("partner").get(pk=pk)

    def keep(self, organisation: Organisation) -> None:
        """Remember a partner whose savepoint was kept."""
        self.organisations[organisation.pk] = organisation
        if organisation.partner.partner_id:
            self.by_partner_id[organisation.partner.partner_id] = organisation.partner

    def tell(self, record: Record) -> None:
        """What a record says otherwise about a partner that this import may not change."""
        pk: UUID = record.values["reseller"]  # type: ignore[assignment]
        organisation = self.organisations.get(pk)
        report = self.run.report
        number = record.values.get("partner_id")
        if number and number in self.by_partner_id and self.by_partner_id[str(number)].pk != pk:
            report.note(record.place("partner_id"), "is the PartnerID of another partner; not stored")
        if organisation is None or not organisation.is_partner or self.may_change(organisation):
            return
        on_record = {
            "name": organisation.name,
            "country": organisation.country,
            "partner_id": organisation.partner.partner_id,
        }
        for name, value in on_record.items():
            if name in record.values and record.values[name] != value:
                report.note(
                    record.place(name), "differs from what is on record for this partner, which is kept"
                )
        if not organisation.partner.is_indirect_reseller:
            report.note(record.where, "acts as no reseller here, so it cannot be a support contact")

    def _free_number(self, record: Record, pk: UUID) -> str:
        number = str(record.values.get("partner_id") or "")
        owner = self.by_partner_id.get(number)
        return number if owner is None or owner.pk == pk else ""


def apply(run: Run, records: Records, partners: Partners) -> None:
    """The provider's own list of resellers: every item with a state."""
    changes: list[tuple[Record, str]] = []
    for record in records.values():
        why = refusal(run, record)
        if why:
            run.refuse(Kind.RESELLER, record.where, why)
            continue
        partners.tell(record)
        change = _change(run, record, partners)
        if change.startswith("not"):
            run.refuse(Kind.RESELLER, record.where, change)
        elif change or partners.wanted(record):
            changes.append((record, change))
        else:
            run.unchanged(Kind.RESELLER)
    rows = [partners.latest(record.values["reseller"]) for record, _ in changes]  # type: ignore[arg-type]
    held = run.hold(ResellerRelationship, [row for row in rows if row is not None and row.ended_at is None])
    for record, change in changes:
        write(run, Kind.RESELLER, record, change, partners, held)


def write(
    run: Run,
    kind: Kind,
    record: Record,
    change: str,
    partners: Partners,
    held: Mapping[object, ResellerRelationship],
) -> None:
    """One relationship, and the stub of its partner, in a savepoint of its own."""
    pk: UUID = record.values["reseller"]  # type: ignore[assignment]
    latest = partners.latest(pk)
    row = held.get(latest.pk) if latest is not None else None
    is_new = change in (ESTABLISHED, REQUESTED) and row is None
    with run.item(kind, record.where, Outcome.CREATED if is_new else Outcome.CHANGED):
        organisation = partners.stub(record)
        made = (
            _apply(run, change, row, organisation.partner, at=run.after(row or latest)) if change else latest
        )
        partners.keep(organisation)
        if made is not None:
            others = [one for one in partners.relationships.get(pk, []) if one.pk != made.pk]
            partners.relationships[pk] = [*others, made]


def _apply(
    run: Run, change: str, row: ResellerRelationship | None, reseller: Partner, *, at: datetime
) -> ResellerRelationship:
    before = {"id": str(row.pk), "state": str(row.state(at))} if row else {"state": None}
    if row is None:
        row = ResellerRelationship(provider=run.partner, reseller=reseller)
    elif row.ended_at is not None:
        raise Refused("was ended by somebody else at the same time")
    action = Action.RESELLER_RELATIONSHIP_ESTABLISHED
    if change == ESTABLISHED:
        row.established_at = at
    elif change == REQUESTED:
        row.requested_at, row.lapses_at = at, at + LAPSES_AFTER
        action = Action.RESELLER_RELATIONSHIP_REQUESTED
    else:
        row.ended_at = at
        row.ended_as = EndedAs.ENDED if row.established_at else EndedAs.WITHDRAWN
        if change == DECLINED and not row.established_at:
            row.ended_as = EndedAs.DECLINED
        action = Action.RESELLER_RELATIONSHIP_ENDED
    row.save()
    run.record(
        action,
        at=at,
        before=before,
        after={"id": str(row.pk), "state": row.ended_as or change, "partner": named(reseller)},
        partner_ids=[reseller.pk],
    )
    return row


def refusal(run: Run, record: Record) -> str:
    """Why a partner a file names can be no reseller of ours; "" when it can."""
    if record.values["reseller"] == run.partner.pk:
        return "is the importing partner itself"
    if record.values.get("type") == "isindirectresellerof":
        return "is a provider of the importing partner; import the provider's own list for that"
    if not run.partner.is_provider:
        return "only an indirect provider or a direct partner has resellers"
    return ""


def _change(run: Run, record: Record, partners: Partners) -> str:
    """What the record does to the relationship on record: a state, "" for nothing, or why it is not done."""
    row, state = partners.latest(record.values["reseller"]), str(record.values["state"])  # type: ignore[arg-type]
    if row is not None and row.ended_at is None:
        if row.established_at is not None:
            return "" if state in (ESTABLISHED, REQUESTED) else state
        return "" if state == REQUESTED else state
    if state not in (ESTABLISHED, REQUESTED):
        return ""
    if row is not None and not run.ended_by_import(row, Action.RESELLER_RELATIONSHIP_ENDED):
        return "not revived: this relationship was ended here"
    return state
