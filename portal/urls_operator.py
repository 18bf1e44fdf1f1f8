"""What only operators are shown; mounted with OPERATOR_ADMIN=1 alone."""

from django.urls import path

from portal.operator_site import site
from portal.views import second_factor

urlpatterns = [
    path("second-factor/", second_factor.set_up, name="mfa_activate_totp"),
    path("", site.urls),
]
