"""Links to a request that waits for its answer. They lead there and grant nothing; opening one changes nothing."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from portal.audience import Audience, page
from portal.models import AnswerLink
from portal.operations.answer_links import follow

#: Where requests are answered. The second page belongs to an app above: named, not imported.
PAGES = {
    AnswerLink.Kind.RESELLER_RELATIONSHIP: "providers:list",
    AnswerLink.Kind.CUSTOMER_RELATIONSHIP: "partner_relationships:list",
}


@page(Audience.MEMBERS)
def follow_link(request: HttpRequest, token: str) -> HttpResponse:
    """To the request, in the organisation that is asked; with the offer to switch where that is another of one's own.

    Used, replaced, somebody else's, never made: one page, after the same queries.
    """
    link = follow(token)
    own = {membership.organisation_id for membership in request.memberships}
    if link is None or link.organisation_id not in own:
        return render(request, "portal/link_dead.html", status=HTTPStatus.NOT_FOUND)
    if link.organisation_id != request.actor.organisation.pk:
        context = {"organisation": link.organisation, "next": request.path}
        return render(request, "portal/link_switch.html", context)
    answer_at = f"{reverse(PAGES[AnswerLink.Kind(link.kind)])}#request-{link.target_id}"
    return HttpResponseRedirect(answer_at, status=HTTPStatus.SEE_OTHER)
