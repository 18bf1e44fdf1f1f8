"""Microsoft's etag of a subscription: base64 of `{"id","version"}` (decoded from its documentation's samples).

Our version is the one of its support contact. New commerce has none: modern samples have no etag either.
"""

import base64
import binascii
import json

from portal.identifiers import canonical_guid

LONGEST = 400


def write(public_id: str, version: int) -> str:
    packed = json.dumps({"id": public_id.lower(), "version": version}, separators=(",", ":"))
    return base64.b64encode(packed.encode()).decode()


def version_in(text: str, public_id: str) -> int | None:
    """The version an `If-Match` names for this subscription; None for what is no etag of it.

    Clients send it bare or in double quotes, some as a weak one.
    """
    text = text.strip().removeprefix("W/").strip().strip('"')
    if len(text) > LONGEST:
        return None
    try:
        said = json.loads(base64.b64decode(text, validate=True))
        named, version = said["id"], said["version"]
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        return None
    same = canonical_guid(named) == canonical_guid(public_id) and canonical_guid(named) is not None
    return version if same and type(version) is int else None
