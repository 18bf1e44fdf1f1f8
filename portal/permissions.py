"""Who may: the only role check of the portal."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from portal.errors import NotPermitted

if TYPE_CHECKING:
    from portal.actor import Actor


class Role(TextChoices):
    """What a person can be. The first six are Microsoft's partner roles; the last is a customer's."""

    GLOBAL_ADMIN = "global_admin", _("Global admin")
    ADMIN_AGENT = "admin_agent", _("Admin agent")
    HELPDESK_AGENT = "helpdesk_agent", _("Helpdesk agent")
    SALES_AGENT = "sales_agent", _("Sales agent")
    BILLING_ADMIN = "billing_admin", _("Billing admin")
    USER_ADMIN = "user_admin", _("User management admin")
    SERVICE_SUPPORT_ADMIN = "service_support_admin", _("Service support admin")


PARTNER_ROLES = (
    Role.GLOBAL_ADMIN,
    Role.ADMIN_AGENT,
    Role.HELPDESK_AGENT,
    Role.SALES_AGENT,
    Role.BILLING_ADMIN,
    Role.USER_ADMIN,
)
CUSTOMER_ROLES = (Role.GLOBAL_ADMIN, Role.SERVICE_SUPPORT_ADMIN)


class Permission(StrEnum):
    """`resource:action`, alphabetical. A permission speaks of the actor's own organisation only."""

    ACTIVITY_VIEW = "activity:view"
    CONTACT_ASSIGN = "contact:assign"
    # What any integration may act as at most: whoever makes them does not decide that as well.
    CREDENTIAL_LIMIT = "credential:limit"
    CREDENTIAL_MANAGE = "credential:manage"
    CUSTOMER_VIEW = "customer:view"
    DELEGATED_ADMIN_REQUEST = "delegated_admin:request"
    MAIL_VIEW = "mail:view"
    MEMBER_MANAGE = "member:manage"
    ORGANISATION_VIEW = "organisation:view"
    # A customer's answer to its partners: an agent of a tenant that is both does not give its admin rights away.
    PARTNER_REQUEST_ANSWER = "partner_request:answer"
    PROFILE_EDIT = "profile:edit"
    RELATIONSHIP_ASK = "relationship:ask"
    RELATIONSHIP_END = "relationship:end"
    RELATIONSHIP_REQUEST = "relationship:request"
    REQUEST_ANSWER = "request:answer"
    SUPPORT_VIEW = "support:view"


_EVERYBODY = frozenset({Permission.ORGANISATION_VIEW})

#: The whole matrix. Global admin, admin agent and helpdesk agent assign, as in Microsoft's "Assign a reseller as a
#: technical support contact for customers"; sales agents and user management admins no longer do since 2021.
ROLES: dict[Role, frozenset[Permission]] = {
    Role.GLOBAL_ADMIN: frozenset(Permission),
    Role.ADMIN_AGENT: _EVERYBODY
    | {
        Permission.ACTIVITY_VIEW,
        Permission.CONTACT_ASSIGN,
        Permission.CREDENTIAL_MANAGE,
        Permission.CUSTOMER_VIEW,
        Permission.DELEGATED_ADMIN_REQUEST,
        Permission.MAIL_VIEW,
        Permission.PROFILE_EDIT,
        Permission.RELATIONSHIP_ASK,
        Permission.RELATIONSHIP_REQUEST,
        Permission.REQUEST_ANSWER,
    },
    Role.HELPDESK_AGENT: _EVERYBODY
    | {Permission.CONTACT_ASSIGN, Permission.CUSTOMER_VIEW, Permission.RELATIONSHIP_ASK},
    Role.SALES_AGENT: _EVERYBODY
    | {Permission.CUSTOMER_VIEW, Permission.RELATIONSHIP_ASK, Permission.RELATIONSHIP_REQUEST},
    Role.BILLING_ADMIN: _EVERYBODY,
    Role.USER_ADMIN: _EVERYBODY | {Permission.MAIL_VIEW, Permission.MEMBER_MANAGE},
    Role.SERVICE_SUPPORT_ADMIN: _EVERYBODY | {Permission.SUPPORT_VIEW},
}


#: What no integration does, whatever its role: a secret in wrong hands must not become other secrets or people.
PEOPLE_ONLY = frozenset({Permission.CREDENTIAL_LIMIT, Permission.CREDENTIAL_MANAGE, Permission.MEMBER_MANAGE})


@dataclass(frozen=True, slots=True)
class Allowed:
    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Denied:
    """Falsy, and able to say who may instead."""

    permission: Permission
    roles: tuple[Role, ...]

    def __bool__(self) -> bool:
        return False


def roles_allowing(permission: Permission) -> tuple[Role, ...]:
    """Roles that hold this permission, most powerful first."""
    return tuple(role for role in Role if permission in ROLES[role])


def covers(roles: Iterable[Role], role: Role) -> bool:
    """Do these roles together hold every permission of that one? Nobody gives away more than they have."""
    return ROLES[role] <= frozenset[Permission]().union(*(ROLES[held] for held in roles))


def capped(role: Role, limit: Role) -> frozenset[Role]:
    """What an integration of this role acts as under an organisation's limit: the role, or what both hold."""
    if covers([limit], role):
        return frozenset({role})
    return frozenset(part for part in PARTNER_ROLES if covers([role], part) and covers([limit], part))


def can(actor: "Actor", permission: Permission) -> Allowed | Denied:
    """May this actor do this in their own organisation? Operators' commands and the system need no role."""
    holds = any(permission in ROLES[role] for role in actor.roles)
    if actor.kind == "integration" and permission in PEOPLE_ONLY:
        holds = False
    if holds or actor.kind in ("operator", "system"):
        return Allowed()
    return Denied(permission, roles_allowing(permission))


def require(actor: "Actor", permission: Permission) -> None:
    """Raise NotPermitted, naming the roles that may, unless the actor may."""
    verdict = can(actor, permission)
    if isinstance(verdict, Denied):
        raise NotPermitted(permission, role_labels(verdict.roles))


def role_labels(roles: Iterable[Role | str]) -> list[str]:
    return [str(Role(role).label) for role in roles]
