"""Shared pieces: what a definition and its piece say together, and what is refused of either."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from reconciler import definitions
from reconciler.definitions import mentions, pieces
from reconciler.model import Catalogue, Filter, to_json
from reconciler.render import diagnostics
from tests.unit.strategies import UUIDS

PIECE = """\
status: active
config:
  topicIds: [1, 2]
  minScore: 70
  filters:
    seniority: [director, vp]
    state: California
metadata: {owner: ana, labels: {team: growth, tier: one}}
lifecycle: {protect: true}
"""
FILE, SHARED = "audiences.d/a.yaml", "shared/base.yaml"
HEAD = f"id: {UUIDS[0]}\nname: Finance chiefs\nextends: ../shared/base.yaml\n"


@pytest.fixture(autouse=True)
def _in_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "repository/.git").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "repository")


def write(files: dict[str, str]) -> None:
    for name, content in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(content, "utf-8")


def load(own: str = "", piece: str = PIECE, **others: str) -> definitions.Definitions:
    write({FILE: HEAD + own, SHARED: piece, **others})
    found = definitions.load(["audiences.d"])
    checked = definitions.check(["audiences.d"])
    assert (checked.count, checked.diagnostics) == (len(found.definitions), found.diagnostics)
    return found


def lines(found: definitions.Definitions) -> list[str]:
    return [diagnostics.diagnostic_line(one) for one in found.diagnostics]


def fields(own: str, piece: str = PIECE) -> Any:
    found = load(own, piece)
    assert lines(found) == []
    return to_json(found.definitions[0].fields)


WHOLE = {
    "name": "Finance chiefs",
    "status": "active",
    "config": {
        "topicIds": [1, 2],
        "minScore": 70,
        "filters": {"seniority": ["director", "vp"], "state": "California"},
    },
}


@pytest.mark.parametrize(
    ("own", "path", "value"),
    [
        ("", (), WHOLE),
        ("status: paused\n", ("status",), "paused"),
        ("config: {minScore: 80}\n", ("config", "minScore"), 80),
        ("config: {minScore: 80}\n", ("config", "topicIds"), [1, 2]),
        ("config: {topicIds: [3]}\n", ("config", "topicIds"), [3]),
        ("config: {topicIds: {add: [3]}}\n", ("config", "topicIds"), [1, 2, 3]),
        ("config: {topicIds: {add: [2, 3], remove: [1]}}\n", ("config", "topicIds"), [2, 3]),
        ("config: {filters: {gender: f}}\n", ("config", "filters", "state"), "California"),
        (
            "config: {filters: {seniority: {remove: [vp]}}}\n",
            ("config", "filters", "seniority"),
            ["director"],
        ),
    ],
)
def test_definition_replaces_field_by_field(own: str, path: tuple[str, ...], value: Any) -> None:
    found = fields(own)
    for key in path:
        found = found[key]
    assert found == value


def test_parts_of_one_filter_are_merged() -> None:
    piece = "config: {topicIds: [1], filters: {role.seniority: {values: [vp], operator: contains}}}\n"
    own = "config: {filters: {role.seniority: {values: {add: [cxo]}}}}\n"
    assert fields(own, piece)["config"]["filters"] == {
        "role.seniority": {"operator": "contains", "values": ["cxo", "vp"]}
    }


def test_what_is_for_people_and_guards_is_taken() -> None:
    (found,) = load("metadata: {description: Why}\n").definitions
    assert (found.owner, found.description, found.is_protected) == ("ana", "Why", True)
    (found,) = load("metadata: {owner: bo}\nlifecycle: {protect: false}\n").definitions
    assert (found.owner, found.is_protected, found.extends) == ("bo", False, SHARED)


def test_origins_are_the_places_in_both_files() -> None:
    own = "config:\n  minScore: 80\n  topicIds: {add: [3]}\n"
    (found,) = load(own).definitions
    origins = {".".join(path): [*map(str, places)] for path, places in found.origins.items()}
    assert origins == {
        "status": [f"{SHARED}:1"],
        "config.topicIds": [f"{SHARED}:3", f"{FILE}:6"],
        "config.filters": [f"{SHARED}:6"],
        "config.filters.seniority": [f"{SHARED}:6"],
        "config.filters.state": [f"{SHARED}:7"],
    }
    assert set(found.places) == {("name",), ("config",), ("config", "minScore"), ("config", "topicIds")}


EXTENDED = f"It is extended at {FILE}:3:10"
CASES = [
    re.split(r"^--- .*\n", case, flags=re.MULTILINE)
    for case in (Path(__file__).parent / "pieces/problems.txt").read_text("utf-8").split("=== ")[1:]
]


@pytest.mark.parametrize("case", CASES, ids=[case[0].partition("\n")[0] for case in CASES])
def test_problem_names_both_places(case: list[str]) -> None:
    found = load(case[0].partition("\n")[2], case[1])
    assert lines(found) == case[2].strip("\n").split("\n")
    assert found.definitions == ()


@pytest.mark.parametrize(
    ("extends", "problem"),
    [
        *[
            (text, f'"{text}" is not a relative path of visible files.')
            for text in (
                *(
                    "https://example.com/a.yaml",
                    "/etc/a.yaml",
                    "..\\shared.yaml",
                    "../.git/a.yaml",
                    "c:a.yaml",
                ),
                *("a//b.yaml", "shared/"),
            )
        ],
        ("../shared", '"../shared" does not end in .yaml or .yml.'),
        ("..", '".." does not end in .yaml or .yml.'),
        ("../../outside.yaml", '"../../outside.yaml" leads out of the repository.'),
        ("../shared/none.yaml", "shared/none.yaml is not there."),
        ("../shared/link.yaml", "shared/link.yaml is a symbolic link, which is not followed."),
        ("../link/outside.yaml", "link/outside.yaml lies behind a symbolic link, which is not followed."),
        ("../shared/folder.yaml", "shared/folder.yaml is a folder, not a regular file."),
        ("../shared/pipe.yaml", "shared/pipe.yaml is a named pipe, not a regular file."),
    ],
)
def test_path_leads_to_file_of_the_repository(extends: str, problem: str, tmp_path: Path) -> None:
    write({SHARED: PIECE, "../outside.yaml": PIECE})
    Path("link").symlink_to(tmp_path)
    Path("shared/link.yaml").symlink_to("base.yaml")
    Path("shared/folder.yaml").mkdir()
    os.mkfifo("shared/pipe.yaml")
    write({FILE: HEAD.replace("../shared/base.yaml", f"'{extends}'") + "config: {minScore: 700}\n"})
    shown, *others = lines(definitions.load(["audiences.d"]))
    assert shown.startswith(f"{FILE}:3:10: extends: {problem} ")
    assert [line.partition(": ")[0] for line in others] == [f"{FILE}:4:20"], "and all else is told"


@pytest.mark.parametrize(("value", "code"), [("1", "wrong-type"), ("''", "too-short"), ("*a", "yaml-alias")])
def test_extends_that_is_no_text_is_refused(value: str, code: str) -> None:
    write({FILE: HEAD.replace("../shared/base.yaml", value)})
    assert [one.code for one in definitions.load(["audiences.d"]).diagnostics] == [code]


@pytest.mark.parametrize(("content", "code"), [("", "yaml-empty"), ("a: [\n", "yaml-syntax")])
def test_unreadable_piece_is_told_once(content: str, code: str) -> None:
    found = load(piece=content, **{"audiences.d/b.yaml": HEAD.replace(UUIDS[0], UUIDS[1])})
    assert [(one.code, one.file) for one in found.diagnostics] == [(code, SHARED)]
    assert found.diagnostics[0].detail.endswith(f"{EXTENDED} and 1 other file")
    assert found.definitions == ()


def test_piece_of_many_is_read_once() -> None:
    read: list[str] = []

    def reading(_: str, name: str) -> bytes:
        read.append(name)
        return PIECE.encode()

    files = {f"audiences.d/{one}.yaml": HEAD.replace(UUIDS[0], one).encode() for one in UUIDS[:3]}
    found = definitions.parse(files, None, reading)
    assert ([one.extends for one in found.definitions], read) == ([SHARED] * 3, [SHARED])


def test_large_pieces_are_not_all_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "MAX_KEPT", 10)
    other = HEAD.replace(UUIDS[0], UUIDS[1]).replace("base", "other")
    found = load(**{"audiences.d/b.yaml": other, "shared/other.yaml": PIECE})
    assert [one.extends for one in found.definitions] == [SHARED, "shared/other.yaml"]


def test_piece_among_definitions_is_refused() -> None:
    write({FILE: HEAD.replace("../shared", "."), "audiences.d/base.yaml": PIECE})
    (line,) = lines(definitions.load(["./audiences.d"]))
    assert line.startswith(
        f"audiences.d/base.yaml: this is a shared piece, which {FILE}:3:10 extends, and no"
    )
    write({"audiences.d/base.yaml": HEAD.replace(UUIDS[0], UUIDS[1])})
    codes = [one.code for one in definitions.load(["audiences.d"]).diagnostics]
    assert set(codes) >= {"piece-id", "piece-name", "piece-extends"}


def test_catalogue_counts_for_pieces() -> None:
    write({FILE: HEAD + "config: {filters: {state: Texas}}\n", SHARED: PIECE})
    known = {"state": Filter(values=("Texas",)), "seniority": Filter(values=("vp",))}
    found = definitions.load(["audiences.d"], Catalogue(1, known, {1: "One", 2: "Two"}))
    assert [(one.code, one.file, one.line) for one in found.diagnostics] == [("unknown-value", SHARED, 6)]


@pytest.mark.parametrize(
    ("marks", "root"),
    [
        ((".git",), "."),
        (("orgs/acme/.git", "reconciler.toml"), "orgs/acme"),
        (("orgs/acme/reconciler.toml",), "."),
        (("orgs/acme/audiences.d/reconciler.toml",), "."),
        ((), "."),
    ],
)
def test_root_is_git_then_fleet(marks: tuple[str, ...], root: str, tmp_path: Path) -> None:
    folder = tmp_path / "orgs/acme/audiences.d"
    folder.mkdir(parents=True)
    for mark in marks:
        (tmp_path / mark).touch()
    assert Path(pieces.root(str(folder))) == tmp_path / root


def test_root_without_git_is_the_settings() -> None:
    Path(".git").rmdir()
    write({"reconciler.toml": "", FILE: ""})
    assert pieces.root(str(Path("audiences.d").absolute())) == str(Path.cwd())
    Path("reconciler.toml").unlink()
    assert pieces.root(str(Path("audiences.d").absolute())) == str(Path("audiences.d").absolute())


def test_used_pieces_are_told_whatever_is_wrong() -> None:
    outside = HEAD.replace("../shared", "../../shared")
    write({FILE: HEAD, "audiences.d/b.yaml": f"extends: ../shared/none.yaml\n{'a: [' * 30}"})
    write(
        {"audiences.d/c.yaml": outside, "audiences.d/d.yaml": "extends: [\n", "audiences.d/e.yaml": "a: b\n"}
    )
    write({"audiences.d/f.yaml": 'extends: "../shared/\\x62.yaml"\n', "audiences.d/g.yaml": "extends: 1\n"})
    Path("audiences.d/link.yaml").symlink_to("a.yaml")
    assert pieces.used_below(["audiences.d"]) == {SHARED, "shared/b.yaml"}


NAMED = Catalogue(1, {"seniority": Filter()}, {1: "CRM", 2: "ERP", 3: "ROI"})


@pytest.mark.parametrize(
    ("own", "piece", "topics", "origin"),
    [
        ("", "topics: [CRM, ERP]", [1, 2], [f"{SHARED}:2"]),
        ("config: {topics: {add: [ROI], remove: [CRM]}}", "topics: [CRM]", [3], [f"{SHARED}:2", f"{FILE}:4"]),
        ("config: {topics: [ROI]}", "topicIds: [1, 2]", [3], []),
        ("config: {topicIds: [2]}", "topics: [CRM]", [2], []),
    ],
)
def test_names_of_topics_are_resolved_together(
    own: str, piece: str, topics: list[int], origin: list[str]
) -> None:
    write({FILE: f"{HEAD}{own}\n", SHARED: f"config:\n  {piece}\n"})
    (found,) = definitions.load(["audiences.d"], NAMED).definitions
    assert to_json(found.fields["config"]) == {"topicIds": topics}
    assert [*map(str, found.origins.get(("config", "topicIds"), ()))] == origin


def test_unknown_name_is_told_in_its_piece() -> None:
    write({FILE: HEAD, SHARED: "config: {topics: [CRM, Nope]}\n"})
    (line,) = lines(definitions.load(["audiences.d"], NAMED))
    assert line.startswith(f'{SHARED}:1:24: config.topics: no topic in catalogue.json is called "Nope".')
    assert line.endswith(f" {EXTENDED}.")


def test_topics_of_pieces_are_mentioned() -> None:
    write({FILE: f"{HEAD}config: {{topics: {{add: [ROI]}}}}\n", SHARED: "config: {topics: [CRM]}\n"})
    write(
        {
            "audiences.d/b.yaml": "extends: ../shared/ids.yaml\n",
            "shared/ids.yaml": "config: {topicIds: [7]}\n",
        }
    )
    write({"audiences.d/c.yaml": "extends: ../shared/none.yaml\nconfig: {topicIds: [8]}\n"})
    found = mentions.find(["audiences.d"])
    assert sorted(found.names) == ["CRM", "ROI"]
    assert sorted(found.ids) == [7, 8]


def test_filter_of_the_catalogue_is_one_in_pieces() -> None:
    write({FILE: f"{HEAD}config: {{filters: {{role.x: {{values: {{add: [b]}}}}}}}}\n"})
    write({SHARED: "config: {topicIds: [1], filters: {role.x: {values: [a]}}}\n"})
    known = Catalogue(2, {"role.x": Filter("multi_select", (), ("a", "b"))}, {1: "CRM"})
    (found,) = definitions.load(["audiences.d"], known).definitions
    config = to_json(found.fields["config"])
    assert isinstance(config, dict)
    assert config["filters"] == {"role.x": {"values": ["a", "b"]}}
