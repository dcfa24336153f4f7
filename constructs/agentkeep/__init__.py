"""
agentkeep: host AI agents so that they cannot leak keys, wander the network or destroy data.

Names are loaded on first use, so that declaring a platform or proving its output never starts an engine.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentkeep.core.cluster import Cluster as Cluster
    from agentkeep.core.cluster import ClusterDns as ClusterDns
    from agentkeep.core.edges import Internet as Internet
    from agentkeep.core.edges import Inward as Inward
    from agentkeep.core.edges import Neighbour as Neighbour
    from agentkeep.core.edges import Range as Range
    from agentkeep.core.facts import DeclarationErrors as DeclarationErrors
    from agentkeep.core.facts import Image as Image
    from agentkeep.core.facts import Port as Port
    from agentkeep.core.facts import Resources as Resources
    from agentkeep.core.platform import Platform as Platform
    from agentkeep.core.process import Process as Process
    from agentkeep.delivery.argocd import ArgoCd as ArgoCd
    from agentkeep.delivery.plain import Plain as Plain
    from agentkeep.egress_lockdown.declaration import EgressLockdown as EgressLockdown
    from agentkeep.errors import AgentkeepError as AgentkeepError
    from agentkeep.errors import DeclarationError as DeclarationError
    from agentkeep.errors import ProofError as ProofError
    from agentkeep.errors import SynthesisError as SynthesisError
    from agentkeep.isolated_llm_proxy.declaration import IsolatedLLMProxy as IsolatedLLMProxy
    from agentkeep.isolated_llm_proxy.litellm.config import Budget as Budget
    from agentkeep.isolated_llm_proxy.models import Model as Model
    from agentkeep.isolated_llm_proxy.models import Provider as Provider
    from agentkeep.sandboxed_agent.declaration import SandboxedAgent as SandboxedAgent
    from agentkeep.sandboxed_agent.runtime import Placement as Placement
    from agentkeep.sandboxed_agent.runtime import Taint as Taint
    from agentkeep.sandboxed_agent.runtimes.container import ContainerAgent as ContainerAgent
    from agentkeep.sandboxed_agent.runtimes.openclaw import OpenClaw as OpenClaw
    from agentkeep.sandboxed_agent.runtimes.openclaw.channels import Discord as Discord
    from agentkeep.sandboxed_agent.runtimes.openclaw.channels import DiscordUser as DiscordUser
    from agentkeep.sandboxed_agent.runtimes.openclaw.channels import Elevated as Elevated
    from agentkeep.sandboxed_agent.runtimes.openclaw.channels import OtherChannel as OtherChannel
    from agentkeep.sandboxed_agent.runtimes.openclaw.channels import Slack as Slack
    from agentkeep.sandboxed_agent.runtimes.openclaw.channels import SlackUser as SlackUser
    from agentkeep.sandboxed_agent.runtimes.openclaw.channels import Telegram as Telegram
    from agentkeep.sandboxed_agent.runtimes.openclaw.channels import TelegramUser as TelegramUser
    from agentkeep.sandboxed_agent.runtimes.openclaw.tools import Checksum as Checksum
    from agentkeep.sandboxed_agent.runtimes.openclaw.tools import Plugin as Plugin
    from agentkeep.sandboxed_agent.runtimes.openclaw.tools import Rules as Rules
    from agentkeep.sandboxed_agent.runtimes.openclaw.tools import Tools as Tools
    from agentkeep.sandboxed_agent.sandbox import Sandbox as Sandbox
    from agentkeep.secret_param.declaration import IsolatedSecret as IsolatedSecret
    from agentkeep.secret_param.declaration import SecretParam as SecretParam
    from agentkeep.secret_param.stores.aws import Aws as Aws
    from agentkeep.secret_param.stores.parameter_store import ParameterStore as ParameterStore
    from agentkeep.secret_param.stores.secrets_manager import SecretsManager as SecretsManager
    from agentkeep.service.declaration import Service as Service
    from agentkeep.storages.ebs_csi import EbsCsi as EbsCsi
    from agentkeep.storages.longhorn import Longhorn as Longhorn
    from agentkeep.targets.helm import AgentChart as AgentChart
    from agentkeep.targets.helm import Chart as Chart
    from agentkeep.targets.kubernetes import Manifests as Manifests
    from agentkeep.targets.terraform import TerraformModules as TerraformModules
    from agentkeep.targets.terraform import TerraformState as TerraformState
    from agentkeep.tunnel_site.access import Access as Access
    from agentkeep.tunnel_site.access import Selector as Selector
    from agentkeep.tunnel_site.declaration import TunnelSite as TunnelSite
    from agentkeep.tunnel_site.zone import Zone as Zone

_HOMES = {
    "agentkeep.core.cluster": (
        "Cluster",
        "ClusterDns",
    ),
    "agentkeep.core.edges": (
        "Internet",
        "Inward",
        "Neighbour",
        "Range",
    ),
    "agentkeep.core.facts": (
        "DeclarationErrors",
        "Image",
        "Port",
        "Resources",
    ),
    "agentkeep.core.platform": ("Platform",),
    "agentkeep.core.process": ("Process",),
    "agentkeep.delivery.argocd": ("ArgoCd",),
    "agentkeep.delivery.plain": ("Plain",),
    "agentkeep.egress_lockdown.declaration": ("EgressLockdown",),
    "agentkeep.errors": (
        "AgentkeepError",
        "DeclarationError",
        "ProofError",
        "SynthesisError",
    ),
    "agentkeep.isolated_llm_proxy.declaration": ("IsolatedLLMProxy",),
    "agentkeep.isolated_llm_proxy.litellm.config": ("Budget",),
    "agentkeep.isolated_llm_proxy.models": (
        "Model",
        "Provider",
    ),
    "agentkeep.sandboxed_agent.declaration": ("SandboxedAgent",),
    "agentkeep.sandboxed_agent.runtime": (
        "Placement",
        "Taint",
    ),
    "agentkeep.sandboxed_agent.runtimes.container": ("ContainerAgent",),
    "agentkeep.sandboxed_agent.runtimes.openclaw": ("OpenClaw",),
    "agentkeep.sandboxed_agent.runtimes.openclaw.channels": (
        "Discord",
        "DiscordUser",
        "Elevated",
        "OtherChannel",
        "Slack",
        "SlackUser",
        "Telegram",
        "TelegramUser",
    ),
    "agentkeep.sandboxed_agent.runtimes.openclaw.tools": (
        "Checksum",
        "Plugin",
        "Rules",
        "Tools",
    ),
    "agentkeep.sandboxed_agent.sandbox": ("Sandbox",),
    "agentkeep.secret_param.declaration": (
        "IsolatedSecret",
        "SecretParam",
    ),
    "agentkeep.secret_param.stores.aws": ("Aws",),
    "agentkeep.secret_param.stores.parameter_store": ("ParameterStore",),
    "agentkeep.secret_param.stores.secrets_manager": ("SecretsManager",),
    "agentkeep.service.declaration": ("Service",),
    "agentkeep.storages.ebs_csi": ("EbsCsi",),
    "agentkeep.storages.longhorn": ("Longhorn",),
    "agentkeep.targets.helm": (
        "AgentChart",
        "Chart",
    ),
    "agentkeep.targets.kubernetes": ("Manifests",),
    "agentkeep.targets.terraform": (
        "TerraformModules",
        "TerraformState",
    ),
    "agentkeep.tunnel_site.access": (
        "Access",
        "Selector",
    ),
    "agentkeep.tunnel_site.declaration": ("TunnelSite",),
    "agentkeep.tunnel_site.zone": ("Zone",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

# A plain list, because type checkers read it; a test compares it with what is above.
__all__ = [
    "Access", "AgentChart", "AgentkeepError", "ArgoCd", "Aws", "Budget", "Chart", "Checksum", "Cluster", "ClusterDns",
    "ContainerAgent", "DeclarationError", "DeclarationErrors", "Discord", "DiscordUser", "EbsCsi", "EgressLockdown",
    "Elevated", "Image", "Internet", "Inward", "IsolatedLLMProxy", "IsolatedSecret", "Longhorn", "Manifests", "Model",
    "Neighbour", "OpenClaw", "OtherChannel", "ParameterStore", "Placement", "Plain", "Platform", "Plugin", "Port",
    "Process", "ProofError", "Provider", "Range", "Resources", "Rules", "Sandbox", "SandboxedAgent", "SecretParam",
    "SecretsManager", "Selector", "Service", "Slack", "SlackUser", "SynthesisError", "Taint", "Telegram",
    "TelegramUser", "TerraformModules", "TerraformState", "Tools", "TunnelSite", "Zone",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'agentkeep' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
