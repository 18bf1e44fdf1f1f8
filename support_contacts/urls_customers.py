"""Customers, their subscriptions, and the choice of a support contact: for a provider's agents."""

from django.urls import path

from support_contacts.views import customers, subscriptions, whom_to_call

app_name = "customers"
urlpatterns = [
    path("", customers.customers, name="list"),
    path("<guid:tenant>/", customers.customer, name="detail"),
    path("<guid:tenant>/as-customer/", whom_to_call.preview, name="preview"),
    path("<guid:tenant>/subscriptions/<str:subscription>/", subscriptions.subscription, name="subscription"),
    path(
        "<guid:tenant>/subscriptions/<str:subscription>/support-contact/", subscriptions.choose, name="choose"
    ),
    path(
        "<guid:tenant>/subscriptions/<str:subscription>/support-contact/verify/<guid:event>/",
        subscriptions.verify,
        name="verify",
    ),
]
