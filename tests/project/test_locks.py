"""What is installed: locks that hold what pyproject.toml asks for, wherever there is an installation."""

from __future__ import annotations

import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "requirements"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS: dict[str, list[str]] = PYPROJECT["project"]["optional-dependencies"]
PLAIN = [*PYPROJECT["project"]["dependencies"], *PYPROJECT["build-system"]["requires"]]
SANDBOX = [*PLAIN, *EXTRAS["sandbox"]]
FLEET = [*PLAIN, *EXTRAS["fleet"]]
OURSELVES = "audience-reconciler[sandbox,fleet]"
ASKED = {"plain": PLAIN, "run": SANDBOX, "fleet": FLEET, "test": [*SANDBOX, *FLEET, *EXTRAS["dev"]]}

every_lock = pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.iterdir()))


def entries(name: str) -> list[str]:
    """Return the requirements of a lock, each with its hashes on one line."""
    text = (FOLDER / f"{name}.txt").read_text("utf-8")
    lines = text.replace("\\\n", " ").splitlines()
    return [line for line in lines if line and not line.startswith(("#", "--"))]


def locked(name: str) -> dict[str, str]:
    """Return the version of each distribution in a lock."""
    pins = [re.match(r"(\S+)==(\S+) ", line) for line in entries(name)]
    return {pin[1]: pin[2] for pin in pins if pin is not None}


@every_lock
def test_every_entry_has_a_version_and_hashes(name: str) -> None:
    whole = re.compile(r"[a-z0-9-]+==\S+(?: ; [^-]+?)?(?: +--hash=sha256:[0-9a-f]{64})+")
    assert [line for line in entries(name) if not whole.fullmatch(line)] == []
    assert len(locked(name)) == len(entries(name)) > 0


@every_lock
def test_nothing_is_compiled_where_it_is_installed(name: str) -> None:
    assert "\n--only-binary :all:\n" in (FOLDER / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("name", ASKED)
def test_a_lock_satisfies_the_project(name: str) -> None:
    asked = [Requirement(text) for text in ASKED[name] if text != OURSELVES]
    versions = locked(name)
    unmet = [one for one in asked if versions.get(canonicalize_name(one.name), "0") not in one.specifier]
    assert unmet == []


@pytest.mark.parametrize("extra", ["run", "fleet"])
def test_what_is_installed_is_what_was_tested(extra: str) -> None:
    for smaller, larger in pairwise(map(locked, ("plain", extra, "test"))):
        assert smaller.items() <= larger.items()


def test_the_plain_lock_has_no_web_server() -> None:
    extra = {Requirement(text).name for text in EXTRAS["sandbox"]}
    assert extra == {"starlette", "uvicorn"}
    assert set(locked("run")) - set(locked("plain")) >= extra


@pytest.mark.parametrize("name", ["plain", "run"])
def test_what_needs_no_engine_has_no_database_driver(name: str) -> None:
    assert {"dbos", "psycopg", "sqlalchemy"} <= set(locked("fleet")) - set(locked(name))


def test_dependencies_have_a_lowest_version_and_an_end() -> None:
    for text in {*SANDBOX, *FLEET}:
        operators = {one.operator for one in Requirement(text).specifier}
        assert {">=", "<"} <= operators <= {">=", "<", "!="}


@pytest.mark.parametrize(("title", "lock"), [("Run it", "run"), ("Test it", "test")])
def test_the_readme_installs_the_lock_and_nothing_else(title: str, lock: str) -> None:
    page = (ROOT / "README.md").read_text("utf-8")
    (command,) = re.findall(rf"^## {title}$.*?^```sh\n(.*?)\n```$", page, re.MULTILINE | re.DOTALL)
    _, dependencies, package, _ = command.split(" && ")
    assert dependencies.endswith(f" --require-hashes --requirement requirements/{lock}.txt")
    assert " --no-deps --no-build-isolation " in package


def test_the_actions_install_the_plain_lock() -> None:
    script = (ROOT / ".github" / "actions" / "install.sh").read_text("utf-8")
    assert re.findall(r"--require-hashes --requirement \"\$tool/(\S+)\"", script) == [
        "requirements/plain.txt"
    ]
    assert '--no-deps --no-build-isolation "$tool"\n' in script


def test_dependabot_raises_the_locks() -> None:
    settings = (ROOT / ".github" / "dependabot.yml").read_text("utf-8")
    assert "directories: [/, /requirements]" in settings
