"""The next step towards a reseller that is not available: one button, prefilled, for whoever may take it (R4)."""

import uuid
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from customers.models import Ask
from portal.actor import Actor
from portal.permissions import Permission, can
from portal.templatetags.ui import plain_date
from support_contacts.models import Reason, Standing, Verdict

#: Steps that ask the reseller; the others ask the customer.
_OF_RESELLER = {
    Reason.RELATIONSHIP_MISSING,
    Reason.RELATIONSHIP_REQUESTED,
    Reason.RELATIONSHIP_DECLINED,
    Reason.RELATIONSHIP_LAPSED,
    Reason.RELATIONSHIP_ENDED,
}
_WAITING = {Reason.RELATIONSHIP_REQUESTED, Reason.DELEGATED_ADMIN_REQUESTED}


@dataclass(frozen=True, slots=True)
class Step:
    """A link (`url`), or something to post (`post`), in the words of the button; `copy` makes a new link to copy.

    Without a button `who` says who can go on.
    """

    label: str = ""
    url: str = ""
    post: str = ""
    copy: str = ""
    who: str = ""


@dataclass
class Steps:
    """The steps one person may take at one customer; afterwards they are back at `origin`."""

    actor: Actor
    customer_id: uuid.UUID
    origin: str
    _addresses: dict[Reason, str] = field(default_factory=dict)

    @cached_property
    def asked(self) -> dict[tuple[uuid.UUID, str], str]:
        """When a step was put on the admin agents' list, by reseller and step: one query for the page."""
        rows = Ask.objects.visible_to(self.actor).open()
        return {
            (ask.reseller_id, ask.step): plain_date(ask.asked_at)
            for ask in rows
            if ask.customer_id in (None, self.customer_id)
        }

    @cached_property
    def _back(self) -> str:
        return urlencode({"from": self.origin})

    def _address(self, reason: Reason) -> str:
        """The page of a step, and there are two: not looked for again for every reseller."""
        if reason not in self._addresses:
            self._addresses[reason] = address_of(reason, self.customer_id)
        return self._addresses[reason]

    def of(self, standing: Standing, judged: Verdict, *, otherwise: str) -> Step:
        """The step towards this reseller; `otherwise` says who may take it, for whoever may not."""
        reason, reseller_id = judged.reason or Reason.RELATIONSHIP_MISSING, standing.reseller.pk
        if reason == Reason.RESELLER_SUSPENDED:
            return Step(who=otherwise)
        if reason in _WAITING:
            return self._remind(standing, judged, otherwise)
        if can(self.actor, _needed(reason)):
            return Step(_label(reason), url=f"{self._address(reason)}?reseller={reseller_id}&{self._back}")
        return self.asking(reseller_id, step_of(reason), otherwise)

    def asking(self, reseller_id: uuid.UUID, step: str, otherwise: str) -> Step:
        """For whoever may only ask a colleague."""
        if not can(self.actor, Permission.RELATIONSHIP_ASK):
            return Step(who=otherwise)
        if day := self.asked.get((reseller_id, step)):
            return Step(who=_("An admin agent was asked on %(date)s.") % {"date": day})
        address = reverse("customers:ask", args=[self.customer_id, reseller_id])
        return Step(_("Ask an admin agent"), post=address)

    def _remind(self, standing: Standing, judged: Verdict, otherwise: str) -> Step:
        if not can(self.actor, _needed(judged.reason)):
            return Step(who=otherwise)
        if judged.reason == Reason.RELATIONSHIP_REQUESTED:
            args, names = [self.customer_id, standing.reseller.pk], ("reseller-resend", "reseller-link")
        else:
            waiting = next(
                grant
                for grant in standing.grants
                if grant.requested_for_id == self.actor.organisation.pk and grant.requested_at == judged.since
            )
            args, names = [self.customer_id, waiting.relationship_id], ("request-resend", "request-link")
        resend, copy = (reverse(f"customers:{name}", args=args) for name in names)
        return Step(_("Resend"), post=resend, copy=copy)


def _needed(reason: Reason | None) -> Permission:
    if reason in _OF_RESELLER:
        return Permission.RELATIONSHIP_REQUEST
    return Permission.DELEGATED_ADMIN_REQUEST


def address_of(reason: Reason, customer_id: uuid.UUID) -> str:
    """The page on which the step is taken."""
    if reason in _OF_RESELLER:
        return reverse("resellers:request")
    return reverse("customers:request-rights", args=[customer_id])


def step_of(reason: Reason) -> str:
    """What is asked of a colleague where the step itself is not allowed."""
    return Ask.Step.RELATIONSHIP if reason in _OF_RESELLER else Ask.Step.DELEGATED_ADMIN


def _label(reason: Reason) -> str:
    if reason in (Reason.RELATIONSHIP_MISSING, Reason.RELATIONSHIP_ENDED):
        return _("Request relationship")
    if reason == Reason.DELEGATED_ADMIN_MISSING:
        return _("Request delegated admin")
    return _("Request again")
