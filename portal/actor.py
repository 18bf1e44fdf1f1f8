"""Who acts: a person in an organisation with roles, an integration, an operator's command, or the system."""

import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from portal.permissions import Permission, Role, roles_allowing

if TYPE_CHECKING:
    from portal.models import Credential, Membership, Organisation, User


class ActorKind(StrEnum):
    PERSON = "person"
    INTEGRATION = "integration"
    OPERATOR = "operator"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """One who acts, for exactly one organisation at a time."""

    organisation: "Organisation"
    kind: ActorKind = ActorKind.PERSON
    roles: frozenset[Role] = field(default_factory=frozenset)
    user: "User | None" = None
    membership_id: uuid.UUID | None = None
    credential_id: uuid.UUID | None = None
    secret_id: uuid.UUID | None = None
    channel: str = "portal"
    request_id: str = ""

    @classmethod
    def of(cls, membership: "Membership", *, channel: str = "portal", request_id: str = "") -> "Actor":
        """The person of this membership, acting for its organisation."""
        return cls(
            organisation=membership.organisation,
            roles=frozenset(Role(role) for role in membership.roles),
            user=membership.user,
            membership_id=membership.pk,
            channel=channel,
            request_id=request_id,
        )

    @classmethod
    def integration(
        cls,
        credential: "Credential",
        *,
        secret_id: uuid.UUID | None = None,
        channel: str = "api",
        request_id: str = "",
    ) -> "Actor":
        """An API credential, acting for its organisation as much as that organisation lets integrations.

        `secret_id` is the secret that let it in.
        """
        return cls(
            organisation=credential.organisation,
            kind=ActorKind.INTEGRATION,
            roles=credential.roles,
            credential_id=credential.pk,
            secret_id=secret_id,
            channel=channel,
            request_id=request_id,
        )

    @classmethod
    def operator(
        cls, organisation: "Organisation", *, channel: str = "command", request_id: str = ""
    ) -> "Actor":
        """An operator's command, acting on an organisation's record. It needs no role: it has the machine."""
        return cls(organisation=organisation, kind=ActorKind.OPERATOR, channel=channel, request_id=request_id)

    @classmethod
    def system(cls, organisation: "Organisation", *, channel: str = "rule", request_id: str = "") -> "Actor":
        """The portal itself, doing on an organisation's record what that organisation's own policy says (R2)."""
        return cls(organisation=organisation, kind=ActorKind.SYSTEM, channel=channel, request_id=request_id)

    @property
    def is_provider(self) -> bool:
        """Acts for an organisation that sells subscriptions."""
        return self.organisation.is_partner and self.organisation.partner.is_provider

    @property
    def is_reseller(self) -> bool:
        return self.organisation.is_partner and self.organisation.partner.is_indirect_reseller

    @property
    def is_customer(self) -> bool:
        return self.organisation.is_customer

    def role_for(self, permission: Permission) -> str:
        """The role that allowed an act, for the record: the least one that does."""
        allowed = [role for role in roles_allowing(permission) if role in self.roles]
        return allowed[-1].value if allowed else ""
