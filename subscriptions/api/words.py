"""Enumerated values in the words of the oldest client (§8.7, §9.1.5).

Microsoft's Java SDK fails on the whole list for one value it does not know; Microsoft itself writes such values since
2023. So the member of Microsoft's name has a word that every client reads, and the true word stands beside it.
"""

from subscriptions.models import Status

#: The true one stands beside it as `portalStatus`.
STATUS: dict[str, str] = {
    Status.NONE: "none",
    Status.ACTIVE: "active",
    Status.SUSPENDED: "suspended",
    Status.DELETED: "deleted",
    Status.PENDING: "none",
    Status.DISABLED: "suspended",
    Status.EXPIRED: "deleted",
}
_CYCLES = {name.replace("_", ""): name for name in ("unknown", "monthly", "annual", "none", "one_time")}
_BILLING = {name: name for name in ("none", "usage", "license")}
_CONTRACTS = {"subscription": "subscription"}


def billing_cycle(stored: str) -> str:
    """What Java does not know, triennial say, it reads as unknown."""
    return _CYCLES.get(_folded(stored), "unknown")


def billing_type(stored: str) -> str:
    return _BILLING.get(_folded(stored), "none")


def contract_type(stored: str) -> str | None:
    """`subscription` or nothing: the others were never seen to be read."""
    return _CONTRACTS.get(_folded(stored))


def _folded(stored: str) -> str:
    return stored.replace("_", "").replace(" ", "").casefold()
