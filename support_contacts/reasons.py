"""R4 in words: why a reseller is not available, and who can take the next step."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from portal.templatetags.ui import plain_date
from support_contacts.models import Reason, Verdict


@dataclass(frozen=True, slots=True)
class ReasonWords:
    """One reason as a person reads it: a sentence, and who can take the next step."""

    code: str
    sentence: str
    step: str


def words(verdict: Verdict, *, customer: str, reseller: str) -> ReasonWords:
    """The sentence and the next step of a verdict that is not eligible."""
    reason = verdict.reason or Reason.RELATIONSHIP_MISSING
    return ReasonWords(reason.value, _sentence(reason, verdict, customer), _step(reason, customer, reseller))


def cause(verdict: Verdict, partner: str) -> str:
    """Why a stored designation is not in force, with its date: for the provider whose designation it is."""
    reason, since = verdict.reason, plain_date(verdict.since)
    text = _CAUSES.get(reason) if reason and since else None
    said = text or _("%(partner)s is no longer eligible here.")
    return str(said) % {"partner": partner, "date": since}


def _sentence(reason: Reason, verdict: Verdict, customer: str) -> str:
    return str(_SENTENCES[reason]) % {
        "date": plain_date(verdict.since),
        "lapses": plain_date(verdict.lapses_at),
        "customer": customer,
    }


def _step(reason: Reason, customer: str, reseller: str) -> str:
    names = {"customer": customer, "reseller": reseller}
    if reason == Reason.RESELLER_SUSPENDED:
        return str(_("The operator of this portal can say why."))
    if reason == Reason.RELATIONSHIP_REQUESTED:
        return str(_("An admin agent of %(reseller)s can accept it.")) % names
    if reason == Reason.DELEGATED_ADMIN_REQUESTED:
        return str(_("A global admin of %(customer)s can accept it.")) % names
    return str(_("An admin agent can request it."))


_CAUSES = {
    Reason.RESELLER_SUSPENDED: _("%(partner)s is suspended since %(date)s."),
    Reason.RELATIONSHIP_ENDED: _("The relationship with %(partner)s ended on %(date)s."),
    Reason.DELEGATED_ADMIN_EXPIRED: _("The delegated admin of %(partner)s expired on %(date)s."),
    Reason.DELEGATED_ADMIN_ENDED: _("The delegated admin of %(partner)s ended on %(date)s."),
    Reason.HANDED_BACK: _("%(partner)s handed it back on %(date)s."),
}
_SENTENCES = {
    Reason.RESELLER_SUSPENDED: _("Account suspended since %(date)s."),
    Reason.RELATIONSHIP_MISSING: _("No relationship with you."),
    Reason.RELATIONSHIP_REQUESTED: _("Relationship requested %(date)s, no answer yet. Lapses %(lapses)s."),
    Reason.RELATIONSHIP_DECLINED: _("Declined your request on %(date)s."),
    Reason.RELATIONSHIP_LAPSED: _("Your request lapsed on %(date)s without an answer."),
    Reason.RELATIONSHIP_ENDED: _("Relationship with you ended %(date)s."),
    Reason.DELEGATED_ADMIN_MISSING: _("No delegated admin at %(customer)s."),
    Reason.DELEGATED_ADMIN_REQUESTED: _(
        "Delegated admin at %(customer)s requested %(date)s, no answer yet. Lapses %(lapses)s."
    ),
    Reason.DELEGATED_ADMIN_DECLINED: _("%(customer)s declined delegated admin on %(date)s."),
    Reason.DELEGATED_ADMIN_LAPSED: _(
        "Request for delegated admin lapsed on %(date)s; %(customer)s did not answer."
    ),
    Reason.DELEGATED_ADMIN_EXPIRED: _("Delegated admin at %(customer)s expired %(date)s."),
    Reason.DELEGATED_ADMIN_ENDED: _("Delegated admin at %(customer)s ended %(date)s."),
}
