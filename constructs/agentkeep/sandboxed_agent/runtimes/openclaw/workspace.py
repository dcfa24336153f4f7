"""The agent's policy as text: ``SOUL.md`` and the ``codex-review`` skill, in the language that its people speak."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from agentkeep.errors import DeclarationError
from agentkeep.sandboxed_agent.runtimes.openclaw.policy import (
    BRANCH,
    CODEX_KEY_ENV,
    ENV,
    SKILL_NAME,
    AgentPolicy,
    policy_problems,
)
from agentkeep.sandboxed_agent.runtimes.openclaw.texts import Language
from agentkeep.sandboxed_agent.runtimes.openclaw.texts.english import English
from agentkeep.sandboxed_agent.runtimes.openclaw.texts.japanese import Japanese

LANGUAGES: Final[Mapping[str, Language]] = {"en": English(), "ja": Japanese()}
"""Every language that there is a text in."""


def render_workspace(policy: AgentPolicy, *, path: str = "openclaw") -> dict[str, str]:
    """
    Return the policy files by their path in the workspace: ``SOUL.md``, and the skill if *policy* has it.

    Raises:
        DeclarationError: A value is not plain text, or not what its attribute says.
    """
    files = {"SOUL.md": render_soul(policy, path=path)}
    if policy.review:
        files[f"skills/{SKILL_NAME}/SKILL.md"] = render_codex_review_skill(
            base_branch=policy.protected_branches[0],
            elevated_only=policy.sandbox != "off",
            language=policy.language,
            path=path,
        )
    return files


def config_map_key(file: str) -> str:
    """Return the ConfigMap key for a workspace path; keys have no slash, so the volume's ``items`` name the path."""
    return file.replace("/", ".")


def render_soul(policy: AgentPolicy, *, path: str = "openclaw") -> str:
    """
    Return ``SOUL.md``: what the agent must not do, where it runs, and what it can reach.

    Args:
        policy: The facts.
        path: How errors name the agent.

    Raises:
        DeclarationError: A value is not plain text, or not what its attribute says.
    """
    for problem, fix in policy_problems(policy):
        raise DeclarationError(path, problem, fix)
    return LANGUAGES[policy.language].soul(policy)


def render_codex_review_skill(
    *,
    base_branch: str = "main",
    elevated_only: bool = True,
    key_env: str = CODEX_KEY_ENV,
    language: str = "en",
    path: str = "openclaw",
) -> str:
    """
    Return the ``SKILL.md`` of codex-review: a review of changes under git with Codex CLI 0.98.0, without a prompt.

    OpenClaw offers the skill only where ``codex`` and ``git`` are on the path and the key's variable is set. Every
    command line in the text was run with the real CLI; older flags such as ``--approval-mode`` do not exist in it.

    Args:
        base_branch: What a branch is compared with.
        elevated_only: Say that it works outside the sandbox only, because neither tool nor key is inside.
        key_env: The variable that holds the key.
        language: What it is written in.
        path: How errors name the agent.

    Raises:
        DeclarationError: *base_branch* or *key_env* is not what it should be.
    """
    if not BRANCH.fullmatch(base_branch):
        raise DeclarationError(path, f"{base_branch!r} is not a branch", "write it as 'main'")
    if not ENV.fullmatch(key_env):
        raise DeclarationError(path, f"{key_env!r} is not the name of a variable", f"write it as {CODEX_KEY_ENV!r}")
    return LANGUAGES[language].review(base_branch=base_branch, elevated_only=elevated_only, key_env=key_env)
