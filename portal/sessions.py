"""Sessions in the database, as Django keeps them; the one question of every page is put into SQL once."""

from datetime import datetime
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as Stored
from django.contrib.sessions.models import Session
from django.utils import timezone

from portal.prepared import Prepared

_LIVE = Prepared.by_key(
    lambda key, at: Session.objects.filter(session_key=key, expire_date__gt=at),
    key=str,
    at=datetime,
)


class SessionStore(Stored):
    """Django's, read with a prepared question."""

    def _get_session_from_db(self) -> Any:
        found = next(iter(_LIVE(key=self.session_key, at=timezone.now())), None)
        if found is None:
            self._session_key = None
        return found
