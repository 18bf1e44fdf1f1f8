"""What a customer is asked by partners, and who may act for it."""

from django.urls import URLPattern

app_name = "partner_relationships"
urlpatterns: list[URLPattern] = []
