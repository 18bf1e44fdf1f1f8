"""The same call twice has one effect: `MS-RequestId` is the idempotency key (partner-center-api.md §1.2, §1.10, §8.17).

The key is the credential, the request id, the method, the path and the body; its row commits with the effect, so that
a crash leaves both or neither. Headers are no part of it, If-Match neither: a condition that was met is not asked
again of the same call, and one that was not met left nothing to answer from. Two at once: the second waits on the
unique index for the first one's answer.
"""

import hashlib
import uuid
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from portal.api.wire import JSON, encoded
from portal.identifiers import canonical_guid, uuid7
from portal.locks import patience
from portal.models import ApiAnswer
from portal.models.replay import KEPT

# The index makes a second one wait until the first commits (its answer is found) or rolls back (we are the first).
_CLAIM = """
INSERT INTO portal_apianswer AS kept (id, credential_id, request_id, call, body, created_at)
VALUES (%(id)s, %(credential)s, %(request)s, %(call)s, NULL, %(now)s)
ON CONFLICT (credential_id, request_id, call) DO UPDATE SET created_at = EXCLUDED.created_at, body = NULL
    WHERE kept.created_at < %(stale)s
RETURNING id
"""
# A first one may be a long batch: the second waits for its answer longer than anybody for a row, and only for that.
WAITS = {"lock_timeout": "30s", "statement_timeout": "35s"}
_LIMITS = "SELECT name, current_setting(name) FROM unnest(ARRAY[%s, %s]::text[]) AS name"
_LIMIT = "SELECT set_config(%s, %s, true)"


def once(request: HttpRequest, effect: Callable[[], Mapping[str, Any]]) -> HttpResponse:
    """The answer to a call that changes something, in the one durable transaction of that change.

    Called after the caller was found to be allowed to: a stored answer is given without asking anything again. `effect`
    runs inside this transaction and returns the body of a 200; what it raises undoes everything, the key included.
    """
    with patience(), transaction.atomic(durable=True):
        key = _key(request)
        if key is None:
            return _given(encoded(effect()))
        now = timezone.now()
        answers = ApiAnswer.objects.visible_to(request.actor)  # type: ignore[attr-defined]
        claimed = _claim(key, now)
        if claimed is None:
            stored = answers.values_list("body", flat=True).get(**key)
            return _given(zlib.decompress(stored))
        body = encoded(effect())
        answers.filter(pk=claimed).update(body=zlib.compress(body))
        return _given(body)


def _given(body: bytes) -> HttpResponse:
    return HttpResponse(body, status=HTTPStatus.OK, content_type=JSON)


def _key(request: HttpRequest) -> dict[str, Any] | None:
    """What makes two calls the same one; None where the client gave no GUID to know it by."""
    guid = canonical_guid(request.headers.get("MS-RequestId"))
    credential: uuid.UUID | None = request.actor.credential_id  # type: ignore[attr-defined]
    if guid is None or credential is None:
        return None
    target = f"{request.method} {request.path_info}?{request.META.get('QUERY_STRING', '')}"
    call = hashlib.sha256(target.encode() + b"\n" + request.body).digest()
    return {"credential_id": credential, "request_id": guid, "call": call}


def _claim(key: Mapping[str, Any], now: datetime) -> uuid.UUID | None:
    """Our own row when we are the first, or the first for a day; None when an answer is kept."""
    params = {
        "id": uuid7(),
        "credential": key["credential_id"],
        "request": key["request_id"],
        "call": key["call"],
        "now": now,
        "stale": now - KEPT,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LIMITS, list(WAITS))
        usual = dict(cursor.fetchall())
        cursor.executemany(_LIMIT, list(WAITS.items()))
        cursor.execute(_CLAIM, params)
        row = cursor.fetchone()
        cursor.executemany(_LIMIT, list(usual.items()))
    return row[0] if row else None
