"""The API and its documentation."""

from django.urls import path

from portal.api.root import api
from portal.views import oauth

urlpatterns = [
    path("v1/", api.urls),
    path("<str:tenant>/oauth2/token", oauth.token_v1, name="token-v1"),
    path("<str:tenant>/oauth2/v2.0/token", oauth.token_v2, name="token"),
]
