"""Run tests on a throw-away server of another PostgreSQL: python -m tests.oldest BINARIES [for pytest …]"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from portal.embedded import APP, OWNER, Embedded


def main(binaries: str, *arguments: str) -> int:
    with tempfile.TemporaryDirectory(prefix="portal-oldest-") as home:
        server = Embedded(Path(home), binaries=Path(binaries))
        server.ensure()
        url = "postgresql://{}@/portal?host=" + str(server.socket_dir)
        environ = {**os.environ, "DATABASE_URL": url.format(APP), "MIGRATION_DATABASE_URL": url.format(OWNER)}
        try:
            return subprocess.run([sys.executable, "-m", "pytest", *arguments], env=environ).returncode
        finally:
            server.release()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
