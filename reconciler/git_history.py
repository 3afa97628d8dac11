"""Files as git had them at a commit, read from git's own store and never from a checkout."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, cast

from reconciler.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
    from io import BufferedReader

_REGULAR = (b"100644", b"100755")
_SECONDS = 60
_LOG_SECONDS = 3  # who wrote something is good to know, and not worth a wait
_MAX_CHUNKS, _CHUNK = 256, 1 << 16
_MAX_AUTHOR = 200  # characters


def files(commit: str, paths: Sequence[str], is_wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """Return regular files by name, as they were at a commit.

    These are the paths themselves and, below those that are folders, what `is_wanted` by its path from there.
    Raises FileError where git, the repository or the commit is not there.
    """
    return {name: data for path in paths for name, data in _below(Path(path), commit, is_wanted)}


def file(commit: str, folder: str, name: str) -> bytes | None:
    """Return a regular file by its path from a folder that is there, as it was at a commit; None without one.

    Raises FileError where git, the repository or the commit is not there.
    """
    found = _git(Path(folder), "ls-tree", "-z", "--end-of-options", commit, "--", name).partition(b"\0")[0]
    mode, _, rest = found.partition(b" ")
    if mode not in _REGULAR:
        return None
    blob = rest.partition(b" ")[2].partition(b"\t")[0]
    return next(iter(_contents(Path(folder), [blob])))


def unchanged(before: Mapping[str, bytes]) -> frozenset[str]:
    """Return the names of those files that still are as they were."""
    return frozenset(name for name, data in before.items() if _is_same(name, data))


def is_touched(ref: str, paths: Sequence[str], others: Sequence[str] = ()) -> bool:
    """Return whether anything below the paths is not as it was at the merge base of `ref` and HEAD.

    A file that git does not know counts too. `others` are names, files or folders anywhere in the repository.
    Raises FileError where git, the repository or a common commit is not there, or the repository is bare.
    """
    commit, folder, wanted = merge_base(ref, paths), _folder(Path(paths[0])), _pathspecs(paths, others)
    changed = _git(folder, "diff", "--name-only", "--no-ext-diff", commit, "--", *wanted)
    return bool(changed or _git(folder, "ls-files", "--others", "--", *wanted))


def touched(commit: str) -> frozenset[str]:
    """Return the names of files, as seen from the working directory, that are not as they were at a commit.

    A file that git does not know counts too, and one that is gone. Raises FileError where git, the repository
    or the commit is not there, or the repository is bare.
    """
    folder = _checkout(("",), _TROUBLE)
    diff = ("diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", "--relative")
    changed = _git(folder, *diff, "--end-of-options", commit, "--")
    others = _git(folder, "ls-files", "--others", "-z")
    return frozenset(os.fsdecode(name) for name in (changed + others).split(b"\0") if name)


def is_touched_by(commit: str, paths: Sequence[str], others: Sequence[str] = ()) -> bool:
    """Return whether a commit changed anything below the paths, or of the others, on its branch.

    Raises FileError where git, the repository or the commit is not there, or the repository is bare.
    """
    folder, before = _folder(Path(paths[0])), parents(commit, paths)
    if not before:
        return True
    diff = ("diff", "--name-only", "--no-ext-diff", before[0], commit, "--")
    return bool(_git(folder, *diff, *_pathspecs(paths, others)))


def _pathspecs(paths: Sequence[str], others: Sequence[str]) -> list[str]:
    below = [f":(literal){os.path.abspath(path)}" for path in paths]  # noqa: PTH100 - resolve() would follow links
    return below + [f":(top,glob)**/{name}{rest}" for name in others for rest in ("", "/**")]


def merge_base(ref: str, paths: Sequence[str]) -> str:
    """Return the commit where the work on HEAD began.

    Raises FileError where git, the repository or a common commit is not there, or the repository is bare.
    """
    trouble = f"git finds no common commit of {ref} and HEAD"
    folder = _checkout(paths, trouble)
    found = _git(folder, "merge-base", "--end-of-options", ref, "HEAD", trouble=trouble)
    return found.decode().strip()


def merged_into(head: str, paths: Sequence[str]) -> str | None:
    """Return the commit that `head` is merged into by what is checked out; None where that is no such merge.

    Raises FileError where git or the repository is not there.
    """
    found = parents("HEAD", paths)
    return found[0] if found[1:] == (head,) else None


def parents(commit: str, paths: Sequence[str]) -> tuple[str, ...]:
    """Return a commit's parents, none for the first one of all.

    Raises FileError where git, the repository or the commit is not there, or a shallow clone ends with it, or
    the repository is bare.
    """
    folder = _checkout(paths, _TROUBLE)
    arguments = ("rev-list", "--parents", "--max-count=1", "--end-of-options", commit)
    found = tuple(_git(folder, *arguments).decode().split()[1:])
    if not found and _is_shallow(folder):
        raise FileError("git has no commit before this one here, and there is one", _FETCH)
    return found


def first_parents(paths: Sequence[str], max_count: int) -> tuple[str, ...]:
    """Return the commits of the branch that is checked out, the newest first, without what was merged in.

    As many as a shallow clone has; raises FileError where git or the repository is not there.
    """
    folder = _folder(Path(paths[0]))
    found = _git(folder, "rev-list", "--first-parent", f"--max-count={max_count}", "HEAD")
    return tuple(found.decode().split())


def last_commits(names: Sequence[str]) -> dict[str, tuple[str, str, str]]:
    """Return the commit that changed each file last: its id, its author's name, and its day (YYYY-MM-DD).

    It is the newest one that left the file as it is now: a merge may have dropped what a newer one did.
    Three processes of git look for all of them, for a few seconds. Left out is a file that is not as it was
    committed, or whose commit lies further back than that, or than a shallow clone goes.
    Raises FileError where git, the repository or a commit is not there.
    """
    paths = {os.path.abspath(name): name for name in names}  # noqa: PTH100 - resolve() would follow links
    folder = Path(os.path.commonpath([*map(os.path.dirname, paths)]))
    wanted = {os.path.relpath(path, folder): name for path, name in paths.items()}
    diff = ("diff", "--name-only", "-z", "--relative", "--no-ext-diff", "HEAD", "--")
    for edited in _git(folder, _LITERALLY, *diff, *wanted).split(b"\0"):
        wanted.pop(os.fsdecode(edited), None)
    found, blobs = {}, _committed(folder, [*wanted])
    with closing(_log(folder, [*wanted])) as commits:
        for file, blob, commit in commits if wanted else ():
            if file in wanted and blob == blobs.get(file):
                found[wanted.pop(file)] = commit
            if not wanted:
                break
    return found


def prefix(paths: Sequence[str]) -> str:
    """Return where in its repository the working directory is, with a slash behind it, empty at the top.

    Raises FileError where git or the repository is not there, or the repository is bare.
    """
    _checkout(paths, _TROUBLE)
    return os.fsdecode(_git(Path(), "rev-parse", "--show-prefix").rstrip(b"\n"))


def _below(path: Path, commit: str, is_wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    folder = _folder(path)
    prefix = path if path.is_dir() else path.parent
    wanted = "." if path.is_dir() else path.name
    entries = _git(folder, "ls-tree", "-r", "-z", "--end-of-options", commit, "--", wanted).split(b"\0")
    blobs = {}
    for entry in filter(None, entries):
        meta, _, name = entry.partition(b"\t")
        mode, _, identity = meta.split(b" ")
        file = os.fsdecode(name)
        if mode in _REGULAR and (file == wanted or is_wanted(file)):
            blobs[str(prefix / file)] = identity
    return zip(blobs, _contents(folder, blobs.values()) if blobs else (), strict=True)


def _committed(folder: Path, names: Sequence[str]) -> dict[str, bytes]:
    """Return the blobs of files as they are committed."""
    entries = _git(folder, _LITERALLY, "ls-tree", "-z", "HEAD", "--", *names).split(b"\0") if names else ()
    pairs = (entry.split(b"\t", 1) for entry in entries if entry)
    return {os.fsdecode(name): meta.split(b" ")[2] for meta, name in pairs}


def _log(folder: Path, names: Sequence[str]) -> Generator[tuple[str, bytes, tuple[str, str, str]]]:
    """Yield files with the blob that a commit left and that commit, the newest first."""
    mark = os.urandom(8).hex().encode()  # which no name of a file can be
    form = f"--format={mark.decode()}%H%n%P%n%cI%n%an"
    shown = (
        "-z",
        "--raw",
        "--no-abbrev",
        "-c",
        "--relative",
        "--no-renames",
        "--no-show-signature",
        "--encoding=UTF-8",
    )
    arguments = ("-c", "log.follow=false", "log", *shown, form, "HEAD", "--", *names)
    commit, blob, is_name = None, b"", False
    with closing(_fields(folder, *arguments)) as fields:
        for field in fields:
            if field.startswith(mark):
                identity, parents, time, author = field.decode(errors="replace").split("\n", 3)
                is_known = parents or not _is_shallow(folder)
                commit = (identity[len(mark) :], author[:_MAX_AUTHOR], time[:10]) if is_known else None
                is_name = False
            elif is_name:
                is_name = False
                if commit:
                    yield os.fsdecode(field), blob, commit
            elif b":" in field:  # modes, blobs, of which the new one is the last, and what was done
                is_name, blob = True, field.split(b" ")[-2]


def _fields(folder: Path, *arguments: str) -> Generator[bytes]:
    """Yield what git ends with a NUL each, as long as that takes neither too much time nor too much room."""
    command, rest = ["git", _LITERALLY, *_SETTINGS, *arguments], b""
    quiet = subprocess.DEVNULL
    with subprocess.Popen(  # noqa: S603 - no shell, and git is asked by name on purpose
        command, cwd=folder, env=_environment(), stdin=quiet, stdout=subprocess.PIPE, stderr=quiet
    ) as process:
        timer = threading.Timer(_LOG_SECONDS, process.kill)
        timer.start()
        try:
            output = cast("BufferedReader", process.stdout)
            for chunk in islice(iter(partial(output.read1, _CHUNK), b""), _MAX_CHUNKS):
                *fields, rest = (rest + chunk).split(b"\0")
                yield from fields
        finally:
            timer.cancel()
            process.kill()


def _contents(folder: Path, blobs: Collection[bytes]) -> Iterator[bytes]:
    """Yield the content of each blob; one git process reads them all."""
    output = _git(folder, "cat-file", "--batch", given=b"".join(blob + b"\n" for blob in blobs))
    start = 0
    for blob in blobs:
        end = output.index(b"\n", start)
        head = output[start:end].split(b" ")
        if head[:2] != [blob, b"blob"]:
            raise FileError(_TROUBLE, _FETCH)
        start = end + 1 + int(head[2])
        yield output[end + 1 : start]
        start += 1


def _folder(path: Path) -> Path:
    """Return the nearest folder that exists: a branch may have removed what git still has."""
    folder = path if path.is_dir() else path.parent
    return next(each for each in (folder, *folder.absolute().parents) if each.is_dir())


def _checkout(paths: Sequence[str], trouble: str) -> Path:
    """Return a folder of the checkout that the paths are in."""
    folder = _folder(Path(paths[0]))
    if _git(folder, "rev-parse", "--is-bare-repository", trouble=trouble).strip() != b"false":
        # A git before 2.38 would take it for the repository that the folder is in.
        raise FileError("the definitions lie in a bare repository", "Plan in a checkout of the branch")
    return folder


def _is_shallow(folder: Path) -> bool:
    return _git(folder, "rev-parse", "--is-shallow-repository").strip() != b"false"


def _is_same(name: str, data: bytes) -> bool:
    try:
        return Path(name).read_bytes() == data
    except OSError:
        return False


def _git(folder: Path, *arguments: str, given: bytes = b"", trouble: str = "") -> bytes:
    command = ["git", *_SETTINGS, *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and git is asked by name on purpose
            command,
            cwd=folder,
            env=_environment(),
            input=given,
            capture_output=True,
            check=True,
            timeout=_SECONDS,
        )
    except FileNotFoundError as error:
        raise FileError("git is not installed", "Install git, or plan without --base") from error
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired, OSError) as error:
        raise FileError(trouble or _TROUBLE, _FETCH) from error
    return done.stdout


def _environment() -> dict[str, str]:
    """Return the environment for git: without keys and tokens, and set to fetch and ask nothing."""
    passed = {name: value for name, value in os.environ.items() if not _SECRET.match(name)}
    return {**passed, "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0"}


# A branch's files may look like a repository of their own, whose settings would name programs to run.
_LITERALLY = "--literal-pathspecs"
_SETTINGS = ("-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=false", "-c", "core.pager=cat")
_SECRET = re.compile(r"(?!GIT_CONFIG_).*(KEY|TOKEN|SECRET|PASSWORD)", re.IGNORECASE)
_TROUBLE = "git cannot read its history"
_FETCH = "Fetch the history (fetch-depth: 0 for actions/checkout) and name a commit or branch that is there"
