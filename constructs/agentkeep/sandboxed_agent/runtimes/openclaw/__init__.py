"""OpenClaw as the runtime of an agent: its gateway, its channels, its tools, its policy text."""

from __future__ import annotations

from agentkeep.core.model import Model
from agentkeep.core.pod import Pod
from agentkeep.sandboxed_agent.runtime import Agent
from agentkeep.sandboxed_agent.runtimes.openclaw import pod
from agentkeep.sandboxed_agent.runtimes.openclaw.facts import OpenClawFacts


class OpenClaw(OpenClawFacts):
    """
    An OpenClaw gateway.

    Args:
        image: OpenClaw at a fixed version.
        gateway_token: What clients of its gateway show, behind Cloudflare Access.
        primary: Alias of the model it uses; one that its proxy serves.
        fallbacks: Aliases of the models it uses when that fails, in order.
        tools: Its command-line tools.
        channels: How people talk to it; nobody does unless one is named.
        plugins: What these need that is not part of OpenClaw. They have its version, so declare them beside *image*.
        elevated: Who may leave the sandbox. Nobody by default.
        rules: Facts of its policy text.
    """

    def plan(self, agent: Agent, model: Model) -> Pod:
        """The gateway with its configuration, its volume and what its sandbox adds."""
        return pod.plan(self, agent, model)
