"""The page of walkthroughs cannot rot: its files are written and its code runs on the sample."""

import re
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from lib import paths
from lib.book import replication
from lib.book.execution import environment

PAGE = (paths.BOOK / "walkthroughs.md").read_text(encoding="utf-8")
FILE = re.compile(
    r"^(`{3,})\{code-block\} \w+\n:caption: (\S+)\n\n(.*?)^\1\n", re.DOTALL | re.MULTILINE
)
FILES = {name: text for _, name, text in FILE.findall(PAGE)}


def blocks(label: str) -> list[str]:
    """Return the Python blocks of the section with this label."""
    section = PAGE.partition(f"({label})=")[2].partition("\n(")[0]
    return re.findall(r"^```python\n(.*?)^```\n", FILE.sub("", section), re.DOTALL | re.MULTILINE)


@pytest.fixture
def follow(tmp_path, monkeypatch):
    """Run a section as a reader would, in a folder that holds the files of the page."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GVC_BOOK_TIER", "sample")
    for name in ("my_table.csv", "my_treaty.txt"):
        (tmp_path / name).write_text(FILES[name], encoding="utf-8")

    def run(label):
        names = {}
        for block in blocks(label):
            exec(compile(block, label, "exec"), names)
        return names

    return run


def test_the_page_is_in_the_book_and_has_three_sections():
    assert "file: book/walkthroughs\n" in (paths.ROOT / "_toc.yml").read_text(encoding="utf-8")
    assert len(re.findall("^## ", FILE.sub("", PAGE), re.MULTILINE)) == 3
    assert len(blocks("own-table")) == 4 and len(blocks("own-treaty")) == 3


def test_own_table(follow, capsys):
    """By hand: France sells 1 + 0 + 2 + 1 goods and 0 + 1 + 1 + 0 services abroad, and buys 6."""
    names = follow("own-table")
    gross = names["table"].by_country(names["table"].E)
    assert gross.tolist() == [[0, 6], [6, 0]]
    np.testing.assert_array_equal(names["ours"].x, names["theirs"].x)
    np.testing.assert_array_equal(names["ours"].Z, names["theirs"].Z)
    np.testing.assert_array_equal(names["ours"].Y, names["theirs"].Y)
    assert names["ours"].countries == names["theirs"].countries
    assert "lacks the column 'output'" in capsys.readouterr().out


def test_own_treaty(follow):
    """Scores by the codebook: duties given up for good, a mere mention, a duty taken back."""
    names = follow("own-treaty")
    scores = names["found"]["score"]
    wanted = {"customs_duties": 4, "consumer_protection": 1, "paperless_trading": 1}
    assert scores[scores > 0].astype(int).to_dict() == wanted
    assert names["panel"]["depth"].max() > 0


@pytest.mark.slow
def test_added_paper_reaches_the_scoreboard(tmp_path):
    """In a copy of the project: the files of the page, one line in the list, one command."""
    root = tmp_path / "book-one"
    made = [".*", "_build", "_live", "*.ipynb", "__pycache__", "*.egg-info", "originals"]
    shutil.copytree(paths.ROOT, root, ignore=shutil.ignore_patterns(*made))
    chapter = ("notebooks/51_example.md", "notebooks/51_example.yml")
    for name in ("data/published/example_2020.csv", *chapter):
        (root / name).write_text(FILES[name], encoding="utf-8")
    code = root / "lib" / "book" / "replication.py"
    text = code.read_text(encoding="utf-8")
    assert text.count("PAPERS = {\n") == 1
    code.write_text(text.replace("PAPERS = {\n", "PAPERS = {\n    " + FILES["PAPERS"]))
    env = environment(PYTHONPATH=str(root), GVC_BOOK_TIER="sample")
    command = [sys.executable, "-m", "lib.book.cli", "chapter", "51"]
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    numbers = pd.read_csv(root / "_build" / "runs" / "51_example" / "numbers.csv")
    assert numbers[replication.KEY].iloc[0].tolist()[:3] == ["example_2020", "table_1", "vax_ratio"]
    assert numbers["status"].tolist() == ["needs data"] and 50 < numbers["value"].iloc[0] < 100
