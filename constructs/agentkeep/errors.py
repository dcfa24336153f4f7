"""
What can go wrong, as one tree.

    AgentkeepError
    ├── DeclarationError   what the user declared cannot be right
    ├── SynthesisError     the declaration is fine, but dist/ could not be written
    └── ProofError         dist/ could not be read, so nothing was decided

Each carries ``path`` (where), ``problem`` (what is wrong, in the names the user typed) and ``fix`` (what to do). The
text is built from these and is always one line: ``[openclaw/llm] problem; fix``. No field ever holds the value of
anything that could be a secret.
"""


class AgentkeepError(Exception):
    """Base of every error that this library raises on purpose."""

    def __init__(self, path: str, problem: str, fix: str) -> None:
        self.path = path
        self.problem = problem
        self.fix = fix
        super().__init__(f"[{path}] {problem}; {fix}")


class DeclarationError(AgentkeepError):
    """A declaration that cannot be right: a wrong value, a forbidden edge, something forgotten."""


class SynthesisError(AgentkeepError):
    """The output could not be written; ``dist/`` is as it was."""


class ProofError(AgentkeepError):
    """The artifacts could not be read, so no promise was decided."""
