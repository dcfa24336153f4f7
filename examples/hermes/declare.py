"""
Hermes, an agent of another program, joins the platform that OpenClaw runs on and is published through the same tunnel.

It has no channel and no key: it asks a model server in the next namespace.
"""

from agentkeep import (
    Access, ContainerAgent, EgressLockdown, Image, Neighbour, Platform, Port, Sandbox, SandboxedAgent, TunnelSite,
)  # fmt: skip
from lolice.openclaw import declare as openclaw

PATH = "/etc/hermes/config.yaml"
CONFIG = """\
listen: 0.0.0.0:9119
model:
  url: http://ollama.local-llm.svc.cluster.local:8080/v1
  name: qwen3:8b
workspace: /var/lib/hermes
"""


def declare() -> Platform:
    """Declare Hermes beside OpenClaw."""
    keep = openclaw()
    hermes = SandboxedAgent(
        keep, "hermes",
        runtime=ContainerAgent(
            image=Image("ghcr.io/acme/hermes:0.9.2"), command=("hermes", "serve", "--config", PATH),
            ports={"web": Port.tcp(9119)}, ready="/healthz", alive="/healthz", files={PATH: CONFIG},
            data="/var/lib/hermes", scratch={"/tmp": "256Mi"},
        ),
        sandbox=Sandbox.off(because="Hermes has no sandbox of its own; its container holds no key"),
    )  # fmt: skip
    model = Neighbour("local-llm", labels={"app": "ollama"}, port=Port.tcp(8080))
    keep.parts(EgressLockdown)[0].allow(hermes, model, because="the model in the next namespace")
    keep.parts(TunnelSite)[0].publish(hermes, host="hermes", allow=Access.github())
    return keep
