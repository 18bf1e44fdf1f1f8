"""Who belongs to an organisation, and what each may do there.

Rules: the last global admin stays; only a global admin grants or takes global admin; nobody raises their own role.
Every operation first locks all global admins of the organisation, the acting and the subject membership, in id order,
so that two global admins who remove each other meet, and one of them stays.
"""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.actor import Actor, ActorKind
from portal.audit import record
from portal.errors import NotVisible, OperationError
from portal.jobs import defer
from portal.locks import patience
from portal.models import Action, AuditEvent, Membership, Organisation, PasswordLink
from portal.operations.links import make_link, unanswered, withdraw
from portal.permissions import CUSTOMER_ROLES, PARTNER_ROLES, ROLES, Permission, Role, require


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation was made. `token` is shown once to the person who invited; only its hash is stored."""

    invitation: PasswordLink
    token: str


def roles_of(organisation: Organisation) -> list[Role]:
    """The roles that fit what an organisation is, most powerful first; both kinds of roles where it is both."""
    fitting = {
        *(PARTNER_ROLES if organisation.is_partner else ()),
        *(CUSTOMER_ROLES if organisation.is_customer else ()),
    }
    return [role for role in Role if role in fitting]


def may_grant(acting: Actor, organisation: Organisation) -> list[Role]:
    """The roles this actor may give to somebody else."""
    is_top = _is_top(acting)
    return [role for role in roles_of(organisation) if is_top or role != Role.GLOBAL_ADMIN]


@patience()
@transaction.atomic(durable=True)
def invite(*, acting: Actor, email: str, roles: Collection[str], name: str = "") -> Invited:
    """Ask somebody to join the actor's organisation. Whether they have an account already is not told."""
    require(acting, Permission.MEMBER_MANAGE)
    acting, _subject = _lock(acting)
    organisation = acting.organisation
    wanted = _checked_roles(roles, organisation)
    if Role.GLOBAL_ADMIN in wanted and not _is_top(acting):
        raise _only_top()
    if Membership.objects.filter(organisation=organisation, user__email__iexact=email.strip()).exists():
        raise OperationError(_("This person is a member already."), code="member_already")
    now = timezone.now()
    open_link = unanswered(organisation.pk).filter(email__iexact=email.strip()).select_for_update().first()
    if open_link is not None:
        if open_link.expires_at > now:
            raise OperationError(_("This person has an open invitation already."), code="invited_already")
        withdraw(open_link, acting=acting, at=now, permission=Permission.MEMBER_MANAGE)
    link, token = make_link(organisation, email=email, name=name, roles=wanted, acting=acting, at=now)
    record(
        Action.MEMBER_INVITED,
        acting=acting,
        organisation=organisation,
        at=now,
        permission=Permission.MEMBER_MANAGE,
        after={"invitation": str(link.pk), "roles": sorted(wanted)},
    )
    return Invited(link, token)


@patience()
@transaction.atomic(durable=True)
def withdraw_invitation(invitation_id: uuid.UUID, *, acting: Actor) -> None:
    """Make an open invitation's link dead. One that was used or withdrawn meanwhile is not there any more."""
    require(acting, Permission.MEMBER_MANAGE)
    acting, _subject = _lock(acting)
    link = (
        unanswered(acting.organisation.pk)
        .visible_to(acting)
        .select_for_update()
        .filter(pk=invitation_id)
        .first()
    )
    if link is None:
        raise NotVisible
    if Role.GLOBAL_ADMIN in link.roles and not _is_top(acting):
        raise _only_top()
    withdraw(link, acting=acting, at=timezone.now(), permission=Permission.MEMBER_MANAGE)


@patience()
@transaction.atomic(durable=True)
def change_roles(membership_id: uuid.UUID, *, acting: Actor, roles: Collection[str]) -> Membership:
    """Give a member these roles instead. The same roles: nothing is written."""
    require(acting, Permission.MEMBER_MANAGE)
    acting, subject = _lock(acting, membership_id)
    organisation = acting.organisation
    wanted, held = _checked_roles(roles, organisation, keeping=subject.roles), set(subject.roles)
    if wanted == held:
        return subject
    is_top = _is_top(acting)
    if not is_top and (Role.GLOBAL_ADMIN in wanted | held):
        raise _only_top()
    if subject.pk == acting.membership_id and not is_top and wanted - held:
        raise OperationError(_("You cannot give yourself another role. Ask a global admin."), code="own_role")
    if Role.GLOBAL_ADMIN in held - wanted:
        _another_stays(subject)
    now = timezone.now()
    subject.roles = _in_order(wanted)
    subject.save(update_fields=["roles"])
    event = record(
        Action.MEMBER_ROLES_CHANGED,
        acting=acting,
        organisation=organisation,
        at=now,
        permission=Permission.MEMBER_MANAGE,
        before={"user": str(subject.user_id), "roles": sorted(held)},
        after={"user": str(subject.user_id), "roles": sorted(wanted)},
    )
    defer("portal.tell", event_id=event.pk)
    _withdraw_what_they_may_not(subject, wanted, acting=acting, at=now)
    return subject


@patience()
@transaction.atomic(durable=True)
def remove_member(membership_id: uuid.UUID, *, acting: Actor) -> None:
    """Take a person out of the organisation. It counts on their next request, in every session.

    Invitations they sent that nobody has used die with it: a link in their hands would be a way back.
    """
    require(acting, Permission.MEMBER_MANAGE)
    acting, subject = _lock(acting, membership_id)
    if Role.GLOBAL_ADMIN in subject.roles and not _is_top(acting):
        raise _only_top()
    event = take_out(subject, acting=acting, at=timezone.now(), permission=Permission.MEMBER_MANAGE)
    defer("portal.tell", event_id=event.pk)


def take_out(
    subject: Membership, *, acting: Actor, at: datetime, permission: Permission | None = None
) -> AuditEvent:
    """End a membership, unless an organisation would be without a global admin. The caller holds all of them."""
    if Role.GLOBAL_ADMIN in subject.roles:
        _another_stays(subject)
    event = record(
        Action.MEMBER_REMOVED,
        acting=acting,
        organisation=subject.organisation,
        at=at,
        permission=permission,
        before={"user": str(subject.user_id), "roles": sorted(subject.roles)},
    )
    _withdraw_what_they_may_not(subject, set(), acting=acting, at=at)
    subject.delete()
    return event


def _lock(acting: Actor, membership_id: uuid.UUID | None = None) -> tuple[Actor, Membership]:
    """The actor with the roles of this instant, and the subject (the actor's own membership without an id)."""
    organisation_id = acting.organisation.pk
    wanted = [pk for pk in (membership_id, acting.membership_id) if pk is not None]
    rows: dict[uuid.UUID, Membership] = {}
    # The second reading sees, and holds, whoever became a global admin while the first one waited.
    for _reading in range(2):
        locked = (
            Membership.objects.visible_to(acting)
            .filter(Q(roles__contains=[Role.GLOBAL_ADMIN]) | Q(pk__in=wanted))
            .select_related("organisation__partner", "organisation__customer", "user")
            .order_by("pk")
            .select_for_update(of=("self",))
        )
        rows = {row.pk: row for row in locked}
    if acting.kind == ActorKind.PERSON:
        own = rows.get(acting.membership_id) if acting.membership_id else None
        roles = frozenset(Role(role) for role in own.roles) if own else frozenset[Role]()
        acting = replace(acting, roles=roles, organisation=own.organisation if own else acting.organisation)
        require(acting, Permission.MEMBER_MANAGE)
    subject = rows.get(membership_id or acting.membership_id or organisation_id)
    if subject is None:
        raise NotVisible
    return acting, subject


def _another_stays(subject: Membership) -> None:
    """The caller holds all global admins, so none of them can go before we are done."""
    others = Membership.objects.filter(organisation_id=subject.organisation_id).with_role(Role.GLOBAL_ADMIN)
    if not others.exclude(pk=subject.pk).exists():
        raise OperationError(
            _("An organisation needs a global admin. Make somebody else one first."), code="last_global_admin"
        )


def _withdraw_what_they_may_not(subject: Membership, roles: set[str], *, acting: Actor, at: datetime) -> None:
    """Open invitations of a person who could no longer send them."""
    sent = unanswered(subject.organisation_id).filter(invited_by=subject.user_id, expires_at__gt=at)
    may_manage = any(Permission.MEMBER_MANAGE in ROLES[Role(role)] for role in roles)
    for link in sent.select_related("organisation").select_for_update(of=("self",)).order_by("pk"):
        if not may_manage or (Role.GLOBAL_ADMIN in link.roles and Role.GLOBAL_ADMIN not in roles):
            withdraw(link, acting=acting, at=at, permission=Permission.MEMBER_MANAGE)


def _checked_roles(
    roles: Iterable[str], organisation: Organisation, *, keeping: Iterable[str] = ()
) -> set[str]:
    """These roles, if there is at least one and each fits the organisation (or was held before)."""
    wanted = {str(role) for role in roles}
    if not wanted:
        raise OperationError(_("Choose at least one role."), code="no_role")
    if wanted - {role.value for role in roles_of(organisation)} - set(keeping):
        raise OperationError(_("This role does not exist in this organisation."), code="unknown_role")
    return wanted


def _in_order(roles: Collection[str]) -> list[str]:
    return [role.value for role in Role if role.value in roles]


def _is_top(acting: Actor) -> bool:
    return acting.kind != ActorKind.PERSON or Role.GLOBAL_ADMIN in acting.roles


def _only_top() -> OperationError:
    return OperationError(
        _("Only a global admin gives or takes the role of global admin."), code="only_global_admin"
    )
