"""The API and its documentation."""

from django.urls import path

from portal.api.root import api

urlpatterns = [
    path("v1/", api.urls),
]
