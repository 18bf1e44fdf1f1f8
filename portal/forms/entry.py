"""Getting in: sign-in, forgotten and changed passwords, joining by a link."""

from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, ResetPasswordForm, ResetPasswordKeyForm
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal import ratelimit
from portal.adapter import TooManyTries
from portal.models import PasswordLink, User

PASSWORD_HINT = _("15 characters or more. Several unrelated words are best.")
CHANGE_BY_ACCOUNT = ratelimit.Rule("password-change", limit=10, seconds=300)
RESET_BY_ACCOUNT = ratelimit.Rule("password-reset-account", limit=5, seconds=900)
RESET_BY_NETWORK = ratelimit.Rule("password-reset-network", limit=20, seconds=900)


def count(rule: ratelimit.Rule, *parts: object) -> None:
    """Count one try; refuse it in words when there were too many."""
    verdict = ratelimit.hit(ratelimit.key_for(rule.name, *parts), rule.limit, rule.seconds)
    if not verdict:
        raise TooManyTries(verdict.retry_after_seconds)


def _label(
    form: forms.BaseForm, name: str, label: str | Promise, *, missing: str | Promise, hint: str | Promise = ""
) -> None:
    field: Any = form.fields[name]
    field.label, field.help_text = label, hint
    field.widget.attrs.pop("placeholder", None)
    field.error_messages["required"] = missing


class SignInForm(LoginForm):
    """Email and Password. Its only mistake to tell is one sentence for every cause."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _label(self, "login", _("Email"), missing=_("Enter Email."))
        _label(self, "password", _("Password"), missing=_("Enter Password."))
        self.fields["login"].widget.attrs["autocomplete"] = "username"


class RequestResetForm(ResetPasswordForm):
    """Where to send the link for a new password. The answer is the same whether there is an account."""

    def __init__(self, *args: Any, network: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.network = network
        _label(self, "email", _("Email"), missing=_("Enter Email."))

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        count(RESET_BY_NETWORK, self.network)
        count(RESET_BY_ACCOUNT, email.lower(), self.network)
        email = super().clean_email()
        self.users: list[User] = [user for user in self.users if settings.DEMO or not user.is_demo]
        return email


class NewPasswordForm(ResetPasswordKeyForm):
    """The new password, from the link in the mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _label(self, "password1", _("New password"), missing=_("Enter New password."), hint=PASSWORD_HINT)
        _label(self, "password2", _("New password, again"), missing=_("Enter New password, again."))


class ChangeOwnPasswordForm(ChangePasswordForm):
    """Current and new password. Wrong current ones are counted: a session left open is not the password."""

    def __init__(self, *args: Any, network: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.network = network
        _label(self, "oldpassword", _("Current password"), missing=_("Enter Current password."))
        _label(self, "password1", _("New password"), missing=_("Enter New password."), hint=PASSWORD_HINT)
        _label(self, "password2", _("New password, again"), missing=_("Enter New password, again."))

    def clean_oldpassword(self) -> str:
        count(CHANGE_BY_ACCOUNT, self.user.pk, self.network)
        old: str = super().clean_oldpassword()
        return old


class JoinForm(forms.Form):
    """A new person's name and password. The address is the link's and cannot be changed."""

    name = forms.CharField(
        label=_("Name"),
        max_length=150,
        error_messages={"required": _("Enter Name.")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password1 = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=PASSWORD_HINT,
        error_messages={"required": _("Enter Password.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label=_("Password, again"),
        strip=False,
        error_messages={"required": _("Enter Password, again.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, invitation: PasswordLink, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = invitation

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        password = data.get("password1")
        if not password:
            return data
        if data.get("password2") and data["password2"] != password:
            self.add_error("password2", _("The two passwords are not the same."))
        organisation = self.invitation.organisation
        person = User(email=self.invitation.email, name=data.get("name", ""))
        person.password_context = [organisation.name, organisation.domain]  # type: ignore[attr-defined]
        try:
            validate_password(password, person)
        except forms.ValidationError as error:
            self.add_error("password1", error)
        return data
