"""Tiers and provenance: originals first, an honest sample where they are absent."""

import fnmatch
import hashlib
import importlib
import subprocess
import sys
import tomllib
import types

import pandas as pd
import pytest
import tomli_w

from lib import data
from lib.data import _catalogue, _store
from lib.errors import DataError
from lib.paths import DATA, ROOT

CONTENT = b"x\n1\n"


def read(files, factor=1):
    return pd.read_csv(files.only) * factor


def sample(*, capitals, factor=1):
    assert len(capitals) > 100
    return pd.DataFrame({"x": [-factor]})


@pytest.fixture
def room(tmp_path, monkeypatch):
    """Two datasets with a fake reader and a fake maker, and a private cache."""
    monkeypatch.delenv("GVC_BOOK_DATA", raising=False)
    monkeypatch.delenv("GVC_BOOK_TIER", raising=False)
    monkeypatch.setattr(_store, "CACHE", tmp_path / "originals")
    fakes = types.ModuleType("fakes")
    fakes.read, fakes.sample = read, sample
    monkeypatch.setitem(sys.modules, "fakes", fakes)
    words = dict.fromkeys(["short", "title", "provider", "citation", "licence"], "made up")
    words |= {"version": "9", "homepage": "https://provider.example", "reader": "fakes:read"}
    file = {
        "path": "x/x.csv",
        "bytes": len(CONTENT),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "url": "https://copy.example/x.csv",
    }
    with_sample = {"sample": "fakes:sample", "sample_needs": ["capitals"], "stand_in": "a sample"}
    with open(DATA / "catalogue.toml", "rb") as stream:
        capitals = tomllib.load(stream)["capitals"]
    entries = {
        "x": {**words, **with_sample, "copy": "copy in a/b", "files": [file]},
        "bare": {**words, "files": [file]},
        "hand": {**words, "patterns": ["H_*.csv"], "page": "https://provider.example/h",
                 "size": "1 MB", "steps": ["Download it."]},
        "edition": {**words, **with_sample, "patterns": ["E_92_*.csv"], "mistaken": ["E_*.csv"],
                    "page": "https://provider.example/e", "size": "1 MB", "steps": []},
        "later": {**words, "patterns": ["L_*.csv"], "planned": True, "reader": ""},
        "capitals": capitals,
    }  # fmt: skip
    path = tmp_path / "catalogue.toml"
    path.write_text(tomli_w.dumps(entries))
    monkeypatch.setattr(_catalogue, "CATALOGUE", path)
    return _store.CACHE


def put(cache, content=CONTENT, name="x/x.csv"):
    path = cache / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_the_sample_stands_in_until_the_original_is_there(room):
    assert data.load("x", factor=3)["x"].item() == -3
    assert data.provenance("x") == data.Provenance("x", "made up", "sample", "", "", "a sample")
    put(room)
    assert data.load("x", factor=3)["x"].item() == 3
    digest = hashlib.sha256(CONTENT).hexdigest()[:12]
    assert data.provenance("x") == data.Provenance(
        "x", "made up", "original", "9", digest, "copy in a/b"
    )


def test_the_sample_edition_ignores_originals(room, monkeypatch):
    put(room)
    monkeypatch.setenv("GVC_BOOK_TIER", "sample")
    assert data.load("x")["x"].item() == -1
    assert data.provenance("x").tier == "sample"
    assert data.load("x", tier="original")["x"].item() == 1
    assert data.load("capitals").shape[0] > 100  # embedded data are always themselves


def test_a_tier_that_does_not_exist_is_refused(room, monkeypatch):
    with pytest.raises(DataError, match="Tier 'real' does not exist; choose one of auto"):
        data.load("x", tier="real")
    monkeypatch.setenv("GVC_BOOK_TIER", "original")
    with pytest.raises(DataError, match="GVC_BOOK_TIER is 'original'; set it to auto or sample"):
        data.load("x")


def test_an_absent_original_without_a_sample_says_how_to_get_it(room):
    with pytest.raises(DataError, match="'bare'.* is not here: run `make data`"):
        data.load("bare")
    with pytest.raises(DataError, match=r"H_\*\.csv \(1 MB\) from https://provider\.example/h"):
        data.load("hand")
    with pytest.raises(DataError, match="'x'.* is not here: run `make data`"):
        data.load("x", tier="original")
    with pytest.raises(DataError, match="announced but has no reader yet"):
        data.load("later")
    assert data.provenance("bare").tier == "absent"
    assert "make data" in data.provenance("bare").note


def test_a_corrupt_original_is_never_replaced_by_the_sample_in_silence(room):
    path = put(room, CONTENT[::-1])
    with pytest.raises(DataError, match=r"x\.csv is corrupt .*: delete it and run `make data`"):
        data.load("x")
    put(room, CONTENT[:2])
    with pytest.raises(DataError, match=r"x\.csv is incomplete \(2 bytes\): delete it and run"):
        data.load("x")
    assert not data.available("x")
    assert data.provenance("x").tier == "absent"
    assert str(path) in data.provenance("x").note


def test_files_put_by_hand_are_found_in_the_folder_or_one_below(room):
    assert not data.available("hand")
    put(room, name="h/H_1.csv")
    assert data.available("hand")
    assert data.load("hand")["x"].item() == 1
    one = data.provenance("hand").sha256
    put(room, name="H_2.csv")
    assert data.provenance("hand").sha256 != one  # the hash covers every file


def test_another_edition_is_not_replaced_by_the_sample_in_silence(room):
    assert data.provenance("edition").tier == "sample"
    put(room, name="e/E_12_1.csv")
    with pytest.raises(DataError, match=r"E_12_1\.csv is not made up: move it elsewhere, and get"):
        data.load("edition")
    assert data.provenance("edition").tier == "absent"
    put(room, name="e/E_92_1.csv")
    assert data.provenance("edition").tier == "original"


def test_a_mirror_that_does_not_exist_is_refused(room, monkeypatch, tmp_path):
    monkeypatch.setenv("GVC_BOOK_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="GVC_BOOK_DATA names the folder .*nowhere"):
        data.load("x")


def test_the_mirror_comes_before_the_cache(room, monkeypatch, tmp_path):
    put(room, CONTENT[::-1])
    put(tmp_path / "mirror")
    monkeypatch.setenv("GVC_BOOK_DATA", str(tmp_path / "mirror"))
    assert data.load("x")["x"].item() == 1


def test_every_entry_of_the_catalogue_is_complete():
    for key, ds in data.catalogue().items():
        for field in ("short", "title", "provider", "citation", "licence", "version", "homepage"):
            assert getattr(ds, field), (key, field)
        assert ds.planned or ds.reader, key
        assert ds.files or (ds.patterns and ds.page and ds.steps and ds.size), key
        assert ds.embedded or ds.stand_in, key
        for file in ds.files:
            assert len(file.sha256) == 64 and file.bytes > 0, file
            assert ds.embedded or file.url.startswith("https://"), file
        if ds.files:
            assert ds.copy.startswith("copy in "), key
        for name in ds.sample_needs:
            assert data.catalogue()[name].embedded, (key, name)
        if ds.reader:
            module, _, name = ds.reader.partition(":")
            assert callable(getattr(importlib.import_module(module), name)), key


def test_the_catalogue_is_made_from_the_descriptions():
    """An edit of one without running data/make_catalogue.py would go unnoticed."""
    described, made = (
        tomllib.loads((DATA / name).read_text(encoding="utf-8"))
        for name in ("descriptions.toml", "catalogue.toml")
    )
    assert list(described) == list(made)
    for key, words in described.items():
        files = [file["path"] for file in made[key].get("files", [])]
        found = [fnmatch.filter(files, pattern) for pattern in words.pop("files", [])]
        assert all(found) and sum(found, []) == files, key
        assert words.pop("terms", "") in made[key]["licence"], key
        assert words.items() <= made[key].items(), key


def test_embedded_files_are_those_of_the_catalogue():
    for key, ds in data.catalogue().items():
        if ds.embedded:
            for file in ds.files:
                content = (DATA / "embedded" / file.path).read_bytes()
                assert hashlib.sha256(content).hexdigest() == file.sha256, key


def test_reading_does_not_import_the_sample():
    """lib.data reaches lib.sample only through a catalogue entry."""
    code = "import sys, lib.data; sys.exit('lib.sample' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
