"""Addresses and etags of support contacts, as a client works them out."""

import base64
import json


def contact_uri(subscription, more=""):
    public_id = subscription.microsoft_id or subscription.pk
    return f"/v1/customers/{subscription.customer_id}/subscriptions/{public_id}/supportcontact{more}"


def etag_of(subscription, version):
    said = {"id": subscription.microsoft_id or str(subscription.pk), "version": version}
    return base64.b64encode(json.dumps(said, separators=(",", ":")).encode()).decode()
