"""Steps from the picker that need no page of their own, and opening what somebody is told."""

import uuid
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import Ask, CustomerRelationship
from customers.operations import ask_for_step, dismiss_ask
from portal import ratelimit
from portal.audience import Audience, page
from portal.errors import NotVisible, OperationError
from portal.models import Notice, ResellerRelationship
from portal.operations import resellers as operations
from portal.permissions import Permission, require
from portal.views.errors import wrong_organisation
from portal.views.redirects import safe_next
from support_contacts.models import Reason, Standing, Wish, standings, verdict
from support_contacts.operations.notices import see_notice
from support_contacts.operations.wishes import wait_for, was_told
from support_contacts.origin import origin_of, subscription_of, with_anchor
from support_contacts.said import say
from support_contacts.steps import address_of, step_of
from support_contacts.told import subscription_url
from support_contacts.views.resellers import REMINDERS, see

REQUEST, ASK = Permission.RELATIONSHIP_REQUEST, Permission.RELATIONSHIP_ASK


@page(Audience.AGENTS, REQUEST, methods=("POST",), needs_row=True)
def resend(request: HttpRequest, tenant: uuid.UUID, reseller: uuid.UUID) -> HttpResponse:
    """Remind a reseller of our request, from a customer's page: the row there says so."""
    return _renew(request, tenant, reseller, tell=True)


@page(Audience.AGENTS, REQUEST, methods=("POST",), needs_row=True)
def copy_link(request: HttpRequest, tenant: uuid.UUID, reseller: uuid.UUID) -> HttpResponse:
    """Make a new link to our request; the row shows it, once."""
    return _renew(request, tenant, reseller, tell=False)


@page(Audience.AGENTS, ASK, methods=("POST",), needs_row=True)
def ask(request: HttpRequest, tenant: uuid.UUID, reseller: uuid.UUID) -> HttpResponse:
    """Put the reseller's next step on the list of those who may take it. Twice changes nothing."""
    if conflict := wrong_organisation(request, reverse("customers:list")):
        return conflict
    relationship, standing = _row(request, tenant, reseller)
    require(request.actor, ASK)
    origin = origin_of(request) or reverse("customers:detail", args=[tenant])
    back = with_anchor(origin, f"reseller-{reseller}")
    judged = verdict(standing, at=timezone.now(), told_to=request.actor.organisation.pk)
    if judged or judged.reason == Reason.RESELLER_SUSPENDED:
        text = _("It is eligible now.") if judged else _("The account is suspended.")
        say(request, reseller, "refused", text=text)
        return see(back)
    reason = judged.reason or Reason.RELATIONSHIP_MISSING
    path = origin.partition("?")[0].partition("#")[0]
    query = urlencode({"reseller": reseller, "from": path})
    _ask, is_new = ask_for_step(
        standing.reseller,
        step=step_of(reason),
        customer=relationship.customer,
        path=f"{address_of(reason, tenant)}?{query}",
        acting=request.actor,
    )
    _wait(request, origin, reseller)
    say(request, reseller, "asked" if is_new else "asked_already")
    return see(back)


@page(Audience.AGENTS, REQUEST, methods=("POST",), needs_row=True)
def dismiss(request: HttpRequest, ask: uuid.UUID) -> HttpResponse:
    """Not to be done: off the list of everybody."""
    if conflict := wrong_organisation(request, reverse("home")):
        return conflict
    row = Ask.objects.visible_to(request.actor).filter(pk=ask).first()
    if row is None:
        raise NotVisible
    require(request.actor, REQUEST)
    dismiss_ask(row, acting=request.actor)
    messages.success(request, _("It is off the list."))
    return see(safe_next(request, request.POST.get("next")))


@page(Audience.AGENTS, Permission.CONTACT_ASSIGN, methods=("POST",), needs_row=True)
def wish(request: HttpRequest, wish: uuid.UUID) -> HttpResponse:
    """What somebody waited for has come: to the subscription, with the reseller preselected. It is not said again."""
    if conflict := wrong_organisation(request, reverse("home")):
        return conflict
    rows = Wish.objects.visible_to(request.actor).filter(pk=wish, user=request.user)
    row = rows.select_related("subscription").first()
    if row is None:
        raise NotVisible
    require(request.actor, Permission.CONTACT_ASSIGN)
    was_told(row, acting=request.actor)
    return see(subscription_url(row))


@page(Audience.MEMBERS, methods=("POST",), needs_row=True)
def notice(request: HttpRequest, notice: uuid.UUID) -> HttpResponse:
    """To where it can be acted on. It is not said again."""
    if conflict := wrong_organisation(request, reverse("home")):
        return conflict
    row = Notice.objects.visible_to(request.actor).filter(pk=notice).first()
    if row is None:
        raise NotVisible
    see_notice(row, acting=request.actor)
    return see(safe_next(request, row.path))


# -- parts


def _row(
    request: HttpRequest, tenant: uuid.UUID, reseller: uuid.UUID
) -> tuple[CustomerRelationship, Standing]:
    """A reseller of ours, now or once, at a customer of ours."""
    actor = request.actor
    relationship = (
        CustomerRelationship.objects.visible_to(request.actor)
        .established(timezone.now())
        .filter(partner_id=actor.organisation.pk, customer_id=tenant)
        .select_related("customer")
        .first()
    )
    standing = standings(actor.organisation.partner, tenant, resellers=[reseller]).get(reseller)
    if relationship is None or standing is None or not standing.reseller.is_indirect_reseller:
        raise NotVisible
    return relationship, standing


def _renew(request: HttpRequest, tenant: uuid.UUID, reseller: uuid.UUID, *, tell: bool) -> HttpResponse:
    if conflict := wrong_organisation(request, reverse("customers:list")):
        return conflict
    _relationship, standing = _row(request, tenant, reseller)
    require(request.actor, REQUEST)
    origin = origin_of(request) or reverse("customers:detail", args=[tenant])
    back = with_anchor(origin, f"reseller-{reseller}")
    row = _latest(standing)
    key = ratelimit.key_for(REMINDERS.name, row.pk)
    if tell and not ratelimit.hit(key, REMINDERS.limit, REMINDERS.seconds):
        text = _("It was sent several times already. Wait an hour, or copy the link.")
        say(request, reseller, "refused", text=text)
        return see(back)
    try:
        renewed = operations.renew_request(row, acting=request.actor, tell=tell)
    except OperationError as refusal:
        say(request, reseller, "refused", text=str(refusal))
        return see(back)
    if tell:
        say(request, reseller, "resent")
    else:
        link = request.build_absolute_uri(reverse("follow-link", args=[renewed.token]))
        say(request, reseller, "copied", link=link)
    _wait(request, origin, reseller)
    return see(back)


def _latest(standing: Standing) -> ResellerRelationship:
    """The open record, otherwise the one that closed last."""
    return max(standing.relationships, key=lambda row: (row.ended_at is None, str(row.pk)))


def _wait(request: HttpRequest, origin: str, reseller: uuid.UUID) -> None:
    """Whoever took or asked a step on a subscription's page wants the reseller there."""
    subscription = subscription_of(request.actor, origin)
    if subscription is not None:
        wait_for(subscription, reseller, acting=request.actor)
