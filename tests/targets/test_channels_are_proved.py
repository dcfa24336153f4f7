"""Every kind of channel at once, with groups and with data: what is synthesized is proved, and what is not says why."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from agentkeep import (
    Discord,
    Elevated,
    IsolatedLLMProxy,
    IsolatedSecret,
    OpenClaw,
    OtherChannel,
    Platform,
    Plugin,
    Provider,
    Sandbox,
    SandboxedAgent,
    SecretParam,
    Slack,
    SlackUser,
    Telegram,
    TelegramUser,
)
from agentkeep.egress_lockdown.declaration import EgressLockdown
from agentkeep.testing import demo_platform
from agentkeep.verify.artifacts import assemble
from agentkeep.verify.decide import case_of, decide
from tests.worlds import CLAUDE, LITELLM, OPENCLAW, OWNER, PLUGINS, RANGES, TOOLS

SERVER = "CFG004[demo/agent]: mattermost: sends its token to chat.example.com (baseUrl)"
ADA, GRACE = TelegramUser("123456789"), SlackUser("U012ABCDEF")


def declared(settings: Mapping[str, object]) -> Platform:
    keep = demo_platform()

    def secret(name: str) -> SecretParam:
        return SecretParam(keep, name, about="for tests")

    provider = Provider("anthropic", IsolatedSecret(keep, "PROVIDER_KEY", about="of the provider"), [CLAUDE], RANGES)
    master = IsolatedSecret(keep, "MASTER_KEY", about="administration of the proxy")
    llm = IsolatedLLMProxy(keep, "llm", image=LITELLM, master_key=master, providers=[provider])
    agent = SandboxedAgent(
        keep,
        "agent",
        runtime=OpenClaw(
            image=OPENCLAW,
            gateway_token=secret("GATEWAY"),
            primary=CLAUDE.alias,
            tools=TOOLS,
            channels=[
                Discord(secret("D"), users=(OWNER,), guilds=("323456789012345678",)),
                Telegram(secret("T"), users=(ADA,), groups=("-1001234567890",), settings={"linkPreview": False}),
                Slack(secret("B"), secret("A"), users=(GRACE,), channels=("C012ABCDEF",)),
                OtherChannel(
                    "mattermost",
                    users=("4xp9fdt77pncbef59f4k1qe83o",),
                    tokens={"botToken": secret("M")},
                    settings=settings,
                    package="@openclaw/mattermost",
                ),
            ],
            plugins=(*PLUGINS, Plugin("@openclaw/mattermost", version="2026.9.6", sha512="a" * 128)),
            elevated=Elevated(()),
        ),
        sandbox=Sandbox.off(because="its tools run no commands"),
    )
    llm.serve(agent, key=secret("PROXY_KEY"))
    EgressLockdown(keep)
    keep.acknowledge(
        "CFG002[demo/agent]: runs sessions outside a sandbox (mode off)", because="it runs no commands", owner="tests"
    )
    return keep


def found(keep: Platform, folder: Path) -> list[str]:
    from agentkeep.targets.synthesis import synthesize

    _, tree = synthesize(keep.seal(), folder / "dist")
    files = {name: text.encode() for name, text in tree.items()}
    return [one.name for verdict in decide(case_of(assemble("channels", files))) for one in verdict.findings]


def test_all_channels_are_proved_once_somebody_answers_for_the_server(engines: None, tmp_path: Path) -> None:
    keep = declared({"baseUrl": "https://chat.example.com", "textChunkLimit": 2000})
    keep.acknowledge(SERVER, because="our own server", owner="tests")

    assert found(keep, tmp_path) == []


@pytest.mark.parametrize(
    ("settings", "finding"),
    [
        ({"baseUrl": "https://chat.example.com"}, SERVER),
        ({"chatmode": "onmessage"}, "CFG004[demo/agent]: mattermost: its setting chatmode is not understood"),
    ],
)
def test_data_that_nobody_answers_for_or_has_looked_at_is_not_proved(
    settings: dict[str, Any], finding: str, engines: None, tmp_path: Path
) -> None:
    assert found(declared(settings), tmp_path) == [finding]
