"""
Two OpenClaw agents that share a model proxy and nothing else: one on Discord and Telegram, one on Slack.

Each has keys, tokens, people, models and a volume of its own.
"""

from agentkeep import (
    Discord, DiscordUser, EgressLockdown, Elevated, Internet, IsolatedLLMProxy, IsolatedSecret, OpenClaw, Platform,
    Plugin, Provider, Sandbox, SandboxedAgent, SecretParam, Slack, SlackUser, Telegram, TelegramUser,
)  # fmt: skip
from lolice import versions
from lolice.cluster import ARCH_PARAMETERS, LOLICE, LOLICE_ARGOCD, REPOSITORIES
from lolice.openclaw import OPUS, SONNET

ADA_ON_DISCORD, ADA_ON_TELEGRAM = DiscordUser.sample("100000000000000002"), TelegramUser.sample("1000000002")
GRACE = SlackUser.sample("U0000000003")
PLUGINS = (
    *versions.PLUGINS,
    Plugin(
        "@openclaw/slack", version="2026.9.6",
        sha512="dfebd14724d861d8ae50f74f55955388faa96d60a34b3132c8239edb13e98d7d"
        "80c8b6f55d923fca13ac505100c683325c5ae68b880410ec172c67243995790a",
    ),
)  # fmt: skip
SANDBOX = Sandbox.docker_in_docker(image=versions.DIND, cli=versions.DOCKER_CLI, sandbox_image=versions.SANDBOX)


def declare() -> Platform:
    """Declare both agents; nothing is synthesized yet."""
    keep = Platform("team", on=LOLICE, store=ARCH_PARAMETERS, delivery=LOLICE_ARGOCD, targets=REPOSITORIES)
    anthropic = IsolatedSecret(keep, "ANTHROPIC_API_KEY", about="Anthropic API key; in the LiteLLM pod alone")
    master = IsolatedSecret(keep, "LITELLM_MASTER_KEY", about="LiteLLM administration key; in the LiteLLM pod alone")
    llm = IsolatedLLMProxy(
        keep, "litellm", image=versions.LITELLM, master_key=master,
        providers=[Provider("anthropic", key=anthropic, models=[SONNET, OPUS], ranges=("160.79.104.0/23",))],
    )  # fmt: skip
    discord, telegram = (SecretParam(keep, f"CODER_{name}_TOKEN", about="its bot") for name in ("DISCORD", "TELEGRAM"))
    bot, app = (SecretParam(keep, f"WRITER_SLACK_{name}_TOKEN", about=f"its {name.lower()}") for name in ("BOT", "APP"))
    lockdown = EgressLockdown(keep)
    for name, model, because, elevated, channels in (
        ("coder", SONNET, "Discord, Telegram, and web search", Elevated((ADA_ON_TELEGRAM,)), [
            Discord(discord, users=(ADA_ON_DISCORD,)),
            Telegram(telegram, users=(ADA_ON_TELEGRAM,), settings={"linkPreview": False}),
        ]),
        ("writer", OPUS, "Slack, and web search", None, [Slack(bot, app, users=(GRACE,), channels=("C0000000004",))]),
    ):  # fmt: skip
        gateway = SecretParam(keep, f"{name.upper()}_GATEWAY_TOKEN", about=f"what clients of {name}'s gateway show")
        agent = SandboxedAgent(
            keep, name, sandbox=SANDBOX,
            runtime=OpenClaw(
                image=versions.OPENCLAW, gateway_token=gateway, primary=model.alias, tools=versions.TOOLS,
                channels=channels, plugins=PLUGINS, elevated=elevated,
            ),
        )  # fmt: skip
        key = SecretParam(keep, f"{name.upper()}_PROXY_KEY", about=f"{name}'s key to LiteLLM; good for inference only")
        llm.serve(agent, key=key, models=[model])
        lockdown.allow(agent, Internet.https(), because=because)
        keep.acknowledge(
            f"POD003[{name}/dind]: privileged", owner="acme",
            because="Docker in the pod needs it. It holds no secret, and the admission policy admits it alone.",
        )  # fmt: skip
    return keep
