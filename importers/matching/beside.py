"""A second process that matches addresses beside this one, so that two cores are used.

It is given the index once, then takes rows from the same queue as this process, a few hundred
at a time. It holds nothing but its pipe: where this process is killed, the pipe ends and so
does it; where it is killed, its rows are matched here. Rows never touch a disk.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any, BinaryIO

from importers.matching.match import Match
from importers.matching.matcher import Matcher

Row = tuple[str, str, str]  # the cell, its postcode and its city where they stand apart
Left = deque[int]  # where the pieces that nobody took yet begin
Found = dict[int, list[Match]]  # by where the piece begins
PIECE = 500  # rows taken at a time
ROWS_BETWEEN = 2_000  # between two signs of life
LEAST = 4 * PIECE  # fewer are matched sooner than another process starts
_WORDS = (sys.executable, "-m", __name__)


class Pair:
    """Matches rows in order, in this process and in another one where it helps."""

    def __init__(self, matcher: Matcher) -> None:
        self.matcher = matcher
        self._other: subprocess.Popen[bytes] | None = None
        self._given_up = not two_cores()

    def match_all(self, rows: Sequence[Row], tell: Callable[[int], None]) -> list[Match]:
        """Return the match of each row; ``tell`` hears now and then how many are done.

        Whatever ``tell`` raises ends the work.
        """
        left = deque(range(0, len(rows), PIECE))
        found: dict[int, list[Match]] = {}
        helper = self._helped(rows, left, found) if len(rows) >= LEAST else None
        try:
            self._match(rows, left, found, tell)
            if helper is not None:
                helper.join()  # where the other process died, its last rows came back
                self._match(rows, left, found, tell)
        finally:
            left.clear()
        return [match for start in sorted(found) for match in found[start]]

    def _match(
        self, rows: Sequence[Row], left: Left, found: Found, tell: Callable[[int], None]
    ) -> None:
        told = -ROWS_BETWEEN
        while (start := _taken(left)) is not None:
            done = min(len(rows), PIECE * len(found))
            if done - told >= ROWS_BETWEEN:
                tell(told := done)
            found[start] = [self.matcher.match(*row) for row in rows[start : start + PIECE]]

    def close(self) -> None:
        """End the other process."""
        if self._other is not None:
            self._other.kill()
            self._other.wait()
            for pipe in self._pipes():
                with suppress(OSError):  # what was not sent any more
                    pipe.close()
            self._other = None

    def _helped(self, rows: Sequence[Row], left: Left, found: Found) -> Thread | None:
        if self._given_up:
            return None
        if self._other is None:
            # Made here, while nothing is matched: matching fills what the index remembers.
            content = pickle.dumps(self.matcher, protocol=pickle.HIGHEST_PROTOCOL)
            pipe = subprocess.PIPE
            self._other = subprocess.Popen(_WORDS, stdin=pipe, stdout=pipe)
        else:
            content = b""
        helper = Thread(target=self._feed, args=(content, rows, left, found), daemon=True)
        helper.start()
        return helper

    def _feed(self, content: bytes, rows: Sequence[Row], left: Left, found: Found) -> None:
        """Hand rows to the other process until there are none left, or it is gone."""
        asked, answers = self._pipes()
        start = None
        try:
            asked.write(content)
            while (start := _taken(left)) is not None:
                _send(asked, rows[start : start + PIECE])
                found[start] = pickle.load(answers)  # noqa: S301 - our own process
        except (OSError, EOFError, ValueError, pickle.UnpicklingError):
            self._given_up = True
            if start is not None:
                left.append(start)

    def _pipes(self) -> tuple[BinaryIO, BinaryIO]:
        other: Any = self._other
        return other.stdin, other.stdout


def two_cores() -> bool:
    """Tell whether this process may run on more than one core."""
    return len(os.sched_getaffinity(0)) > 1


def _taken(left: deque[int]) -> int | None:
    try:
        return left.popleft()
    except IndexError:
        return None


def _send(pipe: BinaryIO, content: Any) -> None:
    pickle.dump(content, pipe, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.flush()


@contextmanager
def beside(matcher: Matcher) -> Iterator[Pair]:
    """Give a pair of processes over one index; the other one ends with the block."""
    pair = Pair(matcher)
    try:
        yield pair
    finally:
        pair.close()


def main() -> None:
    """Be the other process: take the matcher, then rows, until the pipe ends."""
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    with suppress(EOFError, BrokenPipeError, KeyboardInterrupt):
        matcher: Matcher = pickle.load(asked)  # noqa: S301 - from the process that began this one
        while True:
            rows: list[Row] = pickle.load(asked)  # noqa: S301
            _send(answers, [matcher.match(*row) for row in rows])
    os._exit(0)  # without flushing into a pipe that nobody reads


if __name__ == "__main__":
    main()
