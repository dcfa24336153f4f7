"""The agent's policy text, in one language each. A language says every fact of the policy, and no fact of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from agentkeep.sandboxed_agent.runtimes.openclaw.policy import SKILL_NAME, AgentPolicy


class Language(ABC):
    """What a language must say."""

    #: Destinations that have no name of their own.
    internet: ClassVar[str]
    dns: ClassVar[str]
    #: What each tool is for.
    purposes: ClassVar[Mapping[str, str]]
    #: Between names in a sentence.
    comma: ClassVar[str]

    def soul(self, policy: AgentPolicy) -> str:
        """``SOUL.md``, section by section."""
        sections = [
            self.preface(),
            self.iron_rules(policy),
            self.environment(policy),
            self.network(policy),
            self.secrets(policy),
            self.git(policy),
            self.conduct(),
        ]
        return "\n\n".join(["# SOUL.md", *sections]) + "\n"

    @abstractmethod
    def preface(self) -> str:
        """That the file is generated, and where a change of it begins."""

    @abstractmethod
    def iron_rules(self, policy: AgentPolicy) -> str:
        """What it must never do."""

    @abstractmethod
    def environment(self, policy: AgentPolicy) -> str:
        """Where its commands run, and with what."""

    @abstractmethod
    def network(self, policy: AgentPolicy) -> str:
        """What it can reach."""

    @abstractmethod
    def secrets(self, policy: AgentPolicy) -> str:
        """Which secrets are there, and which are not, by name."""

    @abstractmethod
    def git(self, policy: AgentPolicy) -> str:
        """What it may change, and how."""

    @abstractmethod
    def conduct(self) -> str:
        """How it works."""

    @abstractmethod
    def review(self, *, base_branch: str, elevated_only: bool, key_env: str) -> str:
        """``SKILL.md`` of codex-review."""

    def joined(self, names: Sequence[str]) -> str:
        """Names in a sentence."""
        return self.comma.join(f"`{name}`" for name in names)


def bullets(lines: Sequence[str]) -> str:
    """A list."""
    return "\n".join(f"- {line}" for line in lines)


def numbered(lines: Sequence[str]) -> str:
    """A list whose order matters."""
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, start=1))


def front_matter(description: str, key_env: str) -> str:
    """What OpenClaw reads of a skill: it is offered only where its programs and its variable are there."""
    return (
        f'---\nname: {SKILL_NAME}\ndescription: "{description}"\n'
        f'metadata: {{ "openclaw": {{ "requires": {{ "bins": ["codex", "git"], "env": ["{key_env}"] }} }} }}\n---\n'
    )


def reviewing(what: str) -> str:
    """A command line of the review. Each was run with the real CLI; older flags do not exist in it."""
    return f"```bash\ncodex exec --sandbox read-only --color never review {what}\n```"
