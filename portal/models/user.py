"""People, and what they are in each organisation."""

from collections.abc import Sequence

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.identifiers import uuid7
from portal.names import initials
from portal.permissions import Role
from portal.tenancy import TenantQuerySet


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username):
        return self.get(email__iexact=username)

    def create_user(self, email, password=None, **fields):
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Rights come from memberships only; `is_superuser` opens nothing in the portal."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(_("email"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=150)
    language = models.CharField(_("language"), max_length=10, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    # Kinds of mail this person does not want (portal.models.MailKind).
    mail_off = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    is_demo = models.BooleanField(default=False)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    #: What was read together with a session's person; None where nobody has asked.
    read_memberships: "Sequence[Membership] | None" = None

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_ci",
                violation_error_message=_("Somebody with this email exists already."),
            ),
        ]

    def __str__(self):
        return self.name or self.email

    def get_full_name(self):
        return self.name

    @property
    def initials(self) -> str:
        return initials(self.name or self.email)


class MembershipQuerySet(TenantQuerySet["Membership"]):
    def visible_to(self, actor):
        """Members of the actor's own organisation, nobody else's."""
        return self.filter(organisation_id=actor.organisation.pk)

    def of(self, user_id):
        """A person's own, with all a page needs to know about their organisations."""
        return (
            self.filter(user_id=user_id)
            .select_related("organisation__partner", "organisation__customer")
            .order_by("organisation__sort_name", "pk")
        )

    def with_role(self, role):
        """Members who hold this role, alone or among others."""
        return self.filter(roles__contains=[role])


class Membership(models.Model):
    """What a person is in an organisation: one or more roles. A change counts on the next request."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey("portal.Organisation", models.PROTECT, related_name="memberships")
    user = models.ForeignKey("portal.User", models.CASCADE, related_name="memberships")
    roles = ArrayField(models.CharField(max_length=30, choices=Role.choices), verbose_name=_("roles"))
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "user"],
                name="membership_once",
                violation_error_message=_("This person is a member already."),
            ),
            models.CheckConstraint(
                condition=models.Q(roles__len__gt=0),
                name="membership_has_role",
                violation_error_message=_("Choose at least one role."),
            ),
            models.CheckConstraint(
                condition=models.Q(roles__contained_by=list(Role.values)),
                name="membership_known_roles",
                violation_error_message=_("This role does not exist."),
            ),
        ]

    def __str__(self):
        return f"{self.user} @ {self.organisation}"


class PasswordLink(models.Model):
    """A one-use way in: whoever holds the token may set the password of a new account or join an organisation.

    Only the hash is kept. Valid for seven days. An account that exists already must also be signed in to.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, db_collation="C")
    organisation = models.ForeignKey("portal.Organisation", models.CASCADE, related_name="+")
    email = models.EmailField(_("email"), max_length=254)
    name = models.CharField(_("name"), max_length=150, blank=True)
    roles = ArrayField(models.CharField(max_length=30, choices=Role.choices), verbose_name=_("roles"))
    invited_by = models.ForeignKey("portal.User", models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "organisation",
                Lower("email"),
                condition=models.Q(used_at=None, withdrawn_at=None),
                name="invitation_open_once",
                violation_error_message=_("This person has an open invitation already."),
            ),
            models.CheckConstraint(
                condition=models.Q(roles__len__gt=0),
                name="invitation_has_role",
                violation_error_message=_("Choose at least one role."),
            ),
        ]

    def __str__(self):
        return f"{self.email} → {self.organisation}"
