"""What somebody typed is not lost when their session ends under it: it waits for that person behind the sign-in."""

from django.http import HttpRequest, QueryDict

KEY = "draft"
#: Enough for a note and a choice; a session is no place for more.
LARGEST = 16_000


def keep(request: HttpRequest) -> None:
    """Put the posted fields aside, for the address they were posted to and the person whose session just ended.

    Nothing is kept of somebody unknown: it could be shown to whoever signs in next on the same device.
    """
    fields = request.POST.copy()
    fields.pop("csrfmiddlewaretoken", None)
    encoded, person = fields.urlencode(), getattr(request, "ended_session_of", None)
    if person is not None and encoded and len(encoded) <= LARGEST:
        request.session[KEY] = {"path": request.path, "fields": encoded, "person": str(person)}


def take(request: HttpRequest, *paths: str) -> QueryDict | None:
    """The fields that wait for one of these addresses, once, for the person and organisation that typed them.

    Somebody else's draft is thrown away unseen. None where there is nothing.
    """
    draft = request.session.get(KEY)
    if not isinstance(draft, dict) or draft.get("path") not in paths:
        return None
    del request.session[KEY]
    fields = QueryDict(draft.get("fields", ""))
    own = draft.get("person") == str(request.user.pk)
    actor = getattr(request, "actor", None)
    here = actor is not None and fields.get("organisation") == str(actor.organisation.pk)
    return fields if own and here else None
