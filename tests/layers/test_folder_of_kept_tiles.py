"""The folder of finished tiles: both forms kept, each drawn once, written when quiet, bounded."""

import gzip
import os
import threading
import time

from layers.kept import LOCKS, KeptTiles, Key, _awaited


class TestFolder:
    def key(self, version="a" * 16, x=1):
        return Key("qpv", version, "_", 9, x, 2)

    def test_what_is_kept_comes_back_in_both_forms(self, tmp_path):
        kept = KeptTiles(tmp_path)
        body = b"tile " * 1000
        kept.put(self.key(), body)
        assert kept.get(self.key(), compressed=False) == (body, False)
        small, is_compressed = kept.get(self.key(), compressed=True)
        assert is_compressed
        assert gzip.decompress(small) == body

    def test_a_small_tile_is_not_worth_compressing(self, tmp_path):
        kept = KeptTiles(tmp_path)
        kept.put(self.key(), b"small")
        assert kept.get(self.key(), compressed=True) == (b"small", False)

    def test_what_is_not_kept_is_nothing(self, tmp_path):
        assert KeptTiles(tmp_path).get(self.key(), compressed=True) is None

    def test_a_tile_is_answered_before_it_is_in_its_file_and_drawn_once(self, tmp_path):
        kept, body = KeptTiles(tmp_path), b"tile " * 1000
        drawn = []

        def draw():
            drawn.append(1)
            return self.key(), body

        first = kept.get_or_make(self.key(), True, draw)
        again = kept.get_or_make(self.key(), True, draw)
        assert first == again
        assert gzip.decompress(first[1]) == body
        assert len(drawn) == 1
        assert not list(tmp_path.rglob("*.pbf"))
        kept.finish()
        assert (
            kept.get(self.key(), compressed=False)
            == KeptTiles(tmp_path).get(self.key(), compressed=False)
            == (body, False)
        )
        assert KeptTiles(tmp_path).get(self.key(), compressed=True) == first[1:]

    def test_a_tile_another_process_waits_for_is_not_drawn_there_again(self, tmp_path):
        """Two folders of one place: a lock belongs to who opened it, as between processes."""
        first, second = KeptTiles(tmp_path), KeptTiles(tmp_path)
        drawing, answers = threading.Event(), []

        def draw():
            drawing.set()
            deadline = time.monotonic() + 20
            while not waited_for() and time.monotonic() < deadline:
                time.sleep(0.01)
            return self.key(), b"drawn once"

        def waited_for():
            watcher = os.open(tmp_path / LOCKS, os.O_RDWR)
            try:
                return _awaited(watcher, self.key())
            finally:
                os.close(watcher)

        def draw_again():
            answers.append("drawn again")
            return self.key(), b"drawn again"

        def ask_second():
            drawing.wait(20)
            answers.append(second.get_or_make(self.key(), False, draw_again))

        other = threading.Thread(target=ask_second)
        other.start()
        assert first.get_or_make(self.key(), False, draw)[1] == b"drawn once"
        other.join(30)
        assert answers == [(self.key(), b"drawn once", False)]
        assert not waited_for()

    def test_what_was_answered_is_in_its_file_as_soon_as_it_is_quiet(self, tmp_path):
        kept, limit = KeptTiles(tmp_path), time.monotonic() + 30
        for number in range(40):
            key = self.key(x=number)
            kept.get_or_make(key, False, lambda key=key: (key, b"tile"))
        while len(list(tmp_path.rglob("*.pbf"))) < 40:
            assert time.monotonic() < limit
            time.sleep(0.05)

    def test_tiles_never_pile_up_in_memory(self, tmp_path, monkeypatch):
        monkeypatch.setattr("layers.kept.MOST_WAITING", 100_000)
        monkeypatch.setattr("layers.kept.QUIET", 3600)
        kept, body = KeptTiles(tmp_path), bytes(10_000)
        for number in range(100):
            key = self.key(x=number)
            kept.get_or_make(key, False, lambda key=key: (key, body))
            assert sum(len(tile.body) for tile in kept._unwritten.values()) <= 300_000

    def test_a_tile_that_cannot_be_kept_is_answered_all_the_same(self, tmp_path, caplog):
        (tmp_path / "qpv").symlink_to(tmp_path / "nowhere")
        kept = KeptTiles(tmp_path)
        for _ in range(2):
            answer = kept.get_or_make(self.key(), False, lambda: (self.key(), b"tile"))
            assert answer == (self.key(), b"tile", False)
            kept.finish()
        assert "could not be kept" in caplog.text

    def test_only_the_newest_versions_stay(self, tmp_path):
        kept = KeptTiles(tmp_path)
        for number in range(6):
            kept.put(self.key(f"{number:016}"), b"x")
            time.sleep(0.01)
        left = sorted(path.name for path in (tmp_path / "qpv").iterdir())
        assert left == [f"{number:016}" for number in (3, 4, 5)]

    def test_the_folder_is_bounded(self, tmp_path):
        kept = KeptTiles(tmp_path, most_bytes=10_000)
        for number in range(5):
            kept.put(self.key(f"{number:016}"), bytes(range(256)) * 20)
        assert sum(f.stat().st_size for f in tmp_path.rglob("*.pbf*")) <= 20_000

    def test_no_half_written_tile_is_ever_read(self, tmp_path):
        kept, body = KeptTiles(tmp_path), bytes(500_000)
        stop, seen = threading.Event(), set()

        def read():
            while not stop.is_set():
                found = kept.get(self.key(), compressed=False)
                if found:
                    seen.add(len(found[0]))

        reader = threading.Thread(target=read)
        reader.start()
        for _ in range(20):
            kept.put(self.key(), body)
        stop.set()
        reader.join()
        assert seen == {len(body)}
