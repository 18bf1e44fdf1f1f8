"""What people are told of webhooks: that the portal stopped one."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.mail.compose import named
from portal.mail.letter import Letter, Telling
from portal.mail.recipients import Reader, people
from portal.mail.telling import tells
from portal.models import Action, AuditEvent, MailKind
from portal.permissions import Permission, roles_allowing


@tells(Action.WEBHOOK_STOPPED)
def stopped(event: AuditEvent) -> Iterator[Telling]:
    """Everybody who may see to it."""
    kind = MailKind.INTEGRATION
    address = named(str(event.after["address"]))

    def write(reader: Reader) -> Letter:
        return Letter(
            _("The portal no longer sends to “%(address)s”") % {"address": address},
            [
                _("For 24 hours nothing got through there. Events are no longer kept for this webhook."),
                _("Once it answers again, resume it. What failed can be sent again, one by one."),
            ],
            _("Open the webhook"),
            reverse("organisation:webhook", args=[event.after["webhook"]]),
        )

    roles = roles_allowing(Permission.CREDENTIAL_MANAGE)
    yield Telling(kind, people(event.organisation_id, *roles, kind=kind), write)
