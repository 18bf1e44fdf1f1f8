"""Subscriptions written by hand, in Microsoft's shape (§2.2), from our columns.

What is blank is left out; numbers, booleans and the three dates are always there (§8.6, §9.1.10). The support contact
is no member of a subscription, at Microsoft neither.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import quote

from portal.api.wire import NEVER_ENDS, instant, link
from subscriptions import etags
from subscriptions.api import words
from subscriptions.models import PurchasedThrough

#: What is read of a row. The first two are the page's.
COLUMNS = (
    "pk", "sort_name", "customer_id", "microsoft_id", "purchased_through", "seller_name", "offer_id", "offer_name",
    "friendly_name", "entitlement_id", "order_id", "parent_microsoft_id", "parent_id", "parent__microsoft_id",
    "product_type_id", "product_type_name", "quantity", "unit_type", "status", "suspension_reasons", "created_on",
    "effective_start", "commitment_end", "auto_renew", "is_trial", "has_purchasable_addons", "billing_type",
    "billing_cycle", "term_duration", "renewal_term_duration", "contract_type", "publisher_name",
    "reseller_of_record", "is_new_commerce", "recorded_at", "contact_version",
)  # fmt: skip
#: Microsoft's name of licence-based new commerce, for a row whose product type nobody has told us.
NEW_COMMERCE = "OnlineServicesNCE"
#: Texts that are written as they are stored, where there is something to write.
_TEXTS = (
    ("offerId", "offer_id"),
    ("offerName", "offer_name"),
    ("friendlyName", "friendly_name"),
    ("entitlementId", "entitlement_id"),
    ("unitType", "unit_type"),
    ("termDuration", "term_duration"),
    ("renewalTermDuration", "renewal_term_duration"),
    ("partnerId", "reseller_of_record"),
    ("publisherName", "publisher_name"),
    ("orderId", "order_id"),
)
_MIDNIGHT = time()
_DAYS_LAST_SECOND = timedelta(hours=23, minutes=59, seconds=59)


def writer_for(country: str) -> Callable[[Any], dict[str, Any]]:
    """Writes rows of `COLUMNS` of one customer, whose country the links to its offers name."""
    return lambda row: _written(row, country)


def public_id(row: Any) -> str:
    return row.microsoft_id or str(row.pk)


def _written(row: Any, country: str) -> dict[str, Any]:
    own = public_id(row)
    start = row.effective_start or row.created_on or row.recorded_at
    parent = (
        row.parent_microsoft_id or row.parent__microsoft_id or (str(row.parent_id) if row.parent_id else "")
    )
    body: dict[str, Any] = {"id": own}
    for name, column in _TEXTS:
        if text := getattr(row, column):
            body[name] = text
    if parent:
        body["parentSubscriptionId"] = parent
    if row.is_new_commerce:
        kind = row.product_type_id or NEW_COMMERCE
        body["productType"] = {"id": kind, "displayName": row.product_type_name or kind}
    body |= {
        "quantity": row.quantity,
        "creationDate": instant(row.created_on or start),
        "effectiveStartDate": instant(start),
        "commitmentEndDate": instant(row.commitment_end, never_ends=True),
        "commitmentEndDateTime": _end(row),
        "status": words.STATUS[row.status],
        "portalStatus": row.status,
        "autoRenewEnabled": row.auto_renew,
        "hasPurchasableAddons": row.has_purchasable_addons,
        "isTrial": row.is_trial,
    }
    _enumerate(body, row)
    if row.suspension_reasons:
        body["suspensionReasons"] = row.suspension_reasons
    if row.purchased_through != PurchasedThrough.PARTNER:
        body["portalPurchasedThrough"] = row.purchased_through
        if row.seller_name:
            body["portalSellerName"] = row.seller_name
    body["links"] = _links(row, own, parent, country)
    body["attributes"] = _attributes(row, own)
    return body


def _enumerate(body: dict[str, Any], row: Any) -> None:
    """The word of the oldest client; the true one beside it where it is another."""
    for name, stored, word in (
        ("BillingType", row.billing_type, words.billing_type),
        ("BillingCycle", row.billing_cycle, words.billing_cycle),
        ("ContractType", row.contract_type, words.contract_type),
    ):
        if not stored:
            continue
        said = word(stored)
        if said is not None:
            body[name[0].lower() + name[1:]] = said
        if said != stored:
            body["portal" + name] = stored


def _end(row: Any) -> str:
    """The last instant, whatever the commerce: new commerce counts the day of its end, legacy does not (§8.29)."""
    end: datetime | None = row.commitment_end
    if end is None:
        return NEVER_ENDS
    if row.is_new_commerce and end.astimezone(UTC).time() == _MIDNIGHT:
        end += _DAYS_LAST_SECOND
    return str(instant(end))


def _links(row: Any, own: str, parent: str, country: str) -> dict[str, Any]:
    base = f"/customers/{row.customer_id}/subscriptions/"
    where = f"?country={country}" if country else ""
    links: dict[str, Any] = {}
    if row.is_new_commerce:
        if row.offer_id.count(":") == 2:
            product, sku, availability = (quote(part, safe="") for part in row.offer_id.split(":"))
            sku_uri = f"/products/{product}/skus/{sku}"
            links["product"] = link(f"/products/{product}{where}")
            links["sku"] = link(f"{sku_uri}{where}")
            links["availability"] = link(f"{sku_uri}/availabilities/{availability}{where}")
    elif row.offer_id:
        links["offer"] = link(f"/offers/{quote(row.offer_id, safe='')}{where}")
    if parent:
        links["parentSubscription"] = link(base + parent)
    links["self"] = link(base + own)
    return links


def _attributes(row: Any, own: str) -> dict[str, str]:
    if row.is_new_commerce:
        return {"objectType": "Subscription"}
    return {"etag": etags.write(own, row.contact_version), "objectType": "Subscription"}
