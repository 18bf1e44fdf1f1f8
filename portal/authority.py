"""Authority at the instant of a change: what the page believed is asked again under a lock (R2, R10)."""

import uuid
from dataclasses import replace

from django.utils import timezone

from portal.actor import Actor, ActorKind
from portal.locks import lock_share
from portal.models import Credential, Membership, Partner
from portal.permissions import Permission, Role, require


def still(acting: Actor, permission: Permission) -> Actor:
    """The same actor with the roles of this instant, held until the transaction ends.

    First in the order of locks. Raises NotPermitted for somebody whose roles no longer allow it, or who is no longer
    a member, and for an integration that was revoked or has expired, or whose secret has ended. Operators and the
    system have nothing to lose; nor has an integration without a credential, which only the demo's history knows.
    """
    if acting.kind == ActorKind.INTEGRATION and acting.credential_id:
        credential = _live(acting.credential_id, acting)
        acting = replace(acting, roles=credential.roles if credential else frozenset[Role]())
    if acting.kind == ActorKind.PERSON:
        membership = _held(acting.membership_id) if acting.membership_id else None
        if membership is None:
            acting = replace(acting, roles=frozenset[Role](), membership_id=None)
        else:
            acting = Actor.of(membership, channel=acting.channel, request_id=acting.request_id)
    require(acting, permission)
    return acting


def _live(credential_id: uuid.UUID, acting: Actor) -> Credential | None:
    """The credential, held, if it works at this instant, and so does the secret that let this call in.

    Its organisation's limit is held with it, and read anew: who waited for a lower limit acts under it. Its secrets
    change only under its own lock, so they need none.
    """
    lock_share(Credential, [credential_id])
    lock_share(Partner, [acting.organisation.pk])
    row = Credential.objects.select_related("organisation__partner").filter(pk=credential_id).first()
    now = timezone.now()
    if row is None or not row.works(now):
        return None
    if acting.secret_id and not row.secrets.filter(pk=acting.secret_id, ends_at__gt=now).exists():
        return None
    return row


def _held(membership_id: uuid.UUID) -> Membership | None:
    lock_share(Membership, [membership_id])
    rows = Membership.objects.select_related("organisation__partner", "organisation__customer", "user")
    return rows.filter(pk=membership_id).first()
