"""Slow lines wait outside: a thread that has the database is given to a request once all of it has arrived.

The web server reads a body, and sends an answer, at the pace of whoever is at the other end, and holds a thread
meanwhile (`portal.web`). Those threads are many and hold nothing else. The work is done by few, each with its own
connection: four people on slow lines who send a form must not be the whole portal's pause. What is answered waits in
memory, and in a file where there is much of it. An export begins to be sent while it is still written, by a thread of
its own: whoever asks for several waits behind them, and nobody else does.
"""

import io
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from tempfile import SpooledTemporaryFile
from threading import Condition, Lock
from typing import Any

from django.conf import settings

#: Of each process: each has a connection to the database, and so has the one that writes exports.
WORKING = 2
#: More than these at once, at work or waiting, and the others may be quicker: see `Here`. A browser has six.
MANY = 6
#: Where the server says how many processes it started.
PROCESSES = "PORTAL_WEB_PROCESSES"
#: Answered whatever the others wait for: it asks nothing (`portal.views.probes`).
ALIVE = "/healthz"
IN_MEMORY = 1024 * 1024  # of an answer; a larger one goes to a temporary file
CHUNK = 65536

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Spill:
    """An answer between the thread that makes it and the one that sends it. Neither waits for the other's line."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  closed when it has been sent
        self._changed = Condition()
        self._written = self._read = 0
        self._over = False
        self._error: BaseException | None = None

    def fill(self, chunks: Iterable[bytes]) -> None:
        """Take everything, or what there is until its reader has gone."""
        try:
            for chunk in chunks:
                with self._changed:
                    if self._file.closed:
                        return
                    self._file.seek(self._written)
                    self._written += self._file.write(chunk)
                    self._changed.notify()
        except BaseException as error:
            self._error = error
            raise
        finally:
            with self._changed:
                self._over = True
                self._changed.notify()

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self._next():
            yield chunk

    def _next(self) -> bytes:
        with self._changed:
            self._changed.wait_for(lambda: self._over or self._written > self._read)
            if self._written == self._read:
                if self._error is not None:
                    raise self._error
                return b""
            self._file.seek(self._read)
            chunk = self._file.read(CHUNK)
            self._read += len(chunk)
            return chunk

    def close(self) -> None:
        """Sent, or nobody listens any more."""
        with self._changed:
            self._file.close()


class Here:
    """How many requests this process has at once. A browser and a proxy keep their connections, and one process may
    have taken all of them: who had to wait behind many is asked to connect anew, and may find another process idle."""

    def __init__(self) -> None:
        self._lock, self._many = Lock(), 0

    def __enter__(self) -> int:
        with self._lock:
            self._many += 1
            return self._many

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._many -= 1


def _and_close(start_response: Any, status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
    return start_response(status, [*headers, ("Connection", "close")], *more)


class Patient:
    """A WSGI application around another; one of so many processes that take turns at one address."""

    def __init__(self, application: Application, *, processes: int = 1) -> None:
        self.application, self.is_alone = application, processes == 1
        self.workers = ThreadPoolExecutor(WORKING, thread_name_prefix="work")
        self.exporter = ThreadPoolExecutor(1, thread_name_prefix="export")
        self.here = Here()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not _arrive(environ):
            start_response("400 Bad Request", [("Content-Length", "0")])
            return [b""]
        if environ.get("PATH_INFO") == ALIVE:
            return self.application(environ, start_response)
        begun: Future[Iterable[bytes]] = Future()
        with self.here as many:
            moves = many > MANY and not self.is_alone
            start = partial(_and_close, start_response) if moves else start_response
            self.workers.submit(self._answer, environ, start, begun)
            return begun.result()

    def _answer(self, environ: dict[str, Any], start_response: Any, begun: "Future[Iterable[bytes]]") -> None:
        """All of the answer, made and closed in the thread whose connection it is read from.

        It is handed on when it is whole; an export, when it begins. Of what is asked for with HEAD nothing is made.
        """
        try:
            answer = self.application(environ, start_response)
            whole = self._whole(answer, is_head=environ.get("REQUEST_METHOD") == "HEAD")
        except BaseException as error:
            begun.set_exception(error)
            return
        begun.set_result(whole)

    def _whole(self, answer: Any, *, is_head: bool) -> Iterable[bytes]:
        body = b"" if is_head else getattr(answer, "content", None)
        if body is not None and len(body) <= IN_MEMORY:  # most of them: nothing to wait for, and no file
            _close(answer)
            return [body]
        spill = Spill()
        try:
            if _is_export(answer):
                self.exporter.submit(_filled, spill, answer, answer)
            else:
                _filled(spill, answer, answer)
        except BaseException:
            spill.close()
            raise
        return spill


def _filled(spill: Spill, answer: Any, chunks: Iterable[bytes]) -> None:
    try:
        spill.fill(chunks)
    finally:
        _close(answer)


def _close(answer: Any) -> None:
    if close := getattr(answer, "close", None):
        close()


def _is_export(answer: Any) -> bool:
    """Written as it is asked for; a file is there already."""
    return getattr(answer, "streaming", False) and getattr(answer, "file_to_stream", None) is None


def _arrive(environ: dict[str, Any]) -> bool:
    """Have the body here before anybody works on it; False when its sender went away in the middle.

    One that is longer than the portal takes is not waited for: it is refused by what it says of itself.
    """
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    said = environ.get("CONTENT_LENGTH") or ""
    length = int(said) if said.isdecimal() else 0
    if length > most:
        environ["wsgi.input"] = io.BytesIO()
        return True
    if not length and "HTTP_TRANSFER_ENCODING" not in environ:
        return True
    try:
        body = environ["wsgi.input"].read(length or most + 1)
    except OSError:
        return False
    environ["wsgi.input"] = io.BytesIO(body)
    return len(body) == length or not length
