"""The providers of a reseller: requests to answer, relationships, agreements."""

from django.urls import URLPattern

app_name = "providers"
urlpatterns: list[URLPattern] = []
