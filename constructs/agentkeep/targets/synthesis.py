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
from collections.abc import Callable
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType, TracebackType

from agentkeep.core.model import Model
from agentkeep.core.platform import Platform
from agentkeep.errors import DeclarationError, SynthesisError
from agentkeep.halves.engine import use_bundled_node
from agentkeep.targets.dist import Tree, expect_replaceable, not_ours, read_tree, swap, write_aside
from agentkeep.targets.ledger import FILE as LEDGER_FILE
from agentkeep.targets.ledger import ledger_text


def load(declaration: str) -> Model:
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
        raise DeclarationError(_where(error, name), f"the declaration does not run: {error}", "fix that line") from None
    if not isinstance(platform, Platform):
        raise DeclarationError(name, f"{function or 'declare'}() returned no Platform", "return it")
    return platform.seal()


def synthesize(
    model: Model,
    dist: Path,
    *,
    only: str | None = None,
    scratch: Path | None = None,
    check: Callable[[Path], None] | None = None,
) -> tuple[Tree, Tree]:
    """
    Write every target of *model* to *dist*, or one of them; the others stay as they are.

    Args:
        model: What was declared.
        dist: The folder to replace.
        only: Name of the one target to synthesize, with what follows from it.
        scratch: Where the engines' own output goes; nowhere unless given.
        check: Called with the new folder before it replaces the old one; whatever it raises leaves *dist* as it was.

    Returns:
        What was in *dist* before, and what was written; beside that lies what is `not_ours`.
    """
    expect_replaceable(dist, LEDGER_FILE)
    before = read_tree(dist)
    tree = {LEDGER_FILE: ledger_text(model)}
    use_bundled_node()
    with tempfile.TemporaryDirectory(prefix="agentkeep-") as folder:
        for target in model.targets:
            if only is not None and only not in (target.name, target.follows):
                tree |= {name: text for name, text in before.items() if name.startswith(f"{target.folder}/")}
                continue
            module, _, maker = target.maker.partition(":")
            with _engine_errors(model):
                made = scratch if scratch is not None else Path(folder) / target.folder
                tree |= getattr(import_module(module), maker)(model, target, made, tree)
    kept = not_ours(before, tree)
    aside = write_aside(dist, tree, kept)
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

    def __init__(self, model: Model) -> None:
        self._path = model.id

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is not None and (isinstance(error, RuntimeError) or type(error).__module__.startswith("jsii")):
            said = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
            raise SynthesisError(self._path, f"the engine refused: {said}", "fix the declaration") from None


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
