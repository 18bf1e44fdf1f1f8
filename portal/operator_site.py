"""The operators' admin: every row of ours to read, nothing to change, secrets left out, every look logged.

Operators are accounts that `create_operator` made. Who is none is told that there is no such page, as of any other.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import structlog
from django.apps import apps
from django.contrib import admin
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.db.models import Field, ForeignKey, Model, Q, QuerySet, UUIDField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from portal.identifiers import canonical_guid
from portal.second_factor import has_second_factor, was_asked

logger = structlog.get_logger(__name__)

APPS = ("portal", "customers", "subscriptions", "support_contacts")
#: Never shown: what opens something, and what was said under another roof. By model, or of every model by name.
SECRET = frozenset({"password", "token_hash", "note_hash", "hash", "seed", "key"})
SECRETS_OF: dict[str, frozenset[str]] = {
    "portal.AuditNote": frozenset({"text"}),  # what agents write to each other, of people too
    "portal.ApiAnswer": frozenset({"call", "body"}),
    "portal.Mail": frozenset({"subject", "text", "html", "failure"}),
    "portal.Notice": frozenset({"path", "data"}),
    "portal.WebhookDelivery": frozenset({"body", "facts"}),
    "portal.WebhookEndpoint": frozenset({"url"}),  # some carry their own password
    "portal.WebhookTry": frozenset({"answer"}),
}
#: Long texts and lists stand on a row's own page alone.
COLUMNS = 7
COUNTED = 10_000
PER_PAGE = 50


def operators_only(request: HttpRequest) -> HttpResponse | None:
    """Nothing for an operator; to the sign-in for nobody; for everybody else there is no such page."""
    user = request.user
    if not user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if not user.is_staff or user.is_demo:
        raise Http404
    return None


class CappedPaginator(Paginator):
    """Counts to a cap: a million rows are not read to say how many pages there are."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return rows.order_by().values("pk")[:COUNTED].count()


class ReadOnly(admin.ModelAdmin):
    """The rows of one model, newest key first, found by id or by the id of a tenant alone."""

    actions = None
    list_per_page = PER_PAGE
    list_max_show_all = PER_PAGE
    show_full_result_count = False
    paginator = CappedPaginator
    ordering = ("-pk",)
    search_fields = ("pk",)
    search_help_text = _("The ID of a row, or of an organisation, customer or subscription it belongs to.")
    sortable_by = ()
    change_form_template = "operator/change_form.html"
    list_display = list_display_links = ("_own_key",)

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """No filters: whether a row answers one would tell what its left-out columns hold."""
        return False

    @cached_property
    def _shown(self) -> list[Field]:
        return [field for field in self.model._meta.concrete_fields if not is_secret(self.model, field)]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return [field.name for field in self._shown]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.get_fields(request, obj)

    def get_list_display(self, request: HttpRequest) -> Any:
        brief = [field for field in self._shown if not field.primary_key and not _is_long(field)]
        return ["_own_key", *[_column(field) for field in brief[:COLUMNS]]]

    @admin.display(description="ID")
    def _own_key(self, row: Model) -> str:
        return str(row.pk)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        if not search_term:
            return queryset, False
        guid = canonical_guid(search_term)
        if guid is None:
            return queryset.none(), False
        found = Q(pk__in=[])
        for field in self._shown:
            if (field.primary_key or field.is_relation) and _is_guid(field):
                found |= Q(**{field.attname: guid})
        return queryset.filter(found), False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return True

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class OperatorSite(admin.AdminSite):
    """Django's admin behind two factors, without its own doors."""

    site_header = site_title = _("Operators")
    index_title = _("All rows, to read")
    enable_nav_sidebar = False
    site_url = "/"
    index_template = "operator/index.html"
    #: Of the site's own pages these; one signs in and out where everybody does.
    PAGES = ("index", "app_list", "jsi18n")

    def has_permission(self, request: HttpRequest) -> bool:
        return True  # asked before, in admin_view

    def get_urls(self) -> list[Any]:
        found: list[Any] = super().get_urls()
        return [url for url in found if not isinstance(url, URLPattern) or url.name in self.PAGES]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        inner = super().admin_view(view, cacheable)

        @wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            if refused := operators_only(request):
                return refused
            if not has_second_factor(request.user):
                return HttpResponseRedirect(reverse("mfa_activate_totp"))
            if not was_asked(request):  # signed in before it was set up: once more, with it
                path = request.get_full_path()
                logout(request)
                return redirect_to_login(path)
            if request.method not in ("GET", "HEAD"):
                return HttpResponseNotAllowed(["GET", "HEAD"])
            logger.info("operator_looked", operator=str(request.user.pk), path=request.path)
            return inner(request, *args, **kwargs)

        return guarded


def is_secret(model: type[Model], field: Field) -> bool:
    return field.name in SECRET or field.name in SECRETS_OF.get(model._meta.label, ())


def _is_guid(field: Field) -> bool:
    while isinstance(field, ForeignKey):  # a part of an organisation has its key
        field = field.target_field
    return isinstance(field, UUIDField)


def _is_long(field: Field) -> bool:
    return field.get_internal_type() in ("TextField", "JSONField", "ArrayField")


def _column(field: Field) -> Callable[[Model], object]:
    """The value as it stands in the row: of another row its id, so that a page of a list is one query."""

    @admin.display(description=field.verbose_name, empty_value="–")
    def column(row: Model) -> object:
        value = getattr(row, field.attname)
        return str(value) if isinstance(value, bool) else value

    return column


def registered(names: Sequence[str] = APPS) -> OperatorSite:
    site = OperatorSite(name="operator")
    for name in names:
        site.register(apps.get_app_config(name).get_models(), ReadOnly)
    return site


site = registered()
