"""``python -m lib COMMAND``: every command of the book, from a fresh clone.

Only the standard library is imported before the project's own environment (`.venv`) exists: the
first call makes it from the lock file, later calls find its stamp and go straight to the command.
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.txt"
PROJECT = ROOT / "pyproject.toml"


def lock_hash() -> str:
    """Hash what the environment is made of: the lock, and what the project says of itself."""
    return hashlib.sha256(LOCK.read_bytes() + PROJECT.read_bytes()).hexdigest()


def stamp(prefix: Path) -> Path:
    return prefix / "book-lock.sha256"


def ready(prefix: Path) -> bool:
    """Tell whether the environment at `prefix` holds what the lock file names."""
    return stamp(prefix).is_file() and stamp(prefix).read_text() == lock_hash()


def install() -> Path:
    """Make the environment; its stamp is written last, so a killed install begins anew.

    An environment of an older lock has a stamp and is brought up to date in place.
    """
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not ready(VENV):
        print("Installing the book's environment into .venv (once, about a minute) …", flush=True)
        fresh = not stamp(VENV).is_file()
        stamp(VENV).unlink(missing_ok=True)
        if fresh:  # an environment cannot be made from its own Python
            venv.create(VENV, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", str(LOCK)], check=True)
        subprocess.run([*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)], check=True)
        stamp(VENV).write_text(lock_hash())
    return python


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - this file alone may meet an older Python
        print("The book needs Python 3.11 or newer; this is " + sys.version.split()[0] + ".")
        return 1
    if ready(Path(sys.prefix)):
        from lib.book.cli import main as command

        return command()
    try:
        python = install()
        return subprocess.run([str(python), "-m", "lib", *sys.argv[1:]], cwd=ROOT).returncode
    except subprocess.CalledProcessError as error:
        if "ensurepip" in error.cmd:
            print(
                "This Python has no ensurepip: install its venv package (python3-venv on Debian)."
            )
        else:
            print("The install did not finish: check network and disk, then run the command again.")
        return 1
    except OSError as error:
        print(f"The environment could not be written to {VENV}: {error.strerror or error}.")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
