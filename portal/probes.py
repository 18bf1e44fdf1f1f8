"""The side door for load balancers and monitoring: no session, no CSRF, no redirect to https, any Host header.

They come by address and over plain http, so what ALLOWED_HOSTS and https protect must not be reached through here:
these answers hold no link, no cookie and nothing of a tenant.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import resolve

PATHS = ("/healthz", "/readyz", "/metrics")


class ProbeMiddleware:
    """Answer the probes; hand everything else on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info not in PATHS:
            return self.get_response(request)
        match = resolve(request.path_info)
        request.resolver_match = match
        response: HttpResponse = match.func(request)
        response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        return response
