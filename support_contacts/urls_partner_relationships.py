"""What a customer is asked by partners, and who may act for it."""

from django.urls import path

from support_contacts.views import partner_relationships as views

app_name = "partner_relationships"
urlpatterns = [
    path("", views.partner_relationships, name="list"),
    path("requests/<guid:relationship>/accept/", views.accept, name="accept"),
    path("requests/<guid:relationship>/decline/", views.decline, name="decline"),
    path("<guid:partner>/", views.partner, name="detail"),
    path("<guid:partner>/end-admin-rights/", views.end_rights, name="end-rights"),
    path("<guid:partner>/end/", views.end_relationship, name="end"),
]
