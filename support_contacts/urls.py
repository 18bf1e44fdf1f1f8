"""What customers and resellers see of the choices."""

from django.urls import path

from support_contacts.views import duties, whom_to_call

app_name = "support_contacts"
urlpatterns = [
    path("support/", whom_to_call.whom_to_call, name="whom-to-call"),
    path("duties/", duties.duties, name="duties"),
]
