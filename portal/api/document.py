"""The OpenAPI 3.1 document: what every operation shares is said here once.

Routers say what is theirs: path, parameters, shapes. Here every operation gets the names of a call, who may call it,
the answers it may give when it fails, and the two ways to prove who calls; `examples` gives each its example.
"""

import copy
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_noop

from portal.api import examples, webhooks
from portal.api.faults import SOURCE

Document = dict[str, Any]

WRITES = ("put", "post", "patch", "delete")
METHODS = ("get", *WRITES)
TAGS = {
    gettext_noop("Support contacts"): gettext_noop(
        "Whom the customer of a subscription calls: who it is, who it may be, who it was."
    ),
    gettext_noop("Customers"): gettext_noop(
        "The customers the caller's organisation has a relationship with."
    ),
    gettext_noop("Subscriptions"): gettext_noop("What those customers bought from it."),
    gettext_noop("Profiles"): gettext_noop(
        "What the caller's organisation tells its customers, and PartnerIDs."
    ),
    gettext_noop("Partner relationships"): gettext_noop("Providers and their resellers."),
    gettext_noop("Tokens"): gettext_noop("A secret is exchanged for a token."),
    webhooks.TAG: webhooks.TEXT,
}
PATHS = {
    "tenant": gettext_noop("The customer's tenant ID, in any case, with or without braces."),
    "subscription": gettext_noop("The subscription's ID, in any case."),
}
_GUID = {"type": "string", "format": "uuid"}
PARAMETERS: dict[str, dict[str, Any]] = {
    "MS-RequestId": {
        "description": "Names the call. A change sent again with the same one, within 24 hours, is made once and "
        "gets the same answer: same method, address and body, whatever If-Match says. Echoed; "
        "made where it is not a GUID.",
        "schema": {"type": "string"},
        "example": "e9fdd90b-8a0c-4d0f-9c55-0d1f6a3e2b10",
    },
    "MS-CorrelationId": {
        "description": "For tracing. Echoed; made where it is not a GUID.",
        "schema": {"type": "string"},
    },
    "X-Locale": {
        "description": "The language of descriptions: English, or French for fr and fr-FR.",
        "schema": {"type": "string"},
        "example": "en-US",
    },
}
HEADERS = {
    "MS-RequestId": "The name of the call.",
    "MS-CorrelationId": "For tracing.",
    "MS-CV": "For tracing, as Microsoft writes it.",
    "MS-ServerId": "Which server answered.",
    "X-Locale": "The locale asked for.",
}
RETRY_AFTER = {"description": "Seconds to wait.", "schema": {"type": "integer"}, "required": True}
FAULTS: dict[int, tuple[str, str, dict[str, Any]]] = {
    400: ("BadRequest", "The request is not right; `data` says why.", {}),
    401: (
        "Unauthorized",
        "No bearer, or one that is unknown, expired or revoked.",
        {"WWW-Authenticate": {"schema": {"type": "string"}, "required": True}},
    ),
    403: ("Forbidden", "The role of the credential lacks the rights; the description names the roles.", {}),
    404: ("NotFound", "Not there, or not the caller's to see: the two look the same.", {}),
    409: ("Conflict", "Somebody is changing the same thing at this moment. Try again.", {}),
    429: (
        "TooManyRequests",
        "Too many calls of the organisation in one minute.",
        {"Retry-After": RETRY_AFTER},
    ),
    500: ("Unexpected", "Something went wrong on the portal's side, and was written down.", {}),
    503: ("Unavailable", "The database does not answer just now.", {"Retry-After": RETRY_AFTER}),
}
SCHEMAS = {
    "Fault": {
        "type": "object",
        "description": "Read `code` and `data`, never the description: it is for people, and translated.",
        "required": ["code", "description", "data", "source"],
        "properties": {
            "code": {"type": "integer", "description": "Microsoft's number."},
            "description": {"type": "string", "maxLength": 1024},
            "data": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Reason codes of the portal.",
            },
            "source": {"const": SOURCE},
        },
        "additionalProperties": False,
        "example": {
            "code": 800016,
            "description": "No relationship with you.",
            "data": ["relationship_missing"],
            "source": SOURCE,
        },
    },
    "Throttled": {
        "type": "object",
        "required": ["statusCode", "message"],
        "properties": {"statusCode": {"const": 429}, "message": {"type": "string"}},
        "additionalProperties": False,
        "example": {"statusCode": 429, "message": "Rate limit is exceeded. Try again in 57 seconds."},
    },
}
TOKEN_PATH = "/{tenant}/oauth2/v2.0/token"  # noqa: S105 - an address
_TEXT = {"type": "string"}
TOKEN: Document = {
    "post": {
        "operationId": "get_token",
        "tags": ["Tokens"],
        "summary": gettext_noop("Exchange a secret for a token"),
        "description": gettext_noop(
            "OAuth 2.0 client credentials, in the shapes of Microsoft's identity platform. The token is a JWT that "
            "carries `exp`. At `/{tenant}/oauth2/token` the same in the shapes of version 1. Sending the secret "
            "itself as the bearer of every call works as well."
        ),
        "security": [],
        "parameters": [
            {
                "name": "tenant",
                "in": "path",
                "required": True,
                "description": gettext_noop("The tenant ID of the caller's organisation."),
                "schema": _TEXT,
            }
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/x-www-form-urlencoded": {
                    "schema": {
                        "type": "object",
                        "required": ["grant_type", "client_id", "client_secret", "scope"],
                        "properties": {
                            "grant_type": {"const": "client_credentials"},
                            "client_id": {**_GUID, "description": gettext_noop("The ID of the integration.")},
                            "client_secret": _TEXT,
                            "scope": {
                                **_TEXT,
                                "pattern": "^[a-z]+://[a-z0-9.-]+/[.]default$",
                                "example": "https://portal.example/.default",
                            },
                        },
                    }
                }
            },
        },
        "responses": {
            200: {
                "description": "A token, good for an hour.",
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "required": ["token_type", "expires_in", "access_token"],
                            "properties": {
                                "token_type": {"const": "Bearer"},
                                "expires_in": {"type": "integer", "example": 3600},
                                "ext_expires_in": {"type": "integer", "example": 3600},
                                "access_token": {**_TEXT, "example": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9…"},
                            },
                        }
                    }
                },
            },
            **{
                status: {
                    "description": description,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["error"],
                                "properties": {"error": _TEXT, "error_description": _TEXT},
                                "example": {"error": error, "error_description": description},
                            }
                        }
                    },
                }
                for status, error, description in (
                    (400, "invalid_request", "A parameter is missing or wrong."),
                    (401, "invalid_client", "Tenant, client and secret do not belong together."),
                    (
                        429,
                        "temporarily_unavailable",
                        "Too many tokens in a short time. Keep the one you have.",
                    ),
                )
            },
        },
    }
}


def completed(document: Document, permissions: dict[str, str]) -> Document:
    """The document with what all operations share. `permissions`: by operation id, what its caller must hold."""
    components = document["components"]
    schemas: dict[str, Any] = components["schemas"]
    schemas |= SCHEMAS | webhooks.shapes()
    components["parameters"] = {
        _key(name): {"name": name, "in": "header", "required": False, **said}
        for name, said in PARAMETERS.items()
    } | webhooks.parameters()
    components["headers"] = {
        _key(name): {"description": text, "schema": {"type": "string"}} for name, text in HEADERS.items()
    }
    components["responses"] = {key: _fault(status) for status, (key, _text, _headers) in FAULTS.items()}
    components["securitySchemes"] = {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "The secret of an integration, or a token.",
        },
        "oauth2": {
            "type": "oauth2",
            "description": "In place of `common` stands the tenant ID of the caller's organisation.",
            "flows": {
                "clientCredentials": {
                    # OpenAPI 3.1 takes no address without its host here.
                    "tokenUrl": settings.PUBLIC_URL + TOKEN_PATH.format(tenant="common"),
                    "scopes": {},
                }
            },
        },
    }
    document["security"] = [{"bearer": []}, {"oauth2": []}]
    document["servers"] = [{"url": "/"}]
    for item in document["paths"].values():
        for method in [method for method in METHODS if method in item]:
            # Several methods of one function come as one and the same object.
            item[method] = copy.deepcopy(item[method])
            _complete(item[method], method, schemas, permissions)
    document["paths"][TOKEN_PATH] = copy.deepcopy(TOKEN)
    document["webhooks"] = webhooks.described()
    document["tags"] = [{"name": name, "description": text} for name, text in TAGS.items()]
    _without_titles(document["paths"])
    _without_titles(schemas)
    examples.add_to(document)
    return document


def _complete(operation: Document, method: str, schemas: dict[str, Any], permissions: dict[str, str]) -> None:
    operation["tags"] = operation.get("tags", ["Profiles"])[-1:]
    if permission := permissions.get(operation["operationId"]):
        operation["x-permission"] = permission
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            parameter.setdefault("description", PATHS.get(parameter["name"], ""))
            parameter["schema"].pop("title", None)
    operation["parameters"] += [{"$ref": f"#/components/parameters/{_key(name)}"} for name in PARAMETERS]
    for media in operation.get("requestBody", {}).get("content", {}).values():
        schemas |= media["schema"].pop("$defs", {})
        media["schema"] = _moved(media["schema"])
    for status, response in operation["responses"].items():
        if int(status) < 400:
            response["headers"] = {
                **{name: {"$ref": f"#/components/headers/{_key(name)}"} for name in HEADERS},
                **response.get("headers", {}),
            }
    for status, (key, _text, _headers) in FAULTS.items():
        if status != 409 or method in WRITES:
            operation["responses"][status] = {"$ref": f"#/components/responses/{key}"}


def _moved(schema: Any) -> Any:
    """A schema by itself, with its references pointing into the document."""
    if isinstance(schema, dict):
        return {
            name: value.replace("#/$defs/", "#/components/schemas/") if name == "$ref" else _moved(value)
            for name, value in schema.items()
        }
    return [_moved(item) for item in schema] if isinstance(schema, list) else schema


def _without_titles(schema: Any, *, is_names: bool = False) -> None:
    """Pydantic's "Supporttenantid" says nothing. Among names of members, `title` would be one of them."""
    if isinstance(schema, dict):
        if not is_names and isinstance(schema.get("title"), str):
            del schema["title"]
        for name, value in schema.items():
            _without_titles(value, is_names=name == "properties" and not is_names)
    elif isinstance(schema, list):
        for value in schema:
            _without_titles(value)


def _fault(status: int) -> Document:
    _name, text, headers = FAULTS[status]
    return {
        "description": text,
        "headers": {**{name: {"$ref": f"#/components/headers/{_key(name)}"} for name in HEADERS}, **headers},
        "content": {
            "application/json": {
                "schema": {"$ref": f"#/components/schemas/{'Throttled' if status == 429 else 'Fault'}"}
            }
        },
    }


def _key(name: str) -> str:
    return name.replace("-", "")
