"""CFG004: only named people reach the agent."""

from typing import Any, Final

from agentkeep.verify.artifacts import mapping, text, texts
from agentkeep.verify.case import Case
from agentkeep.verify.configs import openclaws
from agentkeep.verify.naming import where
from agentkeep.verify.values import dig, environment
from agentkeep.verify.verdict import Report

# A variable of one of these names switches the channel on, whatever the configuration says.
_CHANNEL_VARIABLES: Final = {
    "DISCORD_BOT_TOKEN": "discord", "TELEGRAM_BOT_TOKEN": "telegram", "SLACK_BOT_TOKEN": "slack",
    "SLACK_APP_TOKEN": "slack", "LINE_CHANNEL_ACCESS_TOKEN": "line", "MATTERMOST_BOT_TOKEN": "mattermost",
    "MATRIX_ACCESS_TOKEN": "matrix",
}  # fmt: skip
_OPEN: Final = ("open", "pairing", "*")


def cfg004_only_named_people_reach_the_agent(case: Case, report: Report) -> None:
    """
    CFG004: every channel admits listed people only, cannot rewrite the configuration, and no channel is on unasked.

    A token of an unused channel in the environment switches that channel on.
    """
    for workload, item, config in openclaws(case, report):
        channels = mapping(config.get("channels"))
        enabled = {name for name, body in channels.items() if mapping(body).get("enabled") is not False}
        for name in sorted(enabled):
            report.look()
            for problem in _channel(name, mapping(channels[name])):
                report.find(workload, problem, place=item.place)
        for container in workload.containers:
            for variable in sorted(environment(container)):
                channel = _CHANNEL_VARIABLES.get(variable)
                if channel and channel not in enabled:
                    report.find(
                        where(workload, container), f"switches on {channel} by {variable}", place=container.place
                    )
        commands = mapping(config.get("commands"))
        for key in ("bash", "config", "debug", "mcp", "plugins", "restart"):
            if commands.get(key) is not False:
                report.find(workload, f"takes the chat command {key}", place=item.place)
        if "*" in texts(commands.get("ownerAllowFrom")):
            report.find(workload, "takes everybody for its owner", place=item.place)
        if dig(config, "plugins", "allow") is None:
            report.find(workload, "loads every plugin that it finds", place=item.place)


def _channel(name: str, body: Any) -> list[str]:
    found = []
    policy = text(body.get("dmPolicy"))
    people = texts(body.get("allowFrom"))
    if policy not in ("allowlist", "disabled"):
        found.append(f"{name}: direct messages are open (dmPolicy {policy or 'absent'})")
    if policy == "allowlist" and (not people or "*" in people):
        found.append(f"{name}: direct messages are open (allowFrom)")
    group = text(body.get("groupPolicy"))
    if group not in ("allowlist", "disabled"):
        found.append(f"{name}: groups are open (groupPolicy {group or 'absent'})")
    guilds = mapping(body.get("guilds"))
    if group == "allowlist":
        for guild, inner in guilds.items():
            users = texts(mapping(inner).get("users"))
            if not users or "*" in users:
                found.append(f"{name}: everybody of server {guild} may write")
    if body.get("configWrites") is not False:
        found.append(f"{name}: may rewrite the configuration")
    return found
