import os

from django.core.wsgi import get_wsgi_application

from portal.patience import PROCESSES, Patient

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
# How many processes serve is said by the server that started them; another one serves by itself.
application = Patient(get_wsgi_application(), processes=int(os.environ.get(PROCESSES, "1")))

from portal.upgrades import read_everything  # noqa: E402  needs what the line above sets up

read_everything()
