"""The API itself: its routers, named as strings since most lie in the apps above, and its document."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any, NoReturn

from django.http import HttpRequest
from ninja import NinjaAPI

from portal.api import document

#: Each module has a `router` whose paths begin after /v1.
ROUTERS = (
    "portal.api.profiles.router",
    "customers.api.router",
    "subscriptions.api.router",
    "support_contacts.api.router",
)


class PortalAPI(NinjaAPI):
    """Routes by ninja; what goes wrong is told by the door, in one place and one shape."""

    def on_exception(self, request: HttpRequest, exc: Any) -> NoReturn:
        raise exc

    def get_openapi_operation_id(self, operation: Any) -> str:
        name: str = operation.view_func.__name__
        return name

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        return document.completed(super().get_openapi_schema(path_prefix="v1/"))


api = PortalAPI(title="Partner portal", version="1", urls_namespace="v1", openapi_url=None, docs_url=None)
for _name in ROUTERS:
    _module, _, _router = _name.rpartition(".")
    # Until the last of them has landed.
    if find_spec(_module) is not None and hasattr(import_module(_module), _router):
        api.add_router("", _name)
