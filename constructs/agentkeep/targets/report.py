"""What ``agentkeep synth`` prints: what changed in ``dist/``, and every edge that was declared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from agentkeep.core.edges import Env
from agentkeep.core.model import Model
from agentkeep.targets.dist import Tree, not_ours


def text(model: Model, dist: Path, before: Tree, after: Tree) -> str:
    """The report, as lines of at most 120 characters where names allow."""
    kept = not_ours(before, after)
    changed = sorted(name for name in {*before, *after} if before.get(name) != after.get(name) and name not in kept)
    lines = [f"{dist}/: {len(after)} files, {len(changed)} changed"]
    lines += [f"  {_what(name, before, after)} {name}" for name in changed]
    lines += [f"  kept    {name} (not written by agentkeep)" for name in kept]
    lines += ["", "who may read what"]
    lines += _columns((grant.secret, "->", grant.workload, _delivery(grant.delivery)) for grant in model.all_grants)
    lines += ["", "who may connect to what, and why"]
    lines += _columns(
        (flow.source_name, "->", ", ".join(flow.ledger_names), f"{flow.port.protocol} {flow.port.number}", flow.because)
        for flow in model.all_flows
    )
    if model.samples:
        lines += ["", f"WARNING: made from samples ({', '.join(model.samples)}); replace them before you deploy"]
    return "\n".join(lines)


def _what(name: str, before: Tree, after: Tree) -> str:
    if name not in before:
        return "new    "
    return "changed" if name in after else "gone   "


def _delivery(delivery: object) -> str:
    return f"env {', '.join(delivery.names)}" if isinstance(delivery, Env) else f"file {getattr(delivery, 'path', '')}"


def _columns(rows: Iterable[Sequence[str]]) -> list[str]:
    table = [tuple(row) for row in rows]
    if not table:
        return ["  nothing"]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]) - 1)]
    return [
        "  " + "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in table
    ]
