"""What is told of a contact that a customer says is wrong, and of the answer."""

from collections.abc import Iterator

from django.db.models import F
from django.utils.translation import gettext as _

from customers.models import CustomerRelationship
from portal.mail.compose import named
from portal.mail.letter import Letter, Telling
from portal.mail.recipients import Reader, member, people
from portal.mail.telling import tells
from portal.models import Action, AuditEvent, MailKind
from support_contacts.letters.change import AGENTS, CONTACTS, WHOM_TO_CALL
from support_contacts.models import ContactReport


@tells(Action.CONTACT_REPORTED)
def reported(event: AuditEvent) -> Iterator[Telling]:
    """The agents of whoever sold it."""
    report = _report(event)
    if report is None:
        return

    def write(reader: Reader) -> Letter:
        names = {"customer": _customer_of(report), "partner": named(report.partner.name)}
        return Letter(
            _("“%(customer)s” says that the contact “%(partner)s” is wrong") % names,
            [_("Correct it, choose another support contact, or answer the customer.")],
            _("Answer the report"),
            f"{CONTACTS}reports/{report.pk}/",
            facts=[(_("What is wrong"), str(report.get_reason_display()))],
            quoted=report.detail,
        )

    kind = MailKind.REPORT
    yield Telling(kind, people(report.provider_id, *AGENTS, kind=kind, but=event.actor_id), write)


@tells(Action.CONTACT_REPORT_ANSWERED)
def report_answered(event: AuditEvent) -> Iterator[Telling]:
    """Whoever reported it, with the answer: it was written for them."""
    report = _report(event)
    if report is None:
        return

    def write(reader: Reader) -> Letter:
        names = {"provider": named(report.provider.name), "partner": named(report.partner.name)}
        return Letter(
            _("“%(provider)s” answered what you reported about “%(partner)s”") % names,
            [_("This is the answer:")],
            _("Whom to call"),
            WHOM_TO_CALL,
            quoted=report.answer,
        )

    kind = MailKind.REPORT
    yield Telling(
        kind, member(report.customer_id, report.reported_by_id, kind=kind, but=event.actor_id), write
    )


def _report(event: AuditEvent) -> ContactReport | None:
    rows = ContactReport.objects.select_related("provider__organisation", "partner__organisation")
    return rows.filter(pk=event.after.get("report")).first()


def _customer_of(report: ContactReport) -> str:
    views = CustomerRelationship.objects.filter(partner_id=report.provider_id, customer_id=report.customer_id)
    view = views.order_by(F("established_at").desc(nulls_last=True)).first()
    return named((view and view.company_name) or report.customer_id)
