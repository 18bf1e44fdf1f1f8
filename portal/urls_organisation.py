"""The organisation's own pages."""

from django.urls import path

from portal.views import credentials, mail, members, organisation

app_name = "organisation"
urlpatterns = [
    path("", organisation.profile, name="profile"),
    path("profile/", organisation.change_profile, name="change-profile"),
    path("profile/preview/", organisation.preview_profile, name="preview-profile"),
    path("mail/", mail.sent, name="mail"),
    path("members/", members.members, name="members"),
    path("members/invite/", members.invite, name="invite"),
    path("members/<guid:membership>/", members.member, name="member"),
    path("members/<guid:membership>/remove/", members.remove_member, name="remove-member"),
    path("credentials/", credentials.credentials, name="credentials"),
    path("credentials/limit/", credentials.limit, name="limit-credentials"),
    path("credentials/new/", credentials.new, name="new-credential"),
    path("credentials/<guid:credential>/", credentials.credential, name="credential"),
    path("credentials/<guid:credential>/rename/", credentials.rename, name="rename-credential"),
    path("credentials/<guid:credential>/rotate/", credentials.rotate, name="rotate-credential"),
    path("credentials/<guid:credential>/end-former/", credentials.end_former, name="end-former-secret"),
    path("credentials/<guid:credential>/revoke/", credentials.revoke, name="revoke-credential"),
    path("invitations/<guid:invitation>/withdraw/", members.withdraw_invitation, name="withdraw-invitation"),
]
