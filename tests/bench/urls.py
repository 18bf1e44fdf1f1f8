"""The portal's addresses, and those of the admin it is compared with."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from portal import urls as portal_urls
from tests.bench.admin import site

handler400, handler403 = portal_urls.handler400, portal_urls.handler403
handler404, handler500 = portal_urls.handler404, portal_urls.handler500


def empty(request: HttpRequest) -> HttpResponse:
    """Everything around a view, and no view."""
    return HttpResponse(b"", content_type="text/plain")


urlpatterns = [
    path("bench-admin/", site.urls),
    path("bench-empty/", empty),
    path("", include("portal.urls")),
]
