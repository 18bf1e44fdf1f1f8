"""The resellers of a provider: relationships, requests, agreements."""

from django.urls import path

from support_contacts.views import reseller_requests as requests
from support_contacts.views import resellers

app_name = "resellers"
urlpatterns = [
    path("", resellers.resellers, name="list"),
    path("request/", requests.request_relationship, name="request"),
    path("invite/", requests.invite, name="invite"),
    path("invitations/<guid:invitation>/link/", requests.copy_invitation, name="invitation-link"),
    path("invitations/<guid:invitation>/send/", requests.send_invitation, name="invitation-send"),
    path("invitations/<guid:invitation>/withdraw/", requests.withdraw_invitation, name="invitation-withdraw"),
    path("<guid:tenant>/", resellers.reseller, name="detail"),
    path("<guid:tenant>/agreement/", resellers.agreement, name="agreement"),
    path("<guid:tenant>/send/", resellers.send, name="send"),
    path("<guid:tenant>/link/", resellers.copy_link, name="link"),
    path("<guid:tenant>/withdraw/", resellers.withdraw, name="withdraw"),
    path("<guid:tenant>/end/", resellers.end, name="end"),
]
