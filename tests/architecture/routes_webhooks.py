"""Routes of webhooks: beside the API credentials, for the same people."""

from tests.architecture.cast import PARTNERS
from tests.architecture.entry import EDIT, Entry, carrying
from tests.architecture.webhooks import deliveries, endpoints

WHO = frozenset(PARTNERS)
ROW, SECRET, DELIVERY = "portal_webhookendpoint", "portal_webhooksecret", "portal_webhookdelivery"
_ANOTHER = carrying(url="https://another.example/hook", events="relationship-ended")

WEBHOOKS: dict[str, Entry] = {
    "organisation:webhooks": Entry(WHO, EDIT, get=200),
    "organisation:new-webhook": Entry(WHO, EDIT, get=200, post=303, fields=_ANOTHER, writes=ROW),
    "organisation:webhook": Entry(WHO, EDIT, endpoints(), get=200),
    "organisation:change-webhook": Entry(
        WHO, EDIT, endpoints(), get=200, post=302, fields=_ANOTHER, writes=ROW
    ),
    "organisation:rotate-webhook": Entry(
        WHO, EDIT, endpoints(), get=200, post=303, fields=carrying(former="24"), writes=SECRET
    ),
    "organisation:end-former-webhook-secret": Entry(
        WHO, EDIT, endpoints(), post=302, fields=carrying(), writes=SECRET
    ),
    "organisation:pause-webhook": Entry(WHO, EDIT, endpoints(), post=302, fields=carrying(), writes=ROW),
    "organisation:resume-webhook": Entry(
        WHO, EDIT, endpoints("paused"), post=302, fields=carrying(), writes=ROW
    ),
    "organisation:test-webhook": Entry(WHO, EDIT, endpoints(), post=302, fields=carrying(), writes=DELIVERY),
    "organisation:delete-webhook": Entry(
        WHO, EDIT, endpoints(), get=200, post=302, fields=carrying(), writes=ROW
    ),
    "organisation:webhook-delivery": Entry(WHO, EDIT, deliveries, get=200),
    "organisation:resend-webhook": Entry(WHO, EDIT, deliveries, post=302, fields=carrying(), writes=DELIVERY),
}
