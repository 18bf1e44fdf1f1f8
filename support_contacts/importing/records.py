"""An item's members, typed and under our names: what a file says about one thing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from subscriptions.commerce import is_new_commerce
from subscriptions.models import Status
from support_contacts.importing import values as v
from support_contacts.importing.reading import Item
from support_contacts.importing.report import Kind, Refused, Report, Where
from support_contacts.importing.shapes import Shape, customer_of, link

ESTABLISHED, REQUESTED, ENDED, EXPIRED, DECLINED = "established", "requested", "ended", "expired", "declined"

_TO_PARTNER = dict.fromkeys(("reseller", "advisor", "syndication", "microsoftsupport"), ESTABLISHED) | {
    "none": ENDED
}
_RELATIONSHIP_STATES = (
    dict.fromkeys(("active", "established", "accepted"), ESTABLISHED)
    | dict.fromkeys(("requested", "pending"), REQUESTED)
    | dict.fromkeys(("inactive", "ended", "terminated", "removed", "deleted", "expired", "none"), ENDED)
    | dict.fromkeys(("declined", "rejected"), DECLINED)
)
_GRAPH_STATES = (
    dict.fromkeys(("active", "expiring"), ESTABLISHED)
    | dict.fromkeys(("approvalpending", "created", "approved", "activating"), REQUESTED)
    | dict.fromkeys(("terminated", "terminating", "terminationrequested"), ENDED)
    | {"expired": EXPIRED}
)
_STATUSES = {status.value: status.value for status in Status}


@dataclass(frozen=True, slots=True)
class Member:
    """One member of Microsoft's, by its path, and the name and type it has here."""

    name: str
    path: str
    read: v.Reader


@dataclass(slots=True)
class Record:
    """What is said about one thing. A value that is absent says nothing; None is said (an end that never comes)."""

    kind: Kind
    key: tuple[object, ...]
    where: Where
    values: dict[str, object] = field(default_factory=dict)
    places: dict[str, Where] = field(default_factory=dict)

    def place(self, name: str) -> Where:
        return self.places.get(name, self.where)


CUSTOMER = (
    Member("tenant", "companyProfile.tenantId", v.guid),
    Member("company_name", "companyProfile.companyName", v.text(200)),
    Member("domain", "companyProfile.domain", v.domain),
    Member("domains", "customDomains", v.domains),
    Member("country", "companyProfile.address.country", v.country),
    Member("reseller_of_record_id", "associatedPartnerId", v.guid),
    Member("state", "relationshipToPartner", v.one_of(_TO_PARTNER)),
    Member("dap", "allowDelegatedAccess", v.boolean),
)
SUBSCRIPTION = (
    Member("offer_id", "links.offer.uri", v.offer_in),
    Member("offer_id", "offerId", v.identifier(120)),
    Member("offer_name", "offerName", v.text(300)),
    Member("friendly_name", "friendlyName", v.text(300)),
    Member("entitlement_id", "entitlementId", v.identifier(80)),
    Member("order_id", "orderId", v.identifier(80)),
    Member("parent_microsoft_id", "parentSubscriptionId", v.identifier(80)),
    Member("product_type_id", "productType.id", v.text(80)),
    Member("product_type_name", "productType.displayName", v.text(120)),
    Member("quantity", "quantity", v.quantity),
    Member("unit_type", "unitType", v.text(40)),
    Member("status", "status", v.one_of(_STATUSES)),
    Member("suspension_reasons", "suspensionReasons", v.texts(100)),
    Member("created_on", "creationDate", v.instant),
    Member("effective_start", "effectiveStartDate", v.instant),
    Member("commitment_end", "commitmentEndDate", v.instant),
    Member("auto_renew", "autoRenewEnabled", v.boolean),
    Member("is_trial", "isTrial", v.boolean),
    Member("has_purchasable_addons", "hasPurchasableAddons", v.boolean),
    Member("billing_type", "billingType", v.text(20)),
    Member("billing_cycle", "billingCycle", v.text(20)),
    Member("term_duration", "termDuration", v.text(20)),
    Member("renewal_term_duration", "renewalTermDuration", v.text(20)),
    Member("contract_type", "contractType", v.text(30)),
    Member("publisher_name", "publisherName", v.text(200)),
    Member("reseller_of_record", "partnerId", v.digits),
)
RELATIONSHIP = (
    Member("reseller", "id", v.guid),
    Member("name", "name", v.text(200)),
    Member("partner_id", "mpnId", v.digits),
    Member("country", "location", v.country),
    Member("type", "relationshipType", v.word),
    Member("state", "state", v.one_of(_RELATIONSHIP_STATES)),
)
CONTACT = (
    Member("tenant", "supportTenantId", v.guid),
    Member("partner_id", "supportMpnId", v.digits),
    Member("name", "name", v.text(200)),
)
PROFILE = (
    Member("email", "email", v.email),
    Member("telephone", "telephone", v.text(50)),
    Member("website", "website", v.website),
)
GRAPH = (
    Member("source_id", "id", v.identifier(100)),
    Member("customer", "customer.tenantId", v.guid),
    Member("customer_name", "customer.displayName", v.text(200)),
    Member("state", "status", v.one_of(_GRAPH_STATES)),
    Member("created", "createdDateTime", v.instant),
    Member("began", "activatedDateTime", v.instant),
    Member("modified", "lastModifiedDateTime", v.instant),
    Member("until", "endDateTime", v.instant),
    Member("duration", "duration", v.duration),
    Member("requested_for", "indirectProviderTenantId", v.guid),
)
CSV = (
    Member("customer", "customer", v.guid),
    Member("partner", "partner", v.identifier(40)),
    Member("began", "from", v.instant),
    Member("until", "until", v.inclusive_end),
)


def extract(item: Item, members: Iterable[Member], report: Report) -> Record:
    """Every member that is there and usable; a line for every other one."""
    record = Record(Kind.CUSTOMER, (), item.where)
    for member in members:
        found: object = item.body
        for step in member.path.lower().split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
        if found is None:
            continue
        place = item.where.at(member.path)
        try:
            record.values[member.name] = member.read(found)
            record.places[member.name] = place
        except v.Unset:
            continue
        except v.Unusable as error:
            report.note(place, f"{error}; taken as missing")
    return record


def records_of(item: Item, shape: Shape, customer: UUID | None, report: Report) -> Record:
    """What one item says. `customer` is the one the command names, for items whose body and links name none."""
    return _READERS[shape](item, customer, report)


def _customer(item: Item, customer: UUID | None, report: Report) -> Record:
    record = extract(item, CUSTOMER, report)
    own = _guid_of(item, "id", report)
    tenant = record.values.pop("tenant", None)
    if own and tenant and own != tenant:
        report.note(record.place("tenant"), "differs from the customer's id, which counts")
    found = own or tenant or v.customer_in(link(item.body, "self"))
    if found is None:
        raise Refused("names no customer")
    return _keyed(record, Kind.CUSTOMER, found)


def _subscription(item: Item, customer: UUID | None, report: Report) -> Record:
    record = extract(item, SUBSCRIPTION, report)
    found = _guid_of(item, "id", report)
    own = str(found) if found else v.subscription_in(link(item.body, "self"))
    if own is None:
        raise Refused("has no subscription ID")
    parent = v.subscription_in(link(item.body, "parentsubscription"))
    if parent and "parent_microsoft_id" not in record.values:
        record.values["parent_microsoft_id"] = parent
    if record.values.get("parent_microsoft_id") == own:
        report.note(record.place("parent_microsoft_id"), "is the subscription itself; taken as missing")
        del record.values["parent_microsoft_id"]
    tenant = customer_of(item)
    if tenant is not None:
        record.values["customer"] = tenant
    if isinstance(item.body.get("producttype"), str):
        record.values["product_type_id"] = str(item.body["producttype"])[:80]
    if is_new_commerce(item.body):
        record.values["is_new_commerce"] = True
    elif "offer_id" in record.values:
        record.values["is_traditional"] = True
    return _keyed(record, Kind.SUBSCRIPTION, own)


def _relationship(item: Item, customer: UUID | None, report: Report) -> Record:
    record = extract(item, RELATIONSHIP, report)
    if "reseller" not in record.values:
        raise Refused("names no partner")
    if item.body.get("state") is not None:
        if "state" not in record.values:
            raise Refused("has a state that is not known")
        return _keyed(record, Kind.RESELLER, record.values["reseller"])
    tenant = customer_of(item) or customer
    if tenant is None:
        raise Refused("has no state and names no customer: give --customer if it is a customer's reseller")
    record.values["customer"] = tenant
    return _keyed(record, Kind.CUSTOMER_RESELLER, tenant, record.values["reseller"])


def _contact(item: Item, customer: UUID | None, report: Report) -> Record:
    record = extract(item, CONTACT, report)
    subscription = v.subscription_in(link(item.body, "self"))
    if subscription is None:
        raise Refused("names no subscription", "subscription_unknown")
    if not {"tenant", "partner_id"} & record.values.keys():
        raise Refused("names no partner", "relationship_missing")
    tenant = v.customer_in(link(item.body, "self")) or customer
    if tenant is not None:
        record.values["customer"] = tenant
    return _keyed(record, Kind.CONTACT, subscription)


def _profile(item: Item, customer: UUID | None, report: Report) -> Record:
    return _keyed(extract(item, PROFILE, report), Kind.PROFILE)


def _graph(item: Item, customer: UUID | None, report: Report) -> Record:
    record = extract(item, GRAPH, report)
    source, state = record.values.get("source_id"), record.values.get("state")
    if customer is not None:
        record.values.setdefault("customer", customer)
    if source is None or state is None or "customer" not in record.values:
        missing = "id" if source is None else "status" if state is None else "customer"
        raise Refused(f"has no {missing} that can be read")
    began, length = record.values.get("began"), record.values.pop("duration", None)
    if "until" not in record.values and began is not None and length is not None:
        record.values["until"] = began + length  # type: ignore[operator]
    return _keyed(record, Kind.GRANT, source)


def _csv(item: Item, customer: UUID | None, report: Report) -> Record:
    record = extract(item, CSV, report)
    if customer is not None and not item.body.get("customer"):
        record.values.setdefault("customer", customer)
    for name in ("customer", "partner"):
        if name not in record.values:
            raise Refused(f"names no {name}")
    for name in ("from", "until"):
        if item.body.get(name) and ("began" if name == "from" else name) not in record.values:
            raise Refused(f'"{name}" cannot be read')
    record.values["state"] = ESTABLISHED
    began = record.values.get("began")
    # The same partner and the same start are the same grant; a row without an end is DAP, of which there is one.
    identity = began if record.values.get("until") else "dap"
    return _keyed(record, Kind.GRANT, record.values["customer"], record.values["partner"], identity)


def _guid_of(item: Item, name: str, report: Report) -> UUID | None:
    return extract(item, (Member("id", name, v.guid),), report).values.get("id")  # type: ignore[return-value]


def _keyed(record: Record, kind: Kind, *key: object) -> Record:
    record.kind, record.key = kind, key
    return record


_READERS = {
    Shape.CUSTOMER: _customer,
    Shape.SUBSCRIPTION: _subscription,
    Shape.RELATIONSHIP: _relationship,
    Shape.SUPPORT_CONTACT: _contact,
    Shape.SUPPORT_PROFILE: _profile,
    Shape.GRAPH_GRANT: _graph,
    Shape.CSV_GRANT: _csv,
}
