"""What a release says of itself, and the files that let the book run elsewhere."""

import json
import re
import tomllib

import pytest
import yaml

from lib import paths
from lib.book.cli import cli

CITATION = yaml.safe_load((paths.ROOT / "CITATION.cff").read_text(encoding="utf-8"))
ZENODO = json.loads((paths.ROOT / ".zenodo.json").read_text(encoding="utf-8"))


def test_citation_archive_and_package_say_the_same():
    package = tomllib.loads((paths.ROOT / "pyproject.toml").read_text())["project"]
    assert ZENODO["title"] == CITATION["title"]
    assert ZENODO["version"] == CITATION["version"] == package["version"]
    assert ZENODO["publication_date"] == str(CITATION["date-released"])
    assert [c["name"] for c in ZENODO["creators"]] == [a["name"] for a in CITATION["authors"]]
    assert ZENODO["keywords"] == CITATION["keywords"]
    assert ZENODO["license"] in CITATION["license"]
    cite = (paths.BOOK / "cite.md").read_text(encoding="utf-8")
    assert CITATION["title"] in cite and f"Version {package['version']}" in cite


def test_the_archive_has_what_its_keeper_requires():
    """Fields that Zenodo asks for in an upload of software."""
    required = {"title", "upload_type", "description", "creators", "access_right", "license"}
    assert required <= set(ZENODO) and ZENODO["upload_type"] == "software"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", ZENODO["publication_date"])


@pytest.mark.parametrize(
    "file", ["Dockerfile", ".binder/postBuild", ".github/workflows/publish.yml", "README.md"]
)
def test_every_command_that_a_file_calls_is_there(file):
    text = (paths.ROOT / file).read_text(encoding="utf-8")
    called = re.findall(r'-m"?,? "?lib"?,? "?([a-z][a-z-]+)', text)
    called += re.findall(r"(?<=run: make )[a-z-]+", text)
    assert called and set(called) <= set(cli.commands)


def test_every_command_is_in_the_readme():
    text = (paths.ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `make ([a-z-]+)", text, re.MULTILINE)) == set(cli.commands)


def test_the_container_starts_from_the_oldest_python_that_the_book_supports():
    package = tomllib.loads((paths.ROOT / "pyproject.toml").read_text())["project"]
    oldest = package["requires-python"].removeprefix(">=")
    assert f"FROM python:{oldest}-" in (paths.ROOT / "Dockerfile").read_text()
    assert (paths.ROOT / ".binder" / "runtime.txt").read_text().strip() == f"python-{oldest}"


def test_the_lock_forgets_no_system():
    """Markers keep what only one system needs; every package has its hash."""
    lock = (paths.ROOT / "requirements.txt").read_text()
    assert "sys_platform == 'win32'" in lock or "os_name == 'nt'" in lock
    pins = re.findall(r"(?m)^(\S+)==\S+(?: ; [^\\]+)?(.*)\n((?:    --hash=.*\n)+)", lock)
    assert len(pins) == len(re.findall(r"(?m)^[A-Za-z0-9]\S*==", lock)) > 100
