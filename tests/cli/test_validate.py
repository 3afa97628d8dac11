"""`reconciler validate` as a process: what it prints, in every format, and how it ends."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import Diagnostic
from reconciler.render import sarif
from reconciler.render.annotations import annotate
from tests.cli.command import ROOT, Said, run, without_privileges
from tests.doubles.oracles.runner_commands import commands
from tests.doubles.oracles.runner_commands import lines as runner_lines
from tests.unit.strategies import UUIDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EXAMPLES = ROOT / "tests" / "unit" / "definitions"
HEAD = f"id: {UUIDS[0]}\nname: Finance chiefs\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "audiences.d").mkdir()
    return tmp_path


def fill(folder: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        file = folder / "audiences.d" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())


def validate(folder: Path, *arguments: str) -> Said:
    return run("validate", *arguments, cwd=folder)


def hooked(folder: Path, hook: str, *arguments: str, **how: Any) -> Said:
    """Run the command line in a process in which `hook(event, arguments)` sees what it asks of the system."""
    code = f"import os, signal, sys\n{hook}\nsys.addaudithook(hook)\nfrom reconciler.cli import main\nmain()"
    return run("validate", *arguments, cwd=folder, program=["-c", code], **how)


def at_opening(name: str, statement: str) -> str:
    """Return a hook that does something the moment before a file is opened."""
    return (
        "def hook(event, arguments):\n"
        f"    if event == 'open' and str(arguments[0]).endswith({name!r}):\n"
        f"        {statement}"
    )


# --- Text


def test_valid_definitions(folder: Path) -> None:
    fill(folder, {"a.yaml": HEAD, "deep/er/b.yml": f"id: {UUIDS[1]}\nname: Directors\n"})
    assert validate(folder) == Said(0, "2 definitions, all valid.\n", "")
    assert validate(folder, "audiences.d/deep") == Said(0, "1 definition, all valid.\n", "")


def test_the_samples_of_the_repository_are_valid() -> None:
    assert run("validate", cwd=ROOT) == Said(0, "15 definitions, all valid.\n", "")


def test_every_example_has_its_expected_problems() -> None:
    valid = list((EXAMPLES / "valid").iterdir())
    assert run("validate", "valid", cwd=EXAMPLES) == Said(0, f"{len(valid)} definitions, all valid.\n", "")
    expected = {
        file.stem: file.read_text("utf-8").splitlines() for file in (EXAMPLES / "invalid").glob("*.expected")
    }
    lines = [line for name in sorted(expected, key=lambda name: f"{name}.yaml") for line in expected[name]]
    said = run("validate", ".", cwd=EXAMPLES / "invalid")
    assert said.out.splitlines() == [*lines, f"{len(lines)} problems to fix."]
    assert (said.code, said.err) == (1, "")


def test_the_message_of_the_design(folder: Path) -> None:
    content = (
        HEAD + "status: active\nconfig:\n  topicIds: [1]\n  minScore: 70\n  filters:\n    hasPhone: true\n"
    )
    fill(folder, {"cfo.yaml": content.replace("    hasPhone: true\n", "    \n    senority: [c_suite]\n")})
    assert validate(folder) == Said(
        1,
        'audiences.d/cfo.yaml:9:5: config.filters: unknown filter "senority". Did you mean "seniority"?\n'
        "1 problem to fix.\n",
        "",
    )


# Each input that must be refused, and the start of what is said of it.
REFUSED: dict[str, tuple[str | bytes, str]] = {
    "twins": (HEAD + "name: x\n", '3:1: name: the key "name" stands here again, first at line 2, column 1. '),
    "quoted twins": (
        HEAD + "config:\n  topicIds: [1]\n  'topicIds': [1]\n",
        "5:3: config.topicIds: the key ",
    ),
    "an anchor": (HEAD + "status: &a active\n", '3:9: status: the anchor "&a" '),
    "an alias": (HEAD + "status: *a\n", '3:9: status: the alias "*a" '),
    "a merge key": (HEAD + "<<: {status: active}\n", '3:1: the merge key "<<" '),
    "a tag": (HEAD + "status: !!str active\n", "3:9: status: a tag"),
    "two documents": (HEAD + "---\n" + HEAD, "3:1: a second document starts here. "),
    "a deep nesting": ("[" * 25_000, "1:21: "),
    "an alias bomb": (
        HEAD + "a: &a [x]\n" + "".join(f"{chr(97 + n)}: &b [*a, *a]\n" for n in range(1, 20)),
        '3:1: unknown key "a". ',
    ),
    "a NUL": (HEAD + "status: acti\0ve\n", "3:13: U+0000 (control character) "),
    "a control character": (HEAD + "status: acti\x1bve\n", "3:13: U+001B (control character) "),
    "an escaped control character": (HEAD + 'status: "\\e[2J"\n', "3:10: status: the escape \\e "),
    "a bidirectional character": (HEAD + "# \u202e\n", "3:3: U+202E (right-to-left override) "),
    "a lone surrogate": (HEAD.encode() + b"# \xed\xa0\x80\n", "3:3: the byte 0xED is not UTF-8. "),
    "an escaped lone surrogate": (HEAD + 'status: "\\ud800"\n', "3:10: this escape is not a character. "),
    "UTF-16": (HEAD.encode("utf-16"), "1:1: the file is in UTF-16 or UTF-32. "),
    "UTF-16 without a mark": (HEAD.encode("utf-16-le"), "1:1: the file is in UTF-16 or UTF-32. "),
    "a million digits": (HEAD + f"audienceSize: {'1' * 1_000_000}\n", "3:15: audienceSize: a number of "),
    "a million digits in a list": (
        HEAD + f"config: {{topicIds: [{'1' * 1_000_000}]}}\n",
        "3:21: config.topicIds.0: a number of ",
    ),
    "70.0": (
        HEAD + "config: {topicIds: [1], minScore: 70.0}\n",
        "3:35: config.minScore: expected a whole number, found the number 70.0. Write 70.\n",
    ),
    "true": (
        HEAD + "config: {topicIds: [1], minScore: true}\n",
        "3:35: config.minScore: expected a whole number, found true. Write a whole number.\n",
    ),
    "a name of 256 characters": (
        f"id: {UUIDS[0]}\nname: {'é' * 256}\n",
        "2:7: name: the text has 256 characters, at most 255 are allowed. Shorten it.\n",
    ),
    "an id that is no UUID": ("id: 12-34\nname: x\n", '1:5: id: "12-34" is not a UUID. '),
    "an empty file": ("", "1:1: the file is empty. "),
    "a file of comments": ("# later\n", "1:1: the file is empty. "),
    "a list at the top": ("- id: x\n", "1:1: expected a mapping of keys to values, found a list. "),
    "a text at the top": ("hello\n", '1:1: expected a mapping of keys to values, found "hello". '),
    "a file over 1 MiB": (HEAD + "# " + "x" * 1024 * 1024, "1:1: the file is larger than 1 MiB. "),
}


@pytest.mark.parametrize("name", REFUSED)
def test_input_is_refused_at_its_line_and_column(folder: Path, name: str) -> None:
    content, start = REFUSED[name]
    fill(folder, {"x.yaml": content})
    said = validate(folder)
    assert said.out.startswith(f"audiences.d/x.yaml:{start}")
    assert said.out.endswith(" to fix.\n")
    assert (said.code, said.err) == (1, "")
    assert "\x1b" not in said.out
    assert max(map(len, said.out.splitlines())) < 300


def test_all_inputs_to_refuse_are_refused_at_once(folder: Path) -> None:
    fill(folder, {f"{number:02d}.yaml": content for number, (content, _) in enumerate(REFUSED.values())})
    said = validate(folder)
    starts = [f"audiences.d/{number:02d}.yaml:{start}" for number, (_, start) in enumerate(REFUSED.values())]
    assert [start for start in starts if f"\n{start}" not in f"\n{said.out}"] == []
    assert said.code == 1


def test_one_uuid_in_two_spellings_in_two_files(folder: Path) -> None:
    fill(folder, {"a.yaml": f"id: {'a' * 8 + UUIDS[0][8:]}\nname: x\n"})
    fill(folder, {"b/b.yaml": f"name: y\nid: {'A' * 8 + UUIDS[0][8:]}\n"})
    assert validate(folder) == Said(
        1,
        "audiences.d/b/b.yaml:2:1: id: this id is also in audiences.d/a.yaml:1:1. "
        "One audience has one file: remove one, or correct its id.\n1 problem to fix.\n",
        "",
    )


# --- What is no file


def test_what_is_not_a_regular_file_is_refused(folder: Path) -> None:
    fill(folder, {"a.yaml": HEAD, "folder.yaml/README.md": ""})
    os.mkfifo(folder / "audiences.d/pipe.yaml")
    (folder / "audiences.d/linked.yaml").symlink_to("a.yaml")
    (folder / "audiences.d/linked").symlink_to(folder)
    said = validate(folder, "audiences.d", "/dev/zero")
    link = "is a symbolic link, which is not followed. Put here what it leads to, or name that."
    assert said.out.splitlines() == [
        "/dev/zero: is a device, not a regular file. Put the definition itself here.",
        "audiences.d/folder.yaml: is a folder, not a regular file. Put the definition itself here.",
        f"audiences.d/linked: {link}",
        f"audiences.d/linked.yaml: {link}",
        "audiences.d/pipe.yaml: is a named pipe, not a regular file. Put the definition itself here.",
        "5 problems to fix.",
    ]
    assert (said.code, said.err) == (1, "")


def test_link_in_place_of_the_folder_is_refused(folder: Path) -> None:
    fill(folder, {"a.yaml": HEAD})
    (folder / "audiences.d").rename(folder / "real")
    (folder / "audiences.d").symlink_to("real")
    said = validate(folder)
    assert said.out.startswith("audiences.d: is a symbolic link, which is not followed. ")
    assert said.code == 1


def test_missing_path_and_empty_folder_are_problems(folder: Path) -> None:
    (folder / "empty").mkdir()
    said = validate(folder, "empty", "none/x.yaml", "")
    assert said == Said(
        1,
        "Error: a path is empty. Name a file or a folder.\n"
        "empty: no definition in this folder. Add a file that ends in .yaml.\n"
        "none/x.yaml: there is no such file or folder. "
        "Check how it is spelled, and the folder that you are in.\n"
        "3 problems to fix.\n",
        "",
    )


def test_without_the_folder_there_is_one_clear_message(tmp_path: Path) -> None:
    said = validate(tmp_path)
    assert said.out.startswith("audiences.d: there is no such file or folder. ")
    assert said.code == 1


def test_what_may_not_be_read(folder: Path) -> None:
    fill(folder, {"a.yaml": HEAD, "secret.yaml": HEAD, "closed/b.yaml": HEAD})
    (folder / "audiences.d/secret.yaml").chmod(0)
    (folder / "audiences.d/closed").chmod(0)
    try:
        arguments = ("validate", "audiences.d", "audiences.d/closed/b.yaml")
        said = run(*arguments, cwd=folder, through=without_privileges())
    finally:
        (folder / "audiences.d/closed").chmod(0o700)
    problem = "cannot be read: Permission denied. Check that you may read it."
    assert said.out.splitlines() == [
        f"audiences.d/closed: {problem}",
        f"audiences.d/closed/b.yaml: {problem}",
        f"audiences.d/secret.yaml: {problem}",
        "3 problems to fix.",
    ]
    assert (said.code, said.err) == (1, "")


def test_a_file_that_vanishes_before_it_is_read(folder: Path) -> None:
    fill(folder, {"a.yaml": HEAD, "b.yaml": "- 1\n"})
    said = hooked(folder, at_opening("a.yaml", "os.unlink(arguments[0])"))
    assert said.out.splitlines()[0].startswith("audiences.d/a.yaml: there is no such file or folder. ")
    assert said.out.splitlines()[1].startswith("audiences.d/b.yaml:1:1: ")
    assert (said.code, said.err) == (1, "")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("os.mkfifo(arguments[0])", "is a named pipe, not a regular file"),
        ("os.symlink('/dev/zero', arguments[0])", "cannot be read: Too many levels of symbolic links"),
    ],
)
def test_file_replaced_before_it_is_read_is_refused(folder: Path, change: str, problem: str) -> None:
    fill(folder, {"a.yaml": HEAD})
    said = hooked(folder, at_opening("a.yaml", f"os.unlink(arguments[0]); {change}"))
    assert said.out.startswith(f"audiences.d/a.yaml: {problem}")
    assert said.code == 1


def test_a_folder_that_vanishes_before_it_is_listed(folder: Path) -> None:
    (folder / "audiences.d/gone").mkdir()
    hook = (
        "def hook(event, arguments):\n"
        "    if event == 'os.scandir' and str(arguments[0]).endswith('gone'):\n"
        "        os.rmdir(arguments[0])"
    )
    said = hooked(folder, hook)
    assert said.out.startswith("audiences.d/gone: there is no such file or folder. ")
    assert said.out.endswith("\n1 problem to fix.\n")
    assert said.code == 1


def test_file_that_is_named_twice_is_read_once(folder: Path) -> None:
    fill(folder, {"a.yaml": HEAD})
    here = str(folder / "audiences.d")
    said = validate(folder, "audiences.d/a.yaml", "audiences.d", "./audiences.d/../audiences.d//a.yaml", here)
    assert said == Said(0, "1 definition, all valid.\n", "")


# --- Other formats


def test_json_is_the_documented_document_and_nothing_else(folder: Path) -> None:
    fill(folder, {"a.yaml": HEAD})
    said = validate(folder, "--format", "json")
    assert (said.code, said.err) == (0, "")
    assert said.document("diagnostics") == {
        "format_version": "1.0",
        "valid": True,
        "error_count": 0,
        "warning_count": 0,
        "diagnostics": [],
    }


def test_json_of_problems(folder: Path) -> None:
    fill(folder, {"a.yaml": HEAD + "config: {topicIds: [1], minScore: -1}\n", "b.yaml": ""})
    said = validate(folder, "audiences.d", "none", "--format=json")
    document = said.document("diagnostics")
    assert (said.code, said.err) == (1, "")
    assert (document["valid"], document["error_count"], document["warning_count"]) == (False, 3, 0)
    assert document["diagnostics"][0] == {
        "severity": "error",
        "code": "out-of-range",
        "summary": "-1 is under the minimum of 0",
        "detail": "Write a number from 0 to 100",
        "file": "audiences.d/a.yaml",
        "line": 3,
        "column": 35,
        "path": "config.minScore",
    }
    assert [one["code"] for one in document["diagnostics"][1:]] == ["yaml-empty", "unreadable"]


def test_every_example_as_json() -> None:
    said = run("validate", ".", "--format", "json", cwd=EXAMPLES / "invalid")
    document = said.document("diagnostics")
    expected = "".join(file.read_text("utf-8") for file in (EXAMPLES / "invalid").glob("*.expected"))
    assert document["error_count"] == len(document["diagnostics"]) == expected.count("\n")
    assert (said.code, said.err) == (1, "")


@pytest.mark.parametrize(
    ("statement", "code", "word"),
    [
        ("raise RuntimeError(open.__name__)", 1, "bug"),
        ("os.kill(os.getpid(), signal.SIGINT); os.getpid()", 130, "interrupted"),
    ],
)
def test_json_is_a_document_when_the_command_fails(
    folder: Path, statement: str, code: int, word: str
) -> None:
    fill(folder, {"a.yaml": HEAD})
    said = hooked(folder, at_opening("a.yaml", statement), "--format", "json")
    document = said.document("diagnostics")
    assert said.code == code
    assert document["valid"] is False
    assert word in document["diagnostics"][0]["summary"]
    assert "Traceback" not in said.err
    said = hooked(folder, at_opening("a.yaml", statement), "--format", "sarif")
    (result,) = json.loads(said.out)["runs"][0]["results"]
    assert (said.code, word in result["message"]["text"]) == (code, True)


def test_wrong_usage_leaves_stdout_empty(folder: Path) -> None:
    for arguments in (["--format", "xml"], ["--format", "json", "--nope"]):
        said = validate(folder, *arguments)
        assert (said.code, said.out) == (1, "")
        assert said.err.startswith("Usage: ")


def test_sarif_has_a_result_for_every_problem(folder: Path) -> None:
    fill(folder, {"a b.yaml": HEAD + "config: {topicIds: [1], minScore: -1}\nxyz: 1\n", "b.yaml": ""})
    said = validate(folder, "audiences.d", "", "--format", "sarif")
    document = json.loads(said.out)
    (run_,) = document["runs"]
    rules = [rule["id"] for rule in run_["tool"]["driver"]["rules"]]
    assert (said.code, said.err, document["version"]) == (1, "", "2.1.0")
    assert rules == sorted({result["ruleId"] for result in run_["results"]})
    assert [rules[result["ruleIndex"]] for result in run_["results"]] == [
        *("no-path", "out-of-range", "unknown-key", "yaml-empty"),
    ]
    assert "locations" not in run_["results"][0]
    assert run_["results"][1] == {
        "ruleId": "out-of-range",
        "ruleIndex": 1,
        "level": "error",
        "message": {"text": "config.minScore: -1 is under the minimum of 0. Write a number from 0 to 100."},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "audiences.d/a%20b.yaml"},
                    "region": {"startLine": 3, "startColumn": 35},
                }
            }
        ],
    }


def test_sarif_of_valid_definitions_has_no_results(folder: Path) -> None:
    fill(folder, {"a.yaml": HEAD})
    said = validate(folder, "--format", "sarif")
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out)["runs"][0]["results"] == []


def test_sarif_of_a_missing_file_has_no_region(folder: Path) -> None:
    (result,) = json.loads(validate(folder, "none", "--format", "sarif").out)["runs"][0]["results"]
    assert result["locations"] == [{"physicalLocation": {"artifactLocation": {"uri": "none"}}}]


def test_sarif_of_a_warning_with_a_line_alone() -> None:
    found = [Diagnostic("warning", "a", "b", file="x.yaml", line=2)]
    (result,) = json.loads(sarif.log(found))["runs"][0]["results"]
    assert (result["level"], result["message"]) == ("warning", {"text": "b."})
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 2}


def test_workflow_annotations(folder: Path) -> None:
    fill(folder, {"a.yaml": HEAD + "config: {topicIds: [1], minScore: -1}\n", "b.yaml": "# later: 100%\n"})
    said = validate(folder, "audiences.d", "none", "--format", "github")
    assert said == Said(
        1,
        "::error file=audiences.d/a.yaml,line=3,col=35,title=-1 is under the minimum of 0::"
        "config.minScore: -1 is under the minimum of 0. Write a number from 0 to 100.\n"
        "::error file=audiences.d/b.yaml,line=1,col=1,title=the file is empty::"
        "the file is empty. Write the audience's id and name, or delete the file.\n"
        "::error file=none,title=there is no such file or folder::"
        "there is no such file or folder. Check how it is spelled, and the folder that you are in.\n"
        "3 problems to fix.\n",
        "",
    )


@pytest.mark.parametrize("count", [0, 1, 9, 10, 30])
def test_after_nine_annotations_come_plain_lines(folder: Path, count: int) -> None:
    fill(folder, {"a.yaml": HEAD + "".join(f"k{number:02d}: 1\n" for number in range(count))})
    said = validate(folder, "--format", "github")
    found = commands(said.out)
    assert [command.properties["line"] for command in found] == [str(3 + n) for n in range(min(count, 9))]
    rest = said.out.splitlines()[len(found) : -1]
    assert rest[:1] == ([f"and {count - 9} more:"] if count > 9 else [])
    places = [f"  audiences.d/a.yaml:{3 + number}:1: unknown key " for number in range(9, count)]
    assert (
        [line[: len(place)] for line, place in zip(rest[1:], places, strict=True)] == places if rest else True
    )
    assert said.code == (1 if count else 0)


def test_errors_are_annotated_before_warnings() -> None:
    found = [Diagnostic("warning", "a", f"w{n}") for n in range(10)]
    found += [Diagnostic("error", "b", f"e{n}", file="a.yaml") for n in range(2)]
    assert annotate(found).splitlines() == [
        *(f"::error file=a.yaml,title=e{n}::e{n}." for n in range(2)),
        *(f"::warning title=w{n}::w{n}." for n in range(7)),
        "and 3 more:",
        *(f"  Warning: w{n}." for n in range(7, 10)),
    ]


HOSTILE = [
    "::error::owned",
    "\n::error::owned",
    "\r::set-output name=a::b",
    "##[error]owned",
    "##vso[task.setvariable variable=a]b",
    " \t::stop-commands::x",
    "a,line=1::owned",
    "title=a%0A::error::owned",
    "\x1b[2J\x1b]0;owned\x07",
    "\u202edeliam",
    "\x85::error::owned",
    "\u2028::error::owned",
]


@pytest.mark.parametrize("format_", ["github", "text", "json", "sarif"])
def test_hostile_names_and_values_command_nothing(folder: Path, format_: str) -> None:
    fill(folder, {f"{number:02d}{text}.yaml": HEAD for number, text in enumerate(HOSTILE)})
    fill(folder, {f"z{text.strip()}.yaml": json.dumps({text: text, "status": text}) for text in HOSTILE})
    fill(folder, {f"y{number}.yaml": f'"{text}": 1\n' for number, text in enumerate(HOSTILE)})
    said = validate(folder, "audiences.d", *HOSTILE, "--format", format_)
    found = commands(said.out)
    assert (said.code, said.err) == (1, "")
    assert not set(said.out) & set("\x1b\x07\x85\r\t\u202e\u2028")
    if format_ == "json":
        assert said.document("diagnostics")["error_count"] > 60
        assert found == []
    elif format_ == "sarif":
        assert len(json.loads(said.out)["runs"][0]["results"]) > 60
        assert found == []
    elif format_ == "text":
        assert found == []
    else:
        assert [command.name for command in found] == ["error"] * 9
        assert all(command.properties.keys() <= {"file", "line", "col", "title"} for command in found)
        assert runner_lines(said.out)[9].startswith("and ")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_name_stays_one_property_of_one_command(folder: Path, text: str) -> None:
    fill(folder, {f"{text}.yaml": HEAD + "status: x\n"})
    said = validate(folder, "--format", "github")
    (found,) = commands(said.out)
    assert found.properties.keys() == {"file", "line", "col", "title"}
    assert (found.name, found.properties["line"], found.properties["col"]) == ("error", "3", "9")
    assert found.properties["file"].startswith("audiences.d/")
    assert found.properties["file"].endswith(".yaml")
    assert found.message.startswith('status: "x" is not one of ')
    assert len(runner_lines(said.out)) == 3


# --- Offline


def test_neither_network_nor_key_nor_client(folder: Path) -> None:
    fill(
        folder, {"a.yaml": HEAD, "b.yaml": HEAD + "config: {topicIds: [1], sourceUrl: https://example.com}\n"}
    )
    hook = (
        "import atexit\n"
        "asked = []\n"
        "def hook(event, arguments):\n"
        "    if event.startswith('socket.') or event in ('os.system', 'subprocess.Popen'):\n"
        "        asked.append(event)\n"
        "names = 'httpx', 'reconciler.api.client', 'starlette', 'uvicorn', 'deepdiff', 'asyncio'\n"
        "tell = lambda: print(asked, [name for name in names if name in sys.modules], file=sys.stderr)\n"
        "atexit.register(tell)"
    )
    said = hooked(folder, hook, is_fresh=True)
    assert said.err == "[] []\n"
    assert "this id is also in" in said.out
