"""Runs the tests on other Pythons, and with the lowest and the newest versions that pyproject.toml allows.

    python3 .ci/versions.py                               on every Python of this machine
    python3 .ci/versions.py lowest|locked|newest PYTHON   on one of them

On every Python means: the lowest versions on the oldest, the newest on the newest, the locked on those in
between, but for the Python that runs this: the README's test command has just run there, with the lock.
Where tests fail with other versions than the locked ones, it names the packages that make them fail.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from concurrent.futures import Future

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements"
SUPPORTED = range(11, 16)  # the minor versions that should be on a machine
SEARCHED = range(11, 20)
SECONDS = 30  # for a Python to start
OURS = "audience-reconciler"
PROFILE = "quick"  # of hypothesis: a law that holds is not tried as often again on every Python
ANYWHERE = "not slow and not once"
# The gates' own, which test the code and no Python; together they are most of the bytes to install.
TOOLS = ("ast-serialize", "check-jsonschema", "grimp", "import-linter", "librt", "mypy", "ruff", "zizmor")
# A Python that lacks one of these cannot run the tests, and a shim may lead to none at all.
PROBE = """
import ensurepip, json, os, sqlite3, ssl, sys, venv
print(json.dumps([sys.version_info[:3], os.path.realpath(sys.executable)]))
"""

Version = tuple[int, ...]


class Environment:
    """A virtual environment away from the checkout, which is installed into it in place."""

    def __init__(self, folder: Path, python: str) -> None:
        subprocess.run([python, "-m", "venv", folder / "venv"], check=True)
        self._python = str(folder / "venv" / "bin" / "python")
        self._cache = folder / "cache"
        self._lock = folder / "lock.txt"
        self._lock.write_text(_lock_of_tests(), "utf-8")

    def lock(self) -> None:
        """Install what is locked; raises CalledProcessError where that does not work, as `move` does."""
        # The lock names all that there is to install, and Python compiles what of it the tests import.
        options = ["--require-hashes", "--only-binary", ":all:", "--no-deps", "--no-compile"]
        self._install(*options, "--requirement", str(self._lock))

    def move(self, *packages: str) -> None:
        """Install these, within what pyproject.toml allows, and move others only as far as these need."""
        self._install(*_project()["run"], *_project()["build"], *packages)

    def build(self) -> None:
        """Install the checkout in place, by the build backend that is there now; raises as `lock` does."""
        self._install("--no-deps", "--no-build-isolation", "--editable", ".")

    def versions(self) -> dict[str, str]:
        """Return the version of every distribution that is installed."""
        command = [self._python, "-m", "pip", "--disable-pip-version-check", "list", "--format", "json"]
        return {one["name"]: one["version"] for one in json.loads(subprocess.check_output(command))}

    def failing(self, only: Collection[str] = ()) -> set[str]:
        """Run the tests, or of these only `only`, which have failed before, and return those that fail."""
        shutil.rmtree(self._cache, ignore_errors=True)
        record = self._cache / "v" / "cache" / "lastfailed"
        record.parent.mkdir(parents=True)
        record.write_text(json.dumps(dict.fromkeys(only, True)), "utf-8")
        again = ["--last-failed", "--quiet", "--no-header", "--tb=no", "-rN"] if only else []
        options = ["-o", f"cache_dir={self._cache}", "--hypothesis-profile", PROFILE, "-m", ANYWHERE]
        command = [self._python, "-m", "pytest", *options, *again]
        done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False)
        return set(json.loads(record.read_text("utf-8"))) or ({"pytest"} if done.returncode else set())

    def _install(self, *arguments: str) -> None:
        command = [self._python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
        subprocess.run(command, cwd=ROOT, check=True)


def _project() -> dict[str, list[str]]:
    """Return what pyproject.toml asks for: to run, and to build."""
    read: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project = read["project"]
    extras = project["optional-dependencies"]
    return {
        "run": [*project["dependencies"], *extras["sandbox"], *extras["fleet"]],
        "build": read["build-system"]["requires"],
    }


def _lock_of_tests() -> str:
    """Return the lock that the README's test command installs, without the tools that no test here uses."""
    text = (LOCKS / "test.txt").read_text("utf-8")
    return re.sub(rf"^(?:{'|'.join(TOOLS)})==(?:.*\\\n)*.*\n", "", text, flags=re.MULTILINE)


def _targets(which: str) -> list[str]:
    """Return pip's arguments for the lowest or the newest versions; the developers' tools stay as locked."""
    if which == "newest":
        locks = [(LOCKS / name).read_text("utf-8") for name in ("run.txt", "fleet.txt")]
        return [
            "--upgrade",
            *{name for text in locks for name in re.findall(r"^([\w.-]+)==", text, re.MULTILINE)},
        ]
    asked = [text for group in _project().values() for text in group]
    return [re.sub(r">=([^,]+).*", r"==\1", text) for text in asked]


@dataclass(frozen=True, slots=True)
class Prepared:
    """An environment with some versions: those that the lock has, and those that are not as locked."""

    which: str
    environment: Environment
    locked: Mapping[str, str]
    moved: Mapping[str, str]


def prepare(which: str, python: str, folder: Path) -> Prepared | None:
    """Make the environment to test in; None where its versions cannot be installed together."""
    try:
        environment = Environment(folder, python)
        environment.lock()
        locked = environment.versions()
        if which != "locked":
            environment.move(*_targets(which))
        environment.build()
    except subprocess.CalledProcessError:
        return None
    now = environment.versions().items()
    moved = {name: version for name, version in now if version != locked.get(name) and name != OURS}
    return Prepared(which, environment, locked, moved)


def passes(prepared: Prepared) -> bool:
    """Run the tests, and print why they fail where that can be found out."""
    which, moved = prepared.which, prepared.moved
    print("Not as locked:", ", ".join(map(" ".join, moved.items())) or "nothing", flush=True)
    failed = prepared.environment.failing()
    if failed and which != "locked":
        for cause in _causes(prepared.environment, failed, prepared.locked, moved):
            print(f"{which}: {cause}", flush=True)
    return not failed


def _causes(
    environment: Environment, failed: set[str], locked: Mapping[str, str], moved: Mapping[str, str]
) -> Iterator[str]:
    """Yield what makes tests fail: chance, what is not a dependency, or some of those that were moved."""
    lasting = environment.failing(failed)
    if failed - lasting:
        yield f"{_tests(failed - lasting)} failed by chance, and not when run again"
    if lasting:
        environment.lock()
        environment.build()
        anyway = environment.failing(lasting)
        if anyway:
            yield f"{_tests(anyway)} fail with the lock too: the cause is this Python, or the code itself"
        yield from _guilty(environment, lasting - anyway, locked, moved)


def _guilty(
    environment: Environment, failed: set[str], locked: Mapping[str, str], moved: Mapping[str, str]
) -> Iterator[str]:
    """Yield which packages make tests fail that pass with the lock, each moved beside locked ones."""
    is_named = not failed
    for name, version in moved.items() if failed else ():
        try:
            environment.lock()
            environment.move(f"{name}=={version}")
            environment.build()
        except subprocess.CalledProcessError:
            yield f"{name} {version} cannot be installed beside the locked versions"
            continue
        broken = environment.failing(failed)
        if broken:
            is_named = True
            yield f"{name} {version} (locked: {locked.get(name, 'none')}) fails {_tests(broken)}"
    if not is_named:
        yield f"no package by itself fails {_tests(failed)}; together these do: {', '.join(moved)}"


def _tests(tests: Collection[str]) -> str:
    return f"{len(tests)} test{'' if len(tests) == 1 else 's'}"


def find_pythons() -> dict[Version, str]:
    """Return the usable Pythons of this machine, oldest first."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [*map(Path, os.environ["PATH"].split(os.pathsep)), *root.glob("versions/*/bin")]
    files = [folder / f"python3.{minor}" for folder in folders for minor in SEARCHED]
    return dict(sorted(filter(None, map(_probe, {Path(sys.executable), *files}))))


def _probe(file: Path) -> tuple[Version, str] | None:
    """Return which Python a file really is, and where; None for one that cannot be used."""
    if not os.access(file, os.X_OK):
        return None
    try:
        done = subprocess.run(
            [file, "-Ic", PROBE], stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    version, path = json.loads(done.stdout)
    return tuple(version), path


def runs(pythons: Mapping[Version, str], own: Version) -> list[tuple[str, Version]]:
    """Return which versions to run on which Python."""
    newest = {one[:2]: one for one in pythons}  # of each minor version
    own_or_ends = {own[:2], min(pythons)[:2], max(pythons)[:2]}
    between = [("locked", one) for minor, one in newest.items() if minor not in own_or_ends]
    return [("lowest", min(pythons)), *between, ("newest", max(pythons))]


def everywhere() -> bool:
    """Run the tests on every Python of this machine, and say which supported ones it does not have."""
    pythons, ended = find_pythons(), []
    with prepared_ahead(runs(pythons, sys.version_info[:3]), pythons) as ahead:
        for which, version, preparing in ahead:
            name, began = f"{which} on Python {'.'.join(map(str, version))}", time.monotonic()
            print(f"\n--- {name}", flush=True)
            word = "passed" if _passes(preparing.result(), name) else "FAILED"
            ended.append(f"{name}: {word} after {time.monotonic() - began:.0f} s")
    missing = [f"3.{minor}" for minor in SUPPORTED if (3, minor) not in {one[:2] for one in pythons}]
    print("", *ended, f"Pythons that this machine does not have: {', '.join(missing) or 'none'}", sep="\n")
    return not any("FAILED" in one for one in ended)


@contextmanager
def prepared_ahead(
    chosen: Sequence[tuple[str, Version]], pythons: Mapping[Version, str]
) -> Iterator[list[tuple[str, Version, Future[Prepared | None]]]]:
    """Give the runs, each with its environment to come: one is prepared while another one's tests run."""
    with TemporaryDirectory() as name, ThreadPoolExecutor(max_workers=1) as ahead:
        yield [
            (which, version, ahead.submit(prepare, which, pythons[version], Path(name, str(number))))
            for number, (which, version) in enumerate(chosen)
        ]


def _passes(prepared: Prepared | None, name: str) -> bool:
    if prepared is None:
        print(f"{name}: these versions cannot be installed together", flush=True)
    return prepared is not None and passes(prepared)


def on_one(which: str, python: str) -> bool:
    """Run the tests on one Python."""
    with TemporaryDirectory() as name:
        return _passes(prepare(which, python, Path(name, "one")), f"{which} on {python}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            sys.exit(not everywhere())
        case ["lowest" | "locked" | "newest" as chosen, given]:
            sys.exit(not on_one(chosen, given))
        case _:
            sys.exit(__doc__)
