"""The machines that run workflows: what they stand in for, and what the processes on them could see."""

from __future__ import annotations

import os
import sys
import sysconfig
import venv
from fnmatch import fnmatchcase
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

from tests.doubles.git import git

if TYPE_CHECKING:
    from tests.doubles.github_peer.jobs import ActionCall


class Seen:
    """Stands for the actions that are not ours, and notes what each process could see."""

    def __init__(self, folder: Path, repository: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._repository = repository
        self._calls: list[dict[str, str]] = []
        self.artifacts: dict[str, dict[str, str]] = {}
        # Every bash that runs a script reads this first, however it is started.
        self.script = folder.parent / "bash_env"
        self.script.write_text(f'env -0 > "$(mktemp "{folder}/XXXXXXXX")"\n', "utf-8")

    def environments(self) -> list[dict[str, str]]:
        dumps = [path.read_bytes().decode("utf-8", "replace") for path in self._folder.iterdir()]
        read = [dict(line.split("=", 1) for line in dump.split("\0") if "=" in line) for dump in dumps]
        return [*self._calls, *read]

    def checkout(self, call: ActionCall) -> None:
        """Check out with real git: one commit, or all of the history; what lies there already stays."""
        self._calls.append(dict(call.environment))
        assert call.inputs["persist-credentials"] == "false"
        target = call.workspace / call.inputs.get("path", "")
        wanted = call.inputs.get("ref") or call.environment["GITHUB_SHA"]
        whole = call.inputs.get("fetch-depth") == "0"
        git(target.parent, "init", "--quiet", "--initial-branch", "checkout", str(target))
        fetch = ["fetch", "--quiet", *([] if whole else ["--depth=1"]), f"file://{self._repository}", wanted]
        git(target, *fetch, *(["+refs/heads/*:refs/remotes/origin/*"] if whole else []))
        git(target, "checkout", "--quiet", "--force", "--detach", "FETCH_HEAD")

    def download(self, call: ActionCall) -> None:
        """Give each artifact a folder of its own, as where several are asked for by a pattern."""
        self._calls.append(dict(call.environment))
        for name, files in self.artifacts.items():
            for file, text in files.items() if fnmatchcase(name, call.inputs["pattern"]) else ():
                path = Path(call.inputs["path"], name, file)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, "utf-8")

    def upload(self, call: ActionCall) -> None:
        self._calls.append(dict(call.environment))
        files = [Path(line) for line in call.inputs["path"].splitlines() if line]
        name = call.inputs.get("name", "artifact")
        if call.inputs.get("archive") == "false":  # one file, which is named by itself, and can replace none
            name = files[0].name
            assert (len(files), name in self.artifacts) == (1, False)
        if len(files) == 1 and files[0].is_dir():
            found = {str(path.relative_to(files[0])): path for path in files[0].rglob("*") if path.is_file()}
        else:
            found = {file.name: file for file in files if file.exists()}
        self.artifacts[name] = {file: path.read_text("utf-8") for file, path in found.items()}


def package_index(folder: Path) -> dict[str, str]:
    """
    Return variables for a machine whose package index is this process's own environment.

    install.sh runs as it is, and the virtual environment that it gets is a copy of a real one. Only pip is
    stood in for: what it is asked to install from a folder is taken from there, and what that depends on is
    already here.
    """
    folder.mkdir()
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    venv.create(folder / "venv", symlinks=True)
    python = folder / "venv" / "bin" / "python"
    python.rename(python.with_name("interpreter"))
    _write(
        python,
        f"""\
        #!/bin/sh
        set -eu
        here=$(cd "$(dirname "$0")" && pwd)
        case "$*" in
          "-Im pip install "*)
            for last in "$@"; do :; done
            if [ -d "$last" ]; then
              # No sitecustomize: a distribution's Python may have its own, which comes first.
              cat > "$here/../lib/{name}/site-packages/index.pth" <<END
        import site; site.addsitedir({sysconfig.get_path("purelib")!r})
        import sys; sys.path.insert(0, "$(cd "$last" && pwd)")
        END
            fi ;;
          *) exec "$here/interpreter" "$@" ;;
        esac
        """,
    )
    _write(
        folder / "python3",
        f"""\
        #!/bin/sh
        set -eu
        [ "$1 $2" = "-Im venv" ]
        cp -R "{folder}/venv" "$3"
        """,
    )
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def real_index() -> dict[str, str]:
    """Return variables for a machine that asks the real package index, as GitHub's own would."""
    return {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def _write(path: Path, script: str) -> None:
    path.write_text(dedent(script), "utf-8")
    path.chmod(0o755)
