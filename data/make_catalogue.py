"""Make ``data/catalogue.toml`` from ``data/descriptions.toml`` and a list of pinned files.

    python data/make_catalogue.py SOURCES.tsv

SOURCES.tsv has one line per pinned file, with the columns file, bytes, sha256, url and licence.
A description names its files by path, or by a pattern such as tota/xml/*.xml; size, hash, url and
the licence words of the copy are filled in here, and embedded files are measured where they lie.
"""

import csv
import fnmatch
import hashlib
import sys
import tomllib
from pathlib import Path

import tomli_w

DATA = Path(__file__).resolve().parent
HEAD = "# Made by data/make_catalogue.py from data/descriptions.toml: edit that, not this.\n\n"


def pinned(sources: Path) -> dict[str, dict]:
    with open(sources, newline="", encoding="utf-8") as stream:
        return {row["file"]: row for row in csv.DictReader(stream, delimiter="\t")}


def embedded_file(name: str) -> dict:
    content = (DATA / "embedded" / name).read_bytes()
    return {"path": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def original_file(name: str, rows: dict[str, dict]) -> dict:
    if name not in rows:
        sys.exit(f"{name} is described, but is not among the pinned files.")
    row = rows[name]
    return {"path": name, "bytes": int(row["bytes"]), "sha256": row["sha256"], "url": row["url"]}


def matching(pattern: str, rows: dict[str, dict]) -> list[str]:
    return sorted(fnmatch.filter(rows, pattern)) if "*" in pattern else [pattern]


def entry(described: dict, rows: dict[str, dict], embedded: dict[str, dict]) -> dict:
    names = described.pop("files", [])
    if described.get("embedded"):
        files = [embedded_file(name) for name in names]
        words = {embedded[name]["licence"] for name in names}
        copies = {f"{embedded[n]['package']} {embedded[n]['version']}" for n in names}
    else:
        names = [name for pattern in names for name in matching(pattern, rows)]
        files = [original_file(name, rows) for name in names]
        words = {rows[name]["licence"] for name in names}
        copies = {f"{rows[name]['repo']} at {rows[name]['commit'][:12]}" for name in names}
    if files:
        terms = described.pop("terms", "")
        copy = "; ".join(sorted(copies))
        described["copy"] = f"copy in {copy}"
        described["licence"] = f"{'; '.join(sorted(words))}. {terms}".strip()
        described["files"] = files
    return described


def main(sources: Path) -> None:
    with open(DATA / "descriptions.toml", "rb") as stream:
        described = tomllib.load(stream)
    rows = pinned(sources)
    embedded = pinned(DATA / "embedded" / "SOURCES.tsv")
    made = {key: entry(value, rows, embedded) for key, value in described.items()}
    text = tomli_w.dumps(made, multiline_strings=False)
    (DATA / "catalogue.toml").write_text(HEAD + text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
