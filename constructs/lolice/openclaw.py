"""OpenClaw on lolice, declared once. Both repositories are synthesized from this file."""

from agentkeep import (
    Access, Discord, EgressLockdown, Elevated, Internet, IsolatedLLMProxy, IsolatedSecret, Model, OpenClaw, Platform,
    Provider, Rules, Sandbox, SandboxedAgent, SecretParam, TunnelSite,
)  # fmt: skip
from lolice import versions
from lolice.cluster import ARCH_PARAMETERS, B0XP_IO, LOLICE, LOLICE_ARGOCD, REPOSITORIES
from lolice.people import OWNER_ON_DISCORD

SONNET = Model(id="claude-sonnet-4-5", upstream="anthropic/claude-sonnet-4-5-20250929", alias="Sonnet",
               context_window=200_000, max_output=64_000, prompt_cache=True)  # fmt: skip
OPUS = Model(id="claude-opus-4-6", upstream="anthropic/claude-opus-4-6", alias="Opus",
             context_window=200_000, max_output=64_000, prompt_cache=True)  # fmt: skip


def declare() -> Platform:
    """Declare the platform; nothing is synthesized yet."""
    keep = Platform("openclaw", on=LOLICE, store=ARCH_PARAMETERS, delivery=LOLICE_ARGOCD, targets=REPOSITORIES)

    anthropic = IsolatedSecret(keep, "ANTHROPIC_API_KEY", about="Anthropic API key; in the LiteLLM pod alone")
    master = IsolatedSecret(keep, "LITELLM_MASTER_KEY", about="LiteLLM administration key; in the LiteLLM pod alone")
    proxy_key = SecretParam(keep, "LITELLM_PROXY_KEY", about="OpenClaw's key to LiteLLM; good for inference only")
    gateway = SecretParam(keep, "OPENCLAW_GATEWAY_TOKEN", about="Token that clients show to the OpenClaw gateway")
    discord = SecretParam(keep, "DISCORD_BOT_TOKEN", about="Discord bot")
    github = SecretParam(keep, "GITHUB_TOKEN", about="GitHub fine-grained token: boxp/arch, boxp/lolice; pull requests")
    openai = SecretParam(keep, "OPENAI_API_KEY", about="OpenAI API key of the Codex CLI")

    llm = IsolatedLLMProxy(
        keep, "litellm", image=versions.LITELLM, master_key=master,
        providers=[Provider("anthropic", key=anthropic, models=[SONNET, OPUS], ranges=("160.79.104.0/23",))],
    )  # fmt: skip
    agent = SandboxedAgent(
        keep, "openclaw",
        runtime=OpenClaw(
            image=versions.OPENCLAW, gateway_token=gateway, primary="Sonnet", fallbacks=["Opus"], tools=versions.TOOLS,
            channels=[Discord(discord, users=(OWNER_ON_DISCORD,))], plugins=versions.PLUGINS,
            elevated=Elevated((OWNER_ON_DISCORD,)),
            rules=Rules(repositories=("boxp/arch", "boxp/lolice"), language="ja"),
        ),
        sandbox=Sandbox.docker_in_docker(
            image=versions.DIND, cli=versions.DOCKER_CLI, sandbox_image=versions.SANDBOX, network="bridge"
        ),
    )  # fmt: skip
    agent.reads(github, as_env=("GITHUB_TOKEN", "GH_TOKEN"))
    agent.reads(openai, as_env="CODEX_API_KEY")  # the name that the Codex CLI reads

    llm.serve(agent, key=proxy_key)  # both ends of the flow, and a key that is good for inference only
    site = TunnelSite(keep, zone=B0XP_IO, image=versions.CLOUDFLARED, tunnel="cloudflare openclaw tunnel")
    site.publish(agent, host="openclaw", allow=Access.github())
    EgressLockdown(keep).allow(agent, Internet.https(), because="Discord, GitHub, OpenAI for Codex, and web search")
    keep.acknowledge(
        "POD003[openclaw/dind]: privileged", owner="boxp",
        because="Docker in the pod needs it. It holds no secret, and the admission policy admits it alone.",
    )  # fmt: skip
    return keep
