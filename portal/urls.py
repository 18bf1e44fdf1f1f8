"""Every address of the portal. Upper apps are named as strings: imports run one way."""

from django.conf import settings
from django.urls import URLResolver, include, path, register_converter

from portal.identifiers import GuidConverter

register_converter(GuidConverter, "guid")

handler400 = "portal.views.errors.bad_request"
handler403 = "portal.views.errors.forbidden"
handler404 = "portal.views.errors.not_found"
handler500 = "portal.views.errors.server_error"


def operators_pages(*, mounted: bool) -> list[URLResolver]:
    """Without OPERATOR_ADMIN=1 there are none: an address that does not exist needs no lock."""
    return [path("operator/", include("portal.urls_operator"))] if mounted else []


urlpatterns = [
    path("", include("portal.urls_probes")),
    path("", include("portal.urls_api")),
    path("", include("portal.urls_entry")),
    path("organisation/", include("portal.urls_organisation")),
    path("customers/", include("support_contacts.urls_customers")),
    path("resellers/", include("support_contacts.urls_resellers")),
    path("providers/", include("support_contacts.urls_providers")),
    path("partner-relationships/", include("support_contacts.urls_partner_relationships")),
    path("support-contacts/", include("support_contacts.urls_attention")),
    path("activity/", include("support_contacts.urls_activity")),
    path("", include("support_contacts.urls")),
    *operators_pages(mounted=settings.OPERATOR_ADMIN),
]
