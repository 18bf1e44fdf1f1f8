"""The web server: `python -m portal.web HOST PORT WORKERS DIRECTORY`, as `manage.py serve` starts it.

Its processes take turns at one listening socket. On Linux the server would give each a socket of its own, and what
waits at one is reset when that process ends; at a shared one it waits for the next. So HUP, which replaces the
processes one by one, drops no request. Nothing of the portal is imported here: a new process must find the new code.
"""

import socket
import sys
from pathlib import Path
from typing import Any

from granian.constants import Interfaces
from granian.http import HTTP1Settings, HTTP2Settings
from granian.log import LogLevels
from granian.net import SocketSpec
from granian.server import MPServer

OVERLAP = (
    4.0  # seconds both serve, the new process and the one it replaces; should it take longer, callers wait
)


class Server(MPServer):
    def _init_shared_socket(self) -> None:
        holder: Any = SocketSpec(self.bind_addr, self.bind_port, self.backlog).build()
        self._ssp, self._shd, self._sfd = None, holder, holder.get_fd()
        self._sso = socket.socket(fileno=self._sfd)
        self._sso.set_inheritable(True)


def main(host: str, port: str, workers: str, directory: str) -> None:
    Server(
        "portal.wsgi:application",
        address=host,
        port=int(port),
        interface=Interfaces.WSGI,
        workers=int(workers),
        blocking_threads=2,
        http1_settings=HTTP1Settings(),  # with a limit to how long a request may take to arrive
        http2_settings=HTTP2Settings(),
        websockets=False,
        respawn_failed_workers=True,
        respawn_interval=OVERLAP,
        workers_kill_timeout=10,
        working_dir=Path(directory),
        log_level=LogLevels.warning,
    ).serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
