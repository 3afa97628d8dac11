from __future__ import annotations

import os
import select
import signal
import threading
from functools import partial
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from tests.doubles.github_peer import Peer, Repository, command_files, events
from tests.doubles.github_peer.jobs import ActionCall, ActionFailed
from tests.doubles.github_peer.runner import Runner, copies, does_nothing
from tests.doubles.github_peer.triggers import is_triggered
from tests.doubles.github_peer.values import Unsupported
from tests.doubles.github_peer.workflow_files import read_action, read_workflow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.doubles.github_peer.events import Event
    from tests.doubles.github_peer.results import JobResult

pytestmark = pytest.mark.slow  # what tests use is the same on every Python

REPOSITORY = Repository("acme/audiences", 7)
DOCUMENTS = Peer().documents
URLS = {
    "GITHUB_API_URL": "http://127.0.0.1:9",
    "GITHUB_GRAPHQL_URL": "http://127.0.0.1:9/graphql",
    "GITHUB_SERVER_URL": "https://github.com",
}
PUSH = events.push(DOCUMENTS, REPOSITORY, "e" * 40)


class Bench:
    """Writes files into a folder, and runs what is in them on fresh machines."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._machines = 0

    def runner(self, event: Event = PUSH, **options: Any) -> Runner:
        self._machines += 1
        return Runner(self.folder / f"machine-{self._machines}", event, urls=URLS, **options)

    def workflow(self, text: str) -> Path:
        path = self.folder / "test.yml"
        path.write_text(dedent(text))
        return path

    def steps(self, text: str) -> Path:
        """Write a workflow of one job, `it`, with these steps."""
        head = "on: push\njobs:\n  it:\n    runs-on: ubuntu-24.04\n    steps:\n"
        path = self.folder / "test.yml"
        path.write_text(head + "".join(f"      {line}\n" for line in dedent(text).strip().splitlines()))
        return path

    def action(self, name: str, text: str) -> Path:
        folder = self.folder / name
        folder.mkdir()
        (folder / "action.yml").write_text(dedent(text))
        return folder

    def run(self, text: str, **options: Any) -> JobResult:
        return self.runner(**options).run_job(self.steps(text), "it")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def outcomes(result: JobResult) -> list[tuple[str, str]]:
    return [(step.outcome, step.conclusion) for step in result.steps]


def test_steps_run_in_order_with_log_and_outputs(bench: Bench) -> None:
    result = bench.run("""
        - run: echo one
        - id: two
          name: The ${{ github.event_name }}
          run: |
            echo two >&2
            echo "answer=42" >> "$GITHUB_OUTPUT"
        - run: test "$ANSWER" = 42
          env:
            ANSWER: ${{ steps.two.outputs.answer }}
    """)
    assert result.conclusion == "success"
    assert result.log == "one\ntwo\n"
    assert (result.step("two").name, result.step("two").outputs) == ("The push", {"answer": "42"})
    assert [step.exit_code for step in result.steps] == [0, 0, 0]
    assert result.step("echo one").log == "one\n"


@pytest.mark.parametrize(
    ("shell", "script", "code"),
    [
        ("bash", "false | true\necho on", 1),
        ("null", "false | true", 0),
        ("null", "false\ntrue", 1),
        ("sh", "false\ntrue", 1),
        ("bash", "shopt -q login_shell && exit 9\nexit 4", 4),
        ("python", "import sys; sys.exit(5)", 5),
        ("bash -x {0}", "false\ntrue", 0),
        ("bash", "kill -TERM $$", 143),
    ],
)
def test_script_runs_in_its_shell(bench: Bench, shell: str, script: str, code: int) -> None:
    lines = script.replace("\n", "\n    ")
    result = bench.run(f"- shell: {shell}\n  run: |\n    {lines}")
    assert result.steps[0].exit_code == code
    assert outcomes(result) == [("success", "success") if code == 0 else ("failure", "failure")]


@pytest.mark.parametrize("shell", ["pwsh", "bash -x"])
def test_a_shell_that_is_not_known_is_refused(bench: Bench, shell: str) -> None:
    with pytest.raises(Unsupported, match="shell"):
        bench.run(f"- shell: {shell}\n  run: 'true'")


def test_missing_shell_or_folder_fails_the_step(bench: Bench) -> None:
    result = bench.run("""
        - shell: no-such-shell {0}
          run: 'true'
        - if: always()
          working-directory: nowhere
          run: 'true'
    """)
    assert result.steps[0].log == "There is no no-such-shell.\n"
    assert "nowhere" in result.steps[1].log
    assert outcomes(result) == [("failure", "failure")] * 2


def test_failure_skips_steps_without_a_condition(bench: Bench) -> None:
    result = bench.run("""
        - id: broken
          run: exit 3
        - run: echo never
        - if: failure() && steps.broken.outcome == 'failure'
          run: echo saw ${STATUS}
          env:
            STATUS: ${{ job.status }}
        - if: always()
          run: echo always
        - if: success()
          run: echo never
    """)
    assert result.conclusion == "failure"
    assert result.log == "saw failure\nalways\n"
    assert [end for end, _ in outcomes(result)] == ["failure", "skipped", "success", "success", "skipped"]


def test_a_failure_can_be_forgiven(bench: Bench) -> None:
    result = bench.run("""
        - id: broken
          continue-on-error: true
          run: exit 3
        - run: echo "$OUTCOME $CONCLUSION"
          env:
            OUTCOME: ${{ steps.broken.outcome }}
            CONCLUSION: ${{ steps.broken.conclusion }}
        - continue-on-error: ${{ github.event_name == 'schedule' }}
          run: exit 1
    """)
    assert result.steps[1].log == "failure success\n"
    assert (result.conclusion, outcomes(result)[0]) == ("failure", ("failure", "success"))


LEVELS = """
    on: push
    env: {A: workflow, B: workflow, C: workflow, D: 1.50}
    jobs:
      it:
        runs-on: ubuntu-24.04
        env: {B: job, C: job, E: "${{ vars.GREETING }}"}
        steps:
          - run: |
              echo "$A $B $C $D $E"
              echo "B=file" >> "$GITHUB_ENV"
              echo "GITHUB_SHA=mine" >> "$GITHUB_ENV"
            env: {C: "${{ env.B }} step"}
          - run: echo "$A $B $C $GITHUB_SHA"
          - run: echo "$B $SEEN"
            env: {B: own, SEEN: "${{ env.B }}"}
"""


def test_nearest_of_several_variables_wins(bench: Bench) -> None:
    result = bench.runner(variables={"GREETING": "hi"}).run_job(bench.workflow(LEVELS), "it")
    assert result.log == f"workflow job job step 1.5 hi\nworkflow file job {'e' * 40}\nown file\n"
    assert result.env["B"] == "file"


def test_a_jobs_variables_cannot_name_each_other(bench: Bench) -> None:
    with pytest.raises(Unsupported, match="'env' is not available here"):
        bench.runner().run_job(bench.workflow(LEVELS.replace("vars.GREETING", "env.A")), "it")


def test_a_step_has_the_runners_variables(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_TOKEN", "LEADPIPE_API_KEY", "RUNNER_DEBUG", "INPUT_X", "ACTIONS_STEP_DEBUG"):
        monkeypatch.setenv(name, "the developer's own")
    runner = bench.runner(machine={"EXTRA": "1"}, grant=lambda _: "ghs_secret")
    result = runner.run_job(bench.steps("- run: env"), "it")
    found = dict(line.split("=", 1) for line in result.log.splitlines() if "=" in line)
    expected = {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_REPOSITORY": "acme/audiences",
        "GITHUB_SHA": "e" * 40,
        "GITHUB_API_URL": URLS["GITHUB_API_URL"],
        "GITHUB_WORKSPACE": str(runner.workspace),
        "GITHUB_JOB": "it",
        "RUNNER_OS": "Linux",
        "RUNNER_TEMP": str(runner.temp),
        "PWD": str(runner.workspace),
        "EXTRA": "1",
    }
    assert {name: found.get(name) for name in expected} == expected
    assert "the developer's own" not in result.log
    assert "ghs_secret" not in result.log
    assert (found["HOME"], found["PATH"]) == (str(runner.workspace.parents[2] / "home"), os.environ["PATH"])


def test_later_steps_find_what_joined_the_path(bench: Bench) -> None:
    result = bench.run("""
        - run: |
            for name in a b; do
              mkdir $name
              printf '#!/bin/sh\\necho %s\\n' $name > $name/tool
              chmod +x $name/tool
              echo "$PWD/$name" >> "$GITHUB_PATH"
            done
        - run: tool
        - run: echo "$PWD/a" >> "$GITHUB_PATH"
        - run: tool
    """)
    assert [step.log for step in result.steps] == ["", "b\n", "", "a\n"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1\n\nb=2=3\n", {"a": "1", "b": "2=3"}),
        ("a=1\na=2", {"a": "2"}),
        ("a<<END\none\ntwo\nEND\nb=1\n", {"a": "one\ntwo", "b": "1"}),
        ("a<<END\nEND\n", {"a": ""}),
        ("a<<END\n\n\nEND\n", {"a": "\n"}),
        ("a<<E=F\nx\nE=F\n", {"a": "x"}),
        ("a=x<<y\n", {"a": "x<<y"}),
        ("a<<END\n END\nEND \nEND\n", {"a": " END\nEND "}),
        ("a=1\r\n", {"a": "1\r"}),
        ("", {}),
    ],
)
def test_command_file_is_read_as_by_the_runner(text: str, expected: Mapping[str, str]) -> None:
    assert dict(command_files.entries(text)) == expected


@pytest.mark.parametrize(
    "text", ["a\n", "=1\n", "<<END\nx\nEND\n", "a<<\n", "a<<END\nx\n", "a<<END\nx\nEND\r\n"]
)
def test_malformed_command_file_fails_the_step(bench: Bench, text: str) -> None:
    with pytest.raises(command_files.BadCommandFile):
        list(command_files.entries(text))
    result = bench.run(
        """- run: printf %s "$TEXT" >> "$GITHUB_OUTPUT" """, machine={"TEXT": f"before=1\n{text}"}
    )
    assert (result.conclusion, result.steps[0].exit_code) == ("failure", 0)
    assert "Unable to process file command 'output'" in result.steps[0].errors[0]
    assert result.steps[0].outputs == {"before": "1"}


def test_node_options_cannot_be_set(bench: Bench) -> None:
    result = bench.run('- run: echo NODE_OPTIONS=--require=x >> "$GITHUB_ENV"')
    assert (result.conclusion, result.env) == ("failure", {})


def test_summaries_make_up_the_jobs_page(bench: Bench) -> None:
    result = bench.run("""
        - run: echo '# One' >> "$GITHUB_STEP_SUMMARY"
        - run: head -c 1048577 /dev/zero | tr '\\0' a > "$GITHUB_STEP_SUMMARY"
        - run: head -c 1048576 /dev/zero | tr '\\0' a > "$GITHUB_STEP_SUMMARY"
    """)
    assert result.summary == "# One\n\n" + "a" * 1_048_576
    assert (result.conclusion, result.steps[1].summary) == ("success", "")
    assert "content up to a size of 1024k, got 1024k" in result.steps[1].warnings[0]


@pytest.mark.parametrize(
    "line",
    ["::set-output name=a::b", "  ::set-env name=PATH::x", "::ADD-PATH::/x", "x ##[save-state name=a]b"],
)
def test_workflow_command_in_a_log_is_refused(bench: Bench, line: str) -> None:
    with pytest.raises(Unsupported, match="speaks to the runner"):
        bench.run(f"- run: |\n    echo '{line}'")


def test_annotation_in_a_log_is_allowed(bench: Bench) -> None:
    assert bench.run("- run: echo '::error file=a.yaml,line=3::Wrong'").log.startswith("::error")


GREET = """
name: greet
description: Greets.
inputs:
  who: {description: Whom., required: true}
  How: {description: How., default: "hello from ${{ github.repository }}"}
  plain: {description: Nothing by itself.}
outputs:
  greeting: {description: What was said., value: "${{ steps.say.outputs.said }}!"}
runs:
  using: composite
  steps:
    - id: say
      shell: bash
      env:
        WHO: ${{ inputs.who }}
        HOW: ${{ inputs.how }}
        HERE: ${{ github.action_path }}
      run: |
        echo "said=$HOW, $WHO$INPUT_WHO" >> "$GITHUB_OUTPUT"
        echo "FROM_INSIDE=$OUTER" >> "$GITHUB_ENV"
        echo said >> "$GITHUB_STEP_SUMMARY"
        test "$HERE" = "$GITHUB_ACTION_PATH"
        echo "in ${PWD##*/}"
"""


def test_composite_action_is_part_of_the_job(bench: Bench) -> None:
    source = bench.folder / "source"
    bench.action("greet", GREET)
    (source / ".github").mkdir(parents=True)
    (bench.folder / "greet").rename(source / ".github" / "greet")
    result = bench.run(
        """
        - uses: actions/checkout@0123456789012345678901234567890123456789
          with: {persist-credentials: false}
        - id: greet
          uses: ./.github/greet
          with: {who: World}
          env: {OUTER: given}
        - run: echo "$SAID $FROM_INSIDE [$OUTER]"
          env: {SAID: "${{ steps.greet.outputs.greeting }}"}
        """,
        actions={"actions/checkout": copies(source)},
    )
    assert result.steps[2].log == "hello from acme/audiences, World! given []\n"
    inner = result.step("say")
    assert (inner.log, result.step("greet").steps) == ("in audiences\n", (inner,))
    assert (result.summary, result.conclusion) == ("said\n", "success")


def test_a_composite_action_runs_by_itself_and_nested(bench: Bench) -> None:
    inner = bench.action("greet", GREET)
    outer = bench.action(
        "outer",
        """
        name: outer
        description: Calls another.
        inputs: {key: {description: A key., required: true}}
        outputs: {said: {description: Said., value: "${{ steps.greet.outputs.greeting }}"}}
        runs:
          using: composite
          steps:
            - id: greet
              if: inputs.key != ''
              uses: acme/tools/greet@v1
              with: {who: "${{ inputs.key }}", how: hi}
              env: {OUTER: "${{ runner.os }}"}
    """,
    )
    runner = bench.runner(actions={"acme/tools/greet": inner})
    result = runner.run_action(outer, {"KEY": "you"})
    assert result.step("action").outputs == {"said": "hi, you!"}
    assert result.env == {"FROM_INSIDE": "Linux"}
    assert [step.name for step in result.steps[0].all()][1] == "acme/tools/greet@v1"


BROKEN = """
name: broken
description: Fails in its midst.
outputs: {state: {description: How it went., value: "${{ steps.first.outcome }}"}}
runs:
  using: composite
  steps:
    - id: first
      shell: bash
      run: exit 2
    - shell: bash
      run: echo never
    - if: failure()
      shell: bash
      run: echo inside
    - if: always()
      continue-on-error: true
      shell: bash
      run: exit 1
"""


def test_a_composite_action_fails_with_its_steps(bench: Bench) -> None:
    broken = bench.action("broken", BROKEN)
    result = bench.run(
        """
        - id: it
          uses: acme/broken@v1
          continue-on-error: true
        - run: echo "after $STATE"
          env: {STATE: "${{ steps.it.outputs.state }}"}
        - run: exit 1
        - if: always()
          uses: acme/fine@v1
        """,
        actions={
            "acme/broken": broken,
            "acme/fine": bench.action("fine", GREET.replace("required: true", "default: x")),
        },
    )
    assert outcomes(result)[0] == ("failure", "success")
    assert [step.outcome for step in result.steps[0].steps] == ["failure", "skipped", "success", "failure"]
    assert result.steps[1].log == "after failure\n"
    assert outcomes(result)[3] == ("success", "success"), "an action starts anew, whatever failed before it"


@pytest.mark.parametrize("name", ["secrets.KEY", "vars.KEY", "needs.other.result"])
def test_composite_action_sees_only_its_inputs(bench: Bench, name: str) -> None:
    action = bench.action("nosy", GREET.replace("${{ inputs.who }}", f"${{{{ {name} }}}}"))
    with pytest.raises(Unsupported, match="not available here"):
        bench.runner(secrets={"KEY": "x"}).run_action(action, {"who": "x"})


@pytest.mark.parametrize("name", ["github.action_path", "steps.later.outputs.x", "github.nothing"])
def test_a_job_cannot_name_what_is_not_there(bench: Bench, name: str) -> None:
    with pytest.raises(Unsupported, match="has no"):
        bench.run(f"- run: 'true'\n  env: {{A: '${{{{ {name} }}}}'}}")


def test_unknown_input_of_an_action_is_refused(bench: Bench) -> None:
    with pytest.raises(Unsupported, match="whom"):
        bench.runner().run_action(bench.action("greet", GREET), {"whom": "x"})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (GREET.replace("using: composite", "using: node20"), "only composite"),
        (GREET.replace("      shell: bash\n", ""), "needs its `shell`"),
        (GREET.replace("runs:", "extra: 1\nruns:"), "extra"),
        (GREET.replace("required: true", "type: string"), "type"),
    ],
)
def test_an_action_that_is_not_known_is_refused(bench: Bench, text: str, problem: str) -> None:
    with pytest.raises(Unsupported, match=problem):
        read_action(bench.action("other", text))


def test_action_file_may_be_yaml_or_missing(bench: Bench) -> None:
    folder = bench.action("greet", GREET)
    (folder / "action.yml").rename(folder / "action.yaml")
    assert read_action(folder).inputs["how"] == "hello from ${{ github.repository }}"
    with pytest.raises(Unsupported, match=r"no action\.yml"):
        read_action(bench.folder)


def test_foreign_action_is_what_is_registered(bench: Bench) -> None:
    calls: list[ActionCall] = []

    def note(call: ActionCall) -> dict[str, str]:
        calls.append(call)
        with open(call.environment["GITHUB_ENV"], "a") as env:  # noqa: PTH123 - as an action does it
            env.write("NOTED=yes\n")
        return {"seen": call.inputs["what it is"]}

    def fail(_: ActionCall) -> None:
        raise ActionFailed("No such version")

    result = bench.run(
        """
        - uses: actions/setup-python@v6
          with: {python-version: 3.10}
        - id: note
          uses: acme/note@abc
          with: {what it is: "${{ github.actor }}"}
          env: {OWN: "1"}
        - run: echo "$NOTED $SEEN"
          env: {SEEN: "${{ steps.note.outputs.seen }}"}
        - uses: acme/fail@v1
        """,
        actions={"actions/setup-python": does_nothing, "acme/note": note, "acme/fail": fail},
    )
    (call,) = calls
    assert (call.ref, call.inputs) == ("abc", {"what it is": "marta"})
    assert (call.environment["INPUT_WHAT_IT_IS"], call.environment["OWN"]) == ("marta", "1")
    assert result.steps[2].log == "yes marta\n"
    assert (result.conclusion, result.steps[3].log) == ("failure", "No such version\n")


@pytest.mark.parametrize("uses", ["acme/other@v1", "acme/known", "acme/known@", "docker://alpine:3"])
def test_an_action_that_is_not_registered_is_refused(bench: Bench, uses: str) -> None:
    with pytest.raises(Unsupported, match="nothing is registered"):
        bench.run(f"- uses: {uses}", actions={"acme/known": does_nothing})


def test_a_checkout_copies_what_was_prepared(bench: Bench) -> None:
    for name in ("pull", "main"):
        (bench.folder / name).mkdir()
        (bench.folder / name / "file").write_text(name)
    checkout = copies(bench.folder / "pull", {"main": bench.folder / "main"})
    result = bench.run(
        """
        - uses: actions/checkout@v5
          with: {path: change, fetch-depth: 0}
        - uses: actions/checkout@v5
          with: {path: base, ref: main}
        - run: cat base/file change/file
        """,
        actions={"actions/checkout": checkout},
    )
    assert result.steps[2].log == "mainpull"
    for inputs in ("{ref: other}", "{token: x}"):
        with pytest.raises(Unsupported, match="checkout"):
            bench.run(
                f"- uses: actions/checkout@v5\n  with: {inputs}", actions={"actions/checkout": checkout}
            )


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ("- run: echo ${{ github.sha }}", "inside `run`"),
        ("- run: 'true'\n  uses: a/b@c", "either uses or runs"),
        ("- name: nothing", "either uses or runs"),
        ("- uses: a/b@c\n  shell: bash", "no shell"),
        ("- run: 'true'\n  with: {a: b}", "no `with`"),
        ("- run: 'true'\n  entrypoint: x", "entrypoint"),
        ("- run: 'true'\n  id: 1st", "cannot be a step's id"),
        ("- run: 'true'\n  id: a\n- run: 'true'\n  id: a", "two steps have one id"),
        ("- run: 'true'\n  env: [a]", "no mapping"),
        ("- run: 'true'\n  run: 'false'", "twice"),
        ("- just text", "no mapping"),
    ],
)
def test_a_step_that_is_not_known_is_refused(bench: Bench, step: str, problem: str) -> None:
    with pytest.raises(Unsupported, match=problem):
        bench.run(step)


WORKFLOW = """
    name: apply
    on: {push: {branches: [main]}}
    permissions: {}
    concurrency: {group: "apply-${{ github.ref }}", cancel-in-progress: "${{ github.event_name != 'push' }}"}
    defaults: {run: {shell: bash}}
    jobs:
      first:
        runs-on: ubuntu-24.04
        timeout-minutes: 10
        permissions: {contents: read, issues: write}
        outputs: {present: "${{ steps.key.outputs.present }}"}
        steps:
          - id: key
            run: |
              false | true || echo "present=$PRESENT" >> "$GITHUB_OUTPUT"
            env: {PRESENT: "${{ secrets.KEY != '' }}"}
      second:
        runs-on: ubuntu-24.04
        needs: first
        if: needs.first.outputs.present == 'true' && github.repository == 'acme/audiences'
        environment: {name: production, deployment: false}
        concurrency: second
        steps:
          - run: echo "$KEY"
            env: {KEY: "${{ secrets.KEY }}"}
"""


def test_job_gets_the_results_it_needs(bench: Bench) -> None:
    path = bench.workflow(WORKFLOW)
    granted: list[Mapping[str, str]] = []

    def grant(permissions: Mapping[str, str]) -> str:
        granted.append(permissions)
        return "ghs_x"

    options: dict[str, Any] = {
        "secrets": {"KEY": "sk_plan"},
        "environment_secrets": {"production": {"KEY": "sk_apply"}, "other": {"KEY": "sk_other"}},
        "grant": grant,
    }
    first = bench.runner(**options).run_job(path, "first")
    assert (first.conclusion, first.outputs) == ("success", {"present": "true"})
    assert first.groups == (("apply-refs/heads/main", False),)
    second = bench.runner(**options).run_job(path, "second", needs={"first": first})
    assert (second.log, second.conclusion) == ("sk_apply\n", "success")
    assert second.groups == (("apply-refs/heads/main", False), ("second", False))
    assert granted == [{"contents": "read", "issues": "write"}, {}]


@pytest.mark.parametrize(("secrets", "conclusion"), [({}, "skipped"), ({"KEY": "sk"}, "success")])
def test_a_job_is_skipped_by_its_condition(bench: Bench, secrets: dict[str, str], conclusion: str) -> None:
    path = bench.workflow(WORKFLOW)
    first = bench.runner(secrets=secrets).run_job(path, "first")
    second = bench.runner(secrets=secrets).run_job(path, "second", needs={"first": first})
    assert second.conclusion == conclusion


@pytest.mark.parametrize(
    ("condition", "first", "conclusion"),
    [
        ("true", "failure", "skipped"),
        ("always()", "failure", "success"),
        ("failure()", "failure", "success"),
        ("cancelled()", "cancelled", "success"),
        ("success()", "skipped", "skipped"),
    ],
)
def test_a_job_asks_how_those_before_it_ended(
    bench: Bench, condition: str, first: str, conclusion: str
) -> None:
    path = bench.workflow(f"""
        on: push
        jobs:
          first: {{runs-on: x, steps: [{{run: "exit 1"}}]}}
          second: {{runs-on: x, needs: [first], if: "{condition}", steps: [{{run: "true"}}]}}
    """)
    ran = bench.runner().run_job(path, "first")
    needs = {"first": ran if first == "failure" else type(ran)(conclusion=first)}
    assert bench.runner().run_job(path, "second", needs=needs).conclusion == conclusion


def test_a_job_without_what_it_needs_is_refused(bench: Bench) -> None:
    with pytest.raises(Unsupported, match="needs"):
        bench.runner().run_job(bench.workflow(WORKFLOW), "second")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("runs-on: ubuntu-24.04\n        needs", "needs", "no machine"),
        ("name: apply", "extra: 1", "extra"),
        ("timeout-minutes: 10", "services: {}", "services"),
        ("deployment: false", "urn: x", "urn"),
        ("cancel-in-progress: \"${{ github.event_name != 'push' }}\"", "queue: many", "queue"),
        ("\"${{ github.event_name != 'push' }}\"}", "true, queue: max}", "next to cancelling"),
        ("shell: bash", "login: true", "login"),
        ("permissions: {}", "permissions: read-all", "no mapping"),
        ("${{ secrets.KEY != '' }}", "${{ matrix.python }}", "matrix"),
        ("first:\n", "1st:\n", "no name"),
        ("needs: first", "needs: first\n        defaults: {run: {shell: sh}}", "replace them"),
    ],
)
def test_a_workflow_that_is_not_known_is_refused(bench: Bench, old: str, new: str, problem: str) -> None:
    assert old in WORKFLOW
    path = bench.workflow(WORKFLOW.replace(old, new, 1))
    with pytest.raises(Unsupported, match=problem):
        bench.runner().run_job(path, "first")


def test_a_job_has_defaults_of_its_own(bench: Bench) -> None:
    path = bench.workflow("""
        on: push
        jobs:
          it:
            runs-on: x
            defaults: {run: {working-directory: sub, shell: "bash -e -x {0}"}}
            steps:
              - {run: mkdir sub, working-directory: .}
              - {run: pwd}
              - {run: pwd, shell: sh}
    """)
    runner = bench.runner()
    logs = [step.log for step in runner.run_job(path, "it").steps]
    assert logs == ["+ mkdir sub\n", f"+ pwd\n{runner.workspace}/sub\n", f"{runner.workspace}/sub\n"]


def test_steps_are_a_list(bench: Bench) -> None:
    with pytest.raises(Unsupported, match="list"):
        read_workflow(bench.workflow("on: push\njobs: {a: {runs-on: x, steps: {run: x}}}"))


def test_on_and_off_are_words_in_yaml(bench: Bench) -> None:
    path = bench.workflow("on: [push]\nenv: {A: yes, B: on, C: 010, D: ~, E: 3.10}\njobs: {}")
    workflow = read_workflow(path)
    assert workflow.on == {"push": None}
    assert dict(workflow.env) == {"A": "yes", "B": "on", "C": "010", "D": None, "E": 3.1}
    assert workflow.name == "test.yml"


@pytest.fixture
def pulls() -> Repository:
    peer = Peer()
    repository = peer.repository()
    repository.seed_pull(fork="zoe/audiences", author="zoe")
    repository.seed_pull()
    return repository


def test_run_from_a_fork_has_no_secrets(bench: Bench, pulls: Repository) -> None:
    path = bench.workflow("""
        on: pull_request
        jobs:
          it:
            runs-on: ubuntu-24.04
            environment: plan
            permissions: {contents: read, pull-requests: write}
            steps:
              - run: echo "[$KEY] [$OTHER] $TOKEN $NUMBER"
                env:
                  KEY: ${{ secrets.KEY }}
                  OTHER: ${{ secrets.other }}
                  TOKEN: ${{ secrets.GITHUB_TOKEN == github.token && github.token }}
                  NUMBER: ${{ github.event.pull_request.number }}
    """)
    peer = Peer()
    options: dict[str, Any] = {
        "secrets": {"KEY": "sk"},
        "environment_secrets": {"plan": {"OTHER": "o"}},
        "grant": lambda permissions: f"<{permissions['pull-requests']}>",
    }
    logs = [
        bench.runner(events.pull_request(peer.documents, pulls, number), **options).run_job(path, "it").log
        for number in (1, 2)
    ]
    assert logs == ["[] [] <read> 1\n", "[sk] [o] <write> 2\n"]


def test_a_token_is_made_with_the_jobs_permissions(bench: Bench) -> None:
    peer = Peer()
    repository = peer.repository()
    runner = bench.runner(grant=partial(peer.actions_token, repository))
    steps = bench.action(
        "show",
        """
        name: show
        description: Shows.
        runs:
          using: composite
          steps:
            - {shell: bash, run: 'echo "$TOKEN"', env: {TOKEN: "${{ github.token }}"}}
    """,
    )
    assert runner.run_action(steps, permissions={"issues": "write"}).log.startswith("ghs_")


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("pull_request", True),
        ("[push, workflow_dispatch]", False),
        ("{pull_request: {types: [opened, closed]}}", True),
        ("{pull_request: {types: closed}}", False),
        ("{pull_request: {branches: [main]}}", True),
        ("{pull_request: {branches: ['release/**']}}", False),
        ("{pull_request: {paths: [audiences.d/**]}}", True),
        ("{pull_request: {paths: [audiences.d/*]}}", False),
        ("{pull_request: {paths: ['**/cfo.yaml']}}", True),
        ("{pull_request: {paths: ['*.yaml']}}", False),
        ("{pull_request: {paths: '**.yaml'}}", True),
    ],
)
def test_workflow_runs_on_events_that_it_names(
    bench: Bench,
    pulls: Repository,
    on: str,
    expected: bool,  # noqa: FBT001 - a table's column
) -> None:
    event = events.pull_request(DOCUMENTS, pulls, 2, changed=("audiences.d/sub/cfo.yaml",))
    workflow = read_workflow(bench.workflow(f"on: {on}\njobs: {{}}"))
    assert is_triggered(workflow, event) is expected


def test_other_events_have_their_own_filters(bench: Bench) -> None:
    text = """
        on:
          push: {branches: [main], paths: [audiences.d/**]}
          schedule: [{cron: 17 5 * * *}]
          workflow_dispatch:
          release:
        jobs: {}
    """
    workflow = read_workflow(bench.workflow(text))
    touched = events.push(DOCUMENTS, REPOSITORY, "e" * 40, changed=("audiences.d/a.yaml",))
    assert (is_triggered(workflow, touched), is_triggered(workflow, PUSH)) == (True, False)
    due = partial(events.schedule, DOCUMENTS, REPOSITORY, "e" * 40)
    assert (is_triggered(workflow, due("17 5 * * *")), is_triggered(workflow, due("0 0 * * *"))) == (
        True,
        False,
    )
    assert is_triggered(workflow, events.dispatch(DOCUMENTS, REPOSITORY, "e" * 40))
    released = events.Event(name="release", payload={}, ref="refs/tags/v1", sha="e" * 40, actor="marta")
    with pytest.raises(Unsupported, match="release"):
        is_triggered(workflow, released)


@pytest.mark.parametrize("on", ["{push: {tags: [v1]}}", "{push: {branches: ['!main']}}"])
def test_a_filter_that_is_not_known_is_refused(bench: Bench, on: str) -> None:
    with pytest.raises(Unsupported, match="not known here"):
        is_triggered(read_workflow(bench.workflow(f"on: {on}\njobs: {{}}")), PUSH)


def test_workflow_refuses_an_event_it_does_not_name(bench: Bench) -> None:
    path = bench.workflow("on: pull_request\njobs: {it: {runs-on: x, steps: [{run: 'true'}]}}")
    with pytest.raises(Unsupported, match="does not run on this push"):
        bench.runner().run_job(path, "it")


BY_HAND = """
    on:
      workflow_dispatch:
        inputs:
          digest: {description: Which plan., required: true}
          again: {type: boolean}
          scope: {type: choice, options: [all, one], default: all}
          note:
    jobs:
      it:
        runs-on: ubuntu-24.04
        if: inputs.again == false
        steps:
          - run: echo "$DIGEST $AGAIN $SCOPE [$NOTE]"
            env:
              DIGEST: ${{ inputs.digest }}
              AGAIN: ${{ inputs.again }}
              SCOPE: ${{ github.event.inputs.scope || inputs.scope }}
              NOTE: ${{ inputs.note }}
"""


def started(inputs: Mapping[str, str]) -> Event:
    return events.dispatch(DOCUMENTS, REPOSITORY, "e" * 40, inputs)


def test_a_start_by_hand_brings_inputs(bench: Bench) -> None:
    path = bench.workflow(BY_HAND)
    assert bench.runner(started({"digest": "d"})).run_job(path, "it").log == "d false all []\n"
    again = bench.runner(started({"digest": "d", "again": "true"})).run_job(path, "it")
    assert again.conclusion == "skipped"


@pytest.mark.parametrize(
    ("inputs", "problem"),
    [
        ({}, "required"),
        ({"digest": "d", "other": "x"}, "other"),
        ({"digest": "d", "scope": "none"}, "none of"),
    ],
)
def test_an_input_that_cannot_be_entered_is_refused(
    bench: Bench, inputs: dict[str, str], problem: str
) -> None:
    with pytest.raises(Unsupported, match=problem):
        bench.runner(started(inputs)).run_job(bench.workflow(BY_HAND), "it")


@pytest.mark.parametrize("declaration", ["{type: environment}", "{typ: string}"])
def test_an_input_that_is_not_known_is_refused(bench: Bench, declaration: str) -> None:
    path = bench.workflow(BY_HAND.replace("note:\n", f"note: {declaration}\n"))
    with pytest.raises(Unsupported, match="not known here"):
        bench.runner(started({"digest": "d"})).run_job(path, "it")


SLOW = """
    import pathlib, signal, threading

    ended = threading.Event()

    def hear(number, _):
        print(f"got {number}", flush=True)
        IS_DEAF or ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, hear)
    pathlib.Path("ready").write_text("ready")
    ended.wait()
"""


def cancelled(
    bench: Bench,
    run: str,
    *,
    grace: tuple[float, float] = (10, 10),
    is_deaf: bool = False,
    condition: str = "success()",
) -> JobResult:
    """Run a program in a step, cancel the job once the program says that it is there, and give the result."""
    runner = bench.runner(grace=grace, patience=30)
    (runner.workspace / "slow.py").write_text(dedent(SLOW).replace("IS_DEAF", str(is_deaf)))
    ready, go = (runner.workspace / name for name in ("ready", "go"))
    for pipe in (ready, go):
        os.mkfifo(pipe)

    def cancel() -> None:
        ready.read_text()
        runner.cancel()
        if "cat go" in run:
            go.write_text("x")

    threading.Thread(target=cancel, daemon=True).start()
    steps = f"""
        - if: {condition}
          shell: bash
          run: {run}
        - run: echo never
        - if: cancelled()
          run: echo cancelled
        - if: always()
          run: echo always
    """
    return runner.run_job(bench.steps(steps), "it")


def test_exec_of_a_shell_gets_the_cancellation(bench: Bench) -> None:
    result = cancelled(bench, "exec python slow.py")
    assert [step.log for step in result.steps] == [
        f"got {int(signal.SIGINT)}\n",
        "",
        "cancelled\n",
        "always\n",
    ]
    assert (result.conclusion, result.steps[0].outcome) == ("cancelled", "cancelled")


def test_a_program_under_the_shell_does_not(bench: Bench) -> None:
    result = cancelled(bench, "python slow.py; true", grace=(0.3, 0.3))
    assert (result.steps[0].log, result.steps[0].outcome) == ("", "cancelled")


def test_a_program_that_does_not_listen_is_killed(bench: Bench) -> None:
    result = cancelled(bench, "exec python slow.py", grace=(1, 1), is_deaf=True)
    assert result.steps[0].log == "".join(
        f"got {int(number)}\n" for number in (signal.SIGINT, signal.SIGTERM)
    )
    assert result.steps[0].exit_code == 128 + signal.SIGKILL


def test_a_step_that_always_runs_is_let_finish(bench: Bench) -> None:
    result = cancelled(bench, "printf x > ready && cat go && echo done", condition="always()")
    assert (result.steps[0].log, result.steps[0].outcome) == ("xdone\n", "success")
    assert (result.conclusion, result.steps[1].outcome) == ("cancelled", "skipped")


def test_a_cancelled_action_is_cancelled(bench: Bench) -> None:
    runner = bench.runner(grace=(5, 5), patience=20)
    ready = bench.folder / "ready"
    os.mkfifo(ready)
    action = bench.action(
        "slow",
        f"""
        name: slow
        description: Waits.
        runs:
          using: composite
          steps:
            - {{shell: bash, run: "printf x > {ready}; exec sleep 20"}}
            - {{shell: bash, run: echo never}}
    """,
    )

    def cancel() -> None:
        ready.read_text()
        runner.cancel()

    threading.Thread(target=cancel, daemon=True).start()
    result = runner.run_action(action)
    assert (result.conclusion, outcomes(result)) == ("cancelled", [("cancelled", "cancelled")])
    assert result.log == ""


def test_step_over_its_time_fails_the_test(bench: Bench) -> None:
    with pytest.raises(TimeoutError, match=r"0\.2 s"):
        bench.run("- run: exec sleep 20", patience=0.2)


def test_background_process_ends_with_the_job(bench: Bench) -> None:
    pipe = bench.folder / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    poll = select.poll()
    poll.register(reader, 0)
    result = bench.run(f"""
        - run: |
            exec 9> {pipe}
            sleep 60 &
            echo $! > pid
        - run: kill -0 "$(cat pid)"
    """)
    assert result.conclusion == "success", "it lives on beside the next step"
    # Whoever holds the other end is gone when the pipe hangs up.
    assert poll.poll(60_000) == [(reader, select.POLLHUP)]
    os.close(reader)
