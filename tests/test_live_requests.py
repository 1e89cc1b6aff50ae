"""Emptying the tables after a test waits for what a live server is still answering."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.core.signals import request_finished, request_started

from tests import live_requests
from tests.live_requests import LiveRequests


@pytest.fixture
def live() -> Iterator[LiveRequests]:
    watching = LiveRequests()
    watching.watch()
    yield watching
    watching.forget()


class Answering(threading.Thread):
    """A server's thread between the beginning and the end of one request."""

    def __init__(self, *, ends: bool = True) -> None:
        super().__init__(daemon=True)
        self.ends, self.begun, self.may_end = ends, threading.Event(), threading.Event()
        self.start()
        assert self.begun.wait(10)

    def run(self) -> None:
        request_started.send(sender=None)
        self.begun.set()
        assert self.may_end.wait(10)
        if self.ends:
            request_finished.send(sender=None)

    def end(self) -> None:
        self.may_end.set()
        self.join(10)


def test_a_request_counts_until_it_has_ended(live):
    assert live.under_way() == 0
    first, second = Answering(), Answering()
    assert live.under_way() == 2
    first.end()
    assert live.under_way() == 1
    second.end()
    assert live.under_way() == 0
    live.wait()


def test_a_thread_that_died_answers_nothing_more(live):
    Answering(ends=False).end()
    assert live.under_way() == 0


@pytest.mark.django_db
def test_the_test_s_own_client_is_not_waited_for(live):
    request_started.send(sender=None)
    assert live.under_way() == 0


def test_waiting_ends_with_the_request_or_says_who_left_too_early(live, monkeypatch):
    slow = Answering()
    monkeypatch.setattr(live_requests, "PATIENCE_S", 0.05)
    with pytest.raises(TimeoutError, match="left it too early"):
        live.wait()
    monkeypatch.setattr(live_requests, "PATIENCE_S", 60)
    threading.Timer(0.1, slow.end).start()
    live.wait()
    assert not slow.is_alive() or slow.may_end.is_set()
