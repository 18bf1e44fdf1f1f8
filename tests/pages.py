"""What a page says."""

from django.http import HttpResponse


def text(response: HttpResponse) -> str:
    """The page on one line, without the places where a long word may break."""
    return " ".join(response.content.decode().replace("<wbr>", "").split())
