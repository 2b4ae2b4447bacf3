"""What a chapter depends on: its data, the lock, and the modules that its last run loaded.

A change of a page, of a style sheet or of a room that a chapter does not use executes nothing.
"""

import hashlib
from pathlib import Path

from lib import data, paths
from lib.book import chapters, replication

ENGINE = ("engine", "execution", "provenance", "roles")
"""Modules of this room that make a chapter's notebook outside its kernel."""


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def files(*folders: Path) -> list[Path]:
    """Return the files below `folders`, compiled ones left out, in order."""
    found = [path for folder in folders for path in sorted(folder.rglob("*"))]
    return [p for p in found if p.is_file() and "__pycache__" not in p.parts]


def tree_hash(*folders: Path) -> str:
    """Hash names and contents of the files below `folders`."""
    parts = [
        f"{p.relative_to(paths.ROOT).as_posix()} {digest(p.read_bytes())}" for p in files(*folders)
    ]
    return digest("\n".join(parts).encode())


def snapshot() -> dict[str, str]:
    """Hash every file of the library and the lock: what a build that begins now works with."""
    kept = [*files(paths.ROOT / "lib"), paths.ROOT / "requirements.txt"]
    return {p.relative_to(paths.ROOT).as_posix(): digest(p.read_bytes()) for p in kept}


def code_state(chapter: chapters.Chapter, hashes: dict[str, str]) -> str:
    """Hash the modules that a chapter's last run loaded, what lies beside them, and the lock.

    A chapter that never ran, or whose modules are gone, depends on the whole library.
    """
    listed = paths.LIVE / chapter.name / replication.MODULES
    names = listed.read_text(encoding="utf-8").split() if listed.is_file() else []
    if not names or set(names) - set(hashes):
        return digest(repr(sorted(hashes.items())).encode())
    names += [f"lib/book/{name}.py" for name in ENGINE] + ["requirements.txt"]
    rooms = {Path(name).parent.as_posix() for name in names} - {"lib", "lib/book", "."}
    beside = [
        name
        for name in hashes
        if not name.endswith(".py") and any(name.startswith(f"{room}/") for room in rooms)
    ]
    templates = [name for name in hashes if name.startswith("lib/book/") and "_explorer" in name]
    used = sorted({*names, *beside, *templates} & set(hashes))
    return digest("\n".join(f"{name} {hashes[name]}" for name in used).encode())


def data_state(chapter: chapters.Chapter) -> str:
    """Tier and hash of every dataset of a chapter, what was recorded of it, and its own table."""
    used = [data.provenance(key) for key in chapter.datasets]
    state = [f"{p.key} {p.tier} {p.version} {p.sha256}" for p in used]
    recorded = replication.recorded()
    numbers = recorded[recorded["chapter"] == str(chapter.number)].to_csv()
    table = chapter.path.with_suffix(".yml")
    own = digest(table.read_bytes()) if table.is_file() else ""
    kept = [tree_hash(paths.REPLICATED / chapter.name), numbers, tree_hash(paths.PUBLISHED), own]
    return "\n".join([*state, *kept])
