"""What the web server of the bench serves: the portal, and a handler that does nothing but ask one prepared query."""

import json
import threading
from typing import Any

import psycopg
from django.db import connection

from portal.wsgi import application as portal

_QUERY = """
    SELECT p.organisation_id, p.partner_id, o.name
    FROM subscriptions_subscription s
    JOIN support_contacts_designation d ON d.subscription_id = s.id AND d.ended_at IS NULL
    JOIN portal_partner p ON p.organisation_id = d.partner_id
    JOIN portal_organisation o ON o.id = p.organisation_id
    WHERE s.provider_id = %s AND s.microsoft_id = %s
"""
_own = threading.local()


def application(environ: dict[str, Any], start_response: Any) -> Any:
    if environ["PATH_INFO"].startswith("/bare/"):
        return _bare(environ, start_response)
    return portal(environ, start_response)


def _bare(environ: dict[str, Any], start_response: Any) -> Any:
    """/bare/<provider>/<Microsoft id>: whom anybody designated, on a connection that stays."""
    _, _, provider_id, microsoft_id = environ["PATH_INFO"].split("/")
    if not hasattr(_own, "connection"):
        params = connection.get_connection_params()
        names = ("host", "port", "dbname", "user", "password")
        known = {name: params[name] for name in names if params.get(name)}
        _own.connection = psycopg.connect(**known, autocommit=True, prepare_threshold=0)
    tenant, number, name = _own.connection.execute(_QUERY, (provider_id, microsoft_id)).fetchone()
    body = json.dumps({"supportTenantId": str(tenant), "supportMpnId": number, "name": name}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
