"""
OpenAI and Gemini on one proxy, each with a key of its own that only the proxy holds, and a budget for one of them.

The agent has one key, which is good for the two models that it was given. What it asks for decides where the proxy asks.
"""

from agentkeep import (
    Budget, EgressLockdown, Image, Internet, IsolatedLLMProxy, IsolatedSecret, Model, OpenClaw, Platform, Provider,
    Sandbox, SandboxedAgent, SecretParam,
)  # fmt: skip
from agentkeep.testing import DEMO_TOOLS, demo_platform

GPT = Model(id="gpt-5.1", upstream="openai/gpt-5.1", alias="GPT", context_window=400_000, max_output=128_000)
GEMINI = Model(id="gemini-2.5-pro", upstream="gemini/gemini-2.5-pro", alias="Gemini",
               context_window=1_048_576, max_output=65_536)  # fmt: skip

# Samples of two published lists, to be looked up before you deploy: Cloudflare's, which api.openai.com is behind
# (https://www.cloudflare.com/ips-v4), and Google's (https://www.gstatic.com/ipranges/goog.json).
OPENAI = ("162.158.0.0/15", "172.64.0.0/13")
GOOGLE = ("74.125.0.0/16", "142.250.0.0/15", "172.217.0.0/16", "173.194.0.0/16", "216.58.192.0/19")


def declare() -> Platform:
    """Declare the platform; nothing is synthesized yet."""
    keep = demo_platform("choice")
    openai = IsolatedSecret(keep, "OPENAI_API_KEY", about="OpenAI API key; in the LiteLLM pod alone")
    gemini = IsolatedSecret(keep, "GEMINI_API_KEY", about="Gemini API key; in the LiteLLM pod alone")
    master = IsolatedSecret(keep, "LITELLM_MASTER_KEY", about="LiteLLM administration key")
    llm = IsolatedLLMProxy(
        keep, "litellm", image=Image("ghcr.io/berriai/litellm:v1.103.2"), master_key=master,
        providers=[
            Provider("openai", key=openai, models=[GPT], ranges=OPENAI, budget=Budget("openai", 20, "1d")),
            Provider("gemini", key=gemini, models=[GEMINI], ranges=GOOGLE),
        ],
    )  # fmt: skip
    agent = SandboxedAgent(
        keep, "assistant",
        runtime=OpenClaw(
            image=Image("ghcr.io/openclaw/openclaw:2026.9.6"), primary="GPT", fallbacks=["Gemini"], tools=DEMO_TOOLS,
            gateway_token=SecretParam(keep, "OPENCLAW_GATEWAY_TOKEN", about="Token that clients show to the gateway"),
        ),
        sandbox=Sandbox.docker_in_docker(
            image=Image("docker:29.8.0-dind"), cli=Image("docker:29.8.0-cli"),
            sandbox_image=Image("registry.example.com/sandbox:1.0.0"),
        ),
    )  # fmt: skip
    llm.serve(agent, key=SecretParam(keep, "LITELLM_PROXY_KEY", about="The agent's key to LiteLLM"))
    EgressLockdown(keep).allow(agent, Internet.https(), because="web search")
    keep.acknowledge(
        "POD003[assistant/dind]: privileged", owner="you",
        because="Docker in the pod needs it; the admission policy admits it alone",
    )  # fmt: skip
    return keep
