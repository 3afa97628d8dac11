"""Definitions as git had them, read from real repositories."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import pytest

from reconciler import git_history
from reconciler.definitions import is_definition
from reconciler.errors import FileError
from tests.doubles.git import commit, git, head, start, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    start(tmp_path)
    (tmp_path / "audiences.d" / "emea").mkdir(parents=True)
    (tmp_path / "audiences.d" / "a.yaml").write_text("a: 1\n")
    (tmp_path / "audiences.d" / "emea" / "ü b.yaml").write_text("b: 1\n")
    (tmp_path / "audiences.d" / "link.yaml").symlink_to("a.yaml")
    (tmp_path / "audiences.d" / "README.md").write_text("c: 1\n")
    (tmp_path / "audiences.d" / ".hidden.yaml").write_text("c: 1\n")
    (tmp_path / "elsewhere.yaml").write_text("c: 1\n")
    commit(tmp_path, "base")
    git(tmp_path, "checkout", "--quiet", "-b", "work")
    (tmp_path / "audiences.d" / "a.yaml").write_text("a: 2\n")
    commit(tmp_path, "work")
    git(tmp_path, "checkout", "--quiet", "main")
    (tmp_path / "audiences.d" / "a.yaml").write_text("a: 3\n")
    commit(tmp_path, "main moves on")
    git(tmp_path, "checkout", "--quiet", "work")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files_before(path: str = "audiences.d") -> dict[str, bytes]:
    """Return the files where the branch began."""
    return git_history.files(git_history.merge_base("main", [path]), [path], is_definition)


def test_files_are_regular_ones_of_merge_base(repository: Path) -> None:
    assert files_before() == {
        "audiences.d/a.yaml": b"a: 1\n",
        "audiences.d/emea/ü b.yaml": b"b: 1\n",
    }
    assert (repository / "audiences.d" / "link.yaml").is_symlink()


@pytest.mark.usefixtures("repository")
def test_path_may_be_one_file() -> None:
    assert files_before("audiences.d/a.yaml") == {"audiences.d/a.yaml": b"a: 1\n"}


def test_folder_removed_by_branch_is_read(repository: Path) -> None:
    git(repository, "rm", "-r", "--quiet", "audiences.d/emea")

    assert files_before("audiences.d/emea") == {"audiences.d/emea/ü b.yaml": b"b: 1\n"}


def test_unchanged_files_are_those_with_the_same_bytes(repository: Path) -> None:
    before = files_before()

    assert git_history.unchanged(before) == {"audiences.d/emea/ü b.yaml"}

    (repository / "audiences.d" / "emea" / "ü b.yaml").unlink()
    assert git_history.unchanged(before) == frozenset()


@pytest.mark.parametrize("ref", ["no-such-branch", "--output=stolen", "-h", "0" * 40])
def test_unknown_ref_is_refused_and_no_option(repository: Path, ref: str) -> None:
    with pytest.raises(FileError, match="no common commit") as raised:
        git_history.merge_base(ref, ["audiences.d"])

    assert "fetch-depth: 0" in raised.value.detail
    assert not (repository / "stolen").exists()


@pytest.mark.parametrize("commit", ["--output=stolen", "-h", "0" * 40])
def test_unknown_commit_is_refused_and_no_option(repository: Path, commit: str) -> None:
    for ask in (
        partial(git_history.files, commit, is_wanted=is_definition),
        partial(git_history.parents, commit),
    ):
        with pytest.raises(FileError, match="git cannot read its history"):
            ask(paths=["audiences.d"])

    assert not (repository / "stolen").exists()


def test_merge_knows_what_it_is_merged_into(repository: Path) -> None:
    work, main = head(repository, "work"), head(repository, "main")
    git(repository, "checkout", "--quiet", "--detach", "main")
    assert git_history.merged_into(work, ["audiences.d"]) is None

    git(repository, "merge", "--quiet", "--strategy-option", "ours", "--message", "Merge", "work")
    assert git_history.merged_into(work, ["audiences.d"]) == main
    assert git_history.merged_into(main, ["audiences.d"]) is None
    assert git_history.first_parents(["audiences.d"], 2) == (head(repository), main)


def test_planted_repository_runs_nothing(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADPIPE_API_KEY", "sk_canary")
    planted, canary = repository / "audiences.d", tmp_path / "canary"
    for folder in ("objects", "refs/heads"):
        (planted / folder).mkdir(parents=True)
    (planted / "HEAD").write_text("0" * 39 + "1\n")
    (planted / "config").write_text(
        "[core]\n\tbare = true\n\trepositoryformatversion = 1\n"
        "[extensions]\n\tpartialClone = evil\n"
        f'[remote "evil"]\n\tpromisor = true\n\turl = {tmp_path}\n\tuploadpack = "env > {canary}; false"\n'
    )

    with pytest.raises(FileError):
        git_history.files("0" * 39 + "1", ["audiences.d"], is_definition)

    assert not canary.exists()


def test_git_never_sees_the_keys(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, tool = tmp_path / "seen", tmp_path / "bin" / "git"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\nenv >> "{seen}"\nexit 1\n')
    tool.chmod(0o755)
    for name in ("LEADPIPE_API_KEY", "GITHUB_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"):
        monkeypatch.setenv(name, "sk_canary")
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")

    with pytest.raises(FileError):
        git_history.files("0" * 40, [str(repository / "audiences.d")], is_definition)

    assert "sk_canary" not in seen.read_text()


@pytest.mark.usefixtures("repository")
def test_without_git_the_fix_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(FileError, match="git is not installed"):
        files_before()


def test_bare_repository_is_refused(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = repository / "bare.git"
    git(repository, "clone", "--quiet", "--bare", ".", str(bare))
    monkeypatch.setattr(
        git_history, "_SETTINGS", ()
    )  # as a git before 2.38 is, which knows no safe.bareRepository

    with pytest.raises(FileError, match="lie in a bare repository"):
        git_history.merge_base("main", [str(bare)])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("audiences.d/cfo.yaml", True),
        ("audiences.d/new/of git: unknown.yaml", True),
        ("settings.toml", True),
        ("deep/er/settings.toml", True),
        ("rules/one", True),
        ("audiences.d2/cfo.yaml", False),
        ("rules.md", False),
    ],
)
def test_touched_is_what_is_not_as_before(repository: Path, name: str, *, expected: bool) -> None:
    base = head(repository)

    def is_touched() -> bool:
        return git_history.is_touched(base, ["audiences.d"], ["settings.toml", "rules"])

    assert not is_touched()
    write(repository, {name: "id: changed"})
    assert is_touched() == expected
    commit(repository, "Change")
    assert is_touched() == expected


def test_commit_is_told_by_what_it_changed(repository: Path) -> None:
    def is_touched_by(commit: str) -> bool:
        return git_history.is_touched_by(commit, ["audiences.d"], ["settings.toml"])

    write(repository, {"elsewhere.yaml": "c: 2"})
    other = commit(repository, "Change something else")
    write(repository, {"settings.toml": "a = 1"})
    own = commit(repository, "Change settings")
    first = git(repository, "rev-list", "--max-parents=0", "HEAD")
    assert [is_touched_by(one) for one in (first, other, own)] == [True, False, True]
    with pytest.raises(FileError):
        is_touched_by("9" * 40)


@pytest.fixture
def authored(repository: Path) -> dict[str, str]:
    """Give the commits of two branches that are merged, by name; each is by the author of that name."""
    commits = {"work": head(repository)}
    for branch, file in (("main", "ü b"), ("work", "*")):
        git(repository, "switch", "--quiet", branch)
        write(repository, {f"audiences.d/emea/{file}.yaml": branch})
        git(repository, "add", "--all")
        author = f"{branch}\r::error::\x1b[31m <e@example.com>"
        git(
            repository, "commit", "--quiet", "--author", author, "--message", "Change", "--date", "2026-05-04"
        )
        commits[file] = head(repository)
    git(repository, "merge", "--quiet", "--strategy-option", "ours", "--message", "Merge", "main")
    return commits


NAMES = ["audiences.d/a.yaml", "audiences.d/emea/ü b.yaml", "audiences.d/emea/*.yaml"]


def last_commits(*names: str) -> dict[str, str]:
    return {name: sha for name, (sha, _, _) in git_history.last_commits(names).items()}


def test_last_commit_is_where_the_file_changed(
    repository: Path, authored: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    git(repository, "config", "log.follow", "true")
    monkeypatch.setenv("GIT_TRACE", str(repository / "trace"))
    monkeypatch.setattr(git_history, "_LOG_SECONDS", 60)  # a busy machine is no defect
    found = git_history.last_commits(NAMES)

    shas = [authored["work"], authored["ü b"], authored["*"]]
    assert {name: found[name][0] for name in NAMES} == dict(zip(NAMES, shas, strict=True))
    assert [found[name][1] for name in NAMES[1:]] == ["main\r::error::\x1b[31m", "work\r::error::\x1b[31m"]
    assert {date[:2] for _, _, date in found.values()} == {"20"}
    assert (repository / "trace").read_text().count("built-in: git") == 3


def test_commit_that_a_merge_dropped_is_not_it(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = head(repository)
    git(repository, "switch", "--quiet", "main")
    write(repository, {"audiences.d/a.yaml": "a: 4", "audiences.d/new.yaml": "b: 4"})
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2038-01-01T00:00:00Z")
    theirs = commit(repository, "Change both")
    git(repository, "switch", "--quiet", "work")
    git(repository, "merge", "--quiet", "--strategy-option", "ours", "--message", "Merge", "main")
    names = ("audiences.d/a.yaml", "audiences.d/new.yaml")
    assert last_commits(*names) == dict(zip(names, (ours, theirs), strict=True))


@pytest.mark.usefixtures("authored")
def test_file_that_is_not_as_committed_has_none(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(repository, {"audiences.d/a.yaml": "a: 9\n", "audiences.d/new.yaml": "a: 1\n"})
    monkeypatch.chdir(repository / "audiences.d" / "emea")

    absolute = str(repository / NAMES[1])
    assert last_commits("../a.yaml", "../new.yaml", absolute, "*.yaml").keys() == {absolute, "*.yaml"}
    assert last_commits("../a.yaml") == {}


def test_shallow_clone_does_not_know_older_commits(
    repository: Path, authored: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    git(repository, "clone", "--quiet", "--depth", "2", repository.as_uri(), "shallow")
    monkeypatch.chdir(repository / "shallow")

    assert last_commits(*NAMES) == {}
    git(repository / "shallow", "fetch", "--quiet", "--depth", "3")
    assert last_commits(*NAMES) == {NAMES[1]: authored["ü b"], NAMES[2]: authored["*"]}


@pytest.mark.usefixtures("authored")
@pytest.mark.parametrize("limit", ["_LOG_SECONDS", "_MAX_CHUNKS"])
def test_search_for_commits_ends_by_itself(
    repository: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    tool = repository / "bin" / "git"
    tool.parent.mkdir()
    tool.write_text('#!/bin/sh\ncase "$*" in *log*) echo; exec cat /dev/zero;; esac\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(git_history, limit, 0.05 if limit == "_LOG_SECONDS" else 2)

    assert last_commits(*NAMES) == {}


def test_no_repository_knows_no_commit(tmp_path: Path) -> None:
    with pytest.raises(FileError):
        git_history.last_commits([str(tmp_path / "a.yaml")])
