"""What machines ask: does it live, is it ready, how does it do. Nothing here tells of an organisation or a person."""

import hmac
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse

from portal import metrics, readiness
from portal.audience import Audience, page


@page(Audience.PUBLIC)
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers. Nothing else is asked: a portal must not be restarted because its database is away."""
    return JsonResponse({"status": "alive"})


@page(Audience.PUBLIC)
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether to send requests here: 200 when the database answers and is migrated, otherwise 503 and which is not."""
    found = readiness.ask()
    status = HTTPStatus.OK if found.is_ready else HTTPStatus.SERVICE_UNAVAILABLE
    return JsonResponse(found.described(), status=status)


@page(Audience.PUBLIC)
def exposition(request: HttpRequest) -> HttpResponse:
    """The figures, for whoever has the token. Without one there is no such page."""
    token, given = settings.ENVIRONMENT.metrics_token, request.headers.get("Authorization", "")
    if not token or not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return HttpResponseNotFound(content_type="text/plain")
    return HttpResponse(metrics.exposed(), content_type=metrics.CONTENT_TYPE)
