"""
A service beside an agent: Redis with an exporter of metrics, which only the agent asks and only Prometheus scrapes.

The agent's models are a server in the next namespace, without a key, and it may use one machine of the LAN.
"""

from agentkeep import (
    EgressLockdown, Image, IsolatedLLMProxy, IsolatedSecret, Model, Neighbour, OpenClaw, Platform, Port, Process,
    Provider, Range, Sandbox, SandboxedAgent, SecretParam, Service,
)  # fmt: skip
from agentkeep.testing import DEMO_TOOLS, demo_platform

QWEN = Model(id="qwen3", upstream="openai/qwen3:8b", alias="Qwen", context_window=32_000, max_output=8_000)
HOME_ASSISTANT = Range(cidrs=("192.168.1.50/32",), port=Port.tcp(8123))


def declare() -> Platform:
    """Declare the platform; nothing is synthesized yet."""
    keep = demo_platform("house")
    master = IsolatedSecret(keep, "LITELLM_MASTER_KEY", about="LiteLLM administration key")
    proxy_key = SecretParam(keep, "LITELLM_PROXY_KEY", about="The agent's key to LiteLLM; good for inference only")
    gateway = SecretParam(keep, "OPENCLAW_GATEWAY_TOKEN", about="Token that clients show to the gateway")

    ollama = Neighbour("local-llm", labels={"app": "ollama"}, port=Port.tcp(8080))
    llm = IsolatedLLMProxy(
        keep, "litellm", image=Image("ghcr.io/berriai/litellm:v1.103.2"), master_key=master,
        providers=[Provider("openai", key=None, models=[QWEN], at=ollama,
                            api_base="http://ollama.local-llm.svc.cluster.local:8080/v1")],
    )  # fmt: skip
    agent = SandboxedAgent(
        keep, "butler", sandbox=Sandbox.off(because="it runs no commands: its only tools are Redis and the house"),
        runtime=OpenClaw(image=Image("ghcr.io/openclaw/openclaw:2026.9.6"), gateway_token=gateway, primary="Qwen",
                         tools=DEMO_TOOLS),
    )  # fmt: skip
    llm.serve(agent, key=proxy_key)

    redis = Service(
        keep, "redis", image=Image("redis:8.2.1-alpine"), ports={"redis": Port.tcp(6379)}, user=999,
        args=("--save", "", "--dir", "/tmp"), scratch={"/tmp": "64Mi"}, ready=("redis-cli", "ping"),
        beside={"exporter": Process(image=Image("oliver006/redis_exporter:v1.78.0"), ports={"metrics": Port.tcp(9121)},
                                    env={"REDIS_ADDR": "redis://localhost:6379"}, user=59000, ready="/health")},
    )  # fmt: skip
    lockdown = EgressLockdown(keep)
    lockdown.allow(agent, redis.at("redis"), because="what the agent remembers between turns")
    prometheus = Neighbour("monitoring", labels={"app.kubernetes.io/name": "prometheus"})
    lockdown.allow(prometheus, redis.at("metrics"), because="Prometheus scrapes the exporter")
    lockdown.allow(agent, HOME_ASSISTANT, because="Home Assistant, one machine of the LAN")
    keep.acknowledge(
        "NET006[house/butler]: may send to the machine 192.168.1.50 TCP/8123", owner="you",
        because="Home Assistant asks for a token of its own, and may only do what the agent may",
    )  # fmt: skip
    keep.acknowledge(
        "CFG002[house/butler]: runs sessions outside a sandbox (mode off)", owner="you",
        because="it runs no commands, and no key of a provider is anywhere near",
    )  # fmt: skip
    return keep
