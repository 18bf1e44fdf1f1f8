"""One-click sign-in as the people of the demo. Outside the demo there is no such page and no such person."""

from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.audience import Audience, page
from portal.identifiers import canonical_guid
from portal.middleware import ORGANISATION
from portal.models import Membership, User
from portal.permissions import Role
from portal.views.redirects import safe_next

#: The organisations of the demo with a part to play, in the order they are tried, and which part it is.
PARTS: Mapping[str, str | Promise] = {
    "fabrikam.example": _("Indirect provider"),
    "contoso.example": _("Customer of Fabrikam and Proseware"),
    "northwind.example": _("Customer, one contact needs attention"),
    "treyresearch.example": _("Reseller, eligible at Contoso"),
    "firstup.example": _("Reseller, no delegated admin"),
    "relecloud.example": _("Reseller, relationship requested"),
    "proseware.example": _("Indirect provider"),
    "litware.example": _("Direct partner"),
}


@page(Audience.PUBLIC, methods=("POST",))
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as the demo account whose button was pressed."""
    user_id = canonical_guid(request.POST.get("user", ""))
    people = User.objects.filter(is_demo=True, is_active=True)
    user = people.filter(pk=user_id).first() if settings.DEMO and user_id else None
    if user is None:
        raise Http404
    get_adapter().login(request, user)
    request.session[ORGANISATION] = request.POST.get(
        "organisation", ""
    )  # not theirs: the first of their own counts
    return redirect(safe_next(request, request.POST.get("next")))


def demo_rows() -> list[dict[str, Any]]:
    """The organisations with a part, each with its people by role. One query."""
    found: dict[str, dict[str, Any]] = {}
    memberships = (
        Membership.objects.filter(
            user__is_demo=True, user__is_active=True, organisation__domain__in=list(PARTS)
        )
        .select_related("user", "organisation")
        .order_by("pk")
    )
    for membership in memberships:
        organisation = membership.organisation
        row = found.setdefault(
            organisation.domain,
            {
                "id": organisation.pk,
                "name": organisation.name,
                "part": PARTS[organisation.domain],
                "people": [],
            },
        )
        roles = _labels(membership)
        if roles not in (
            person["roles"] for person in row["people"]
        ):  # two with one role would look the same
            row["people"].append({"user_id": membership.user_id, "roles": roles, "rank": _rank(membership)})
    for row in found.values():
        row["people"].sort(key=lambda person: person["rank"])
    return [found[domain] for domain in PARTS if domain in found]


def _labels(membership: Membership) -> str:
    return ", ".join(str(role.label) for role in Role if role in membership.roles)


def _rank(membership: Membership) -> int:
    return min(list(Role).index(Role(role)) for role in membership.roles)
