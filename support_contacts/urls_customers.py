"""Customers, their subscriptions, and the choice of a support contact: for a provider's agents."""

from django.urls import path

app_name = "customers"
urlpatterns: list = []
