"""Every designation of a provider, what needs attention, and its repair."""

from django.urls import path

from support_contacts.views import attention, reports

app_name = "contacts"
urlpatterns = [
    path("", attention.designations, name="list"),
    path("export/", attention.export, name="export"),
    path("repair/", attention.select, name="select"),
    path("repair/<guid:run>/", attention.repair_many, name="repair"),
    path("policy/", attention.policy, name="policy"),
    path("reports/<guid:report>/", reports.answer, name="report"),
    path("<guid:designation>/seen/", attention.seen, name="seen"),
]
