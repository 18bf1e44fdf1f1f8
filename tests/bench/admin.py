"""What Django gives for nothing: its admin of customers and subscriptions, as it comes.

Kinder to the admin than its defaults: no second count of the whole table, foreign keys with many rows as plain ids,
one join for the list.
"""

from django.contrib import admin

from customers.models import CustomerRelationship
from portal.models import Partner
from subscriptions.models import Subscription
from support_contacts.models import Designation


class Everything:
    """Whoever is signed in: rights are not what is measured."""

    def has_module_permission(self, request):
        return True

    def _may(self, request, obj=None):
        return True

    has_view_permission = has_change_permission = has_add_permission = has_delete_permission = _may


class Site(admin.AdminSite):
    def has_permission(self, request):
        return request.user.is_authenticated


class Designations(Everything, admin.TabularInline):
    """The choice of a partner: a select of every partner there is, as our picker lists every reseller."""

    model = Designation
    fields = ["partner", "started_at", "ended_at"]
    extra = 0

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "partner":  # its name is its organisation's
            kwargs["queryset"] = Partner.objects.select_related("organisation")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class Subscriptions(Everything, admin.ModelAdmin):
    inlines = [Designations]
    raw_id_fields = ["customer", "provider", "parent"]
    list_select_related = ["provider__organisation", "customer__organisation"]


class Customers(Everything, admin.ModelAdmin):
    list_display = ["company_name", "domain", "country", "established_at"]
    list_select_related = ["customer__organisation"]
    list_per_page = 25
    ordering = ["sort_name", "pk"]
    search_fields = ["company_name", "domain"]
    list_filter = ["country"]
    show_full_result_count = False


site = Site("bench")
site.register(Subscription, Subscriptions)
site.register(CustomerRelationship, Customers)
