"""Customers in the API: `customers` and what hangs on one of them (§2.1, §2.4)."""

from customers.api.routes import router

__all__ = ["router"]
