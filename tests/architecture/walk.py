"""The URL resolver's own list of what there is."""

from collections.abc import Callable, Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

#: What goes through the API's door instead of the pages' frame; listed in api_routes.py.
API = ("v1:", "token")


def patterns() -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """Every page of the portal: its full name, its path, its view."""
    return (found for found in everything() if not found[0].startswith(API))


def endpoints() -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """Every address of the API."""
    return (found for found in everything() if found[0].startswith(API))


def everything() -> Iterator[tuple[str, str, Callable[..., Any]]]:
    yield from _walk(get_resolver().url_patterns, "", "")


def _walk(found: Any, namespace: str, path: str) -> Iterator[tuple[str, str, Callable[..., Any]]]:
    for pattern in found:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _walk(pattern.url_patterns, inner, path + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield f"{namespace}{pattern.name or ''}", path + str(pattern.pattern), pattern.callback
