"""A download is whole and verified, or one sentence says which file failed and the way out."""

import errno
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import tomli_w

from lib import data
from lib.data import _catalogue, _fetch, _store
from lib.errors import DataError

CONTENT = b"a,b\n" + b"1,2\n" * 5000


def entry(*paths, **more):
    files = [
        {
            "path": path,
            "bytes": len(CONTENT),
            "sha256": hashlib.sha256(CONTENT).hexdigest(),
            "url": f"{{url}}/pinned/{path}",
        }
        for path in paths
    ]
    words = dict.fromkeys(
        ["short", "title", "provider", "citation", "licence", "version"], "made up"
    )
    return {**words, "homepage": "https://provider.example", "files": files, **more}


class Remote(BaseHTTPRequestHandler):
    """Answers as the list of behaviours tells; the last one repeats."""

    def do_GET(self):
        server = self.server
        server.asked.append(self.path)
        behaviours = server.behaviours
        behaviour = behaviours.pop(0) if len(behaviours) > 1 else behaviours[0]
        if behaviour == "hang":
            server.release.wait(20)
            return
        if behaviour in (404, 503):
            self.send_error(behaviour)
            return
        body = CONTENT[::-1] if behaviour == "wrong" else CONTENT
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if behaviour == "cut" else body)

    def log_message(self, *args):
        pass


@pytest.fixture
def remote(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Remote)
    server.daemon_threads = False
    server.behaviours, server.asked, server.release = ["whole"], [], threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.release.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def room(tmp_path, monkeypatch, remote):
    """Return a function that sets the catalogue; cache and environment are private."""
    monkeypatch.delenv("GVC_BOOK_DATA", raising=False)
    monkeypatch.delenv("GVC_BOOK_TIER", raising=False)
    monkeypatch.setattr(_store, "CACHE", tmp_path / "originals")
    monkeypatch.setattr(_fetch, "PAUSE", 0)

    def use(url=remote.url, **entries):
        path = tmp_path / "catalogue.toml"
        path.write_text(tomli_w.dumps(entries).replace("{url}", url))
        monkeypatch.setattr(_catalogue, "CATALOGUE", path)
        _catalogue._read.cache_clear()

    use(one=entry("one/table.csv"))
    yield use
    _catalogue._read.cache_clear()


def nothing_kept():
    return not [path for path in _store.CACHE.rglob("*") if path.is_file()]


def test_a_download_gets_its_final_name_and_is_not_repeated(room, remote):
    (path,) = data.fetch(["one"], progress=False)
    assert path == _store.CACHE / "one/table.csv"
    assert path.read_bytes() == CONTENT
    assert data.available("one")
    assert data.fetch("one", progress=False) == []
    assert remote.asked == ["/pinned/one/table.csv"]


def test_progress_is_shown_on_request(room, capsys):
    data.fetch(["one"], progress=True)
    assert "100%" in capsys.readouterr().err


def test_a_cut_download_starts_again(room, remote):
    remote.behaviours = ["cut", "whole"]
    (path,) = data.fetch(progress=False)
    assert path.read_bytes() == CONTENT
    assert len(remote.asked) == 2
    assert [p.name for p in path.parent.iterdir()] == ["table.csv"]


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("cut", r"one/table\.csv: the download .* was cut short 3 times.*make data"),
        ("wrong", r"one/table\.csv: .* has not the sha256 of the catalogue.*provider\.example"),
        (404, r"one/table\.csv: the pinned copy is gone \(404.*provider\.example"),
        (503, r"one/table\.csv: .* answered 503; try again later"),
    ],
)
def test_a_failed_download_is_one_sentence_and_leaves_no_file(room, remote, behaviour, words):
    remote.behaviours = [behaviour]
    with pytest.raises(DataError, match=words) as caught:
        data.fetch(["one"], progress=False)
    assert "\n" not in str(caught.value)
    assert nothing_kept()
    assert not data.available("one")
    assert len(remote.asked) == (1 if behaviour == 404 else _fetch.TRIES)


def test_a_hanging_server_ends_in_a_sentence(room, remote, monkeypatch):
    monkeypatch.setattr(_fetch, "TIMEOUT", (0.2, 0.2))
    remote.behaviours = ["hang"]
    with pytest.raises(DataError, match=r"one/table\.csv: .* did not answer within 0\.2 seconds"):
        data.fetch(["one"], progress=False)
    assert nothing_kept()


def test_without_a_network_the_first_file_says_so(room, remote):
    closed = ThreadingHTTPServer(("127.0.0.1", 0), Remote)
    url = f"http://127.0.0.1:{closed.server_port}"
    closed.server_close()
    room(url=url, one=entry("one/a.csv"), two=entry("two/b.csv"))
    with pytest.raises(DataError, match=r"^one/a\.csv: no connection to .*check the network"):
        data.fetch(progress=False)


def test_a_vanished_file_does_not_keep_the_others_from_coming(room, remote):
    room(one=entry("one/a.csv", "one/b.csv"), two=entry("two/c.csv"))
    remote.behaviours = [404, 404, "whole"]
    with pytest.raises(DataError, match=r"^one/a\.csv: .*\(1 more of the files failed too\.\)$"):
        data.fetch(progress=False)
    assert data.available("two")
    assert not data.available("one")


def test_a_folder_that_cannot_be_written(room, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setattr(_store, "CACHE", tmp_path / "file" / "originals")
    with pytest.raises(DataError, match=r"one/table\.csv: cannot write into .*make that folder"):
        data.fetch(["one"], progress=False)


def test_a_full_disk(room, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_fetch.pooch, "retrieve", full)
    with pytest.raises(DataError, match=r"one/table\.csv: the disk of .* is full \(0\.0 MB needed"):
        data.fetch(["one"], progress=False)


def test_a_base_url_replaces_the_pinned_urls(room, remote, monkeypatch):
    room(one=entry("one/table 1.csv"))
    monkeypatch.setenv("GVC_BOOK_DATA", f"{remote.url}/mirror/")
    data.fetch(["one"], progress=False)
    assert remote.asked == ["/mirror/one/table%201.csv"]


def test_a_mirror_folder_is_read_in_place(room, remote, tmp_path, monkeypatch):
    mirror = tmp_path / "mirror" / "one"
    mirror.mkdir(parents=True)
    (mirror / "table.csv").write_bytes(CONTENT)
    monkeypatch.setenv("GVC_BOOK_DATA", str(mirror.parent))
    assert data.fetch(["one"], progress=False) == []
    assert remote.asked == []
    assert _store.Files(_catalogue.dataset("one")).only == mirror / "table.csv"
    assert nothing_kept()


def test_an_incomplete_file_in_the_cache_is_fetched_again(room, remote):
    path = _store.CACHE / "one/table.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT[:100])
    assert not data.available("one")
    data.fetch(["one"], progress=False)
    assert path.read_bytes() == CONTENT


def test_data_that_must_be_got_by_hand_name_page_size_and_steps(room):
    by_hand = {
        "files": [],
        "patterns": ["BACI_HS92_V*.zip"],
        "page": "https://provider.example/baci",
        "size": "2.3 GB",
        "steps": ["Open the page and choose the zip."],
    }
    room(baci=entry(**by_hand))
    with pytest.raises(
        DataError, match=r"BACI_HS92_V\*\.zip \(2\.3 GB\) from https.*Open the page"
    ):
        data.fetch(["baci"])
    assert data.fetch(progress=False) == []  # and it does not stop a fetch of everything


def test_an_unknown_key_is_refused_with_the_nearest(room):
    with pytest.raises(DataError, match="no dataset 'onne'; did you mean 'one'"):
        data.fetch(["onne"])
