"""Run every client against a portal with the data of the demonstration: `python -m tests.clients http://127.0.0.1:8000`.

It changes one customer's contacts and the support profile, and puts both back; the history keeps the changes.
"""

import sys
import traceback
from collections.abc import Callable
from typing import Any

from tests.clients import beyond, sdks, walk
from tests.clients.scene import Scene, look_around, people
from tests.clients.wire import Client, Report

# Deviations that are known, by how they begin: said, and no failure. Whoever mends one takes it out.
KNOWN = ()


def run(root: str, say: Callable[[str], Any] = print) -> Report:
    root = root.rstrip("/")
    report = Report()
    persons = people(root)
    credentials = [person.make_integration() for person in persons]
    ours, theirs, reseller = credentials
    try:
        scene = look_around(root, ours, theirs, reseller, report)
        for kind in sdks.ALL:
            _through(kind(root, ours, report), scene, walk.STEPS, say)
        _through(beyond.Caller(root, ours, report), scene, beyond.STEPS, say)
    finally:
        for person, credential in zip(persons, credentials, strict=True):
            person.revoke(credential)
            beyond.Caller(root, credential, report).refused("GET", "/v1/customers", 401, 400)
    return report


def _through(
    client: Client,
    scene: Scene,
    steps: tuple[Callable[[Client, Scene], None], ...],
    say: Callable[[str], Any],
) -> None:
    for step in steps:
        before, calls = len(client.report.deviations), client.report.calls
        try:
            step(client, scene)
        except Exception:  # the next step shows more
            client.report.add(client.name, f"{step.__name__} broke off", traceback.format_exc())
        found, made = len(client.report.deviations) - before, client.report.calls - calls
        say(
            f"{client.name:22} {step.__name__:16} {made:4} calls  {f'{found} deviations' if found else 'as it should'}"
        )


def main() -> int:
    if len(sys.argv) != 2:
        print("python -m tests.clients http://127.0.0.1:8000")
        return 2
    report = run(sys.argv[1])
    known = [deviation for deviation in report.deviations if deviation.startswith(KNOWN)]
    for deviation in report.deviations:
        print(f"\n{'(known) ' if deviation in known else ''}{deviation}")
    print(f"\n{report.calls} calls, {len(report.deviations)} deviations, {len(known)} of them known")
    return 1 if len(known) < len(report.deviations) else 0


if __name__ == "__main__":
    sys.exit(main())
