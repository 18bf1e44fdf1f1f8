"""Subscriptions as the documentation shows them. Answers are written in `shapes`, never through these."""

from datetime import datetime
from typing import Literal

from ninja import Field, Schema

from portal.api.schemas import Collection, Link, SelfLink
from subscriptions.models import PurchasedThrough, Status


class ProductType(Schema):
    """New commerce only, and of all of it: this is how the two are told apart."""

    id: str
    displayName: str


class SubscriptionLinks(SelfLink):
    """Legacy has an offer; new commerce a product, a sku and an availability."""

    offer: Link | None = None
    product: Link | None = None
    sku: Link | None = None
    availability: Link | None = None
    parentSubscription: Link | None = None


class SubscriptionAttributes(Schema):
    """The etag is for `If-Match` of the support contact; new commerce has none."""

    etag: str | None = None
    objectType: Literal["Subscription"]


class Subscription(Schema):
    """Values of enumerations are those every Partner Center client reads; members named portal… tell the true ones."""

    id: str
    offerId: str | None = None
    offerName: str | None = None
    friendlyName: str | None = None
    entitlementId: str | None = None
    orderId: str | None = None
    parentSubscriptionId: str | None = None
    productType: ProductType | None = None
    quantity: int
    unitType: str | None = None
    creationDate: datetime
    effectiveStartDate: datetime
    commitmentEndDate: datetime = Field(description="9999-12-10T00:00:00Z where it never ends.")
    commitmentEndDateTime: datetime = Field(description="The last instant, comparable across commerces.")
    status: Literal["none", "active", "suspended", "deleted"]
    portalStatus: Status
    suspensionReasons: list[str] | None = None
    autoRenewEnabled: bool
    hasPurchasableAddons: bool
    isTrial: bool
    billingType: Literal["none", "usage", "license"] | None = None
    portalBillingType: str | None = None
    billingCycle: Literal["unknown", "monthly", "annual", "none", "one_time"] | None = None
    portalBillingCycle: str | None = None
    contractType: Literal["subscription"] | None = None
    portalContractType: str | None = None
    termDuration: str | None = None
    renewalTermDuration: str | None = None
    publisherName: str | None = None
    partnerId: str | None = Field(None, description="The PartnerID of the reseller of record.")
    portalPurchasedThrough: PurchasedThrough | None = Field(
        None, description="Where it was bought, when not from the caller: registered for support only."
    )
    portalSellerName: str | None = None
    links: SubscriptionLinks
    attributes: SubscriptionAttributes


class Subscriptions(Collection):
    items: list[Subscription]
