"""Accounts of the demo. They are roles, and share one password."""

from portal.passwords import DEMO_PASSWORD as PASSWORD
from portal.permissions import Role

__all__ = ["ALSO", "MAILBOXES", "PASSWORD"]

#: mailbox, role
MAILBOXES = {
    "global-admin": Role.GLOBAL_ADMIN,
    "admin": Role.GLOBAL_ADMIN,
    "admin-agent": Role.ADMIN_AGENT,
    "helpdesk-agent": Role.HELPDESK_AGENT,
    "sales-agent": Role.SALES_AGENT,
    "billing-admin": Role.BILLING_ADMIN,
    "user-admin": Role.USER_ADMIN,
    "support-admin": Role.SERVICE_SUPPORT_ADMIN,
}

#: Every organisation has a global admin; these have more.
ALSO = {
    "fabrikam.example": ("admin-agent", "helpdesk-agent", "sales-agent", "billing-admin", "user-admin"),
    "proseware.example": ("admin-agent",),
    "litware.example": ("admin-agent",),
    "treyresearch.example": ("admin-agent", "helpdesk-agent"),
    "firstup.example": ("admin-agent",),
    "relecloud.example": ("admin-agent",),
    "phone-company.example": ("admin-agent",),
    "contoso.example": ("admin", "support-admin"),
    "northwind.example": ("admin",),
}
