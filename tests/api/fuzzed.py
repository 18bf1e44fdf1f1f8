"""What fuzzing calls: the portal in this process, with two providers that know nothing of each other.

Names of rows are fixed, so that what is generated can be aimed at them and every run sends the same calls.
"""

import random
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection, transaction
from django.utils import timezone

from portal.api.wire import CONTINUATION
from portal.keyset import Cursor
from tests.factories import (
    CustomerFactory,
    CustomerRelationshipFactory,
    DesignationFactory,
    ProviderFactory,
    ResellerFactory,
    ResellerRelationshipFactory,
    SubscriptionFactory,
    SupportProfileFactory,
    make_eligible,
)

#: By their names everything they own is known: nobody else may read these words.
PROVIDERS = ("fabrikam", "litware")
NUMBERS = {"fabrikam": "610001", "litware": "620001"}
SALES = ("designated", "default", "new-commerce", "ended")
#: Texts that are what a member is for: which ones are is more than a document can say.
PROFILE = {
    "email": ("desk@partner.example", ""),
    "telephone": ("+33 1 99 00 47 11", ""),
    "website": ("www.partner.example/help", ""),
}
MOMENT = "2026-03-01T09:00:00+00:00"
#: Of ten calls these many are aimed at rows that are there; the rest go where they were generated.
AIMED = 9


def guid(*names: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, ".".join(names)))


class Portal:
    """The portal as a WSGI application that forgets what a call changed."""

    def __init__(self) -> None:
        self.answers = get_wsgi_application()
        self.cases = 0
        self.statuses: list[int] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not connection.in_atomic_block:  # the document, before there is a database
            return self.answers(environ, start_response)
        mark = transaction.savepoint()
        try:
            response = self.answers(environ, start_response)
            self.statuses.append(response.status_code)
            body = b"".join(response)
            response.close()
            return [body]
        finally:
            transaction.set_rollback(False)
            transaction.savepoint_rollback(mark)


@contextmanager
def connections_kept() -> Iterator[None]:
    """A request ends without closing the connection whose transaction is everybody's."""
    ends = request_started, request_finished
    for signal in ends:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in ends:
            signal.connect(close_old_connections)


def build(name: str) -> Any:
    """A provider with a customer, an eligible reseller, one that is not, and a subscription of every kind."""
    number = NUMBERS[name]
    provider = ProviderFactory(name=f"{name} canary", partner_id=number, organisation__id=guid(name))
    SupportProfileFactory(partner=provider, email=f"help@{name}-canary.example")
    customer = CustomerFactory(name=f"{name} canary customer", organisation__id=guid(name, "customer"))
    CustomerRelationshipFactory(partner=provider, customer=customer)
    reseller, stranger = (
        ResellerFactory(
            name=f"{name} canary {role}", partner_id=f"{number}{number_of}", organisation__id=guid(name, role)
        )
        for role, number_of in (("reseller", 1), ("stranger", 2))
    )
    make_eligible(reseller, provider=provider, customer=customer)
    ResellerRelationshipFactory(provider=provider, reseller=stranger)
    for sale in SALES:
        row = SubscriptionFactory(
            provider=provider,
            customer=customer,
            microsoft_id=guid(name, sale),
            offer_name=f"{name} canary {sale}",
            order_id=guid(name, "order"),
            reseller_of_record=reseller.partner_id,
            is_new_commerce=sale == "new-commerce",
            status="deleted" if sale == "ended" else "active",
            ended_at=timezone.now() if sale == "ended" else None,
        )
        if sale == "designated":
            DesignationFactory(subscription=row, partner=reseller)
    return provider


def aim(case: Any, name: str) -> None:
    """Put names of rows that are there where an address or a body has any text: nearly everything else is a 404.

    What is put where depends on the call alone, so that a call that failed is the same one when it is tried again.
    """
    dice = random.Random(zlib.crc32(repr((case.method, case.path, case, dict(case.headers))).encode()))
    owner = name if dice.randrange(5) else next(other for other in PROVIDERS if other != name)
    ids = {
        "tenant": guid(name) if "oauth2" in case.path else guid(owner, "customer"),
        "customerId": guid(owner, "customer"),
        "subscription": guid(owner, dice.choice(SALES)),
        "subscriptionId": guid(owner, dice.choice(SALES)),
        "supportTenantId": guid(owner, *dice.choice((("reseller",), ("stranger",), ()))),
    }
    if CONTINUATION in case.headers or case.query.get("seekOperation") == "Previous":
        # A name among names as well as an instant among instants, whatever the list is sorted by.
        case.headers[CONTINUATION] = str(Cursor(MOMENT, uuid.UUID(guid(owner)), 1))
    if dice.randrange(4):
        case.headers.pop("If-Match", None)
    is_aimed = dice.randrange(10) < AIMED
    for said in sorted(ids.keys() & case.path_parameters.keys() if is_aimed else ()):
        case.path_parameters[said] = ids[said]
    is_wrong = case.meta is not None and case.meta.generation.mode.is_negative
    body = case.body if isinstance(case.body, dict) else {}
    items = body.get("items") if isinstance(body.get("items"), list) else []
    for one in [body, *(item for item in items if isinstance(item, dict))]:
        if not is_wrong:
            _put(one, {member: dice.choice(texts) for member, texts in PROFILE.items()})
        if is_aimed:
            _put(one, ids)
            if one.get("supportTenantId") == ids["supportTenantId"] and dice.randrange(4):
                one.pop("supportMpnId", None)


def _put(body: dict[str, Any], texts: dict[str, str]) -> None:
    for said in sorted(texts.keys() & body.keys()):
        if isinstance(body[said], str):
            body[said] = texts[said]
