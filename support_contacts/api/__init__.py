"""Support contacts in the API: Microsoft's resource, and what goes on where Microsoft stops."""

from support_contacts.api.routes import router

__all__ = ["router"]
