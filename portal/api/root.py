"""The API itself: its routers, named as strings since most lie in the apps above, and its document."""

from collections.abc import Iterator
from typing import Any, NoReturn

from django.http import HttpRequest
from ninja import NinjaAPI

from portal.api import document
from portal.api.endpoint import Declared

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

    def create_temporal_response(self, request: HttpRequest) -> None:  # type: ignore[override]
        """An answer a handler could write its headers to. Ours make their own."""

    def get_openapi_operation_id(self, operation: Any) -> str:
        name: str = operation.view_func.__name__
        return name

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        found = super().get_openapi_schema(path_prefix="v1/")
        declared = {name: str(one.permission) for name, one in self.declared().items()}
        return document.completed(found, declared)

    def declared(self) -> dict[str, Declared]:
        """What every endpoint declared, by operation id."""
        return {
            self.get_openapi_operation_id(operation): operation.view_func.declared
            for operation in self.operations()
            if hasattr(operation.view_func, "declared")
        }

    def operations(self) -> Iterator[Any]:
        for router in self._get_bound_routers():
            for found in router.path_operations.values():
                yield from found.operations


api = PortalAPI(
    title="Partner portal",
    version="1",
    description="Designated support contacts in the shapes of Microsoft's Partner Center API.",
    urls_namespace="v1",
    openapi_url=None,
    docs_url=None,
)
for _name in ROUTERS:
    api.add_router("", _name)
