"""The mail that invites an organisation that is not here yet. Its link is sealed (`portal.mail.sealed`)."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.mail import outbox
from portal.mail.compose import named
from portal.mail.letter import Letter, Telling
from portal.mail.recipients import Outsider, language_of
from portal.mail.resellers import agreement_of
from portal.mail.sealed import MARK, key_of, open_invitation, prefix_of
from portal.models import Mail, MailKind, OrganisationInvitation
from portal.templatetags.ui import plain_date

#: Mails one invitation may send in a day, however often somebody presses the button: the address asked for nothing.
A_DAY = 5


def tell(invitation_id: str) -> None:
    """Invite by mail, with the link of this moment. The same link is mailed once."""
    row = open_invitation(invitation_id)
    if row is None:
        return
    since = timezone.now() - timedelta(days=1)
    if Mail.objects.filter(key__startswith=prefix_of(row), created_at__gte=since).count() >= A_DAY:
        return
    reader = Outsider(row.email, row.provider.organisation, language_of(row.invited_by))
    outbox.write(Telling(MailKind.INVITATION, [reader], lambda reader: _letter(row)), reader, key=key_of(row))


def _letter(row: OrganisationInvitation) -> Letter:
    names = {"provider": named(row.provider.name), "date": plain_date(row.expires_at)}
    return Letter(
        _("“%(provider)s” invites your organisation to the partner portal") % names,
        [
            _("“%(provider)s” would like you as its reseller, and may then name you as support contact.")
            % names,
            _("Confirm the id of your organisation, and it is here, with you as its first global admin."),
            _("The link works once, until %(date)s.") % names,
        ],
        _("Open the invitation"),
        reverse("organisation-invitation", args=[MARK]),
        facts=agreement_of(row),
        quoted=row.message,
        closing=_("If you did not expect this, do nothing."),
    )
