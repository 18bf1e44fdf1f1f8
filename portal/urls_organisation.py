"""The organisation's own pages."""

from django.urls import path

from portal.views import mail, members, organisation

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
    path("invitations/<guid:invitation>/withdraw/", members.withdraw_invitation, name="withdraw-invitation"),
]
