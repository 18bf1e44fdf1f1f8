"""Customers as the documentation shows them. Answers are written in `shapes`, never through these."""

from typing import Literal

from ninja import Schema

from portal.api.schemas import Collection, SelfLink


class Address(Schema):
    country: str


class CompanyProfileAttributes(Schema):
    objectType: Literal["CustomerCompanyProfile"]


class CompanyProfile(Schema):
    """How the caller knows this customer: a name nobody has given yet is the tenant id, an unknown domain is empty."""

    tenantId: str
    domain: str
    companyName: str
    address: Address | None = None
    links: SelfLink
    attributes: CompanyProfileAttributes


class CustomerAttributes(Schema):
    objectType: Literal["Customer"]


class Customer(Schema):
    id: str
    companyProfile: CompanyProfile
    relationshipToPartner: Literal["reseller", "none"]
    links: SelfLink
    attributes: CustomerAttributes


class CustomerInFull(Customer):
    """`allowDelegatedAccess` speaks of the caller's own delegated admin, never of a reseller's."""

    allowDelegatedAccess: bool
    customDomains: list[str]
    associatedPartnerId: str | None = None


class Customers(Collection):
    items: list[Customer]
