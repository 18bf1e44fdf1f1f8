"""What customers and resellers see of the choices."""

from django.urls import path

from support_contacts.views import duties, duty, registration, reports, steps, whom_to_call

app_name = "support_contacts"
urlpatterns = [
    path("support/", whom_to_call.whom_to_call, name="whom-to-call"),
    path("support/report/<guid:partner>/", reports.report, name="report"),
    path("support/registered/<guid:subscription>/remove/", registration.remove, name="remove-registered"),
    path("notices/<guid:notice>/", steps.notice, name="notice"),
    path("duties/", duties.duties, name="duties"),
    path("duties/export/", duties.export, name="export-duties"),
    path("duties/<guid:designation>/", duty.duty, name="duty"),
    path("duties/<guid:designation>/acknowledge/", duty.acknowledge, name="acknowledge-duty"),
    path("duties/<guid:designation>/decline/", duty.decline, name="decline-duty"),
    path("duties/<guid:designation>/hand-back/", duty.hand_back, name="hand-back-duty"),
    path("duties/<guid:designation>/keep/", duty.keep, name="keep-duty"),
]
