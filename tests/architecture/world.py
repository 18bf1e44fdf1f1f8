"""One world with every relation there is, and a canary in every text of it.

Two providers that share a customer, a direct partner, a partner of both kinds, resellers in every state, a tenant that
is partner and customer, people in every role, one person of two organisations; what ended, and what is nobody's.
"""

import uuid
from dataclasses import dataclass, field
from typing import Any

from customers.models import Customer
from portal.actor import Actor
from portal.models import AuditEvent, Membership, Organisation, Partner, PasswordLink, User
from subscriptions.models import Subscription
from tests.architecture.canaries import Canaries
from tests.architecture.cast import Person

PASSWORD = "a-long-enough-sentence"


@dataclass(frozen=True, slots=True)
class Sale:
    """A subscription, and the event of the choice that was made for it."""

    subscription: Subscription
    event: AuditEvent


@dataclass
class World:
    canaries: Canaries = field(default_factory=Canaries)
    organisations: dict[str, Organisation] = field(default_factory=dict)
    partners: dict[str, Partner] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    memberships: dict[Person, Membership] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    subjects: dict[str, Membership] = field(default_factory=dict)
    removed: dict[str, uuid.UUID] = field(default_factory=dict)
    invitations: dict[str, PasswordLink] = field(default_factory=dict)
    withdrawn: dict[str, PasswordLink] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    sales: dict[tuple[str, str], Sale] = field(default_factory=dict)
    more: dict[str, Subscription] = field(default_factory=dict)
    others_event: AuditEvent | None = None
    #: What somebody asked of somebody, by what it is and whose: `dealings.py` says which there are.
    dealings: dict[tuple[str, ...], Any] = field(default_factory=dict)

    def actor(self, person: Person) -> Actor:
        row = Membership.objects.select_related(
            "organisation__partner", "organisation__customer", "user"
        ).get(pk=self.memberships[person].pk)
        return Actor.of(row, request_id="world")
