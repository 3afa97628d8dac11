"""Compares what two versions print, byte by byte: `python -m tests.comparison --before COMMIT`.

Each command runs in both over the same inputs: the examples, the samples and mutated definitions through
`validate`, and organizations that differ in odd ways from what is live through `plan`, `show` and `apply`, of
which the requests that wrote and the state afterwards count too.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import reconciler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[1]
PLANS = tuple(("plan", "--no-reach", "--format", format_) for format_ in ("text", "json", "markdown", "html"))
SHOWS = tuple(("show", "saved.json", "--format", format_) for format_ in ("text", "markdown", "json"))
APPLY = ("apply", "--auto-approve", "--max-changes", "100%", "--parallelism", "1", "--format")
API_COMMANDS = (
    *PLANS,
    ("plan", "--no-reach", "--out", "saved.json", "--detailed-exitcode"),
    *SHOWS,
    (*APPLY, "json", "--journal", "journal", "--out", "result.json"),
    ("show", "result.json", "--format", "markdown"),
    (*APPLY, "text"),
)
FORMATS = ("text", "json", "github", "sarif")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both, print how many outputs there are and which differ; 1 where one does."""
    parser = argparse.ArgumentParser(prog="python -m tests.comparison", description=__doc__)
    parser.add_argument("--before", required=True, metavar="COMMIT")
    parser.add_argument("--now", metavar="COMMIT", help="the working tree if left out")
    parser.add_argument("--mutated", type=int, default=500, help="definitions")
    parser.add_argument("--organizations", type=int, default=10)
    parser.add_argument("--size", type=int, default=60, help="audiences in each")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="comparison-") as name:
        folder = Path(name)
        before_tree, now_tree = folder / "before", folder / "now" if options.now else ROOT
        _extract(options.before, before_tree)
        if options.now:
            _extract(options.now, now_tree)
        _write_files(folder / "files", options.mutated, options.seed)
        for number in range(options.organizations):
            _write_organization(folder / f"organization-{number}", options.size, options.seed + number)
        before, now = (_recorded(tree, folder, name) for tree, name in ((before_tree, "b"), (now_tree, "n")))
    differing = [key for key in {**before, **now} if before.get(key) != now.get(key)]
    said = [f"DIFFERS {key}\n  before: {before.get(key)}\n  now:    {now.get(key)}\n" for key in differing]
    codes = Counter(str(one[0]) for key, one in now.items() if not key.endswith("journal"))
    said += [
        f"exit codes: {dict(sorted(codes.items()))}\n",
        f"{len(now)} outputs over {options.mutated} mutated definitions, the examples and samples, and ",
        f"{options.organizations} organizations of {options.size}: {len(differing)} differ\n",
    ]
    sys.stdout.writelines(said)
    return 1 if differing else 0


def _extract(commit: str, tree: Path) -> None:
    tree.mkdir()
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(tree)], input=archive, check=True)


def _write_files(folder: Path, mutated: int, seed: int) -> None:
    """Write one folder of definitions: what the repository has, and what the fuzzer makes."""
    from tests.fuzz import definitions as fuzzer

    folder.mkdir()
    found = sorted((ROOT / "tests/unit/definitions").glob("*/*.yaml"))
    contents = [file.read_bytes() for file in (*found, *sorted((ROOT / "audiences.d").rglob("*.yaml")))]
    contents += fuzzer.INPUTS.cases(mutated, seed, fuzzer.altered)
    for number, content in enumerate(contents):
        (folder / f"{number:05}.yaml").write_bytes(content)


def _write_organization(folder: Path, size: int, seed: int) -> None:
    """Write an organization that is live in odd ways: other orders, unknown fields, what is left out."""
    from benchmarks import organization

    folder.mkdir()
    organization.write(folder, size, size // 3, seed)
    chance = random.Random(seed)
    live = folder / "live.json"
    lines = [json.dumps(_odd(json.loads(line), chance)) for line in live.read_text("utf-8").splitlines()]
    live.write_text("\n".join(lines), "utf-8")


def _odd(audience: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    config, filters = audience["config"], audience["config"]["filters"]
    for which in chance.sample(range(9), chance.choice((0, 0, 1, 2))):
        match which:
            case 0:
                filters["seniority"].reverse()
            case 1:
                config["unknown"] = {"b": [2, 1], "a": None}
            case 2:
                del config["minTopicOverlap"]
            case 3:
                filters.update(gender="f", state=[])
            case 4:
                del filters["department"]
            case 5:
                config["topicIds"].append(7)
            case 6:
                audience["status"] = chance.choice(("active", "paused"))
            case 7:
                audience["name"] += " \u202e|<b>`@x"
            case _:
                filters.update(hasBusinessEmail=None, jobTitle="CFO")
    return audience


def _recorded(tree: Path, folder: Path, name: str) -> dict[str, Any]:
    """Return what the commands gave, by a version in a process of its own."""
    copies = folder / "run"  # under one name for both, since it may be printed
    shutil.copytree(folder, copies, ignore=shutil.ignore_patterns("before", "now", "run", "*.recorded"))
    out = folder / f"{name}.recorded"
    environment = {**os.environ, "PYTHONPATH": str(tree), "LEADPIPE_API_KEY": "sk_test", "NO_COLOR": "1"}
    command = [sys.executable, __file__, str(copies), str(out)]
    subprocess.run(command, env=environment, cwd=copies, check=True)
    shutil.rmtree(copies)
    return dict(json.loads(out.read_text("utf-8")))


def record(folder: Path, out: Path) -> None:
    """Run every command over every input, and write down what each gave."""
    for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        if ".sandbox" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)  # once, and not in each fork
    for module_name in ("deepdiff", "jsonschema", "logging.config"):
        importlib.import_module(module_name)
    given: dict[str, Any] = {}
    for file in sorted((folder / "files").iterdir()):
        format_ = FORMATS[int(file.stem) % len(FORMATS)]
        given[f"{file.name} {format_}"] = _run(
            ("validate", f"files/{file.name}", "--format", format_), folder
        )
    for format_ in FORMATS:
        given[f"files {format_}"] = _run(("validate", "files", "--format", format_), folder)
    for number, one in enumerate(sorted(folder.glob("organization-*"))):
        with _serving(one / "live.json", 18_400 + number) as environment:
            os.environ.update(environment)
            for command in API_COMMANDS:
                given[f"{one.name} {' '.join(command)}"] = _run(command, one)
            given[f"{one.name} journal"] = _untimed(one / "journal")
            given[f"{one.name} afterwards"] = _run(PLANS[1], one)
    out.write_text(json.dumps(given), "utf-8")


@contextmanager
def _serving(live: Path, port: int) -> Iterator[Mapping[str, str]]:
    command = [sys.executable, "-m", "benchmarks.api", str(live), "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield {"LEADPIPE_BASE_URL": f"http://127.0.0.1:{port}"}
        process.terminate()


def _untimed(journal: Path) -> list[Any]:
    lines = journal.read_text("utf-8").splitlines() if journal.exists() else []
    return [{key: value for key, value in json.loads(line).items() if key != "time"} for line in lines]


def _run(arguments: Sequence[str], cwd: Path) -> list[Any]:
    """Return the exit code and what was printed, of a command line in a fork of this process."""
    from reconciler.cli import main as command_line

    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        child = os.fork()
        if not child:
            os.chdir(cwd)
            os.dup2(stdout.fileno(), 1)
            os.dup2(stderr.fileno(), 2)
            sys.argv[1:] = arguments
            _end(command_line)
        _, status = os.waitpid(child, 0)
        stdout.seek(0)
        stderr.seek(0)
        printed = [stream.read().decode("utf-8", "backslashreplace") for stream in (stdout, stderr)]
    return [os.waitstatus_to_exitcode(status), *printed]


def _end(command_line: Callable[[], None]) -> None:
    code = 99  # of what ends in another way
    try:
        command_line()
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    if len(sys.argv) == 3 and not sys.argv[1].startswith("-"):  # as `_recorded` starts it
        record(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        sys.exit(main())
