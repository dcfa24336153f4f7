"""
What an agent's policy text is written from: the facts that are enforced, whatever language the text is in.

A text does not confine anybody. What it says about hosts, sandbox, tools and secrets comes from the same declaration
that the network policies, the sandbox and the Secrets come from, so that the agent is not told about a door that is
closed, nor left unaware of one that is open.

No value of a secret can get in here: a secret is known by its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

SKILL_NAME = "codex-review"
"""The name of the review skill, which is also its folder's."""

CODEX_KEY_ENV = "CODEX_API_KEY"
"""
The variable that Codex CLI 0.98.0 takes its key from. It sends no key at all when only ``OPENAI_API_KEY`` is set, so
the secret must appear in the gateway's environment under this name.
"""

_PLAIN = re.compile(r"[^\x00-\x1f\x7f`]+")
ENV = re.compile(r"[A-Z][A-Z0-9_]*")
_REPOSITORY = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+")
BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")


@dataclass(frozen=True, slots=True)
class Opening:
    """
    A destination that the agent's pod may connect to.

    Attributes:
        to: The destination as a host, or in words of the language, such as "the internet".
        ports: What is open there, such as ``TCP 443``.
        because: What it is for.
    """

    to: str
    ports: str
    because: str


@dataclass(frozen=True, slots=True)
class Tool:
    """
    A command-line tool that the agent has.

    Attributes:
        name: The command.
        version: Its fixed version, or empty where the image decides.
        purpose: What it is for.
    """

    name: str
    version: str
    purpose: str


# Infrastructure tools that no agent uses; what delivers adds its own.
COMMANDS = ("kubectl", "helm", "terraform apply", "terraform destroy", "ansible")


@dataclass(frozen=True, slots=True)
class AgentPolicy:
    """
    What the policy text is written from. Every attribute must come from what is enforced, not from what is wished.

    Attributes:
        sandbox: Where commands run: a container, another machine, or the gateway's own container.
        sandbox_network: Whether a command in the sandbox has a network at all.
        elevated: Whether some user may run commands outside the sandbox.
        openings: Every destination that is open; what is not listed is closed.
        tools: The tools beside the gateway, outside the sandbox.
        secrets: Names of the variables with secrets in the gateway's environment.
        elsewhere: Names of secrets that the agent never has, such as the provider's key.
        repositories: What the agent may change, as ``owner/name``; empty for none.
        protected_branches: Branches that are never pushed to.
        commands: Infrastructure tools that the agent must not use.
        review: Whether the codex-review skill comes with it.
        channels: What people call the channels that they talk to it on.
        language: What the text is written in.
    """

    sandbox: Literal["docker", "off"]
    sandbox_network: bool
    elevated: bool
    openings: tuple[Opening, ...]
    tools: tuple[Tool, ...] = ()
    secrets: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    protected_branches: tuple[str, ...] = ("main", "master")
    commands: tuple[str, ...] = COMMANDS
    review: bool = False
    channels: tuple[str, ...] = ()
    language: Literal["en", "ja"] = "en"


def policy_problems(policy: AgentPolicy) -> Iterator[tuple[str, str]]:
    """What is not plain text, or not what its attribute says."""
    texts = [
        *(text for item in policy.openings for text in (item.to, item.ports, item.because)),
        *(text for tool in policy.tools for text in (tool.name, tool.purpose)),
        *policy.commands,
        *policy.channels,
    ]
    for text in texts:
        # A line break or a back-tick would let one value write another rule.
        if not _PLAIN.fullmatch(text) or "|" in text:
            yield f"{text!r} is not one line of plain text", "write one line without back-ticks and bars"
    for name in (*policy.secrets, *policy.elsewhere):
        if not ENV.fullmatch(name):
            # Not echoed: whatever stands in a place for names could be a value.
            yield "a secret's name is not a name of a variable", "give names such as 'GITHUB_TOKEN', never values"
    both = sorted(set(policy.secrets) & set(policy.elsewhere))
    if both:
        yield f"{both[0]} is said to be in the pod and not in the pod", "list it once"
    for repository in policy.repositories:
        if not _REPOSITORY.fullmatch(repository):
            yield f"{repository!r} is not a repository", "write it as 'owner/name'"
    if not policy.protected_branches or not all(map(BRANCH.fullmatch, policy.protected_branches)):
        yield "protected_branches names no branch, or something else", "write ('main', 'master')"
    if policy.review and CODEX_KEY_ENV not in policy.secrets:
        yield (
            f"the review skill needs {CODEX_KEY_ENV}, which is not among the secrets",
            f"expose the OpenAI key as {CODEX_KEY_ENV}",
        )
    if policy.sandbox == "off" and policy.elevated:
        yield "there is no sandbox to leave, yet elevated is on", "declare a sandbox, or no elevated users"
