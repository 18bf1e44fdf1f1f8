"""The web server: `python -m portal.web HOST PORT WORKERS DIRECTORY [json]`, as `manage.py serve` starts it.

Its processes take turns at one listening socket. On Linux the server would give each a socket of its own, and what
waits at one is reset when that process ends; at a shared one it waits for the next. A process that is to end is first
told to take nothing new: the server would close what it has taken and not read yet. So HUP, which replaces the
processes one by one, drops no request. Nothing of the portal is imported here: a new process must find the new code.
"""

import contextlib
import logging
import os
import signal
import socket
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from granian._internal import load_target
from granian.constants import Interfaces
from granian.http import HTTP1Settings, HTTP2Settings
from granian.log import LogLevels
from granian.net import SocketSpec
from granian.server import MPServer

#: Of each process, for those who send or read slowly; who works for them are few (`portal.patience`).
WAITING = 256
#: Seconds both are there, a new process and the one it replaces, which takes nothing new in the last of them. Should
#: the new one need longer, callers wait.
OVERLAP, LAST = 4.0, 1.0

#: The server's own words, one event a line as the portal's are.
JSON = {
    "formatters": {
        "line": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": [
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"_granian": {"handlers": ["stderr"], "propagate": False}},
}


class Server(MPServer):
    def _init_shared_socket(self) -> None:
        holder: Any = SocketSpec(self.bind_addr, self.bind_port, self.backlog).build()
        self._ssp, self._shd, self._sfd = None, holder, holder.get_fd()
        self._sso = socket.socket(fileno=self._sfd)
        self._sso.set_inheritable(True)

    def _respawn_workers(self, workers: Any, spawn_target: Any, target_loader: Any, delay: float = 0) -> None:
        for index in workers:
            retiring = threading.Timer(max(delay - LAST, 0), _retire, [self.wrks[index].inner])
            retiring.start()
            super()._respawn_workers([index], spawn_target, target_loader, delay)
            retiring.cancel()


def _retire(process: Any) -> None:
    if process.is_alive():
        os.kill(process.pid, signal.SIGUSR2)


def _load(target: str, *, port: int, directory: Path) -> Any:
    """In a new process: the application."""
    signal.signal(signal.SIGUSR2, lambda number, frame: _take_nothing_new(port))
    return load_target(target, wd=directory)


def _take_nothing_new(port: int) -> None:
    """Put a socket nobody calls in the place of the shared one, which stays open in the other processes."""
    nobody_calls = socket.create_server(("127.0.0.1", 0))
    nobody_calls.setblocking(False)
    for name in os.listdir("/dev/fd"):
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(int(name))) as held:
            listens = held.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            if listens and held.getsockname()[1] == port:
                os.dup2(nobody_calls.fileno(), int(name))


#: Said to the application in each process (`portal.patience`, which must not be imported here).
PROCESSES = "PORTAL_WEB_PROCESSES"
APPLICATION = "portal.wsgi:application"


def main(
    host: str, port: str, workers: str, directory: str, form: str = "", *, application: str = APPLICATION
) -> None:
    os.environ[PROCESSES] = workers
    # So many threads wait and few work: that they outnumber the processor's cores is no news.
    logging.getLogger("_granian").addFilter(lambda record: "Python threads" not in record.getMessage())
    server = Server(
        application,
        address=host,
        port=int(port),
        interface=Interfaces.WSGI,
        workers=int(workers),
        blocking_threads=WAITING,
        http1_settings=HTTP1Settings(),  # with a limit to how long a request may take to arrive
        http2_settings=HTTP2Settings(),
        websockets=False,
        respawn_failed_workers=True,
        respawn_interval=OVERLAP,
        workers_kill_timeout=10,
        working_dir=Path(directory),
        log_level=LogLevels.warning,
        log_dictconfig=JSON if form == "json" else None,
    )
    load = partial(_load, application, port=int(port), directory=Path(directory))
    server.serve(target_loader=load, wrap_loader=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
