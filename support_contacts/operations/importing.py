"""Bringing the answers of Microsoft's APIs onto record. An operator's act: it needs the machine, not a role."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from portal.actor import Actor, ActorKind
from portal.errors import NotPermitted, OperationError
from portal.identifiers import canonical_guid
from portal.models import Action, Partner
from subscriptions.models import ENDED, LIVE, Subscription
from support_contacts.importing import claims, contacts, customers, grants, profile, resellers, subscriptions
from support_contacts.importing.merging import Merged, read_all
from support_contacts.importing.records import Record
from support_contacts.importing.report import Kind, Report
from support_contacts.importing.run import Run, chunks

#: How long one statement of an import, or a pause between two, may take.
PATIENCE = "15min"


def import_partner_center(
    partner: Partner,
    *,
    files: Sequence[tuple[str, bytes]],
    acting: Actor,
    customer: uuid.UUID | None = None,
    overwrite: bool = False,
    dry_run: bool = False,
) -> Report:
    """Import files, each a name and its bytes, for this partner. All or nothing, but for the items that are refused.

    The files of one call count as one, the last to say something wins. What is missing in them blanks nothing, what
    is absent deletes nothing, and a second run changes nothing. `customer` stands in where body and links name none.
    A dry run takes the same way and is rolled back.
    """
    if acting.kind != ActorKind.OPERATOR:
        raise NotPermitted("import")
    report = Report()
    merged = read_all(files, customer, report)
    _apply(partner, merged, report, [name for name, _ in files], acting, customer, overwrite, dry_run)
    return report


@transaction.atomic(durable=True)
def _apply(
    partner: Partner,
    merged: Merged,
    report: Report,
    names: list[str],
    acting: Actor,
    customer: uuid.UUID | None,
    overwrite: bool,
    dry_run: bool,
) -> None:
    _begin(partner)
    run = Run(partner, customer, overwrite, acting, report, timezone.now())
    on_record = subscriptions.Subscriptions(run, _subscription_ids(merged))
    partners = resellers.Partners(run, _partner_ids(merged), _partner_numbers(merged))
    pending = contacts.pending(run, merged[Kind.CONTACT], partners, on_record)
    pending.hold_partners()
    for record in merged[Kind.PROFILE].values():
        profile.apply(run, record)
    resellers.apply(run, merged[Kind.RESELLER], partners)
    pending.hold_relationships()

    mentioned = _mentioned(run, merged, on_record, partners)
    known = customers.Customers(
        run, _grantees(run, merged, partners), _customer_ids(merged) | mentioned.keys()
    )
    own = merged[Kind.CUSTOMER]
    implied = customers.imply(run, {pk: by for pk, by in mentioned.items() if (pk,) not in own}, known)
    customers.apply(run, {**own, **implied}, known, _live(run, merged))
    customers.apply_resellers(run, merged[Kind.CUSTOMER_RESELLER], known, partners)
    pending.hold_customers()
    grants.apply(run, claims.claims_of(run, own, merged[Kind.GRANT], known, partners), known)
    pending.hold_grants()
    subscriptions.apply(run, merged[Kind.SUBSCRIPTION], known, on_record, pending.rows)
    contacts.apply(run, merged[Kind.CONTACT], partners, on_record)
    if report.wrote:
        run.record(Action.IMPORT_RUN, before={}, after={"files": names, "counts": report.summary()})
    if dry_run:
        transaction.set_rollback(True)


def _begin(partner: Partner) -> None:
    """One import of a partner at a time, and more patience than a page has: a commit checks every new row's keys."""
    with connection.cursor() as cursor:
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            cursor.execute("SELECT set_config(%s, %s, true)", [limit, PATIENCE])
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [partner.pk.int % 2**63])
        if not cursor.fetchone()[0]:
            raise OperationError("Another import for this partner is running; try again when it is done.")


def _subscription_ids(merged: Merged) -> set[object]:
    return {key[0] for kind in (Kind.SUBSCRIPTION, Kind.CONTACT) for key in merged[kind]}


def _customer_ids(merged: Merged) -> set[Any]:
    """Every customer the files name."""
    named = {record.values.get("customer") for kind in Kind for record in merged[kind].values()} - {None}
    return named | {key[0] for key in merged[Kind.CUSTOMER]}


def _partner_ids(merged: Merged) -> set[object]:
    """Every partner the files name by tenant id."""
    found: set[object] = set()
    for kind, name in (
        (Kind.RESELLER, "reseller"),
        (Kind.CUSTOMER_RESELLER, "reseller"),
        (Kind.CONTACT, "tenant"),
    ):
        found.update(record.values[name] for record in merged[kind].values() if name in record.values)
    for record in merged[Kind.GRANT].values():
        found.update({record.values.get("requested_for"), canonical_guid(record.values.get("partner"))})
    return found - {None}


def _partner_numbers(merged: Merged) -> set[object]:
    """Every partner the files name by PartnerID."""
    found = {record.values.get("partner_id") for kind in Kind for record in merged[kind].values()}
    return (found | {record.values.get("partner") for record in merged[Kind.GRANT].values()}) - {None}


def _grantees(run: Run, merged: Merged, partners: resellers.Partners) -> set[uuid.UUID]:
    """Partners whose relationships with customers the files speak of."""
    found: set[uuid.UUID] = {record.values["reseller"] for record in merged[Kind.CUSTOMER_RESELLER].values()}  # type: ignore[misc]
    for record in merged[Kind.GRANT].values():
        partner = claims.partner_of(run, record, partners) if "partner" in record.values else None
        if partner is not None:
            found.add(partner.pk)
    return found


def _mentioned(
    run: Run, merged: Merged, on_record: subscriptions.Subscriptions, partners: resellers.Partners
) -> dict[uuid.UUID, Record]:
    """Customers that are ours because something of ours names them, by the first record that does."""
    found: dict[uuid.UUID, Record] = {}
    if run.partner.is_provider:
        for record in merged[Kind.SUBSCRIPTION].values():
            customer_id = subscriptions.customer_of(run, record, on_record.of.get(str(record.key[0])))
            if customer_id is not None:
                found.setdefault(customer_id, record)
        for record in merged[Kind.CUSTOMER_RESELLER].values():
            found.setdefault(record.values["customer"], record)  # type: ignore[arg-type]
    for record in merged[Kind.GRANT].values():
        partner = claims.partner_of(run, record, partners) if "partner" in record.values else run.partner
        if partner is not None and partner.pk == run.partner.pk:
            found.setdefault(record.values["customer"], record)  # type: ignore[arg-type]
    return found


def _live(run: Run, merged: Merged) -> set[uuid.UUID]:
    """Customers the files say we have left, and that have live subscriptions of ours: on record or in the files."""
    left = [key[0] for key, record in merged[Kind.CUSTOMER].items() if record.values.get("state") == "ended"]
    said = merged[Kind.SUBSCRIPTION]
    found: set[uuid.UUID] = {
        record.values["customer"]  # type: ignore[misc]
        for record in said.values()
        if "customer" in record.values and record.values.get("status") in LIVE
    }
    for some in chunks(left):
        rows = Subscription.objects.live().filter(provider=run.partner, customer__in=some)
        for customer_id, microsoft_id in rows.values_list("customer_id", "microsoft_id"):
            record = said.get((microsoft_id,))
            if record is None or record.values.get("status") not in ENDED:
                found.add(customer_id)
    return found
