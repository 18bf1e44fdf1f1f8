"""The code of an authenticator app: at sign-in, and when it is set up."""

from typing import Any

from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.utils.translation import gettext_lazy as _

from portal import ratelimit
from portal.adapter import TooManyTries

_CODE = {"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": "10", "spellcheck": "false"}
BY_ACCOUNT = ratelimit.Rule("code-account", limit=10, seconds=300)
#: Longer than a code is good for, so that no code opens a session twice.
GOOD_FOR = 120


def _count(user_id: object) -> None:
    """By (account, network), as all tries to sign in are."""
    network = ratelimit.network_of(ratelimit.client_address(context.request))
    verdict = ratelimit.hit(f"{BY_ACCOUNT.name}:{user_id}:{network}", BY_ACCOUNT.limit, BY_ACCOUNT.seconds)
    if not verdict:
        raise TooManyTries(verdict.retry_after_seconds)


class CodeForm(AuthenticateForm):
    """At sign-in, after the password."""

    code = forms.CharField(label=_("Code"), max_length=10, strip=True, widget=forms.TextInput(attrs=_CODE))

    def clean_code(self) -> str:
        _count(self.user.pk)
        code: str = super().clean_code()
        digits = "".join(filter(str.isdecimal, code))  # spaces and marks do not make it another code
        if not ratelimit.hit(f"code-used:{self.user.pk}:{digits}", 1, GOOD_FOR):
            raise forms.ValidationError(_("This code was used already. Wait for the next one."))
        return code


class SetUpForm(ActivateTOTPForm):
    """A session left open must not be enough to make its finder an operator for good."""

    password = forms.CharField(
        label=_("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    code = forms.CharField(label=_("Code"), max_length=10, strip=True, widget=forms.TextInput(attrs=_CODE))
    field_order = ["password", "code"]

    def clean_password(self) -> str:
        _count(self.user.pk)
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise forms.ValidationError(_("The current password is not right."))
        return password

    def clean(self) -> dict[str, Any]:
        return self.cleaned_data
