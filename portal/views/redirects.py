"""Where a form may send somebody next."""

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme


def safe_next(request: HttpRequest, wanted: str | None, default: str = "/") -> str:
    """An address of this portal that answers GET; anything else becomes the first page."""
    if not wanted or not url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return default
    return wanted if wanted.startswith("/") and opens(wanted) else default


def opens(address: str) -> bool:
    """Whether the address is a page. Of what a form posts to, only an error would be seen."""
    try:
        view = resolve(address.partition("?")[0].partition("#")[0]).func
    except Resolver404:
        return False
    route = getattr(view, "route", None)
    return route is None or "GET" in route.methods
