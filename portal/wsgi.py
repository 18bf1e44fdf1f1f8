import os

from django.core.wsgi import get_wsgi_application

from portal.patience import Patient

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
served = get_wsgi_application()

# These need what the line above sets up.
from django.conf import settings  # noqa: E402

from portal.upgrades import read_everything  # noqa: E402

application = Patient(served, processes=settings.ENVIRONMENT.web_workers)

read_everything()
