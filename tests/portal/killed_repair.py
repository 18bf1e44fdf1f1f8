"""A process that repairs, and is killed in the middle of the third part: run by test_mail_batches."""

import json
import os
import signal
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"


def main() -> None:
    import django

    django.setup()
    from django.db import connection

    said = json.load(sys.stdin)
    connection.settings_dict.update(said["place"])

    from portal.models import Membership
    from subscriptions.models import Subscription
    from support_contacts.models import Repair
    from support_contacts.operations import repair as operation
    from tests.support_contacts.conftest import acting

    settle, parts = operation.settle, []

    def dies(*args, **more):
        settle(*args, **more)
        parts.append(args)
        if len(parts) == 3:
            os.kill(os.getpid(), signal.SIGKILL)

    operation.CHUNK, operation.settle = 2, dies
    row = Repair.objects.select_related("provider__organisation").get(pk=said["repair"])
    versions = dict(Subscription.objects.filter(pk__in=row.selection).values_list("pk", "contact_version"))
    agent = acting(Membership.objects.get(pk=said["membership"]))
    operation.repair(row, partner=row.provider, versions=versions, acting=agent)


if __name__ == "__main__":
    main()
