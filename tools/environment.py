"""
Create a virtual environment of this project and install one lock file into it.

Run by the Makefile with whatever ``python3`` the machine has; uses the standard library only, because nothing is
installed yet. Installing again what is already there takes no time: a stamp holds the lock's hash.

Usage: python3 tools/environment.py FOLDER LOCK [LOCK ...]
"""

import fcntl
import hashlib
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
PROJECT = ".venv"


def main(folder: str, locks: list[str]) -> int:
    """Make *folder* hold exactly what *locks* name; return the exit status."""
    if sys.version_info < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        print(
            f"python3 is {sys.version.split()[0]}, but {wanted} or newer is needed; put a newer python3 first in PATH"
        )
        return 2
    home = ROOT / folder
    # Two programs that need the same environment at once must not both make it.
    (ROOT / ".cache").mkdir(exist_ok=True)
    with (ROOT / ".cache" / f"{home.name.lstrip('.')}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        home.parent.mkdir(parents=True, exist_ok=True)
        return make(folder, home, locks)


def make(folder: str, home: Path, locks: list[str]) -> int:
    """Create the environment if it is not there, and install what is missing."""
    stamp = home / ".installed"
    wanted_state = hashlib.sha256(
        b"".join((ROOT / lock).read_bytes() for lock in locks) + sys.version.encode() + str(home).encode()
    ).hexdigest()
    known = stamp.read_text().split() if stamp.exists() else []
    if wanted_state in known:
        if folder == PROJECT:
            link(home)
        return 0
    if not (home / "bin" / "python").exists() or not known:
        print(f"creating {folder} ...", flush=True)
        venv.create(home, clear=True, with_pip=True)
    for lock in locks:
        status = install(home, ROOT / lock)
        if status:
            return status
    if folder == PROJECT:
        link(home)
    # A larger lock holds all of a smaller one, so what was installed before still stands.
    stamp.write_text("\n".join([*known, wanted_state]))
    return 0


def link(home: Path) -> None:
    """Put this checkout on the environment's path, and the command ``agentkeep`` into its bin."""
    packages = next((home / "lib").glob("python*/site-packages"))
    roots = "".join(f"{one}\n" for one in (ROOT / "constructs", ROOT / "imports", ROOT))
    path_file = packages / "agentkeep-checkout.pth"
    # An environment made before a source root was added is completed, and a current one is not touched.
    if path_file.exists() and path_file.read_text(encoding="utf-8") == roots:
        return
    path_file.write_text(roots, encoding="utf-8")
    command = home / "bin" / "agentkeep"
    command.write_text(
        f"#!{home / 'bin' / 'python'}\nimport sys\nfrom agentkeep.cli import main\nsys.exit(main())\n", encoding="utf-8"
    )
    command.chmod(0o755)


def install(home: Path, lock: Path) -> int:
    """Install *lock* with hashes checked, showing one moving line of progress."""
    total = len(re.findall(r"^[A-Za-z0-9].*==", lock.read_text(), re.MULTILINE))
    print(f"installing {total} locked packages from {shown(lock)} (only the first time) ...", flush=True)
    # A lock is complete, so nothing is resolved. pip of Python 3.11 would refuse a hashed lock in which one package
    # asks for an extra of another (pypa/pip#12345).
    command = [str(home / "bin" / "python"), "-m", "pip", "install", "--no-deps", "--require-hashes", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar", "off", "--requirement", str(lock)]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    pip = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=home
    )
    assert pip.stdout is not None  # noqa: S101 - it was asked for as a pipe
    said: list[str] = []
    seen = 0
    for line in pip.stdout:
        said.append(line)
        found = re.match(r"(?:Collecting|Requirement already satisfied:) (\S+)", line)
        if found:
            seen += 1
            if sys.stdout.isatty():
                print(f"\r  {seen}/{total} {found[1][:60]:<60}", end="", flush=True)
            elif seen % 10 == 0:
                print(f"  {seen}/{total}", flush=True)
        elif line.startswith("Installing collected packages"):
            print(("\r" if sys.stdout.isatty() else "") + f"  unpacking {'':<60}", flush=True)
    if pip.wait():
        sys.stdout.write("".join(said[-30:]))
        print(f"pip could not install {shown(lock)}: {last_words(said)}")
        return 1
    return 0


def shown(lock: Path) -> Path:
    """*lock* as people know it: from the checkout, where it is in it."""
    return lock.relative_to(ROOT) if lock.is_relative_to(ROOT) else lock


def last_words(said: list[str]) -> str:
    """What pip gave as its reason: its last error, or its last line where it named none."""
    lines = [line.strip() for line in said if line.strip()]
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["it said nothing"])[-1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
