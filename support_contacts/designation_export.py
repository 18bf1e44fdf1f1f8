"""A provider's designations as CSV: the rows of its list, all of them, written while they are sent."""

from collections.abc import Iterator, Sequence
from functools import partial

from django.utils.translation import gettext as _

from portal.csv_files import CHUNK, Cells
from portal.keyset import every
from portal.templatetags.statuses import STATUSES
from support_contacts.attention import AttentionRow
from support_contacts.designation_filter import DesignationFilter
from support_contacts.designation_lines import lines_of
from support_contacts.models import Designation


def exported(chosen: DesignationFilter) -> Iterator[Cells]:
    """In the order of the list."""
    return every(chosen.told, chosen.order, size=CHUNK, told=partial(_part, chosen))


def _part(chosen: DesignationFilter, rows: Sequence[Designation]) -> list[Cells]:
    return [_cells(line) for line in lines_of(chosen.actor, rows, now=chosen.now)]


def heads() -> Cells:
    return [
        _("Customer"),
        _("Microsoft ID"),
        _("Subscription"),
        _("Subscription ID"),
        _("Designated"),
        _("PartnerID"),
        _("Since"),
        _("Ended"),
        _("Designated by"),
        _("Role"),
        _("Channel"),
        _("In force"),
        _("Reason"),
        _("Reason since"),
        _("Ends"),
    ]


def _cells(line: AttentionRow) -> Cells:
    row, subscription, cause = line.designation, line.subscription, line.cause
    return [
        line.customer,
        subscription.customer_id,
        subscription.name,
        subscription.public_id,
        row.partner.name,
        row.partner.partner_id,
        row.started_at,
        row.ended_at,
        line.maker.name,
        line.maker.role,
        line.maker.channel,
        "1" if line.holds else "0",
        (cause.word or STATUSES[cause.key].word) if cause else "",
        cause.since if cause else None,
        line.until,
    ]
