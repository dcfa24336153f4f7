"""
agentkeep: host AI agents so that they cannot leak keys, wander the network or destroy data.

Names are loaded on first use, so that declaring a platform or proving its output never starts an engine.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agentkeep.core.cluster import (
        AgentChart as AgentChart,
    )
    from agentkeep.core.cluster import (
        ArgoCd as ArgoCd,
    )
    from agentkeep.core.cluster import (
        Aws as Aws,
    )
    from agentkeep.core.cluster import (
        Cluster as Cluster,
    )
    from agentkeep.core.cluster import (
        ClusterDns as ClusterDns,
    )
    from agentkeep.core.cluster import (
        LonghornStorage as LonghornStorage,
    )
    from agentkeep.core.cluster import (
        SecretStore as SecretStore,
    )
    from agentkeep.core.cluster import (
        TerraformState as TerraformState,
    )
    from agentkeep.core.cluster import (
        Zone as Zone,
    )
    from agentkeep.core.edges import Internet as Internet
    from agentkeep.core.edges import Inward as Inward
    from agentkeep.core.edges import Range as Range
    from agentkeep.egress_lockdown.declaration import EgressLockdown as EgressLockdown
    from agentkeep.errors import (
        AgentkeepError as AgentkeepError,
    )
    from agentkeep.errors import (
        DeclarationError as DeclarationError,
    )
    from agentkeep.errors import (
        ProofError as ProofError,
    )
    from agentkeep.errors import (
        SynthesisError as SynthesisError,
    )
    from agentkeep.core.facts import (
        DeclarationErrors as DeclarationErrors,
    )
    from agentkeep.core.facts import (
        Image as Image,
    )
    from agentkeep.core.facts import (
        Port as Port,
    )
    from agentkeep.core.facts import (
        Resources as Resources,
    )
    from agentkeep.isolated_llm_proxy.config import Budget as Budget
    from agentkeep.isolated_llm_proxy.declaration import (
        IsolatedLLMProxy as IsolatedLLMProxy,
    )
    from agentkeep.isolated_llm_proxy.declaration import (
        Model as Model,
    )
    from agentkeep.isolated_llm_proxy.declaration import (
        Provider as Provider,
    )
    from agentkeep.core.platform import Platform as Platform
    from agentkeep.sandboxed_agent.declaration import (
        Discord as Discord,
    )
    from agentkeep.sandboxed_agent.declaration import (
        DiscordUser as DiscordUser,
    )
    from agentkeep.sandboxed_agent.declaration import (
        Elevated as Elevated,
    )
    from agentkeep.sandboxed_agent.declaration import (
        Placement as Placement,
    )
    from agentkeep.sandboxed_agent.declaration import (
        Rules as Rules,
    )
    from agentkeep.sandboxed_agent.declaration import (
        Sandbox as Sandbox,
    )
    from agentkeep.sandboxed_agent.declaration import (
        SandboxedAgent as SandboxedAgent,
    )
    from agentkeep.sandboxed_agent.declaration import (
        Taint as Taint,
    )
    from agentkeep.sandboxed_agent.declaration import (
        Tools as Tools,
    )
    from agentkeep.secret_param.declaration import IsolatedSecret as IsolatedSecret
    from agentkeep.secret_param.declaration import SecretParam as SecretParam
    from agentkeep.tunnel_site.access import Access as Access
    from agentkeep.tunnel_site.access import Selector as Selector
    from agentkeep.tunnel_site.declaration import TunnelSite as TunnelSite

_HOMES = {
    "agentkeep.core.cluster": (
        "AgentChart", "ArgoCd", "Aws", "Cluster", "ClusterDns", "LonghornStorage", "SecretStore", "TerraformState",
        "Zone",
    ),
    "agentkeep.core.edges": ("Internet", "Inward", "Range"),
    "agentkeep.egress_lockdown.declaration": ("EgressLockdown",),
    "agentkeep.errors": ("AgentkeepError", "DeclarationError", "ProofError", "SynthesisError"),
    "agentkeep.core.facts": ("DeclarationErrors", "Image", "Port", "Resources"),
    "agentkeep.isolated_llm_proxy.config": ("Budget",),
    "agentkeep.isolated_llm_proxy.declaration": ("IsolatedLLMProxy", "Model", "Provider"),
    "agentkeep.core.platform": ("Platform",),
    "agentkeep.sandboxed_agent.declaration": (
        "Discord", "DiscordUser", "Elevated", "Placement", "Rules", "Sandbox", "SandboxedAgent", "Taint", "Tools",
    ),
    "agentkeep.secret_param.declaration": ("IsolatedSecret", "SecretParam"),
    "agentkeep.tunnel_site.access": ("Access", "Selector"),
    "agentkeep.tunnel_site.declaration": ("TunnelSite",),
}  # fmt: skip
_HOME = {name: module for module, names in _HOMES.items() for name in names}

# A plain list, because type checkers read it; a test compares it with what is above.
__all__ = [
    "Access", "AgentChart", "AgentkeepError", "ArgoCd", "Aws", "Budget", "Cluster", "ClusterDns", "DeclarationError",
    "DeclarationErrors", "Discord", "DiscordUser", "EgressLockdown", "Elevated", "Image", "Internet", "Inward",
    "IsolatedLLMProxy", "IsolatedSecret", "LonghornStorage", "Model", "Placement", "Platform", "Port", "ProofError",
    "Provider", "Range", "Resources", "Rules", "Sandbox", "SandboxedAgent", "SecretParam", "SecretStore", "Selector",
    "SynthesisError", "Taint", "TerraformState", "Tools", "TunnelSite", "Zone",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'agentkeep' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
