"""Which of Microsoft's shapes an object is, and the items of a collection."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from uuid import UUID

from support_contacts.importing import values
from support_contacts.importing.reading import Item
from support_contacts.importing.report import Where, shown


class Shape(StrEnum):
    CUSTOMER = "customer"
    SUBSCRIPTION = "subscription"
    RELATIONSHIP = "partner relationship"
    SUPPORT_CONTACT = "support contact"
    SUPPORT_PROFILE = "support profile"
    GRAPH_GRANT = "delegated admin relationship"
    CSV_GRANT = "row of delegated admin"


# Microsoft's `attributes.objectType`, folded.
_BY_TYPE = {
    "customer": Shape.CUSTOMER,
    "subscription": Shape.SUBSCRIPTION,
    "partnerrelationship": Shape.RELATIONSHIP,
    "supportcontact": Shape.SUPPORT_CONTACT,
    "partnersupportprofile": Shape.SUPPORT_PROFILE,
    "supportprofile": Shape.SUPPORT_PROFILE,
}
_GRAPH_TYPES = ("delegatedadminrelationship", "resellerdelegatedadminrelationship")
# Where the type is missing (other clients leave `attributes` out): members that only this shape has.
_BY_MEMBERS = (
    (Shape.SUPPORT_CONTACT, ("supporttenantid",)),
    (Shape.SUPPORT_CONTACT, ("supportmpnid",)),
    (Shape.CUSTOMER, ("companyprofile",)),
    (Shape.CUSTOMER, ("relationshiptopartner",)),
    (Shape.RELATIONSHIP, ("relationshiptype",)),
    (Shape.SUBSCRIPTION, ("offerid", "status")),
    (Shape.SUBSCRIPTION, ("commitmentenddate",)),
    (Shape.SUBSCRIPTION, ("effectivestartdate",)),
    (Shape.SUBSCRIPTION, ("contracttype", "quantity")),
)


def shape_of(body: Mapping[str, object]) -> Shape | None:
    """The shape of one object, by the type it states, else by its members; None where it is nothing we read."""
    graph_type = body.get("@odata.type")
    if isinstance(graph_type, str):
        name = graph_type.rpartition(".")[2].lower()
        return Shape.GRAPH_GRANT if name in _GRAPH_TYPES else None
    stated = type_of(body)
    if stated is not None:
        return _BY_TYPE.get(stated)
    profile = body.get("profiletype")
    if profile is not None:
        return Shape.SUPPORT_PROFILE if _folded(profile) == "supportprofile" else None
    if "customer" in body and "status" in body and {"enddatetime", "duration", "accessdetails"} & body.keys():
        return Shape.GRAPH_GRANT
    for shape, members in _BY_MEMBERS:
        if all(member in body for member in members):
            return shape
    return None


def type_of(body: Mapping[str, object]) -> str | None:
    """The folded `attributes.objectType` of a body, if it states one."""
    attributes = body.get("attributes")
    stated = attributes.get("objecttype") if isinstance(attributes, Mapping) else None
    return _folded(stated) if isinstance(stated, str) else None


def _folded(value: object) -> str:
    return str(value).strip().replace("_", "").lower()


def items_of(root: object, where: Where) -> Iterator[Item | tuple[Where, str]]:
    """The items of a body: itself, those of a collection (`items`, Graph's `value`), or of a bare list.

    What is no object is answered as its place and the reason.
    """
    around: Mapping[str, object] = {}
    listed: object = None
    name = ""
    if isinstance(root, dict):
        around = root
        for name in ("items", "value"):
            if isinstance(root.get(name), list):
                listed = root[name]
                break
        else:
            if type_of(root) == "collection":
                yield where, "is a collection without items"
            else:
                yield Item(where, root)
            return
    elif isinstance(root, list):
        listed = root
    if not isinstance(listed, list):
        yield where, "is neither an object nor a list"
        return
    for index, entry in enumerate(listed):
        here = Where(where.file, f"{name}[{index}]")
        if isinstance(entry, dict):
            yield Item(here, entry, around)
        else:
            yield here, f"is no object ({shown(entry)})"


def not_read(body: Mapping[str, object]) -> str:
    """Why an object of no known shape is left out."""
    stated = type_of(body) or body.get("@odata.type")
    if stated:
        return f'is of a type this import does not read ("{shown(stated)}")'
    if {"code", "description"} <= body.keys() or "error" in body:
        return "is an error message, not data"
    return "is in none of the shapes this import reads"


def link(body: Mapping[str, object], name: str) -> object:
    """The address of one of a body's links."""
    links = body.get("links")
    found = links.get(name) if isinstance(links, Mapping) else None
    return found.get("uri") if isinstance(found, Mapping) else found


def customer_of(item: Item) -> UUID | None:
    """The customer that an item's own links name, else those of the collection it stood in."""
    own = (
        values.customer_in(link(item.body, name)) for name in ("self", "parentsubscription", "entitlement")
    )
    return next((found for found in own if found), None) or values.customer_in(link(item.around, "self"))
