"""
From a declaration to ``dist/``: runs the engines, adds what a reviewer needs, and replaces the folder at the very end.

Synthesis uses no network, no clock and no randomness: the same declaration gives the same bytes, on any machine.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType, TracebackType

from agentkeep.engine import use_bundled_node
from agentkeep.errors import DeclarationError, SynthesisError
from agentkeep.platform import Platform
from agentkeep.targets.dist import ARCH, HELM, LOLICE, Tree, expect_replaceable, read_tree, swap, write_aside
from agentkeep.targets.helm import helm_tree
from agentkeep.targets.ledger import FILE as LEDGER_FILE
from agentkeep.targets.ledger import ledger_text

AQUA_REGISTRY = "v4.465.0"
TFACTION = "{}\n"
AQUA = f"""---
# Packages come from imports/, registries and checksums are required: what CI runs is what was reviewed.
checksum:
  enabled: true
  require_checksum: true
registries:
  - type: standard
    ref: {AQUA_REGISTRY} # renovate: depName=aquaproj/aqua-registry
packages:
  - import: imports/*.yaml
"""


def load(declaration: str) -> Platform:
    """
    Import ``module:function`` or ``file.py:function``, call the function, and seal what it returns.

    Raises:
        DeclarationErrors: Every problem of the declaration.
        DeclarationError: The code that declares does not run; the error names file and line.
    """
    name, _, function = declaration.partition(":")
    try:
        module = _from_file(Path(name)) if name.endswith(".py") else import_module(name)
        platform = getattr(module, function or "declare")()
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        ImportError,
        LookupError,
        NameError,
        OSError,
        RuntimeError,
        SyntaxError,
        TypeError,
        ValueError,
    ) as error:
        raise DeclarationError(
            _where(error, name), f"the declaration does not run: {error}", "mend that line"
        ) from None
    if not isinstance(platform, Platform):
        raise DeclarationError(name, f"{function or 'declare'}() returned no Platform", "return it")
    return platform.seal()


def terraform_tree(platform: Platform, outdir: Path) -> dict[str, str]:
    """Synthesize the Terraform half: the engine's own output goes to *outdir*, what is reviewed is returned."""
    use_bundled_node()
    from cdktf import App  # noqa: PLC0415 - starts the engine

    from agentkeep.targets.terraform import root_modules  # noqa: PLC0415 - starts the engine

    with _engine_errors(platform):
        app = App(outdir=str(outdir), hcl_output=False)
        modules = root_modules(app, platform)
        app.synth()
    tree = {}
    for module in modules:
        folder = f"{ARCH}/{module.folder}"
        stack = outdir / "stacks" / module.stack.node.id / "cdk.tf.json"
        tree[f"{folder}/cdk.tf.json"] = stack.read_text(encoding="utf-8").rstrip("\n") + "\n"
        tree[f"{folder}/tfaction.yaml"] = TFACTION
        tree[f"{folder}/aqua/aqua.yaml"] = AQUA
    return tree


def kubernetes_tree(platform: Platform, outdir: Path) -> dict[str, str]:
    """Synthesize the Kubernetes half: the engine's own output goes to *outdir*, what is reviewed is returned."""
    use_bundled_node()
    from agentkeep.targets.comments import commented  # noqa: PLC0415 - with the engine
    from agentkeep.targets.kubernetes import BOOTSTRAP_PAGES, manifests  # noqa: PLC0415 - starts the engine

    with _engine_errors(platform):
        pages = manifests(str(outdir), platform)
        pages.synth()
    folder = f"{LOLICE}/{platform.argocd.folder}/{platform.id}"
    tree = {}
    for name, about in sorted(pages.about.items()):
        text = (outdir / f"{name}.yaml").read_text(encoding="utf-8")
        lines = header(platform, about, text)
        tree[f"{folder}/{name}.yaml"] = commented(text, lines, pages.comments, path=name)
    resources = [f"{name}.yaml" for name in sorted(pages.about) if name not in BOOTSTRAP_PAGES]
    outside = [name for name in BOOTSTRAP_PAGES if name in pages.about]
    tree[f"{folder}/kustomization.yaml"] = kustomization(platform, resources, outside)
    return tree


def header(platform: Platform, about: str, text: str | None = None) -> list[str]:
    """The first lines of a file; one made from samples says so. Without *text*, it answers for the whole folder."""
    lines = [
        about,
        f"Synthesized by agentkeep from the declaration of {platform.id!r}; a change here is lost, change that.",
    ]
    samples = [what for what, value in platform.samples.items() if text is None or value in text]
    if samples:
        lines.append(f"!!! MADE FROM SAMPLES: {', '.join(samples)}. DO NOT DEPLOY. !!!")
    return lines


def kustomization(platform: Platform, resources: Iterable[str], bootstrap: Iterable[str]) -> str:
    """The app's ``kustomization.yaml``; it makes ArgoCD treat the folder as Kustomize, which Image Updater needs."""
    parent = f"{platform.argocd.folder}/kustomization.yaml"
    lines = [
        *(f"# {line}" for line in header(platform, f"what the Application {platform.id} consists of")),
        f"# Not here: {', '.join(f'{name}.yaml' for name in bootstrap)}.",
        f"# {parent} lists them, so that the Application cannot change its own limits, or the cluster.",
        "apiVersion: kustomize.config.k8s.io/v1beta1",
        "kind: Kustomization",
        "resources:",
        *(f"  - {name}" for name in resources),
    ]
    return "\n".join(lines) + "\n"


def synthesize(
    platform: Platform,
    dist: Path,
    *,
    terraform: Path | bool = True,
    kubernetes: Path | bool = True,
    check: Callable[[Path], None] | None = None,
) -> tuple[Tree, Tree]:
    """
    Write one or both halves of *platform* to *dist*; the other half stays as it is.

    Args:
        platform: What was declared.
        dist: The folder to replace.
        terraform: Whether to synthesize that half, or where the engine's own output goes.
        kubernetes: The same for the other half.
        check: Called with the new folder before it replaces the old one; whatever it raises leaves *dist* as it was.

    Returns:
        What was in *dist* before, and what is in it now.
    """
    expect_replaceable(dist, LEDGER_FILE)
    before = read_tree(dist)
    tree = {LEDGER_FILE: ledger_text(platform)}
    with tempfile.TemporaryDirectory(prefix="agentkeep-") as scratch:
        for half, wanted, make in ((ARCH, terraform, terraform_tree), (LOLICE, kubernetes, kubernetes_tree)):
            if wanted is False:
                tree |= {name: text for name, text in before.items() if name.startswith(f"{half}/")}
            else:
                tree |= make(platform, Path(scratch) / half if wanted is True else wanted)
        if kubernetes is False:
            tree |= {name: text for name, text in before.items() if name.startswith(f"{HELM}/")}
        else:
            tree |= helm_tree(platform, tree)
    aside = write_aside(dist, tree)
    try:
        if check:
            check(aside)
        swap(aside, dist)
    finally:
        # Gone after a swap, and of no use after a refusal.
        shutil.rmtree(aside, ignore_errors=True)
    return before, tree


def engine_folder(variable: str, default: Path) -> Path:
    """Where an engine's CLI wants its raw output (``CDKTF_OUTDIR``, ``CDK8S_OUTDIR``), absolute."""
    return Path(os.environ.get(variable) or default).resolve()


class _engine_errors:  # noqa: N801 - reads as a statement
    """Turn what jsii raises into an error of one line; the engine's own stack means nothing to a user."""

    def __init__(self, platform: Platform) -> None:
        self._path = platform.id

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is not None and (isinstance(error, RuntimeError) or type(error).__module__.startswith("jsii")):
            said = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
            raise SynthesisError(self._path, f"the engine refused: {said}", "mend the declaration") from None


def _from_file(file: Path) -> ModuleType:
    """The module in *file*; what lies beside the file can be imported from it, as it can when Python runs a script."""
    spec = spec_from_file_location(file.stem, file.resolve())
    if not file.is_file() or spec is None or spec.loader is None:
        raise FileNotFoundError(f"there is no file {str(file)!r}")
    sys.path.insert(0, str(file.resolve().parent))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _where(error: BaseException, name: str) -> str:
    """File and line of the user's own code that raised *error*."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}"
    where = name
    trace = error.__traceback__
    # What the line called is not the user's: this library, Python's own, and what is installed.
    others = (str(Path(__file__).resolve().parent.parent), sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"))
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if Path(file).is_file() and not file.startswith(others):
            where = f"{Path(file).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return where
