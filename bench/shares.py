"""
Where the time of one synthesis goes: ``python -m bench.shares [AGENTS]``, OpenClaw where no number is given.

CPU seconds of Python and of Node, step by step, in one process.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from bench.bench import columns
from bench.measure import node_seconds

if TYPE_CHECKING:
    from agentkeep.core.model import Model

T = TypeVar("T")


class Clock:
    """Counts the CPU seconds of each step, of this process and of its Node."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, float, float]] = []
        # What Python itself took to start belongs to no step.
        self._python, self._node = time.process_time(), 0.0

    def step(self, name: str, action: Callable[[], T]) -> T:
        """Run *action* as the step *name*."""
        result = action()
        python, node = time.process_time(), node_seconds(os.getpid())
        self.rows.append((name, python - self._python, node - self._node))
        self._python, self._node = python, node
        return result

    def table(self) -> str:
        """Every step, and the sum."""
        total = sum(python + node for _, python, node in self.rows)
        rows = [("step", "Python s", "Node s", "share")]
        sums = ("all", sum(row[1] for row in self.rows), sum(row[2] for row in self.rows))
        for name, python, node in [*self.rows, sums]:
            rows.append((name, f"{python:.2f}", f"{node:.2f}", f"{(python + node) / total:.0%}"))
        return "\n".join(columns(rows))


def main() -> None:
    """Synthesize step by step, as `agentkeep.targets.synthesis` does, and print the table."""
    clock = Clock()
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    clock.step("import the declarations (pydantic)", _import_declarations)
    model = clock.step("declare and seal", lambda: _declare(count))
    clock.step("import jsii, start Node", _import_jsii)
    clock.step("import cdktf and cdk8s", _import_engines)
    clock.step("import cdk8s-plus-28", _import_plus)

    # What follows is imported only now, so that no step pays for another's imports.
    from cdktf import App  # noqa: PLC0415 - see above

    from agentkeep.targets.helm import Chart  # noqa: PLC0415 - see above
    from agentkeep.targets.helm import synthesis as helm  # noqa: PLC0415 - see above
    from agentkeep.targets.kubernetes import Manifests  # noqa: PLC0415 - see above
    from agentkeep.targets.kubernetes import synthesis as kubernetes  # noqa: PLC0415 - see above
    from agentkeep.targets.ledger import ledger_text  # noqa: PLC0415 - see above
    from agentkeep.targets.terraform import TerraformModules  # noqa: PLC0415 - see above
    from agentkeep.targets.terraform import synthesis as terraform  # noqa: PLC0415 - see above

    clock.step("import the halves", lambda: None)
    with tempfile.TemporaryDirectory(prefix="agentkeep-bench-") as folder:
        scratch = Path(folder)
        app = App(outdir=f"{scratch}/terraform", hcl_output=False)
        clock.step("Terraform: build", lambda: terraform.root_modules(app, model, _target(model, TerraformModules)))
        clock.step("Terraform: write", app.synth)
        pages = clock.step("Kubernetes: build", lambda: kubernetes.manifests(f"{scratch}/kubernetes", model))
        clock.step("Kubernetes: write", pages.synth)
        tree = clock.step(
            "Kubernetes: comments",
            lambda: kubernetes.files(model, _target(model, Manifests), scratch / "kubernetes", pages),
        )
        clock.step("Helm chart", lambda: helm.tree(model, _target(model, Chart), scratch, tree))
        clock.step("ledger", lambda: ledger_text(model))
    print(clock.table())


def _target(model: Model, kind: type[T]) -> T:
    return next(target for target in model.targets if isinstance(target, kind))


def _import_declarations() -> None:
    import lolice.openclaw  # noqa: F401, PLC0415 - this is what is measured


def _declare(count: int) -> Model:
    from bench.programs import many_agents  # noqa: PLC0415 - imported by the step before
    from lolice import openclaw  # noqa: PLC0415 - imported by the step before

    return (many_agents.declare(count) if count else openclaw.declare()).seal()


def _import_jsii() -> None:
    from agentkeep.halves.engine import use_bundled_node  # noqa: PLC0415 - this is what is measured

    use_bundled_node()
    import constructs  # noqa: F401, PLC0415 - this is what is measured


def _import_engines() -> None:
    import cdktf  # noqa: F401, PLC0415 - this is what is measured


def _import_plus() -> None:
    from cdk8s_plus_28 import k8s  # noqa: F401, PLC0415 - this is what is measured


if __name__ == "__main__":
    main()
