"""Plays curl on a machine that has none, as far as README's lines need it."""

import argparse
import sys
import urllib.error
import urllib.parse
import urllib.request


def main() -> None:
    said = argparse.ArgumentParser()
    said.add_argument("address")
    said.add_argument("-s", "-S", action="store_true")
    said.add_argument("-G", action="store_true")
    said.add_argument("-X", dest="method")
    said.add_argument("-w", dest="after", default="")
    said.add_argument("-H", dest="headers", action="append", default=[])
    said.add_argument("-d", dest="parts", action="append", default=[])
    said.add_argument("--data-urlencode", dest="encoded", action="append", default=[])
    given = said.parse_args()
    pairs = [part.partition("=") for part in given.encoded]
    parts = given.parts + [f"{name}={urllib.parse.quote(value)}" for name, _equals, value in pairs]
    body = None if given.G or not parts else "&".join(parts).encode()
    address = given.address + ("?" + "&".join(parts) if given.G and parts else "")
    call = urllib.request.Request(address, body, method=given.method)  # noqa: S310 - the test's own server
    for header in given.headers:
        name, _colon, value = header.partition(":")
        call.add_header(name, value.strip())
    try:
        with urllib.request.urlopen(call) as answer:  # noqa: S310
            content = answer.read()
    except urllib.error.HTTPError as refused:
        content = refused.read()
    sys.stdout.write(content.decode() + given.after.replace("\\n", "\n"))


if __name__ == "__main__":
    main()
