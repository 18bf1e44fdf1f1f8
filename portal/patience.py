"""Slow lines wait outside: a thread that has the database is given to a request once all of it has arrived.

The web server reads a body, and sends an answer, at the pace of whoever is at the other end, and holds a thread
meanwhile. Those threads are many and hold nothing else. The work is done by few, each with its own connection: four
people on slow lines who send a form must not be the whole portal's pause.
"""

import io
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from tempfile import SpooledTemporaryFile
from typing import Any
from wsgiref.util import FileWrapper

from django.conf import settings

#: Of each process. Those who wait cost a little memory, those who work a connection to the database.
WAITING, WORKING = 256, 2
IN_MEMORY = 1024 * 1024  # of an answer; a larger one goes to a temporary file
CHUNK = 65536

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Patient:
    """A WSGI application around another."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.workers = ThreadPoolExecutor(WORKING, thread_name_prefix="work")

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not _arrive(environ):
            start_response("400 Bad Request", [("Content-Length", "0")])
            return [b""]
        return self.workers.submit(self._answer, environ, start_response).result()

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """All of the answer, made and closed in the thread whose connection it is read from."""
        answer = self.application(environ, start_response)
        whole = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  closed by whoever sends it
        try:
            whole.writelines(answer)
        except BaseException:
            whole.close()
            raise
        finally:
            if close := getattr(answer, "close", None):
                close()
        size = whole.tell()
        whole.seek(0)
        if size > IN_MEMORY:
            return FileWrapper(whole, CHUNK)
        with whole:
            return [whole.read()]


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
