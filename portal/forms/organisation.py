"""Members and preferences."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from portal.forms.zone_choice import ZoneField
from portal.models import MailKind, Membership
from portal.operations.members import may_grant, roles_of
from portal.permissions import Role

#: Kinds of mail a person may do without; an invitation comes before there is a person to ask.
TOLD = [(kind.value, kind.label) for kind in MailKind if kind != MailKind.INVITATION]


class InviteForm(forms.Form):
    email = forms.EmailField(
        label=_("Email"),
        max_length=254,
        error_messages={
            "required": _("Enter Email."),
            "invalid": _("Enter an email address like name@company.example."),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    name = forms.CharField(label=_("Name"), max_length=150, required=False)
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one role.")},
    )

    def __init__(self, *args: Any, acting: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["roles"]).choices = _choices(
            may_grant(acting, acting.organisation)
        )


class RolesForm(forms.Form):
    """A member's roles. What the person held before stays choosable, also when it no longer fits."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        required=False,  # the operation says what is missing, and knows more than a form
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, data: Any = None, *, acting: Any, member: Membership) -> None:
        super().__init__(data, initial={"roles": member.roles})
        shown = set(roles_of(acting.organisation)) | {Role(role) for role in member.roles}
        cast(forms.ChoiceField, self.fields["roles"]).choices = _choices(
            role for role in Role if role in shown
        )


class PreferencesForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=150,
        error_messages={"required": _("Enter Name.")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(label=_("Language"), required=False)
    time_zone = ZoneField(
        label=_("Time zone"), required=False, help_text=_("Times are shown in this zone, everywhere.")
    )
    mails = forms.MultipleChoiceField(
        label=_("Mails you want"), required=False, widget=forms.CheckboxSelectMultiple, choices=TOLD
    )

    @property
    def values(self) -> dict[str, Any]:
        """What the operation takes: the kinds of mail that are not wanted instead of those that are."""
        cleaned = dict(self.cleaned_data)
        wanted = cleaned.pop("mails")
        return cleaned | {"mail_off": [kind for kind, _label in TOLD if kind not in wanted]}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["language"]).choices = [
            ("", _("As in my browser")),
            *settings.LANGUAGES,
        ]
        cast(ZoneField, self.fields["time_zone"]).offer(("", _("As in my browser")))


def _choices(roles: Any) -> list[tuple[str, Any]]:
    return [(role.value, role.label) for role in roles]
