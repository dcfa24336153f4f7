"""
What can go wrong, as one tree.

    AgentkeepError
    ├── DeclarationError   what the user declared cannot be right
    ├── SynthesisError     the declaration is fine, but dist/ could not be written
    └── ProofError         dist/ could not be read, so nothing was decided

Each carries ``path`` (where), ``problem`` (what is wrong, in the names the user typed) and ``fix`` (what to do). The
text is built from these and is always one line: ``[openclaw/llm] problem; fix``. No field ever holds the value of
anything that could be a secret: whatever looks like a credential is replaced, wherever it came from.
"""

import re

HIDDEN = "<hidden>"

# The prefixes of well-known credentials; the three parts of a Discord token or a JWT.
CREDENTIAL = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"sk-[A-Za-z0-9_-]{8,}|gh[opsur]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}|glpat-[A-Za-z0-9_-]{16,}"
    r"|xox[abeprs]-[A-Za-z0-9-]{8,}|A(?:KIA|SIA)[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{16,}"
    r"|[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{27,}|-----BEGIN [A-Z ]+-----)"
)
# Or a long run of both cases and digits: too much for a name, but an error may well hide a name.
_RUN = re.compile(r"(?=[A-Za-z_-]*[0-9])(?=[a-z0-9_-]*[A-Z])(?=[A-Z0-9_-]*[a-z])[A-Za-z0-9_-]{20,}")


def hide(text: str) -> str:
    """Return *text* as one line, with everything replaced that looks like a credential."""
    return _RUN.sub(HIDDEN, CREDENTIAL.sub(HIDDEN, " ".join(text.split())))


class AgentkeepError(Exception):
    """Base of every error that this library raises on purpose."""

    def __init__(self, path: str, problem: str, fix: str) -> None:
        self.path = hide(path)
        self.problem = hide(problem)
        self.fix = hide(fix)
        super().__init__(f"[{self.path}] {self.problem}; {self.fix}")


class DeclarationError(AgentkeepError):
    """A declaration that cannot be right: a wrong value, a forbidden edge, something forgotten."""


class SynthesisError(AgentkeepError):
    """The output could not be written; ``dist/`` is as it was."""


class ProofError(AgentkeepError):
    """The artifacts could not be read, so no promise was decided."""
