"""
Channels: how people talk to an OpenClaw agent, and who may.

`Discord`, `Telegram` and `Slack` are typed; `OtherChannel` takes the settings of any other one as data. Whatever the
channel is, only named people are answered, groups are closed unless each is named, and no message may rewrite the
configuration: those settings are the renderer's own, and cannot be given as data.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, Self

from agentkeep.core.facts import Problem, expect
from agentkeep.secret_param.declaration import SecretParam

OWN_SETTINGS = frozenset(
    {
        "accounts", "allowFrom", "configWrites", "contextVisibility", "dmPolicy", "enabled", "groupAllowFrom",
        "groupPolicy",
    }
)  # fmt: skip
"""Settings that decide who is answered. They follow from ``users=`` and from the groups that are named."""

_CREDENTIALS = {
    "buzz": "BUZZ_RELAY_URL BUZZ_PRIVATE_KEY",
    "clickclack": "CLICKCLACK_BOT_TOKEN",
    "discord": "DISCORD_BOT_TOKEN",
    "feishu": "FEISHU_APP_ID FEISHU_APP_SECRET FEISHU_VERIFICATION_TOKEN FEISHU_ENCRYPT_KEY",
    "googlechat": "GOOGLE_CHAT_SERVICE_ACCOUNT GOOGLE_CHAT_SERVICE_ACCOUNT_FILE",
    "irc": "IRC_HOST IRC_NICK",
    "line": "LINE_CHANNEL_ACCESS_TOKEN LINE_CHANNEL_SECRET",
    "matrix": "MATRIX_HOMESERVER MATRIX_USER_ID MATRIX_ACCESS_TOKEN MATRIX_PASSWORD MATRIX_DEVICE_ID "
    "MATRIX_DEVICE_NAME MATRIX_OPS_HOMESERVER MATRIX_OPS_ACCESS_TOKEN MATRIX_OPS_DEVICE_ID MATRIX_OPS_DEVICE_NAME",
    "mattermost": "MATTERMOST_BOT_TOKEN MATTERMOST_URL",
    "msteams": "MSTEAMS_APP_ID MSTEAMS_APP_PASSWORD MSTEAMS_TENANT_ID",
    "nextcloud-talk": "NEXTCLOUD_TALK_BOT_SECRET NEXTCLOUD_TALK_API_PASSWORD",
    "nostr": "NOSTR_PRIVATE_KEY",
    "qqbot": "QQBOT_APP_ID QQBOT_CLIENT_SECRET",
    "raft": "RAFT_PROFILE",
    "slack": "SLACK_BOT_TOKEN SLACK_APP_TOKEN SLACK_USER_TOKEN",
    "sms": "TWILIO_ACCOUNT_SID TWILIO_AUTH_TOKEN TWILIO_PHONE_NUMBER TWILIO_SMS_FROM TWILIO_MESSAGING_SERVICE_SID",
    "synology-chat": "SYNOLOGY_CHAT_TOKEN SYNOLOGY_CHAT_INCOMING_URL",
    "telegram": "TELEGRAM_BOT_TOKEN",
    "twitch": "OPENCLAW_TWITCH_ACCESS_TOKEN",
    "zalo": "ZALO_BOT_TOKEN",
    "zalouser": "ZALOUSER_PROFILE ZCA_PROFILE",
}
CREDENTIALS: Mapping[str, str] = {name: channel for channel, names in _CREDENTIALS.items() for name in names.split()}
"""Variables that OpenClaw takes for a channel's credentials, whether or not its configuration names them."""

_SNOWFLAKE = r"[0-9]{17,20}"
_NAME = re.compile(r"[a-z][a-z0-9-]*")
_SETTING = re.compile(r"[a-z][A-Za-z0-9]*")
_HOST = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
# Without the stars that stand for everybody, and the signs that OpenClaw would replace by a variable.
_ONE_PERSON = re.compile(r"[^\s*$,]+")


@dataclass(frozen=True, slots=True)
class ChannelUser:
    """
    A person, by the id that a channel gives and that never changes hands. Each channel has its own kind.

    Args:
        id: As the channel writes it.
        is_sample: The id is invented. Everything made from it says so loudly.
    """

    #: What OpenClaw calls the channel, and what people do.
    channel: ClassVar[str]
    label: ClassVar[str]
    #: What the id looks like, in two ways, and where to find it.
    pattern: ClassVar[str]
    looks: ClassVar[str]
    where: ClassVar[str]

    id: str
    is_sample: bool = False

    def __post_init__(self) -> None:
        expect(type(self).__name__, id=(self.id, str), is_sample=(self.is_sample, bool))

    @classmethod
    def sample(cls, id: str) -> Self:  # noqa: A002 - the channels' own word
        """An invented account, to be replaced before anything is deployed."""
        return cls(id, is_sample=True)

    def problems(self) -> Iterator[Problem]:
        """A name in the place of an id would match nobody, or somebody else."""
        if not re.fullmatch(self.pattern, self.id):
            yield Problem(f"a {self.label} user id is not {self.looks}", self.where)


class DiscordUser(ChannelUser):
    """A Discord account, by its 17 to 20 digits."""

    channel = "discord"
    label = "Discord"
    pattern = _SNOWFLAKE
    looks = "17 to 20 digits"
    where = "copy it with Discord's developer mode"


class TelegramUser(ChannelUser):
    """A Telegram account, by its number. A negative number is a group, and a name can change hands."""

    channel = "telegram"
    label = "Telegram"
    pattern = r"[1-9][0-9]{4,14}"
    looks = "5 to 15 digits"
    where = "take the number from.id of a message to the bot"


class SlackUser(ChannelUser):
    """A member of a Slack workspace, by the member id, such as ``U012ABCDEF``."""

    channel = "slack"
    label = "Slack"
    pattern = r"[UW][A-Z0-9]{7,20}"
    looks = "a member id such as 'U012ABCDEF'"
    where = "copy it from the person's profile in Slack (Copy member ID)"


class Token(NamedTuple):
    """A secret of a channel: the setting that takes it, and the variable that holds it."""

    setting: str
    secret: SecretParam
    variable: str


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """
    What everything else asks of a channel.

    Attributes:
        name: The key below ``channels``, which is also the id of its plugin.
        label: What people call it.
        tokens: Its secrets.
        users: Ids of whom it answers.
        package: The npm package of its plugin; empty where OpenClaw brings it along.
        hosts: Where OpenClaw connects because of it, all of it TCP 443.
        rooms: The setting that names the groups where the users may ask it; empty for direct messages alone.
        fixed: Settings that follow from the kind of channel.
        settings: Settings that were given as data.
        reserved: Settings that data must not bring, because a keyword does, or because they lead around one.
    """

    name: str
    label: str
    tokens: tuple[Token, ...]
    users: tuple[str, ...]
    package: str = ""
    hosts: tuple[str, ...] = ()
    rooms: Mapping[str, object] = field(default_factory=dict)
    fixed: Mapping[str, object] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    reserved: frozenset[str] = frozenset()

    def problems(self) -> Iterator[Problem]:
        """Nobody to answer, and data that would decide what the declaration decides."""
        if not self.users:
            yield Problem(f"its {self.label} bot answers nobody", "name at least one user in users=")
        mine = {*OWN_SETTINGS, *self.reserved, *self.rooms, *self.fixed, *(token.setting for token in self.tokens)}
        for key in sorted(mine & set(self.settings)):
            yield Problem(
                f"settings= of its {self.label} channel has {key!r}, which is not for data to decide",
                f"remove {key!r}; users= and the other keywords decide it",
            )


class Channel(ABC):
    """
    A way to talk to an agent.

    It says what it is (`facts`), who its people are (`people`), and what is wrong with it (`problems`). The runtime
    asks the platform for its tokens, renders its settings, installs its plugin and notes its samples.
    """

    __slots__ = ()

    @abstractmethod
    def facts(self) -> ChannelFacts:
        """What everything else asks of it."""

    @property
    @abstractmethod
    def people(self) -> tuple[ChannelUser, ...]:
        """Whom it answers; of an `OtherChannel` nothing but their ids is known."""

    def problems(self) -> Iterator[Problem]:
        """What is wrong with it."""
        yield from self.facts().problems()
        for user in self.people:
            yield from user.problems()


@dataclass(frozen=True, slots=True)
class Discord(Channel):
    """
    Discord as the agent's front end.

    Args:
        token: The bot's token.
        users: Whom the bot answers, in direct messages and in servers. Nobody else.
        guilds: Ids of servers where *users* may mention the bot; direct messages only, unless given.
        settings: Further settings of ``channels.discord``, as data. ``agentkeep verify`` judges each.
    """

    token: SecretParam
    users: tuple[DiscordUser, ...]
    guilds: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def people(self) -> tuple[ChannelUser, ...]:
        """Its users."""
        return self.users

    def facts(self) -> ChannelFacts:
        """A bot with one token, whose plugin is not part of OpenClaw."""
        users = tuple(user.id for user in self.users)
        return ChannelFacts(
            name="discord",
            label="Discord",
            tokens=(Token("token", self.token, "DISCORD_BOT_TOKEN"),),
            users=users,
            package="@openclaw/discord",
            hosts=("discord.com", "gateway.discord.gg", "cdn.discordapp.com", "media.discordapp.net"),
            rooms=_rooms("guilds", self.guilds, {"requireMention": True, "users": [*users]}),
            settings=self.settings,
            reserved=frozenset({"dm", "guilds"}),
        )

    def problems(self) -> Iterator[Problem]:
        """Servers have ids as well."""
        yield from Channel.problems(self)
        yield from _room_problems("a server", "guilds", self.guilds, _SNOWFLAKE, "17 to 20 digits")


@dataclass(frozen=True, slots=True)
class Telegram(Channel):
    """
    Telegram as the agent's front end. The bot asks Telegram for messages; nothing connects to it.

    Args:
        token: The bot's token, from @BotFather.
        users: Whom the bot answers, in direct messages and in groups. Nobody else.
        groups: Ids of groups where *users* may mention the bot, such as ``-1001234567890``; none unless given.
        settings: Further settings of ``channels.telegram``, as data. ``agentkeep verify`` judges each.
    """

    token: SecretParam
    users: tuple[TelegramUser, ...]
    groups: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def people(self) -> tuple[ChannelUser, ...]:
        """Its users."""
        return self.users

    def facts(self) -> ChannelFacts:
        """A bot with one token, which OpenClaw can talk to as it is."""
        users = tuple(user.id for user in self.users)
        return ChannelFacts(
            name="telegram",
            label="Telegram",
            tokens=(Token("botToken", self.token, "TELEGRAM_BOT_TOKEN"),),
            users=users,
            hosts=("api.telegram.org",),
            rooms=_rooms("groups", self.groups, {"requireMention": True, "allowFrom": [*users]}),
            settings=self.settings,
            reserved=frozenset({"direct", "groups", "tokenFile"}),
        )

    def problems(self) -> Iterator[Problem]:
        """Groups have ids as well."""
        yield from Channel.problems(self)
        yield from _room_problems("a group", "groups", self.groups, r"-[1-9][0-9]{4,15}", "a negative number")


@dataclass(frozen=True, slots=True)
class Slack(Channel):
    """
    Slack as the agent's front end, in socket mode: the bot connects to Slack; nothing connects to it.

    Args:
        bot_token: The bot's token, ``xoxb-...``.
        app_token: The app's token for socket mode, ``xapp-...``.
        users: Whom the bot answers, in direct messages and in channels. Nobody else.
        channels: Ids of channels where *users* may mention the bot, such as ``C012ABCDEF``; none unless given.
        settings: Further settings of ``channels.slack``, as data. ``agentkeep verify`` judges each.
    """

    bot_token: SecretParam
    app_token: SecretParam
    users: tuple[SlackUser, ...]
    channels: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)

    @property
    def people(self) -> tuple[ChannelUser, ...]:
        """Its users."""
        return self.users

    def facts(self) -> ChannelFacts:
        """A bot with two tokens, whose plugin is not part of OpenClaw."""
        users = tuple(user.id for user in self.users)
        return ChannelFacts(
            name="slack",
            label="Slack",
            tokens=(
                Token("botToken", self.bot_token, "SLACK_BOT_TOKEN"),
                Token("appToken", self.app_token, "SLACK_APP_TOKEN"),
            ),
            users=users,
            package="@openclaw/slack",
            hosts=("slack.com", "wss-primary.slack.com", "wss-backup.slack.com", "files.slack.com"),
            rooms=_rooms("channels", self.channels, {"enabled": True, "requireMention": True, "users": [*users]}),
            # The other modes wait for requests from outside, or go through a relay.
            fixed={"mode": "socket"},
            settings=self.settings,
            reserved=frozenset({"channels", "dm", "relay", "signingSecret", "userToken", "webhookPath"}),
        )

    def problems(self) -> Iterator[Problem]:
        """Channels have ids as well."""
        yield from Channel.problems(self)
        yield from _room_problems(
            "a channel", "channels", self.channels, r"[CG][A-Z0-9]{7,20}", "an id such as 'C012ABCDEF'"
        )


@dataclass(frozen=True, slots=True)
class OtherChannel(Channel):
    """
    A channel that has no class of its own: what it needs beyond people and tokens is plain data.

    OpenClaw refuses settings that it does not know. ``agentkeep verify`` knows the tokens, some harmless settings, and
    the server that it talks to, which is a finding until it is acknowledged. It proves no channel with another setting.

    Args:
        name: What OpenClaw calls it, such as ``mattermost``.
        users: Ids of whom it answers, as the channel writes them.
        tokens: Its secrets, by the setting that takes them, such as ``botToken``. Each is delivered in a variable that
            is called after both, such as ``MATTERMOST_BOT_TOKEN``.
        settings: Everything else below ``channels.<name>``, as OpenClaw documents it.
        package: The npm package of its plugin; it must be among the plugins of the runtime.
        hosts: Where it connects, on TCP 443.
    """

    name: str
    users: tuple[str, ...]
    tokens: Mapping[str, SecretParam]
    settings: Mapping[str, object] = field(default_factory=dict)
    package: str = ""
    hosts: tuple[str, ...] = ()

    @property
    def people(self) -> tuple[ChannelUser, ...]:
        """Nobody of whom more than the id is known."""
        return ()

    def facts(self) -> ChannelFacts:
        """What was given."""
        return ChannelFacts(
            name=self.name,
            label=self.name,
            tokens=tuple(
                Token(setting, secret, f"{_shouted(self.name)}_{_shouted(setting)}")
                for setting, secret in self.tokens.items()
            ),
            users=self.users,
            package=self.package,
            hosts=self.hosts,
            settings=self.settings,
        )

    def problems(self) -> Iterator[Problem]:
        """Names, ids and hosts that cannot be, and channels that have a class."""
        yield from Channel.problems(self)
        if not _NAME.fullmatch(self.name) or self.name == "defaults":
            yield Problem(f"{self.name!r} is not the name of a channel", "write it as OpenClaw does: 'mattermost'")
        if self.name in _TYPED:
            yield Problem(f"OtherChannel({self.name!r}) has a class of its own", f"use {_TYPED[self.name]}")
        for setting in self.tokens:
            if not _SETTING.fullmatch(setting):
                # Not repeated: whoever mixes up name and value has just typed the value.
                yield Problem(f"a token of {self.name!r} is not called after a setting", "write {'botToken': secret}")
        if not all(isinstance(user, str) and _ONE_PERSON.fullmatch(user) for user in self.users):
            yield Problem(f"a user of {self.name!r} is not one person's id", "name each person by the channel's own id")
        if not all(map(_HOST.fullmatch, self.hosts)):
            yield Problem(f"a host of {self.name!r} is not a host name", "write it as 'chat.example.com'")


_TYPED = {"discord": "Discord", "slack": "Slack", "telegram": "Telegram"}


@dataclass(frozen=True, slots=True)
class Elevated:
    """
    Who may leave the sandbox: their direct messages run in the agent's own container, where its tokens are.

    Args:
        users: Nobody unless named; each must be somebody whom the channel of their kind answers.
    """

    users: tuple[ChannelUser, ...] = ()


def _rooms(setting: str, ids: Sequence[str], each: Mapping[str, object]) -> dict[str, object]:
    return {setting: {one: dict(each) for one in ids}} if ids else {}


def _room_problems(what: str, keyword: str, ids: Sequence[str], pattern: str, looks: str) -> Iterator[Problem]:
    for one in ids:
        if not isinstance(one, str) or not re.fullmatch(pattern, one):
            yield Problem(f"{keyword}= names something that is not the id of {what}", f"give its id, {looks}")


def _shouted(name: str) -> str:
    """``botToken`` as ``BOT_TOKEN``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").upper()
