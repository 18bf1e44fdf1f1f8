"""The API and its documentation."""

from django.urls import path

from portal.api.root import api
from portal.views import api_docs, oauth

urlpatterns = [
    path("v1/", api.urls),
    path("api/docs", api_docs.docs, name="api-docs"),
    path("api/openapi.json", api_docs.openapi, name="openapi"),
    path("<str:tenant>/oauth2/token", oauth.token_v1, name="token-v1"),
    path("<str:tenant>/oauth2/v2.0/token", oauth.token_v2, name="token"),
]
