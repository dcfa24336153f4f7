"""Artifacts of a git revision, read from the object store."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from agentkeep.errors import ProofError
from agentkeep.verify.artifacts import MAX_FILES, MAX_TOTAL_BYTES, Artifacts, assemble


def read_revision(revision: str, dist: str) -> Artifacts:
    """
    The artifacts of a git revision, read from the object store: nothing is checked out, and no attribute can hide a
    file.

    Raises:
        ProofError: no such revision, nothing in *dist* there, or a link or submodule among it.
    """
    if revision.startswith("-") or not _git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"):
        raise ProofError(revision, "is neither a folder nor a git revision", "name one that exists")
    prefix = _git("rev-parse", "--show-prefix").decode().strip()
    inside = Path(dist).as_posix().strip("/")
    path = prefix + inside
    listing = _git("ls-tree", "-r", "-z", "--full-tree", "-l", revision, "--", path + "/")
    wanted: list[tuple[str, str]] = []
    total = 0
    for entry in filter(None, listing.split(b"\0")):
        head, _, raw = entry.partition(b"\t")
        mode, kind, blob, size = head.decode().split()
        name = raw.decode("utf-8", "replace")
        if kind != "blob" or mode not in ("100644", "100755"):
            raise ProofError(f"{revision}:{name}", "is neither a file nor a folder", "remove it")
        total += int(size)
        wanted.append((name[len(path) + 1 :], blob))
        if len(wanted) > MAX_FILES or total > MAX_TOTAL_BYTES:
            raise ProofError(f"{revision}:{path}", "holds more than any platform needs", "point to the artifacts alone")
    if not wanted:
        raise ProofError(f"{revision}:{path}", "holds nothing", "name the folder of the artifacts with --dist")
    return assemble(
        f"{revision}:{path}", dict(zip((n for n, _ in wanted), _blobs([b for _, b in wanted]), strict=True))
    )


def _blobs(names: list[str]) -> Iterator[bytes]:
    data = _git("cat-file", "--batch", text="\n".join(names) + "\n")
    position = 0
    for name in names:
        end = data.index(b"\n", position)
        found, _, size = data[position:end].decode().split()
        if found != name:
            raise ProofError(name, "is not in the repository", "fetch it")
        yield data[end + 1 : end + 1 + int(size)]
        position = end + 2 + int(size)


def _git(*arguments: str, text: str = "") -> bytes:
    try:
        # The one argument that comes from outside is a revision, which rev-parse has checked.
        command = ["git", *arguments]
        done = subprocess.run(command, input=text.encode(), capture_output=True, check=False, timeout=120)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        raise ProofError("git", "cannot be run", "install it, or compare folders") from None
    return done.stdout if done.returncode == 0 else b""
