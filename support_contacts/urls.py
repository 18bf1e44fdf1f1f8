"""What customers and resellers see of the choices."""

from django.urls import path

app_name = "support_contacts"
urlpatterns: list = []
