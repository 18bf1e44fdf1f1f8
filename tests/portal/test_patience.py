"""Bodies arrive before anybody works on them; what is too long, or never comes whole, is not worked on as if it had."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.http import HttpResponse

from portal.patience import ALIVE, CHUNK, IN_MEMORY, MANY, WORKING, Here, Patient


def echo(environ, start_response):
    start_response("200 OK", [])
    return [environ["wsgi.input"].read()]


def ask(application, body=b"", length=None, **more):
    said: list[str] = []
    environ = {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body) if length is None else length)}
    answer = application(environ | more, lambda status, headers: said.append(status))
    whole = b"".join(answer)
    if close := getattr(answer, "close", None):
        close()
    return said[0], whole


def test_the_whole_body_is_handed_on():
    assert ask(Patient(echo), b"a" * 3 * CHUNK) == ("200 OK", b"a" * 3 * CHUNK)


def test_a_body_of_unknown_length_is_handed_on():
    assert ask(Patient(echo), b"abc", "", HTTP_TRANSFER_ENCODING="chunked") == ("200 OK", b"abc")


def test_half_a_body_is_nobodys_form():
    assert ask(Patient(echo), b"user=1&role=", length=100) == ("400 Bad Request", b"")


def test_a_sender_who_hangs_up_is_nobodys_form():
    class Cut(io.BytesIO):
        def read(self, size=-1):
            raise ConnectionResetError

    assert ask(Patient(echo), length=3, **{"wsgi.input": Cut()}) == ("400 Bad Request", b"")


def test_a_body_longer_than_the_portal_takes_is_not_waited_for():
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert ask(Patient(echo), b"a", length=most + 1) == ("200 OK", b"")
    assert ask(Patient(echo), b"a" * most) == ("200 OK", b"a" * most)


@pytest.mark.parametrize("size", [0, 1, IN_MEMORY, IN_MEMORY + 1, 5 * IN_MEMORY])
def test_an_answer_is_whole_and_closed_before_it_is_sent(size):
    closed: list[str] = []

    class Streamed:
        def __iter__(self):
            yield from (b"x" * min(CHUNK, size - begun) for begun in range(0, size, CHUNK))

        def close(self):
            closed.append(threading.current_thread().name)

    def streaming(environ, start_response):
        start_response("200 OK", [])
        return Streamed()

    assert ask(Patient(streaming)) == ("200 OK", b"x" * size)
    assert [name.startswith("work") for name in closed] == [True]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("size", [1, IN_MEMORY, IN_MEMORY + 1])
def test_a_page_is_whole_and_closed_before_it_is_sent(size, method):
    closed: list[str] = []

    class Page(HttpResponse):
        def close(self):
            closed.append(threading.current_thread().name)

    def page(environ, start_response):
        start_response("200 OK", [])
        return Page(b"x" * size)

    assert ask(Patient(page), REQUEST_METHOD=method) == ("200 OK", b"x" * size if method == "GET" else b"")
    assert [name.startswith("work") for name in closed] == [True]


def test_an_error_of_the_application_is_the_servers_to_see():
    def broken(environ, start_response):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask(Patient(broken))


def test_a_form_that_does_not_arrive_holds_up_nobody():
    """More of them than there are threads that work; the next request is answered all the same."""
    come, waiting = threading.Event(), threading.Semaphore(0)

    class Slow(io.BytesIO):
        def read(self, size=-1):
            waiting.release()
            assert come.wait(timeout=20)
            return b"abc"

    portal = Patient(echo)
    with ThreadPoolExecutor(WORKING + 1) as senders:
        sent = [senders.submit(ask, portal, length=3, **{"wsgi.input": Slow()}) for _ in range(WORKING + 1)]
        for _ in sent:
            assert waiting.acquire(timeout=20)
        try:
            assert ask(portal, b"now") == ("200 OK", b"now")
        finally:
            come.set()
        assert {each.result(timeout=20) for each in sent} == {("200 OK", b"abc")}


@pytest.mark.parametrize(("processes", "moved"), [(2, 2), (1, 0)])
def test_who_waits_behind_many_is_asked_to_connect_anew_where_another_process_may_be_idle(processes, moved):
    """One process may have taken every connection that browsers and the proxy keep."""
    may_go, come = threading.Event(), threading.Semaphore(0)
    said: list[list[tuple[str, str]]] = []

    class Watched(Here):
        def __enter__(self):
            many = super().__enter__()
            come.release()
            return many

    def slow(environ, start_response):
        assert may_go.wait(timeout=20)
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    portal = Patient(slow, processes=processes)
    portal.here = Watched()

    def ask_once():
        answer = portal(
            {"wsgi.input": io.BytesIO(), "CONTENT_LENGTH": ""}, lambda _, headers: said.append(headers)
        )
        whole = b"".join(answer)
        answer.close()
        return whole

    with ThreadPoolExecutor(MANY + 2) as clients:
        asked = [clients.submit(ask_once) for _ in range(MANY + 2)]
        for _ in asked:
            assert come.acquire(timeout=20)
        may_go.set()
        assert {each.result(timeout=20) for each in asked} == {b"ok"}
    assert sum(("Connection", "close") in headers for headers in said) == moved
    said.clear()
    ask_once()
    assert said == [[("Content-Length", "2")]]


class Export:
    """Written line by line; `may_end` lets it come to its last one."""

    streaming = True

    def __init__(self, *, fails=False):
        self.may_end, self.closed, self.fails = threading.Event(), threading.Event(), fails

    def __call__(self, environ, start_response):
        start_response("200 OK", [])
        return self

    def __iter__(self):
        yield b"first"
        assert self.may_end.wait(timeout=20)
        if self.fails:
            raise ZeroDivisionError
        yield b"last"

    def close(self):
        self.closed.set()


def begun(export):
    answer = Patient(export)({"wsgi.input": io.BytesIO(), "CONTENT_LENGTH": ""}, lambda status, headers: None)
    lines = iter(answer)
    assert next(lines) == b"first"
    return answer, lines


def test_an_export_is_sent_while_it_is_written():
    export = Export()
    answer, lines = begun(export)
    assert not export.closed.is_set()
    export.may_end.set()
    assert list(lines) == [b"last"]
    answer.close()
    assert export.closed.wait(timeout=20)


def test_an_export_that_breaks_off_does_not_look_whole():
    export = Export(fails=True)
    answer, lines = begun(export)
    export.may_end.set()
    with pytest.raises(ZeroDivisionError):
        list(lines)
    answer.close()
    assert export.closed.wait(timeout=20)


def test_an_export_nobody_reads_any_more_is_left():
    export = Export()
    answer, _lines = begun(export)
    answer.close()
    export.may_end.set()
    assert export.closed.wait(timeout=20)


def test_exports_hold_up_nobody_but_each_other():
    """Several are asked for; the pages go on, and the second export follows the first."""
    first, second = Export(), Export()
    exports = {"/first": first, "/second": second}

    def application(environ, start_response):
        return exports.get(environ.get("PATH_INFO"), echo)(environ, start_response)

    portal = Patient(application)

    def export(path):
        said = {"wsgi.input": io.BytesIO(), "CONTENT_LENGTH": "", "PATH_INFO": path}
        return portal(said, lambda status, headers: None)

    asked = [export("/first"), export("/second"), *(export("/first") for _ in range(WORKING))]
    assert ask(portal, b"now") == ("200 OK", b"now")
    first.may_end.set(), second.may_end.set()
    assert [b"".join(each) for each in asked] == [b"firstlast"] * len(asked)
    for each in asked:
        each.close()


def test_nothing_is_made_of_what_only_its_head_is_asked_of():
    export = Export()
    said, whole = ask(Patient(export), REQUEST_METHOD="HEAD")
    assert (said, whole) == ("200 OK", b"")
    assert export.closed.is_set()


def test_whether_it_lives_is_said_while_all_work_waits():
    hold, held = threading.Event(), threading.Semaphore(0)

    def application(environ, start_response):
        if environ.get("PATH_INFO") != ALIVE:
            held.release()
            assert hold.wait(timeout=20)
        start_response("200 OK", [])
        return [b"alive"]

    portal = Patient(application)
    with ThreadPoolExecutor(WORKING) as askers:
        waiting = [askers.submit(ask, portal) for _ in range(WORKING)]
        for _ in waiting:
            assert held.acquire(timeout=20)
        try:
            assert ask(portal, PATH_INFO=ALIVE) == ("200 OK", b"alive")
        finally:
            hold.set()
        assert {each.result(timeout=20) for each in waiting} == {("200 OK", b"alive")}
