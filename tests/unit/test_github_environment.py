"""What a runner gives a step, and the files that take its summary and outputs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import FileError, SettingsError
from reconciler.github import environment
from tests.doubles.github_peer import Peer, command_files, events

if TYPE_CHECKING:
    from pathlib import Path

RUN = {
    "GITHUB_REPOSITORY": "acme/audiences",
    "GITHUB_SERVER_URL": "https://github.example:8443",
    "GITHUB_RUN_ID": "81",
}


def about(folder: Path, payload: Any) -> environment.Environment:
    event = folder / "event.json"
    event.write_text(payload if isinstance(payload, str) else json.dumps(payload), "utf-8")
    return environment.read({**RUN, "GITHUB_EVENT_PATH": str(event)})


def test_pull_request_has_number_base_and_fork(tmp_path: Path) -> None:
    peer = Peer()
    repository = peer.repository("acme/audiences")
    own, fork = repository.seed_pull(base_sha="b" * 40), repository.seed_pull(fork="mallory/audiences")
    read = [
        environment.read(events.pull_request(peer.documents, repository, number).environment(tmp_path))
        for number in (own, fork)
    ]

    assert [(one.pull_request, one.is_fork, one.base_sha) for one in read] == [
        (own, False, "b" * 40),
        (fork, True, "b" * 40),
    ]
    assert [one.sha for one in read] == ["c" * 40] * 2


def test_merge_group_has_commits_and_no_number(tmp_path: Path) -> None:
    peer = Peer()
    event = events.merge_group(peer.documents, peer.repository("acme/audiences"), "e" * 40, "b" * 40, 7)
    read = environment.read(event.environment(tmp_path))

    assert (read.is_merge_group, read.pull_request, read.is_fork) == (True, None, False)
    assert (read.base_sha, read.head_sha, read.sha) == ("b" * 40, "e" * 40, "e" * 40)
    assert event.ref.startswith("refs/heads/gh-readonly-queue/main/pr-7-")


def test_a_push_says_none_of_it(tmp_path: Path) -> None:
    peer = Peer()
    event = events.push(peer.documents, peer.repository("acme/audiences"), "e" * 40)
    read = environment.read(event.environment(tmp_path))

    assert (read.pull_request, read.is_fork, read.base_sha, read.sha) == (None, False, None, "e" * 40)


def test_a_fork_that_was_deleted_is_a_fork(tmp_path: Path) -> None:
    assert about(tmp_path, {"pull_request": {"number": 1, "head": {"repo": None}}}).is_fork


@pytest.mark.parametrize(
    "payload",
    [[], {"pull_request": None}, {"pull_request": {"number": "1", "base": {"sha": "--upload-pack=x"}}}],
)
def test_an_event_of_another_shape_says_nothing(tmp_path: Path, payload: Any) -> None:
    read = about(tmp_path, payload)

    assert (read.pull_request, read.is_fork, read.base_sha) == (None, False, None)


@pytest.mark.parametrize("payload", ["{", "\x00", "[" * 100_000])
def test_malformed_event_is_settings_error(tmp_path: Path, payload: str) -> None:
    with pytest.raises(SettingsError, match="GITHUB_EVENT_PATH does not name a readable event"):
        about(tmp_path, payload)


def test_missing_event_file_is_settings_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not name a readable event"):
        environment.read({**RUN, "GITHUB_EVENT_PATH": str(tmp_path / "none")})


@pytest.mark.parametrize("name", ["", "acme", "acme/a/b", "acme/a?b", "acme/a b", "acme/ä"])
def test_without_a_repository_it_is_no_job(name: str) -> None:
    with pytest.raises(SettingsError, match="GITHUB_REPOSITORY"):
        environment.read({"GITHUB_REPOSITORY": name})


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({}, "https://github.example:8443/acme/audiences/actions/runs/81"),
        ({"GITHUB_SERVER_URL": ""}, "https://github.com/acme/audiences/actions/runs/81"),
        ({"GITHUB_RUN_ID": ""}, ""),
        ({"GITHUB_RUN_ID": "8²"}, ""),
        ({"GITHUB_SERVER_URL": "https://x.test/)[y](z"}, ""),
        ({"GITHUB_SERVER_URL": "javascript:x"}, ""),
    ],
)
def test_the_run_has_an_address(variables: dict[str, str], url: str) -> None:
    assert environment.read(RUN | variables).run_url == url


def test_the_defaults_are_githubs_own() -> None:
    read = environment.read(RUN)

    assert (read.api_url, read.sha, read.token) == ("https://api.github.com", None, "")
    read.append_summary("nowhere")
    read.set_outputs({"changes": "true"})


def test_the_token_is_not_shown() -> None:
    assert "canary" not in repr(environment.read(RUN | {"GITHUB_TOKEN": "canary"}))


def test_outputs_and_summaries_are_appended(tmp_path: Path) -> None:
    summary, output = tmp_path / "summary", tmp_path / "output"
    summary.write_text("Before.\n")
    output.write_text("before=1\n")
    read = environment.read(RUN | {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(output)})

    read.append_summary("### Größe")
    read.set_outputs({"changes": "true", "update": 3, "plan": "a\nchanges=false\nx<<y"})

    assert summary.read_text("utf-8") == "Before.\n### Größe\n"
    assert dict(command_files.entries(output.read_text("utf-8"))) == {
        "before": "1",
        "changes": "true",
        "update": "3",
        "plan": "a\nchanges=false\nx<<y",
    }


def test_unwritable_file_is_file_error(tmp_path: Path) -> None:
    read = environment.read(RUN | {"GITHUB_STEP_SUMMARY": str(tmp_path), "GITHUB_OUTPUT": str(tmp_path)})

    with pytest.raises(FileError, match="cannot be written: Is a directory"):
        read.append_summary("x")
    with pytest.raises(FileError, match="cannot be written"):
        read.set_outputs({"x": 1})
