"""Subscriptions in the API: `customers/{id}/subscriptions` and what hangs on one of them (§2.2)."""

from subscriptions.api.routes import router

__all__ = ["router"]
