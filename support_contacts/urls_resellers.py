"""The resellers of a provider: relationships, requests, agreements."""

from django.urls import URLPattern

app_name = "resellers"
urlpatterns: list[URLPattern] = []
