"""What waits for one person at one organisation, for the frame of every page: one question, put into SQL once."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists
from django.http import HttpRequest
from django.utils import timezone

from customers.models import Ask
from portal.actor import Actor
from portal.models import Notice, Organisation, User
from portal.prepared import Prepared
from support_contacts.counting import GLANCED, CappedCount
from support_contacts.models import ContactReport, Designation, Wish

#: Who asks where no person does.
NOBODY = uuid.UUID(int=0)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits for the agents, and whether there is anything to tell this person; not yet what.

    `attention` counts what no longer holds, ends nobody has seen, and open reports. The others are of the organisation:
    whether the person's role lets them be told is not asked here.
    """

    attention: int = 0
    wishes: bool = False
    asks: bool = False
    notices: bool = False


def waiting_for(actor: Actor) -> Waiting:
    """What waits now. One query."""
    user = actor.user.pk if actor.user else NOBODY
    found = next(iter(_WAITING(me=actor.organisation.pk, user=user, at=timezone.now())), None)
    if found is None:
        return Waiting()
    return Waiting(found.attention + found.reports, found.wishes, found.asks, found.notices)


def waiting(request: HttpRequest) -> Waiting:
    """The same for one request: its rail and its header ask once together."""
    known: Waiting | None = getattr(request, "waiting", None)
    if known is None:
        known = request.waiting = waiting_for(request.actor)  # type: ignore[attr-defined]
    return known


def count(request: HttpRequest) -> int:
    """The number in the rail."""
    return waiting(request).attention


def _waiting(me: uuid.UUID, user: uuid.UUID, at: datetime) -> Any:
    actor = Actor(Organisation(pk=me), user=User(pk=user))
    own = Designation.objects.at_customers_of(me, at)
    return (
        Organisation.objects.filter(pk=me)
        .annotate(
            attention=CappedCount(own.waiting_counted(me, at), cap=GLANCED),
            reports=CappedCount(ContactReport.objects.open().at_customers_of(me, at), cap=GLANCED),
            wishes=Exists(Wish.objects.visible_to(actor).granted(at).filter(user=user)),
            asks=Exists(Ask.objects.visible_to(actor).open()),
            notices=Exists(Notice.objects.visible_to(actor).unseen()),
        )
        .values_list("attention", "reports", "wishes", "asks", "notices", named=True)
    )


_WAITING = Prepared.for_all(_waiting, me=uuid.UUID, user=uuid.UUID, at=datetime)
