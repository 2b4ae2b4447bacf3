"""``python3 -m lib`` on a machine that has only Python: the environment is made once, and whole."""

import runpy
import subprocess
import sys
from types import SimpleNamespace

import pytest

from lib import paths

FILE = paths.ROOT / "lib" / "__main__.py"


class Machine:
    """A checkout without an environment; `venv` and `subprocess` only write down their calls."""

    def __init__(self, root, monkeypatch):
        self.root, self.calls, self.fail = root, [], None
        (root / "requirements.txt").write_text("numpy==2.4.6\n")
        self.main = SimpleNamespace(**runpy.run_path(str(FILE), run_name="bootstrap"))
        names = self.main.main.__globals__
        names |= {"ROOT": root, "VENV": root / ".venv", "LOCK": root / "requirements.txt"}
        monkeypatch.setattr(names["venv"], "create", self.create)
        monkeypatch.setattr(subprocess, "run", self.run)
        monkeypatch.setattr(sys, "prefix", str(root / "elsewhere"))
        monkeypatch.setattr(sys, "argv", ["lib", "book"])

    @property
    def stamp(self):
        return self.root / ".venv" / "book-lock.sha256"

    def create(self, folder, with_pip, clear):
        self.step("venv anew" if clear else "venv kept", [sys.executable, "-m", "ensurepip"])
        folder.mkdir(exist_ok=True)

    def run(self, command, **options):
        kind = next((k for k in ("--require-hashes", "--no-deps") if k in command), "lib book")
        self.step(kind, command)
        return SimpleNamespace(returncode=7 if kind == "lib book" else 0)

    def step(self, kind, command):
        self.calls.append(kind)
        if kind == self.fail:
            raise self.error or subprocess.CalledProcessError(1, command)

    def start(self, fail=None, error=None):
        self.calls, self.fail, self.error = [], fail, error
        return self.main.main()


@pytest.fixture
def machine(tmp_path, monkeypatch):
    return Machine(tmp_path, monkeypatch)


INSTALL = ["--require-hashes", "--no-deps"]


def test_the_first_call_installs_the_lock_then_runs_the_command(machine):
    assert machine.start() == 7  # the command's own exit code
    assert machine.calls == ["venv anew", *INSTALL, "lib book"]


def test_the_second_call_installs_nothing(machine):
    machine.start()
    machine.start()
    assert machine.calls == ["lib book"]


def test_a_changed_lock_brings_the_environment_up_to_date(machine):
    """Without making it anew: the Python that runs may be its own."""
    machine.start()
    (machine.root / "requirements.txt").write_text("numpy==2.4.7\n")
    machine.start()
    assert machine.calls == [*INSTALL, "lib book"]


@pytest.mark.parametrize("moment", ["venv anew", *INSTALL])
def test_a_killed_install_begins_anew(machine, moment):
    class Killed(BaseException):
        """What no handler of the program sees."""

    with pytest.raises(Killed):
        machine.start(fail=moment, error=Killed())
    assert not machine.stamp.exists()
    machine.start()
    assert machine.calls == ["venv anew", *INSTALL, "lib book"]


def test_a_killed_update_does_not_pass_for_the_old_environment(machine):
    machine.start()
    old = (machine.root / "requirements.txt").read_text()
    (machine.root / "requirements.txt").write_text("numpy==2.4.7\n")
    machine.start(fail="--require-hashes")
    (machine.root / "requirements.txt").write_text(old)
    machine.start()
    assert machine.calls == ["venv anew", *INSTALL, "lib book"]


@pytest.mark.parametrize(
    ("fail", "error", "told"),
    [
        ("--require-hashes", None, "The install did not finish: check network and disk"),
        ("--no-deps", None, "The install did not finish: check network and disk"),
        ("venv anew", None, "python3-venv"),
        ("venv anew", OSError(28, "No space left on device"), "No space left on device"),
    ],
)
def test_an_install_that_fails_ends_in_one_sentence(machine, capsys, fail, error, told):
    assert machine.start(fail=fail, error=error) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert told in last
    assert "lib book" not in machine.calls and not machine.stamp.exists()


def test_an_interrupt_ends_quietly(machine):
    assert machine.start(fail="--require-hashes", error=KeyboardInterrupt()) == 130


def test_an_old_python_is_told_which_one_it_takes(machine, monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    assert machine.start() == 1
    assert "needs Python 3.11 or newer" in capsys.readouterr().out
    assert machine.calls == []


def test_inside_the_environment_the_command_runs_at_once(machine, monkeypatch):
    machine.start()
    monkeypatch.setattr(sys, "prefix", str(machine.root / ".venv"))
    monkeypatch.setattr("lib.book.cli.main", lambda: 5)
    assert machine.start() == 5
    assert machine.calls == []


def test_only_the_standard_library_is_needed_before_the_environment_exists():
    """With an interpreter that sees no installed package, the module still loads."""
    code = f"import runpy; runpy.run_path({str(FILE)!r}, run_name='bootstrap')"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
