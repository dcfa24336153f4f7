"""What the wheel installs: the library and its bindings, under names that collide with nobody's."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from tests.conftest import ROOT
from tests.docs.test_fences import fences

SOURCES = ("constructs", "imports")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built offline from a copy, so that no build/ appears in the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "copy"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed += ["pyproject.toml", "README.md", "LICENSE", *SOURCES]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-build-isolation", "--no-deps", "--no-index"]
    command += ["--disable-pip-version-check", "--wheel-dir", str(folder), str(copy)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("agentkeep-*.whl")
    return built


def installed(wheel: Path) -> set[PurePosixPath]:
    """What the wheel puts beside other packages, without its own metadata."""
    with zipfile.ZipFile(wheel) as archive:
        paths = {PurePosixPath(name) for name in archive.namelist()}
    return {path for path in paths if not path.parts[0].endswith(".dist-info")}


def test_its_top_level_packages_are_the_library_and_its_bindings(wheel: Path) -> None:
    assert {path.parts[0] for path in installed(wheel)} == {"agentkeep", "agentkeep_imports"}


def test_it_holds_every_file_of_both_and_no_other(wheel: Path) -> None:
    wanted = {
        PurePosixPath(path.relative_to(ROOT / root).as_posix())
        for root, package in zip(SOURCES, ("agentkeep", "agentkeep_imports"), strict=True)
        for path in (ROOT / root / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert installed(wheel) == wanted


def test_what_it_installs_synthesizes_and_proves(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    # -S leaves out the .pth file that puts this checkout on the path; the dependencies come by PYTHONPATH.
    packages = [str(tmp_path), *(one for one in sys.path if one.endswith("site-packages"))]
    code = (
        "import sys, agentkeep.cli\n"
        "agentkeep.cli.main(['synth', 'assistant.py', '--dist', 'out'])\n"
        "print(*(sys.modules[name].__file__ for name in ('agentkeep', 'agentkeep_imports')), sep='\\n')\n"
    )
    (declaration,) = (code for _, code in fences(ROOT / "README.md") if "def declare()" in code)
    (tmp_path / "assistant.py").write_text(declaration, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(packages)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "\nproved: " in done.stdout
    assert done.stdout.splitlines()[-2:] == [
        str(tmp_path / name / "__init__.py") for name in ("agentkeep", "agentkeep_imports")
    ]
