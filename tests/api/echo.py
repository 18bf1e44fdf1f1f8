"""Addresses for tests: an API whose endpoints give back what came in, and fail as they are told to."""

import pydantic
from django.core.exceptions import BadRequest, SuspiciousOperation, ValidationError
from django.db import OperationalError, connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import include, path
from django.utils.translation import gettext_lazy as _
from ninja import Router

from portal.api.endpoint import endpoint
from portal.api.faults import NOT_FOUND, Fault
from portal.api.replay import once
from portal.api.root import PortalAPI
from portal.api.wire import answer, body_of, filter_of, paging_of
from portal.errors import (
    Busy,
    Conflict,
    NewCommerce,
    NotEligible,
    NotPermitted,
    NotVisible,
    OperationError,
    SubscriptionEnded,
)
from portal.models import Organisation
from portal.permissions import Permission

router = Router()
SECRET = "the-secret-of-somebody"


class _Shape(pydantic.BaseModel):
    number: int


def _pydantic() -> None:
    _Shape(number="no number, but a secret")


def _division() -> None:
    raise ZeroDivisionError(f"secret {SECRET}")


def _statement_timeout() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '20ms'")
        cursor.execute("SELECT pg_sleep(5)")


def _raise(error: Exception) -> None:
    raise error


FAILURES = {
    "fault": lambda: _raise(Fault(404, NOT_FOUND, _("Not found"), "not_here", headers={"X-Why": "test"})),
    "conflict": lambda: _raise(Conflict(_("Not found"))),
    "not-eligible": lambda: _raise(NotEligible(_("Not found"), "relationship_missing")),
    "new-commerce": lambda: _raise(NewCommerce()),
    "ended": lambda: _raise(SubscriptionEnded()),
    "busy": lambda: _raise(Busy()),
    "other": lambda: _raise(OperationError("No.", code="too_many")),
    "not-visible": lambda: _raise(NotVisible()),
    "http404": lambda: _raise(Http404("with words of ours")),
    "not-permitted": lambda: _raise(NotPermitted("contact:assign", ["Global admin", "Admin agent"])),
    "django": lambda: _raise(ValidationError({"email": "Not an address."})),
    "pydantic": _pydantic,
    "suspicious": lambda: _raise(SuspiciousOperation()),
    "bad-request": lambda: _raise(BadRequest()),
    "away": lambda: _raise(OperationalError("the database system is shutting down")),
    "slow": _statement_timeout,
    "unexpected": _division,
}


@router.get("/echo")
def echo(request: HttpRequest) -> HttpResponse:
    return answer({"method": request.method, "query": dict(request.GET.items()), "path": request.path})


@router.api_operation(["PUT", "POST", "PATCH"], "/echo")
def echo_body(request: HttpRequest) -> HttpResponse:
    return answer({"body": {name: str(value) for name, value in body_of(request).items()}})


@router.get("/list")
def listed(request: HttpRequest) -> HttpResponse:
    paging, found = paging_of(request), filter_of(request)
    return answer(
        {
            "size": paging.size,
            "after": paging.after and paging.after.key,
            "before": paging.before and paging.before.key,
            "filter": found and {"field": found.field, "value": found.value, "operator": found.operator},
        }
    )


@router.get("/typed")
def typed(request: HttpRequest, size: int) -> HttpResponse:
    return answer({"size": size})


@router.get("/fail/{kind}")
def fail(request: HttpRequest, kind: str) -> HttpResponse:
    FAILURES[kind]()
    return answer({})


@router.get("/elsewhere")
def elsewhere(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect("/")


@router.get("/page")
def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<html></html>")


@router.put("/longer/{word}")
@endpoint(Permission.CONTACT_ASSIGN)
def longer(request: HttpRequest, word: str) -> HttpResponse:
    """One effect: the organisation's name is a letter longer."""
    body = body_of(request)

    def effect() -> dict[str, object]:
        row = Organisation.objects.filter(pk=request.actor.organisation.pk)  # type: ignore[attr-defined]
        row.update(name=Concat(F("name"), Value("+")))
        if body.get("fail"):
            raise NotEligible("No.", "relationship_missing")
        return {"name": row.get().name}

    return once(request, effect)


api = PortalAPI(urls_namespace="v1", openapi_url=None, docs_url=None)
api.add_router("", router)
urlpatterns = [path("v1/", api.urls), path("", include("portal.urls"))]
