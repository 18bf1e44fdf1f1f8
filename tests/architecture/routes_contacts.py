"""Routes of support contacts: what needs attention and its repair, duties, and what customers say of them."""

from datetime import timedelta

from django.utils import timezone

from tests.architecture import relations_of_contacts
from tests.architecture.cast import BUYERS, RESELLERS, SELLERS, Person
from tests.architecture.entry import ASSIGN, EDIT, READ, TOP, VIEW, Entry, by_subject, carrying, organisation
from tests.architecture.relations import Target
from tests.architecture.world import World


def _hand_back(world: World, person: Person, target: Target) -> dict[str, object]:
    day = timezone.localdate() + timedelta(days=14)
    return {"back-day": day.isoformat(), **organisation(world, person)}


ROUTES: dict[str, Entry] = {
    # For a provider's agents.
    "contacts:list": Entry(SELLERS, VIEW, get=200),
    "contacts:export": Entry(SELLERS, VIEW, get=200),
    "contacts:select": Entry(
        SELLERS,
        ASSIGN,
        relations_of_contacts.selections,
        get=302,
        post=by_subject(chosen=303, nothing=422),
        fields=carrying(act="provider"),
        writes="support_contacts_repair",
    ),
    "contacts:repair": Entry(
        SELLERS,
        ASSIGN,
        relations_of_contacts.repairs,
        get=200,
        post=by_subject(open=303, over=303, refused=422),
        fields=carrying(),
        writes="support_contacts_designation",
    ),
    "contacts:seen": Entry(
        SELLERS,
        ASSIGN,
        relations_of_contacts.declined_designations,
        post=303,
        fields=carrying(),
        writes="support_contacts_designation",
    ),
    "contacts:policy": Entry(
        SELLERS, EDIT, get=200, post=303, fields=carrying(mode="days", days="30"), writes="portal_partner"
    ),
    "contacts:report": Entry(
        SELLERS,
        ASSIGN,
        relations_of_contacts.reports,
        get=200,
        post=by_subject(open=303, over=409),
        fields=carrying(answer="We called them"),
        writes="support_contacts_contactreport",
    ),
    # For resellers.
    "support_contacts:export-duties": Entry(RESELLERS, VIEW, get=200),
    "support_contacts:duty": Entry(RESELLERS, VIEW, relations_of_contacts.duties, get=200),
    "support_contacts:acknowledge-duty": Entry(
        RESELLERS,
        EDIT,
        relations_of_contacts.duties,
        post=by_subject(stands=303, over=409),
        fields=carrying(),
        writes="support_contacts_designation",
    ),
    "support_contacts:decline-duty": Entry(
        RESELLERS,
        EDIT,
        relations_of_contacts.duties,
        get=302,
        post=303,  # declined already is declined
        fields=carrying(**{"decline-reason": "We cannot"}),
        writes="support_contacts_designation",
    ),
    "support_contacts:hand-back-duty": Entry(
        RESELLERS,
        EDIT,
        relations_of_contacts.duties,
        get=302,
        post=by_subject(stands=303, over=409),
        fields=_hand_back,
        writes="support_contacts_designation",
    ),
    "support_contacts:keep-duty": Entry(
        RESELLERS,
        EDIT,
        relations_of_contacts.duties_to_hand_back,
        post=by_subject(stands=303, over=409),
        fields=carrying(),
        writes="support_contacts_designation",
    ),
    # For customers.
    "support_contacts:report": Entry(
        BUYERS,
        READ,
        relations_of_contacts.cards,
        get=200,
        post=303,
        fields=carrying(reason="other"),
        writes="support_contacts_contactreport",
    ),
    "support_contacts:remove-registered": Entry(
        BUYERS,
        TOP,
        relations_of_contacts.registered,
        get=200,
        post=303,
        fields=carrying(),
        writes="subscriptions_subscription",
    ),
}
