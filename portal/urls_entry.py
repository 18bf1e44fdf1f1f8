"""Getting in and out, and what every page's frame posts to.

allauth's names stay, since it looks its pages up by them; of its many pages these are all we route.
"""

from django.urls import path, re_path

from portal.views import arrivals, demo, entry, home, join, links, mail, second_factor

urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in/", entry.sign_in, name="account_login"),
    path("sign-in/code/", second_factor.code, name="mfa_authenticate"),
    path("sign-out/", entry.sign_out, name="account_logout"),
    path("demo-sign-in/", demo.demo_sign_in, name="demo-sign-in"),
    path("password/forgotten/", entry.request_reset, name="account_reset_password"),
    path("password/forgotten/sent/", entry.request_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/new/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[-\w]+)/$",
        entry.new_password,
        name="account_reset_password_from_key",
    ),
    path("password/new/done/", entry.new_password_done, name="account_reset_password_from_key_done"),
    path("password/", entry.change_password, name="account_change_password"),
    path("join/<str:token>/", join.join, name="join"),
    path("invitations/<str:token>/", arrivals.organisation_invitation, name="organisation-invitation"),
    path("links/<str:token>/", links.follow_link, name="follow-link"),
    path("switch-organisation/", home.switch_organisation, name="switch-organisation"),
    path("language/", home.language, name="language"),
    path("mail/off/<str:signed>/", mail.off, name="mail-off"),
    path("demo/mail/", mail.demo, name="demo-mail"),
    path("demo/mail/<guid:mail>/", mail.demo_html, name="demo-mail-html"),
    path("organisation/preferences/", home.preferences, name="preferences"),
]
