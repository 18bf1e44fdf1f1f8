"""Customers, their subscriptions, and the choice of a support contact: for a provider's agents."""

from django.urls import path

from support_contacts.views import (
    customer_ends,
    customers,
    registration,
    requests,
    steps,
    subscriptions,
    whom_to_call,
)

app_name = "customers"
urlpatterns = [
    path("", customers.customers, name="list"),
    path("request/", requests.request_new_customer, name="request"),
    path("asks/<guid:ask>/dismiss/", steps.dismiss, name="dismiss-ask"),
    path("wishes/<guid:wish>/", steps.wish, name="wish"),
    path("<guid:tenant>/", customers.customer, name="detail"),
    path("<guid:tenant>/register/", registration.register, name="register"),
    path("<guid:tenant>/requests/new/", requests.request_rights, name="request-rights"),
    path("<guid:tenant>/requests/<guid:relationship>/resend/", requests.resend, name="request-resend"),
    path("<guid:tenant>/requests/<guid:relationship>/link/", requests.copy_link, name="request-link"),
    path("<guid:tenant>/requests/<guid:relationship>/withdraw/", requests.withdraw, name="request-withdraw"),
    path("<guid:tenant>/resellers/<guid:reseller>/resend/", steps.resend, name="reseller-resend"),
    path("<guid:tenant>/resellers/<guid:reseller>/link/", steps.copy_link, name="reseller-link"),
    path("<guid:tenant>/resellers/<guid:reseller>/ask/", steps.ask, name="ask"),
    path("<guid:tenant>/first-admin/", customer_ends.first_admin, name="first-admin"),
    path("<guid:tenant>/end/", customer_ends.end, name="end"),
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
