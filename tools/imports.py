"""
Make or check ``imports/``: the project's own bindings for Terraform providers and Kubernetes kinds.

Usage:
    python tools/imports.py            read the pinned packages, rewrite schemas and modules
    python tools/imports.py --check    say what is out of date; exit 1 if anything is
    python tools/imports.py --crds F   the same with the CustomResourceDefinitions (*.yaml) in folder F; no package
                                       registry carries them, so their reduced schemas change only this way

The way of the data: pinned packages → ``imports/schemas/`` (reduced, committed) → ``imports/**/*.py``. The second step
needs no package at all, so ``--check`` works offline; where a package is at hand the first step is checked too, and
where it is not, that is said.
"""

import argparse
import contextlib
import hashlib
import json
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tools import imports_kubernetes, imports_terraform  # noqa: E402 (a script's own folder comes first on sys.path)

IMPORTS = ROOT / "imports"
PACKAGE = IMPORTS / "agentkeep_imports"
CACHE = ROOT / ".cache" / "wheels"


def wheel_file(source: imports_terraform.Source, *, fetch: bool) -> Path | None:
    """
    Return the wheel of *source* below ``.cache/``, fetched with pip if *fetch*; None if it is not there.

    Raises:
        ValueError: The file is not the one that was pinned.
    """
    pattern = f"{source.package.replace('-', '_')}-{source.version}-*.whl"
    if fetch and not any(CACHE.glob(pattern)):
        CACHE.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]
        command += ["--dest", str(CACHE), f"{source.package}=={source.version}"]
        subprocess.run(command, check=True, timeout=600)
    found = next(iter(CACHE.glob(pattern)), None)
    if found is not None and hashlib.sha256(found.read_bytes()).hexdigest() != source.sha256:
        msg = f"{found.name} is not the pinned file; delete it and run 'make imports' again"
        raise ValueError(msg)
    return found


def package(source: imports_terraform.Source, *, fetch: bool) -> Path | None:
    """Return the installed package of *source* or else its wheel; None if neither is at hand."""
    site = Path(sysconfig.get_path("purelib"))
    name = source.package.replace("-", "_")
    if (site / f"{name}-{source.version}.dist-info").is_dir():
        return site / name
    return wheel_file(source, fetch=fetch)


def formatted(text: str) -> str:
    """Format Python source as the rest of the project is."""
    name = ["--quiet", "--stdin-filename", str(PACKAGE / "x.py"), "-"]
    for step in (["check", "--select", "I", "--fix"], ["format"]):
        command = [sys.executable, "-m", "ruff", *step, *name]
        ran = subprocess.run(command, input=text, text=True, capture_output=True, check=True, timeout=120, cwd=ROOT)
        text = ran.stdout
    return text


def schemas(*, fetch: bool) -> Iterator[tuple[Path, str | None]]:
    """Yield each Terraform schema file with its due text, or None where its package is not at hand."""
    for source in imports_terraform.SOURCES:
        found = package(source, fetch=fetch)
        text = None
        if found is not None:
            schema = imports_terraform.read_provider(source, imports_terraform.jsii_archive(found))
            text = as_json(schema)
        yield IMPORTS / "schemas" / "terraform" / f"{source.module}.json", text


def builtin_schemas() -> Iterator[tuple[Path, str | None]]:
    """Yield the schema file of each built-in kind with its due text, or None where kubernetes-validate is absent."""
    site = Path(sysconfig.get_path("purelib"))
    for kind in imports_kubernetes.KINDS:
        if not kind.builtin:
            continue
        folder = site / "kubernetes_validate" / "kubernetes-json-schema" / f"v{kind.origin}.0-local-strict"
        text = None
        if folder.is_dir():
            definitions = json.loads((folder / "_definitions.json").read_text())
            text = as_json(imports_kubernetes.read_builtin(kind, definitions["$defs"]))
        yield schema_file(kind), text


def custom_schemas(folder: Path) -> Iterator[tuple[Path, str | None]]:
    """Yield the schema file of each custom kind with its due text, or None where *folder* does not define it."""
    manifests = [one for path in sorted(folder.glob("*.yaml")) for one in yaml.safe_load_all(path.read_text())]
    for kind in imports_kubernetes.KINDS:
        if kind.builtin:
            continue
        text = None
        for manifest in manifests:
            with contextlib.suppress(LookupError):
                text = as_json(imports_kubernetes.read_definition(kind, manifest))
        yield schema_file(kind), text


def schema_file(kind: imports_kubernetes.Kind) -> Path:
    """Return where the reduced schema of *kind* is committed."""
    return IMPORTS / "schemas" / "k8s" / f"{kind.module}.json"


def as_json(schema: dict[str, Any]) -> str:
    """Write a schema as it is committed."""
    return json.dumps(schema, indent=1) + "\n"


def modules() -> Iterator[tuple[Path, str]]:
    """Yield each module with its due text, made from the committed schemas alone."""
    for source in imports_terraform.SOURCES:
        schema = json.loads((IMPORTS / "schemas" / "terraform" / f"{source.module}.json").read_text())
        yield PACKAGE / "terraform" / f"{source.module}.py", formatted(imports_terraform.write_module(schema))
    for kind in imports_kubernetes.KINDS:
        schema = json.loads(schema_file(kind).read_text())
        yield PACKAGE / "k8s" / f"{kind.module}.py", formatted(imports_kubernetes.write_module(schema))


def main(arguments: list[str]) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(description="Make or check the bindings in imports/.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if anything is out of date")
    parser.add_argument("--crds", type=Path, metavar="FOLDER", help="also read the CustomResourceDefinitions there")
    options = parser.parse_args(arguments)
    check = options.check
    custom = custom_schemas(options.crds) if options.crds else iter(())
    stale = 0
    for step in (chain(schemas(fetch=not check), builtin_schemas(), custom), modules()):
        for path, due in step:
            name = path.relative_to(ROOT)
            if due is None:
                print(f"not checked  {name} (its source is not installed; the module made from it is checked)")
            elif path.exists() and path.read_text() == due:
                continue
            elif check:
                stale += 1
                print(f"out of date  {name}")
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(due)
                print(f"written      {name}")
    if stale:
        print("run 'make imports' and commit what it writes")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
