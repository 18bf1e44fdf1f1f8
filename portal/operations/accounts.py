"""A person's own account: joining an organisation, language, zone and name."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.actor import Actor
from portal.audit import record
from portal.errors import OperationError
from portal.locks import patience
from portal.models import Action, MailKind, Membership, PasswordLink, User
from portal.operations.links import hash_of, links
from portal.permissions import Role


class LinkDead(OperationError):
    """The link was used, was withdrawn, has expired, or never was: one answer for all."""

    default_code = "link_dead"

    def __init__(self) -> None:
        super().__init__(_("This link was used already, was withdrawn, or has expired."))


class SignInFirst(OperationError):
    """The link speaks to an account that exists: whoever holds only the link does not get in."""

    default_code = "sign_in_first"

    def __init__(self) -> None:
        super().__init__(_("Sign in with this address first, then open the link again."))


@dataclass(frozen=True, slots=True)
class Joined:
    user: User
    membership: Membership


def open_invitation(token: str, at: datetime) -> PasswordLink:
    """The invitation behind a token, with its organisation. Reading changes nothing."""
    link = (
        links()
        .select_related("organisation__partner", "organisation__customer")
        .filter(token_hash=hash_of(token))
        .first()
    )
    if link is None or not _is_open(link, at):
        raise LinkDead
    return link


@patience()
def join_with_new_account(token: str, *, name: str, password: str, request_id: str = "") -> Joined:
    """A person without an account sets name and password and becomes a member. The link is used up.

    The password must have passed the validators. It is hashed before anything is locked: that takes long.
    """
    hashed = make_password(password)
    try:
        with transaction.atomic(durable=True):
            link = _take(token)
            if User.objects.filter(email__iexact=link.email).exists():
                raise SignInFirst
            user = User(email=link.email.lower(), name=name.strip(), password=hashed)
            user.save(force_insert=True)
            return _join(link, user, request_id=request_id)
    except IntegrityError as error:
        # Two links of one address used at once: the account of the other one is there now.
        if "user_email" in str(error):
            raise SignInFirst from error
        raise


@patience()
@transaction.atomic(durable=True)
def join(token: str, *, user: User, request_id: str = "") -> Joined:
    """A signed-in person becomes a member with the link that was made for their address. The link is used up."""
    link = _take(token)
    if user.email.casefold() != link.email.casefold():
        raise SignInFirst
    return _join(link, user, request_id=request_id)


@patience()
@transaction.atomic(durable=True)
def change_preferences(
    user: User, *, name: str, language: str, time_zone: str, mail_off: Collection[str] | None = None
) -> None:
    """A person's own name, language and zone ("" = the browser's); with `mail_off`, the kinds of mail not wanted."""
    own = User.objects.select_for_update().get(pk=user.pk)
    wanted: dict[str, object] = {"name": name.strip(), "language": language, "time_zone": time_zone}
    if mail_off is not None:
        wanted["mail_off"] = sorted(mail_off)
    changed = [field for field, value in wanted.items() if getattr(own, field) != value]
    for field in changed:
        setattr(own, field, wanted[field])
        setattr(user, field, wanted[field])
    if changed:
        own.save(update_fields=changed)


@transaction.atomic(durable=True)
def switch_mail(user_id: uuid.UUID, kind: MailKind, *, on: bool) -> None:
    """One kind of mail on or off for a person. As it was already: nothing is written."""
    own = User.objects.select_for_update().filter(pk=user_id).first()
    if own is None or (kind.value not in own.mail_off) == on:
        return
    own.mail_off = sorted({*own.mail_off} - {kind.value} if on else {*own.mail_off, kind.value})
    own.save(update_fields=["mail_off"])


def _take(token: str) -> PasswordLink:
    """The link, held: of two who use it at once the second finds it used."""
    link = links().select_for_update().filter(token_hash=hash_of(token)).first()
    if link is None or not _is_open(link, timezone.now()):
        raise LinkDead
    return link


def _join(link: PasswordLink, user: User, *, request_id: str) -> Joined:
    now = timezone.now()
    link.used_at = now
    link.save(update_fields=["used_at"])
    membership = (
        Membership.objects.select_for_update(of=("self",))
        .filter(organisation=link.organisation_id, user=user)
        .select_related("organisation")
        .first()
    )
    if membership is None:
        membership = Membership(organisation=link.organisation, user=user, roles=list(link.roles))
        membership.save(force_insert=True)
        acting = Actor(
            link.organisation,
            roles=frozenset(Role(role) for role in link.roles),
            user=user,
            membership_id=membership.pk,
            request_id=request_id,
        )
        record(
            Action.MEMBER_JOINED,
            acting=acting,
            organisation=link.organisation,
            at=now,
            after={"user": str(user.pk), "roles": sorted(link.roles), "invitation": str(link.pk)},
        )
    return Joined(user, membership)


def _is_open(link: PasswordLink, at: datetime) -> bool:
    return link.used_at is None and link.withdrawn_at is None and link.expires_at > at
