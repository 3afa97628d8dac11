from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.doubles.fork_server import ForkServer, Process

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 60
ROOT = Path(__file__).parents[3]
# Naps, not one sleep: a signal just before the system call would be handled only after it.
READY = "import time; print('ready', flush=True)\nwhile True: time.sleep(0.02)"
# Everything that a process can see of how it was started, and that a fork could get wrong.
SEEN = """\
import os, signal, sys
print(sys.argv, os.getcwd(), sorted(os.environ.items()), __name__, sys.path[:3])
print(signal.getsignal(signal.SIGINT), signal.pthread_sigmask(signal.SIG_BLOCK, ()))
print([signal.getsignal(one) for one in (2, 3, 1, 14, 10, 13)])
for stream in (sys.stdin, sys.stdout, sys.stderr):
    print(stream.fileno(), stream.encoding, stream.errors, stream.newlines, stream.mode, stream.isatty())
    print(stream.name, stream.line_buffering, stream.write_through)
print(sys.stdin is sys.__stdin__, sys.stdout is sys.__stdout__, sys.stderr is sys.__stderr__)
print(sys.stdin.read().encode())
sys.exit(7)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    server = ForkServer()
    yield server
    server.close()


def start(server: ForkServer, folder: Path, *arguments: str, **how: Any) -> Process:
    return server.start(arguments, folder=folder, environment={"A": "b"}, **how)


def run(server: ForkServer, folder: Path, code: str, **how: Any) -> tuple[int, str, str]:
    with start(server, folder, "-c", textwrap.dedent(code), **how) as process:
        out, err = process.communicate(SECONDS)
        return process.wait(SECONDS), out, err


@pytest.mark.parametrize("program", ["-c", "-m", "script"])
def test_fork_sees_what_a_fresh_interpreter_sees(server: ForkServer, tmp_path: Path, program: str) -> None:
    (tmp_path / "seen.py").write_text(SEEN)
    (tmp_path / "stdin").write_bytes("ü\r\n\xff".encode())
    arguments = {"-c": ["-c", SEEN], "-m": ["-m", "seen"], "script": ["seen.py"]}[program]
    environment = {name: os.environ[name] for name in ("LANG",) if name in os.environ}
    environment["PYTHONPATH"] = "/added:/too"
    arguments += ["x", "--y"]
    with (tmp_path / "stdin").open("rb") as stdin:
        fresh = subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env=environment,
            stdin=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
    with (
        (tmp_path / "stdin").open("rb") as stdin,
        server.start(arguments, folder=tmp_path, environment=environment, stdin=stdin) as forked,
    ):
        out, err = forked.communicate(SECONDS)

    assert (out, err, forked.returncode) == (fresh.stdout, fresh.stderr, fresh.returncode)


def test_each_fork_is_a_process_of_its_own(server: ForkServer, tmp_path: Path) -> None:
    code = "import os, random; print(os.getpid(), random.random())"
    with start(server, tmp_path, "-c", code) as one, start(server, tmp_path, "-c", code) as other:
        outs = [process.communicate(SECONDS)[0].split() for process in (one, other)]

    assert [int(pid) for pid, _ in outs] == [one.pid, other.pid]
    assert outs[0][1] != outs[1][1]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("", 0),
        ("raise SystemExit", 0),
        ("import sys; sys.exit(3)", 3),
        ("import os; os._exit(4)", 4),
        ("import os; os.kill(os.getpid(), 9)", -9),
        ("import os; os.kill(os.getpid(), 15)", -15),
        ("raise KeyboardInterrupt", -2),
    ],
)
def test_exit_code_is_that_of_the_process(
    server: ForkServer, tmp_path: Path, code: str, expected: int
) -> None:
    assert run(server, tmp_path, code)[0] == expected


def test_uncaught_error_is_a_traceback_and_code_1(server: ForkServer, tmp_path: Path) -> None:
    code, _, err = run(server, tmp_path, "raise ValueError('x')")

    assert code == 1
    assert err.endswith("ValueError: x\n")


def test_message_as_exit_code_goes_to_stderr(server: ForkServer, tmp_path: Path) -> None:
    assert run(server, tmp_path, "raise SystemExit('so')") == (1, "", "so\n")


def test_output_that_nobody_takes_is_code_120(server: ForkServer, tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        code, _, _ = run(server, tmp_path, "print('x')", stdout=full)

    assert code == 120


def test_exit_waits_for_threads_and_runs_callbacks(server: ForkServer, tmp_path: Path) -> None:
    code = """
        import atexit, threading
        atexit.register(print, "at exit")
        go = threading.Event()
        threading.Thread(target=lambda: (go.wait(), print("thread"))).start()
        threading.Timer(0.01, go.set).start()
    """

    assert run(server, tmp_path, code) == (0, "thread\nat exit\n", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP])
def test_signal_reaches_the_fork_alone(server: ForkServer, tmp_path: Path, number: signal.Signals) -> None:
    with start(server, tmp_path, "-c", READY) as hit, start(server, tmp_path, "-c", READY) as other:
        for process in (hit, other):
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        hit.send_signal(number)

        assert hit.wait(SECONDS) == -number
        os.kill(other.pid, 0)
        assert other.returncode is None


def test_signal_can_be_ignored_from_the_start(server: ForkServer, tmp_path: Path) -> None:
    code = "import os, signal; os.kill(os.getpid(), 1); print(signal.getsignal(1).name)"

    assert run(server, tmp_path, code, ignored=[signal.SIGHUP]) == (0, "SIG_IGN\n", "")


def test_dispositions_are_default_in_a_background_job(tmp_path: Path) -> None:
    code = """
        from pathlib import Path
        from tests.doubles.fork_server import ForkServer
        server = ForkServer(is_measured=False)  # coverage handles SIGTERM
        see = "import signal; print(*map(signal.getsignal, (1, 2, 3, 15)))"
        with server.start(["-c", see], folder=Path.cwd(), environment={}) as process:
            print(process.communicate()[0])
        server.close()
    """
    background = ["/bin/sh", "-c", 'trap "" HUP INT QUIT TERM; exec "$@"', "sh", sys.executable, "-c"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    said = subprocess.check_output(
        [*background, textwrap.dedent(code)], cwd=tmp_path, env=environment, text=True
    )

    assert said == "0 <built-in function default_int_handler> 0 0\n\n"


def test_terminal_on_stdin_controls_a_session(server: ForkServer, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with start(server, tmp_path, "-c", READY, stdin=theirs, has_terminal=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        session = os.getsid(process.pid)
        os.write(ours, b"\x03")
        code = process.wait(SECONDS)
    os.close(ours)
    os.close(theirs)

    assert (session, code) == (process.pid, -signal.SIGINT)


def test_fork_holds_nothing_open_of_another(server: ForkServer, tmp_path: Path) -> None:
    with start(server, tmp_path, "-c", READY) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        with start(server, tmp_path, "-c", "import os; print(os.listdir('/proc/self/fd'))") as process:
            out, _ = process.communicate(SECONDS)

    assert len(out.split(",")) == 5  # the streams, what shows that it lives, and the folder that is listed


def test_fork_that_does_not_end_is_a_timeout(server: ForkServer, tmp_path: Path) -> None:
    with start(server, tmp_path, "-c", READY) as process:
        with pytest.raises(TimeoutError):
            process.wait(0)
        with pytest.raises(TimeoutError):
            process.communicate(0)


def test_block_ends_a_fork_that_still_runs(server: ForkServer, tmp_path: Path) -> None:
    with start(server, tmp_path, "-c", READY) as process:
        pass

    assert process.returncode == -signal.SIGKILL


def test_message_of_any_size_arrives(server: ForkServer, tmp_path: Path) -> None:
    assert run(server, tmp_path, f"print(len({'x' * 500_000!r}))") == (0, "500000\n", "")


def test_dead_server_is_an_error(tmp_path: Path) -> None:
    server = ForkServer()
    with start(server, tmp_path, "-c", "") as process:
        process.wait(SECONDS)
    server._server.kill()
    server._server.wait()

    with pytest.raises((RuntimeError, OSError)):
        start(server, tmp_path, "-c", "")
    server.close()


MEASURED = """\
import os, signal, sys
def ends():
    return 1
def exits():
    os._exit(0)
def is_terminated():
    signal.raise_signal(signal.SIGTERM)
globals()[sys.argv[1]]()
"""
MEASURING = """\
import os
from pathlib import Path
from tests.doubles.fork_server import ForkServer
server = ForkServer()
for name in ("ends", "exits", "is_terminated"):
    how = {"folder": Path.cwd(), "environment": dict(os.environ)}
    with server.start(["measured.py", name], **how) as process:
        process.communicate()
server.close()
"""


@pytest.mark.slow
def test_coverage_has_lines_that_only_forks_run(tmp_path: Path) -> None:
    (tmp_path / "measured.py").write_text(MEASURED)
    (tmp_path / ".coveragerc").write_text(
        "[run]\nbranch = true\nparallel = true\nsource = .\npatch = subprocess, _exit\nsigterm = true\n"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    clean["PYTHONPATH"] = str(ROOT)
    measured = {"COVERAGE_PROCESS_START": str(tmp_path / ".coveragerc")}
    for arguments, more in (
        (["-c", MEASURING], measured),
        (["-m", "coverage", "combine"], {}),
        (["-m", "coverage", "report", "--fail-under", "100"], {}),
    ):
        done = subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, env=clean | more, capture_output=True, check=False
        )

        assert done.returncode == 0, done.stdout + done.stderr
