"""Shapes as the documentation shows them: those every resource shares, then profiles and relationships.

Answers are written by hand, never through these: validation of every object costs half as much again (§9, JSON).
"""

from typing import Any, Literal

from django.utils.translation import gettext_noop
from ninja import Schema
from pydantic import ConfigDict, Field

from portal.models import SupportProfile


def one_is_said(*names: str, **schemas: dict[str, Any]) -> dict[str, Any]:
    """At least one of these members is there and is not null; `schemas` say what a member must be to count."""
    return {
        "anyOf": [
            {"required": [name], "properties": {name: schemas.get(name, {"type": "string"})}}
            for name in names
        ]
    }


def _longest(name: str) -> int | None:
    longest: int | None = getattr(SupportProfile._meta.get_field(name), "max_length", None)
    return longest


class Header(Schema):
    key: str
    value: str


class Link(Schema):
    """Relative, without /v1: clients put the version in front."""

    uri: str
    method: str
    headers: list[Header]


class SelfLink(Schema):
    self: Link


class PageLinks(SelfLink):
    """There is a `next` only when there is more."""

    next: Link | None = None
    previous: Link | None = None


class CollectionAttributes(Schema):
    objectType: Literal["Collection"]


class Collection(Schema):
    """`totalCount` counts the items of this answer."""

    totalCount: int
    links: PageLinks
    continuationToken: str | None = None
    attributes: CollectionAttributes


# -- profiles


class SupportProfileAttributes(Schema):
    objectType: Literal["PartnerSupportProfile"]


class SupportProfileShape(Schema):
    """What the partner tells its customers. Text that is not known is empty."""

    email: str
    telephone: str
    website: str
    portalTelephoneIsDialable: Literal[False] | None = Field(
        None, description="Only where the telephone is kept as it was typed, since nobody can dial it."
    )
    profileType: Literal["support_profile"]
    links: SelfLink
    attributes: SupportProfileAttributes


class SupportProfileBody(Schema):
    """What is left out, or null, stays as it is; an empty text takes it away. Something must be said."""

    email: str | None = Field(
        None, max_length=_longest("email"), description=gettext_noop("An address, or empty.")
    )
    telephone: str | None = Field(
        None,
        max_length=_longest("telephone"),
        description=gettext_noop("With its country, as in +33 1 99 00 47 10."),
    )
    website: str | None = Field(
        None, max_length=_longest("website"), description=gettext_noop("As in www.example.com/support.")
    )
    model_config = ConfigDict(json_schema_extra=one_is_said("email", "telephone", "website"))


class MpnProfileAttributes(Schema):
    objectType: Literal["MpnProfile"]


class MpnProfileShape(Schema):
    """A partner's PartnerID, formerly MPN ID."""

    mpnId: str
    partnerName: str
    profileType: Literal["MpnProfile"]
    links: SelfLink
    attributes: MpnProfileAttributes


# -- relationships


class RelationshipAttributes(Schema):
    objectType: Literal["PartnerRelationship"]


class CustomersPartner(Schema):
    """A partner related to us; `relationshipType` is ours towards it."""

    id: str
    name: str
    relationshipType: Literal["is_indirect_cloud_solution_provider_of", "is_indirect_reseller_of"]
    mpnId: str
    attributes: RelationshipAttributes


class Relationship(CustomersPartner):
    state: Literal["Active"]
    location: str | None = None


class Relationships(Collection):
    items: list[Relationship]


class CustomersPartners(Collection):
    items: list[CustomersPartner]
