"""No sandbox: commands run in the agent's own container."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from agentkeep.core.facts import Problem
from agentkeep.sandboxed_agent.runtime import SandboxKind


class NoSandbox(SandboxKind):
    """
    Commands run in the agent's own container, beside its tokens.

    Args:
        because: Why there is none.
    """

    kind: ClassVar[str] = "off"
    is_on: ClassVar[bool] = False

    because: str

    def problems(self) -> Iterator[Problem]:
        """No sandbox only for a reason."""
        if not self.because.strip():
            yield Problem("the sandbox is off for no reason", "say why: Sandbox.off(because='...')")
