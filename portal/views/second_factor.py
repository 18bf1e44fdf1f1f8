"""The second factor of operators: asked for at sign-in, set up before anything is shown."""

from typing import Any

import structlog
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.totp.views import ActivateTOTPView
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from portal.audience import Audience, page
from portal.forms.second_factor import SetUpForm
from portal.operator_site import operators_only
from portal.second_factor import has_second_factor
from portal.views.entry import FormPage

logger = structlog.get_logger(__name__)


class Code(FormPage, AuthenticateView):
    template_name = "mfa/authenticate.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "code" not in request.POST:  # no form of ours: the other factors have none here
            return HttpResponseRedirect(request.get_full_path())
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response


class SetUp(FormPage, ActivateTOTPView):
    form_class = SetUpForm
    template_name = "mfa/totp/activate_form.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        secret: str = context["form"].secret
        svg = context["totp_svg"]
        return context | {
            "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
            "qr": svg[svg.index("<svg") :],
        }

    def form_valid(self, form: Any) -> HttpResponse:
        super().form_valid(form)
        logger.info("operator_second_factor_set_up", operator=str(self.request.user.pk))
        logout(self.request)  # and in again, with it: so it is known to work before it is needed
        query = urlencode({"next": reverse("operator:index")})
        return HttpResponseRedirect(f"{reverse('account_login')}?{query}")

    def get_success_url(self) -> str:
        return reverse("account_login")


code = page(Audience.PUBLIC, methods=("GET", "POST"))(Code.as_view())
_set_up = SetUp.as_view()


@page(Audience.PUBLIC, methods=("GET", "POST"))
def set_up(request: HttpRequest) -> HttpResponse:
    """For an operator without one; who has one already goes on."""
    if refused := operators_only(request):
        return refused
    if has_second_factor(request.user):
        return HttpResponseRedirect(reverse("operator:index"))
    return _set_up(request)
