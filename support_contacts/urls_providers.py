"""The providers of a reseller: requests to answer, relationships, agreements."""

from django.urls import path

from support_contacts.views import providers

app_name = "providers"
urlpatterns = [
    path("", providers.providers, name="list"),
    path("<guid:relationship>/accept/", providers.accept, name="accept"),
    path("<guid:relationship>/decline/", providers.decline, name="decline"),
    path("<guid:relationship>/end/", providers.end, name="end"),
]
