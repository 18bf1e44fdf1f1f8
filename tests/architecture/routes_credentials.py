"""Routes of API credentials: for whoever edits the support profile, in any kind of partner."""

from datetime import timedelta

from django.utils import timezone

from tests.architecture.cast import PARTNERS, Person
from tests.architecture.credentials import integrations
from tests.architecture.entry import EDIT, TOP, Entry, by_subject, carrying, organisation
from tests.architecture.relations import Target
from tests.architecture.world import World

WHO = frozenset(PARTNERS)
ROW, SECRET = "portal_credential", "portal_credentialsecret"


def _until(world: World, person: Person, target: Target) -> dict[str, object]:
    """A new integration, and a new secret: both end on a day."""
    day = timezone.localdate() + timedelta(days=100)
    values = {"name": "Another", "role": "sales_agent", "former": "24", "expires": day.isoformat()}
    return {**values, **organisation(world, person)}


CREDENTIALS: dict[str, Entry] = {
    "organisation:credentials": Entry(WHO, EDIT, get=200),
    "organisation:limit-credentials": Entry(
        WHO, TOP, post=302, fields=carrying(role="sales_agent"), writes="portal_partner"
    ),
    "organisation:new-credential": Entry(WHO, EDIT, get=200, post=303, fields=_until, writes=ROW),
    "organisation:credential": Entry(WHO, EDIT, integrations, get=200),
    "organisation:rename-credential": Entry(
        WHO,
        EDIT,
        integrations,
        post=by_subject(live=302, over=422),
        fields=carrying(name="Renamed"),
        writes=ROW,
    ),
    "organisation:rotate-credential": Entry(
        WHO, EDIT, integrations, get=200, post=by_subject(live=303, over=422), fields=_until, writes=SECRET
    ),
    "organisation:end-former-secret": Entry(
        WHO, EDIT, integrations, post=302, fields=carrying(), writes=SECRET
    ),
    "organisation:revoke-credential": Entry(
        WHO,
        EDIT,
        integrations,
        get=by_subject(live=200, over=302),
        post=302,
        fields=carrying(),
        writes=ROW,
    ),
}
