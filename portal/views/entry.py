"""Getting in and out: sign-in, sign-out and passwords, on allauth's views with our own forms and pages."""

import logging
from http import HTTPStatus
from typing import Any

from allauth.account import views as allauth
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse

from portal import ratelimit
from portal.adapter import TooManyTries
from portal.audience import Audience, page
from portal.forms.entry import ChangeOwnPasswordForm, NewPasswordForm, RequestResetForm, SignInForm
from portal.views.demo import demo_rows
from portal.views.redirects import safe_next

logger = logging.getLogger(__name__)

_BOTH = ("GET", "POST")


class FormPage:
    """A refused form comes back with 422; with 429 and when to come back where it was counted out."""

    request: HttpRequest

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        response: HttpResponse = self.render_to_response(self.get_context_data(form=form))
        response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        for errors in form.errors.as_data().values():
            for error in errors:
                if isinstance(error, TooManyTries):
                    response.status_code = HTTPStatus.TOO_MANY_REQUESTS
                    response["Retry-After"] = str(error.seconds)
        return response

    def network(self) -> str:
        return ratelimit.network_of(ratelimit.client_address(self.request))


class SignIn(FormPage, allauth.LoginView):
    form_class = SignInForm
    template_name = "account/login.html"

    def get_success_url(self) -> str:
        return safe_next(self.request, self.get_next_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"demo_rows": demo_rows() if settings.DEMO else []}


class RequestReset(FormPage, allauth.PasswordResetView):
    form_class = RequestResetForm
    template_name = "account/password_reset.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"network": self.network()}

    def form_valid(self, form: BaseForm) -> HttpResponse:
        try:
            response: HttpResponse = super().form_valid(form)
        except (
            OSError
        ):  # every failure of a mail server; told to operators, since saying more would tell of accounts
            logger.exception("password_mail_failed")
            response = super(allauth.PasswordResetView, self).form_valid(form)
        return response


class NewPassword(FormPage, allauth.PasswordResetFromKeyView):
    form_class = NewPasswordForm
    template_name = "account/password_reset_from_key.html"

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        if context.get("token_fail"):
            kwargs["status"] = HTTPStatus.NOT_FOUND
        response: HttpResponse = super().render_to_response(context, **kwargs)
        return response


class ChangePassword(FormPage, allauth.PasswordChangeView):
    form_class = ChangeOwnPasswordForm
    template_name = "account/password_change.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"network": self.network()}


def _public(*methods: str) -> Any:
    return page(Audience.PUBLIC, methods=methods or ("GET",))


sign_in = _public(*_BOTH)(SignIn.as_view())
sign_out = _public("POST")(allauth.LogoutView.as_view())
request_reset = _public(*_BOTH)(RequestReset.as_view())
request_reset_done = _public()(
    allauth.PasswordResetDoneView.as_view(template_name="account/password_reset_done.html")
)
new_password = _public(*_BOTH)(NewPassword.as_view())
new_password_done = _public()(
    allauth.PasswordResetFromKeyDoneView.as_view(template_name="account/password_reset_from_key_done.html")
)
# Anybody signed in, a person without an organisation too.
change_password = _public(*_BOTH)(login_required(ChangePassword.as_view()))
