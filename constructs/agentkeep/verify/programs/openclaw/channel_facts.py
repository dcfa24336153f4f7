"""What is known of OpenClaw's channels: their variables, their groups, and which settings nobody needs to judge."""

from typing import Final, NamedTuple

# OpenClaw takes these for credentials of a channel, whether or not its configuration names them (release 2026.9.6,
# dist/channel-catalog.json and the bundled Telegram; tests/real/openclaw compares).
_VARIABLES: Final = {
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
CHANNEL_VARIABLES: Final = {name: channel for channel, names in _VARIABLES.items() for name in names.split()}


class Kind(NamedTuple):
    """
    A channel that somebody has looked at.

    Attributes:
        tokens: Settings that hold its secrets.
        rooms: The setting that lists groups.
        people: The setting of a group that lists who may write there.
        room: What people call such a group.
    """

    tokens: frozenset[str]
    rooms: str
    people: str
    room: str


KINDS: Final = {
    "discord": Kind(frozenset({"token"}), "guilds", "users", "server"),
    "slack": Kind(frozenset({"botToken", "appToken"}), "channels", "users", "channel"),
    "telegram": Kind(frozenset({"botToken"}), "groups", "allowFrom", "group"),
}

# Judged, whatever the channel is.
DECIDED: Final = frozenset(
    {"allowFrom", "configWrites", "contextVisibility", "dmPolicy", "enabled", "groupAllowFrom", "groupPolicy"}
)

# How an answer looks, how long it is, how much of a conversation is remembered. No value of them lets anybody in, sends
# anything elsewhere or does anything unasked. Not among them: previews of links (somebody else's server is asked for
# whatever the model wrote), reactions of everybody, actions, commands, webhooks, proxies, other API roots, accounts.
HARMLESS: Final = frozenset(
    {
        "ackReaction", "dmHistoryLimit", "historyLimit", "markdown", "mediaMaxMb", "name", "replyToMode",
        "responsePrefix", "silentErrorReplies", "streaming", "textChunkLimit", "typingReaction",
    }
)  # fmt: skip

# With this value they are harmless as well: nobody else's server is asked for what the model wrote, and nothing is said
# unasked in a group.
SAFE: Final = {"joinIntro": False, "linkPreview": False, "unfurlLinks": False, "unfurlMedia": False}

# A server of somebody's choice that gets the token and every message: known, and so for somebody to answer for.
ADDRESSES: Final = frozenset({"apiRoot", "baseUrl", "homeserver"})

# Of one group: whether it is on, and whether the bot must be named. Those who may write there are judged.
HARMLESS_IN_ROOMS: Final = frozenset({"enabled", "requireMention"})
