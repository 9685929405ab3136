"""Clients that do not send what they announced cannot take all threads."""

import gc
import json
import threading
import weakref

import pytest

from config import bodies


class Unsent:
    """A body of which nothing comes until the client goes away."""

    def __init__(self):
        self.is_read = threading.Event()
        self.gone = threading.Event()

    def read(self, size=-1):
        self.is_read.set()
        assert self.gone.wait(30)
        return b""


class Sent:
    def read(self, size=-1):
        return b"whole"


@pytest.fixture
def ask(monkeypatch):
    """Ask an application of 12 threads, of which two may wait for bodies."""
    monkeypatch.setattr(bodies, "TURN_SECONDS", 0.01)

    def application(environ, start_response):
        body = b"none"
        if environ["REQUEST_METHOD"] == "POST":
            try:
                body = environ["wsgi.input"].read(100)
            except OSError:
                body = b"an error page"
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [body]

    guarded = bodies.in_turns(application, threads=12)

    def ask(method, stream):
        said = {}

        def start_response(status, headers):
            said.update(status=status, headers=dict(headers))

        answer = guarded({"REQUEST_METHOD": method, "wsgi.input": stream}, start_response)
        return said["status"], said["headers"], b"".join(answer)

    return ask


@pytest.fixture
def unsent(ask):
    """Two clients that announced a body and send none."""
    streams = [Unsent(), Unsent()]
    threads = [threading.Thread(target=ask, args=("POST", stream)) for stream in streams]
    for thread in threads:
        thread.start()
    for stream in streams:
        assert stream.is_read.wait(30)
    yield streams
    for stream in streams:
        stream.gone.set()
    for thread in threads:
        thread.join()


def test_bodies_that_are_there_are_read(ask):
    assert [ask("POST", Sent())[2] for _ in range(5)] == [b"whole"] * 5


def test_others_are_told_to_come_again(ask, unsent):
    status, headers, content = ask("POST", Sent())
    assert status == "503 Service Unavailable"
    assert headers["Content-Type"] == "application/problem+json"
    assert int(headers["Retry-After"]) > 0
    assert json.loads(content)["type"] == "/api/v1/problems/unavailable"


def test_what_has_no_body_is_answered_meanwhile(ask, unsent):
    status, _, content = ask("GET", Sent())
    assert (status, content) == ("200 OK", b"none")


def test_turns_come_back_when_the_clients_go(ask, unsent):
    for stream in unsent:
        stream.gone.set()
    for _ in range(100):
        status, _, content = ask("POST", Sent())
        if status == "200 OK":
            break
    assert content == b"whole"


def test_what_was_read_is_let_go_though_the_request_lives_on():
    kept = []

    def application(environ, start_response):
        kept.append(environ)
        start_response("200 OK", [])
        return [environ["wsgi.input"].read(100)]

    stream = Sent()
    gone = weakref.ref(stream)
    environ = {"REQUEST_METHOD": "POST", "wsgi.input": stream}
    answer = bodies.in_turns(application, threads=12)(environ, lambda *said: None)
    del stream
    assert answer == [b"whole"]
    assert kept[0]["wsgi.input"].read(100) == b""
    assert gone() is None


def test_a_large_body_makes_room_for_itself():
    class Left:
        pass

    left = Left()
    left.itself = left
    gone = weakref.ref(left)
    del left
    application = bodies.in_turns(lambda environ, start: [b""], threads=12)
    gc.disable()
    try:
        for length in ("-1", "x", "9" * 30, "100"):
            application({"wsgi.input": Sent(), "CONTENT_LENGTH": length}, lambda *said: None)
        assert gone() is not None
        application({"wsgi.input": Sent(), "CONTENT_LENGTH": "9000000"}, lambda *said: None)
        assert gone() is None
    finally:
        gc.enable()
