"""New commerce or not: decided once, at the door, stored in one column (R5)."""

from collections.abc import Mapping


def is_new_commerce(body: Mapping[str, object]) -> bool:
    """Does a subscription body carry any modern marker?

    Microsoft gives no explicit flag. A modern subscription has `productType`, an `offerId` of three parts
    ("ProductId:SkuId:AvailabilityId"), or links to product, sku or availability instead of an offer (Partner Center
    REST documentation, "Get a subscription by ID"). Markers only ever add up: a thinner body later proves nothing.
    `body` has lower-case member names.
    """
    if body.get("producttype"):
        return True
    offer = body.get("offerid")
    if isinstance(offer, str) and offer.count(":") == 2:
        return True
    links = body.get("links")
    return isinstance(links, Mapping) and any(links.get(name) for name in ("product", "sku", "availability"))
