"""Links that let somebody in stand in no table: what is kept of such a mail has a mark in their place.

The link is put in when the mail goes out, as it is at that moment, or not at all.
"""

from django.utils import timezone

from portal.identifiers import canonical_guid
from portal.models import Mail, OrganisationInvitation
from portal.operations.reseller_invitations import is_open as invitation_is_open
from portal.operations.reseller_invitations import mail_token

MARK = "the-link-of-this-invitation"


def key_of(row: OrganisationInvitation) -> str:
    """The same link is mailed once."""
    return f"{prefix_of(row)}{row.token_hash[:16]}"


def prefix_of(row: OrganisationInvitation) -> str:
    return f"invitation:{row.pk}:"


def open_invitation(pk: str) -> OrganisationInvitation | None:
    """The invitation of this id, while it can be accepted."""
    row = _invitation(pk)
    return row if row is not None and invitation_is_open(row, timezone.now()) else None


def revealed(mail: Mail) -> tuple[str, str]:
    """Text and HTML as they go out."""
    row = _invitation_of(mail)
    if row is None:
        return mail.text, mail.html
    token = mail_token(row)
    return mail.text.replace(MARK, token), mail.html.replace(MARK, token)


def is_open(mail: Mail) -> bool:
    """Whether there is still something to invite to, by the link this mail was written for."""
    row = _invitation_of(mail)
    return row is not None and mail.key == key_of(row) and invitation_is_open(row, timezone.now())


def _invitation_of(mail: Mail) -> OrganisationInvitation | None:
    kind, _colon, rest = mail.key.partition(":")
    return _invitation(rest.partition(":")[0]) if kind == "invitation" else None


def _invitation(pk: str) -> OrganisationInvitation | None:
    rows = OrganisationInvitation.objects.select_related("provider__organisation", "invited_by")
    return rows.filter(pk=pk).first() if canonical_guid(pk) else None
