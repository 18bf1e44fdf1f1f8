"""Authority at the instant of a change: what the page believed is asked again under a lock (R2, R10)."""

import uuid
from dataclasses import replace

from portal.actor import Actor, ActorKind
from portal.locks import lock_share
from portal.models import Membership
from portal.permissions import Permission, Role, require


def still(acting: Actor, permission: Permission) -> Actor:
    """The same actor with the roles of this instant, held until the transaction ends.

    First in the order of locks. Raises NotPermitted for somebody whose roles no longer allow it, or who is no longer
    a member. Operators, integrations and the system have no membership to lose.
    """
    if acting.kind == ActorKind.PERSON:
        membership = _held(acting.membership_id) if acting.membership_id else None
        if membership is None:
            acting = replace(acting, roles=frozenset[Role](), membership_id=None)
        else:
            acting = Actor.of(membership, channel=acting.channel, request_id=acting.request_id)
    require(acting, permission)
    return acting


def _held(membership_id: uuid.UUID) -> Membership | None:
    lock_share(Membership, [membership_id])
    rows = Membership.objects.select_related("organisation__partner", "organisation__customer", "user")
    return rows.filter(pk=membership_id).first()
