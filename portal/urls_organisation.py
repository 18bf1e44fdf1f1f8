"""The organisation's own pages."""

from django.urls import path

from portal.views import credentials, mail, members, organisation, webhooks

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
    path("webhooks/", webhooks.webhooks, name="webhooks"),
    path("webhooks/new/", webhooks.new, name="new-webhook"),
    path("webhooks/<guid:webhook>/", webhooks.webhook, name="webhook"),
    path("webhooks/<guid:webhook>/change/", webhooks.change, name="change-webhook"),
    path("webhooks/<guid:webhook>/rotate/", webhooks.rotate, name="rotate-webhook"),
    path("webhooks/<guid:webhook>/end-former/", webhooks.end_former, name="end-former-webhook-secret"),
    path("webhooks/<guid:webhook>/pause/", webhooks.pause, name="pause-webhook"),
    path("webhooks/<guid:webhook>/resume/", webhooks.resume, name="resume-webhook"),
    path("webhooks/<guid:webhook>/test/", webhooks.test, name="test-webhook"),
    path("webhooks/<guid:webhook>/delete/", webhooks.delete, name="delete-webhook"),
    path("webhooks/<guid:webhook>/deliveries/<guid:delivery>/", webhooks.delivery, name="webhook-delivery"),
    path(
        "webhooks/<guid:webhook>/deliveries/<guid:delivery>/resend/", webhooks.resend, name="resend-webhook"
    ),
    path("invitations/<guid:invitation>/withdraw/", members.withdraw_invitation, name="withdraw-invitation"),
]
