"""What somebody typed is not lost when their session ends under it: it waits for them behind the sign-in."""

from django.http import HttpRequest, QueryDict

KEY = "draft"
#: Enough for a note and a choice; a session is no place for more.
LARGEST = 16_000


def keep(request: HttpRequest) -> None:
    """Put the posted fields aside, for the address they were posted to."""
    fields = request.POST.copy()
    fields.pop("csrfmiddlewaretoken", None)
    encoded = fields.urlencode()
    if encoded and len(encoded) <= LARGEST:
        request.session[KEY] = {"path": request.path, "fields": encoded}


def take(request: HttpRequest, path: str) -> QueryDict | None:
    """The fields that wait for this address, once. None where there are none."""
    draft = request.session.get(KEY)
    if not isinstance(draft, dict) or draft.get("path") != path:
        return None
    del request.session[KEY]
    return QueryDict(draft["fields"])
