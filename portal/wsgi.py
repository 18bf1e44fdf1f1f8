import os

from django.core.wsgi import get_wsgi_application

from portal.patience import Patient

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = Patient(get_wsgi_application())

from portal.upgrades import read_everything  # noqa: E402  needs what the line above sets up

read_everything()
