"""What a person is told of their own membership."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from portal.mail.compose import named
from portal.mail.letter import Letter, Telling
from portal.mail.recipients import Reader, may_be_mailed
from portal.mail.telling import tells
from portal.models import Action, AuditEvent, MailKind, User
from portal.permissions import Role, role_labels
from portal.templatetags.ui import join_words


@tells(Action.MEMBER_ROLES_CHANGED)
def roles_changed(event: AuditEvent) -> Iterator[Telling]:
    def write(reader: Reader) -> Letter:
        names = {"organisation": named(event.organisation.name)}
        return Letter(
            _("Your roles at “%(organisation)s” changed") % names,
            [_("The new roles count at once.")],
            _("Open the portal"),
            "/",
            facts=[(_("Before"), _roles(event.before)), (_("Now"), _roles(event.after)), *_by(event)],
        )

    yield Telling(MailKind.MEMBER, _that_person(event), write)


@tells(Action.MEMBER_REMOVED)
def removed(event: AuditEvent) -> Iterator[Telling]:
    def write(reader: Reader) -> Letter:
        names = {"organisation": named(event.organisation.name)}
        return Letter(
            _("You are no longer a member of “%(organisation)s”") % names,
            [
                _("You can no longer open its pages. Your account stays, and so does your work elsewhere."),
                _("If this is a mistake, ask a global admin of “%(organisation)s”.") % names,
            ],
            _("Open the portal"),
            "/",
            facts=[*_by(event)],
        )

    yield Telling(MailKind.MEMBER, _that_person(event), write)


def _that_person(event: AuditEvent) -> list[Reader]:
    """The member themselves, unless they did it themselves."""
    told = event.before.get("user")
    user = User.objects.filter(pk=told).first() if told and told != str(event.actor_id) else None
    return [Reader(user, event.organisation)] if user and may_be_mailed(user, MailKind.MEMBER) else []


def _roles(state: dict[str, object]) -> str:
    held = state.get("roles")
    return join_words(role_labels(role for role in Role if isinstance(held, list) and role.value in held))


def _by(event: AuditEvent) -> list[tuple[str, str]]:
    """A colleague who did it; an operator has no name here."""
    who = User.objects.filter(pk=event.actor_id).first() if event.actor_id else None
    return [(_("Changed by"), named(who.name))] if who else []
