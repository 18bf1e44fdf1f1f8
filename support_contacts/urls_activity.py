"""The activity log of an organisation."""

from django.urls import path

from support_contacts.views import activity

app_name = "activity"
urlpatterns = [
    path("", activity.activity, name="list"),
    path("export/", activity.export, name="export"),
]
