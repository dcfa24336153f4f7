"""Channels: what each becomes, and what is refused of it."""

from collections.abc import Callable
from typing import Any

import pytest

from agentkeep import (
    DeclarationErrors,
    Discord,
    DiscordUser,
    Elevated,
    Image,
    OpenClaw,
    OtherChannel,
    Plugin,
    SandboxedAgent,
    SecretParam,
    Slack,
    SlackUser,
    Telegram,
    TelegramUser,
)
from agentkeep.core.platform import Platform
from agentkeep.sandboxed_agent.runtimes.openclaw.channels import CREDENTIALS, Channel, ChannelUser
from agentkeep.testing import demo_platform
from tests.worlds import DOCKER, OPENCLAW, OWNER, PLUGINS, TOOLS, refusals, world

GUILD, GROUP, ROOM = "323456789012345678", "-1001234567890", "C012ABCDEF"
ADA, GRACE = TelegramUser("123456789"), SlackUser("U012ABCDEF")
MATTERMOST = Plugin("@openclaw/mattermost", version="2026.9.6", sha512="a" * 128)
Make = Callable[[Platform], Channel]
UNDECLARED = "declare that channel, or deliver the secret under another name"


def secret(keep: Platform, name: str) -> SecretParam:
    return SecretParam(keep, name, about="of a bot")


def discord(keep: Platform, **changes: Any) -> Discord:
    return Discord(secret(keep, "D"), **{"users": (OWNER,), **changes})


def telegram(keep: Platform, **changes: Any) -> Telegram:
    return Telegram(secret(keep, "T"), **{"users": (ADA,), **changes})


def slack(keep: Platform, **changes: Any) -> Slack:
    return Slack(secret(keep, "B"), secret(keep, "A"), **{"users": (GRACE,), **changes})


def other(keep: Platform, **changes: Any) -> OtherChannel:
    given: dict[str, Any] = {
        "name": "mattermost",
        "users": ("abc123",),
        "tokens": {"botToken": secret(keep, "M")},
        "settings": {"baseUrl": "https://chat.example.com"},
        "package": "@openclaw/mattermost",
        "hosts": ("chat.example.com",),
    }
    return OtherChannel(**{**given, **changes})


def an_agent(keep: Platform, *channels: Channel, **changes: Any) -> SandboxedAgent:
    program: dict[str, Any] = {
        "image": OPENCLAW,
        "gateway_token": secret(keep, "G"),
        "primary": "Sonnet",
        "tools": TOOLS,
        "channels": channels,
        "plugins": (*PLUGINS, MATTERMOST),
    }
    return SandboxedAgent(keep, "agent", runtime=OpenClaw(**{**program, **changes}), sandbox=DOCKER)


def problems(*makes: Make, **changes: Any) -> list[str]:
    keep = demo_platform()
    an_agent(keep, *(make(keep) for make in makes), **changes)
    told = {"is not confined", "no proxy serves it"}
    return [problem for path, problem, _ in refusals(keep) if path == "demo/agent" and problem not in told]


@pytest.mark.parametrize("make", [discord, telegram, slack, other])
def test_a_channel_that_is_right_has_no_problem(make: Make) -> None:
    assert problems(make) == []


def test_all_of_them_serve_one_agent() -> None:
    assert problems(discord, telegram, slack, other) == []


@pytest.mark.parametrize(
    ("make", "variables"),
    [
        (discord, {"DISCORD_BOT_TOKEN"}),
        (telegram, {"TELEGRAM_BOT_TOKEN"}),
        (slack, {"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"}),
        (other, {"MATTERMOST_BOT_TOKEN"}),
    ],
)
def test_its_tokens_arrive_where_openclaw_looks(make: Make, variables: set[str]) -> None:
    keep = demo_platform()
    agent = an_agent(keep, make(keep))

    assert {name for name, _ in keep.model.variables(agent.id)} == {"OPENCLAW_GATEWAY_TOKEN", *variables}


def test_a_variable_is_called_after_channel_and_setting() -> None:
    keep = demo_platform()
    tokens = {"botSecret": secret(keep, "S"), "apiPassword": secret(keep, "P")}

    facts = other(keep, name="nextcloud-talk", tokens=tokens).facts()

    assert [token.variable for token in facts.tokens] == ["NEXTCLOUD_TALK_BOT_SECRET", "NEXTCLOUD_TALK_API_PASSWORD"]


def test_groups_hold_the_same_people_as_direct_messages() -> None:
    keep = demo_platform()
    rooms = [
        discord(keep, guilds=(GUILD,)).facts().rooms,
        telegram(keep, groups=(GROUP,)).facts().rooms,
        slack(keep, channels=(ROOM,)).facts().rooms,
    ]

    assert rooms == [
        {"guilds": {GUILD: {"requireMention": True, "users": [OWNER.id]}}},
        {"groups": {GROUP: {"requireMention": True, "allowFrom": [ADA.id]}}},
        {"channels": {ROOM: {"enabled": True, "requireMention": True, "users": [GRACE.id]}}},
    ]


def test_hosts_are_those_of_every_channel_once() -> None:
    keep = demo_platform()
    runtime = an_agent(keep, telegram(keep), other(keep)).runtime

    assert isinstance(runtime, OpenClaw)
    assert runtime.hosts == ("api.telegram.org", "chat.example.com")


def test_plugins_are_those_that_its_channels_need() -> None:
    keep = demo_platform()
    runtime = an_agent(keep, telegram(keep), slack(keep)).runtime

    assert isinstance(runtime, OpenClaw)
    # OpenClaw brings Telegram along; Discord's is declared, and this agent is not on Discord.
    assert [plugin.package for plugin in runtime.needed_plugins] == ["@openclaw/slack"]


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda keep: discord(keep, users=()), "its Discord bot answers nobody"),
        (lambda keep: telegram(keep, users=()), "its Telegram bot answers nobody"),
        (lambda keep: slack(keep, users=()), "its Slack bot answers nobody"),
        (lambda keep: other(keep, users=()), "its mattermost bot answers nobody"),
        (lambda keep: discord(keep, users=(DiscordUser("bob"),)), "a Discord user id is not 17 to 20 digits"),
        (lambda keep: telegram(keep, users=(TelegramUser("@bob"),)), "a Telegram user id is not 5 to 15 digits"),
        (lambda keep: telegram(keep, users=(TelegramUser(GROUP),)), "a Telegram user id is not 5 to 15 digits"),
        (
            lambda keep: slack(keep, users=(SlackUser("bob"),)),
            "a Slack user id is not a member id such as 'U012ABCDEF'",
        ),
        (lambda keep: slack(keep, users=(SlackUser("*"),)), "a Slack user id is not a member id such as 'U012ABCDEF'"),
        (lambda keep: other(keep, users=("*",)), "a user of 'mattermost' is not one person's id"),
        (lambda keep: other(keep, users=("${A}",)), "a user of 'mattermost' is not one person's id"),
        (lambda keep: other(keep, users=(5,)), "a user of 'mattermost' is not one person's id"),
        (lambda keep: discord(keep, guilds=("*",)), "guilds= names something that is not the id of a server"),
        (lambda keep: telegram(keep, groups=("*",)), "groups= names something that is not the id of a group"),
        (lambda keep: telegram(keep, groups=(ADA.id,)), "groups= names something that is not the id of a group"),
        (lambda keep: slack(keep, channels=("#all",)), "channels= names something that is not the id of a channel"),
        (lambda keep: slack(keep, channels=("*",)), "channels= names something that is not the id of a channel"),
        (lambda keep: other(keep, name="Matter most"), "'Matter most' is not the name of a channel"),
        (lambda keep: other(keep, name="defaults"), "'defaults' is not the name of a channel"),
        (lambda keep: other(keep, name="slack"), "OtherChannel('slack') has a class of its own"),
        (lambda keep: other(keep, tokens={"Bot-Token": secret(keep, "M")}), "a token of 'mattermost' is not called"),
        (lambda keep: other(keep, tokens={"botToken": "not-told"}), "was given a str as a secret"),
        (lambda keep: other(keep, hosts=("*.example.com",)), "a host of 'mattermost' is not a host name"),
        (lambda keep: other(keep, package="@openclaw/matter"), "its mattermost channel needs the plugin"),
    ],
)
def test_refuses(make: Make, problem: str) -> None:
    found = problems(make)

    assert [one for one in found if one.startswith(problem)], found
    assert "not-told" not in "".join(found)


@pytest.mark.parametrize("make", [discord, telegram, slack, other])
@pytest.mark.parametrize("key", ["accounts", "allowFrom", "configWrites", "contextVisibility", "dmPolicy",
                                 "enabled", "groupAllowFrom", "groupPolicy"])  # fmt: skip
def test_data_decides_nothing_about_who_is_answered(make: Callable[..., Channel], key: str) -> None:
    found = problems(lambda keep: make(keep, settings={key: "anything"}))

    assert len(found) == 1
    assert f"has {key!r}, which is not for data to decide" in found[0]


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (discord, "token"),
        (discord, "guilds"),
        (discord, "dm"),
        (telegram, "botToken"),
        (telegram, "tokenFile"),
        (telegram, "groups"),
        (telegram, "direct"),
        (slack, "appToken"),
        (slack, "userToken"),
        (slack, "channels"),
        (slack, "mode"),
        (slack, "relay"),
        (slack, "signingSecret"),
        (other, "botToken"),
    ],
)
def test_data_leads_around_no_keyword(make: Callable[..., Channel], key: str) -> None:
    found = problems(lambda keep: make(keep, settings={key: "anything"}))

    assert [one for one in found if f"has {key!r}, which is not for data to decide" in one]


@pytest.mark.parametrize(
    ("makes", "label"),
    [((discord, discord), "Discord"), ((slack, telegram, slack), "Slack"), ((other, other), "matter")],
)
def test_refuses_a_second_channel_of_a_kind(makes: tuple[Make, ...], label: str) -> None:
    keep = demo_platform()
    made = {make: make(keep) for make in makes}
    an_agent(keep, *(made[make] for make in makes))

    assert [p for _, p, _ in refusals(keep) if p.startswith(f"has a second {label}")]


@pytest.mark.parametrize(
    ("user", "fix"),
    [
        (TelegramUser("987654321"), "name them in Telegram(users=...) too"),
        # The number of somebody on another channel is not them.
        (TelegramUser(OWNER.id[:15]), "name them in Telegram(users=...) too"),
        (GRACE, "name them in Slack(users=...) too"),
    ],
)
def test_only_people_of_a_channel_leave_the_sandbox(user: ChannelUser, fix: str) -> None:
    keep = demo_platform()
    an_agent(keep, discord(keep), telegram(keep), elevated=Elevated((user,)))

    assert ("demo/agent", "somebody may leave the sandbox whom the bot does not answer", fix) in refusals(keep)


def test_people_of_every_typed_channel_may_be_named_to_leave_the_sandbox() -> None:
    assert problems(discord, telegram, slack, elevated=Elevated((OWNER, ADA, GRACE))) == []


def test_samples_are_noted_by_channel() -> None:
    keep = demo_platform()
    an_agent(
        keep,
        discord(keep, users=(DiscordUser.sample("100000000000000009"),)),
        telegram(keep, users=(TelegramUser.sample("100000009"),)),
        slack(keep, users=(SlackUser.sample("U000000009"),)),
    )

    assert sorted(keep.model.samples) == [
        "Discord user 100000000000000009",
        "Slack user U000000009",
        "Telegram user 100000009",
    ]


@pytest.mark.parametrize("variable", ["TELEGRAM_BOT_TOKEN", "SLACK_USER_TOKEN", "MATRIX_ACCESS_TOKEN"])
def test_a_credential_of_a_channel_that_is_not_declared_is_refused(variable: str) -> None:
    made = world(discord=True)
    made.agent.reads(secret(made.platform, "X"), as_env=variable)

    problem = f"reads a secret as {variable}, which OpenClaw takes for a credential of {CREDENTIALS[variable]}"
    assert ("demo/agent", problem, UNDECLARED) in refusals(made.platform)


def test_a_credential_beside_those_of_its_channel_is_refused() -> None:
    """A user token would let the bot speak as a person."""
    keep = demo_platform()
    an_agent(keep, slack(keep)).reads(secret(keep, "X"), as_env="SLACK_USER_TOKEN")

    problem = "reads a secret as SLACK_USER_TOKEN, which OpenClaw takes for a credential of slack"
    assert ("demo/agent", problem, UNDECLARED) in refusals(keep)


# --- what is fetched -------------------------------------------------------------------------------------------------


def test_a_channel_without_its_plugin_is_refused_with_the_way_to_its_checksum() -> None:
    keep = demo_platform()
    an_agent(keep, slack(keep), plugins=())

    _, problem, fix = next(one for one in refusals(keep) if "plugin" in one[1])
    assert problem == "its Slack channel needs the plugin '@openclaw/slack', which is not among plugins="
    assert "npm pack @openclaw/slack@2026.9.6 && sha512sum" in fix


@pytest.mark.parametrize("tag", ["2026.9.7", "2026.9.7-slim"])
def test_an_image_of_another_release_than_its_plugins_is_refused(tag: str) -> None:
    keep = demo_platform()
    an_agent(keep, slack(keep), image=Image(f"ghcr.io/openclaw/openclaw:{tag}"))

    found = [one for one in refusals(keep) if "is of 2026.9.6 and the image of OpenClaw of 2026.9.7" in one[1]]
    assert len(found) == len(PLUGINS) + 1
    assert all("npm pack @openclaw/" in fix and "@2026.9.7" in fix for _, _, fix in found)


@pytest.mark.parametrize(
    ("plugin", "problem"),
    [
        (
            Plugin("@openclaw/slack", version="latest", sha512="f" * 128),
            "plugin '@openclaw/slack' has no fixed version",
        ),
        (
            Plugin("@openclaw/slack", version="2026.9.6", sha512="f" * 64),
            "plugin '@openclaw/slack': sha512 is not 128 hexadecimal digits",
        ),
        (Plugin("a b", version="1.2.3", sha512="f" * 128), "plugin 'a b' is not an npm package"),
    ],
)
def test_refuses_a_plugin(plugin: Plugin, problem: str) -> None:
    assert problem in problems(plugins=(plugin,))


def test_a_plugin_of_somebody_else_has_its_own_version() -> None:
    plugin = Plugin("@acme/chat", version="1.2.3", sha512="f" * 128)

    assert problems(lambda keep: other(keep, package="@acme/chat"), plugins=(plugin,)) == []


def test_a_plugin_that_is_named_twice_is_refused() -> None:
    assert "plugins= names '@openclaw/slack' twice" in problems(slack, plugins=(PLUGINS[1], PLUGINS[1]))


@pytest.mark.parametrize("value", [None, 5, b"U012ABCDEF"])
def test_an_id_that_is_not_a_text_is_refused_at_once(value: Any) -> None:
    with pytest.raises(DeclarationErrors):
        SlackUser(value)
