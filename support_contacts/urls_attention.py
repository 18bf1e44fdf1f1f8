"""Every designation of a provider, and what needs attention."""

from django.urls import URLPattern

app_name = "contacts"
urlpatterns: list[URLPattern] = []
