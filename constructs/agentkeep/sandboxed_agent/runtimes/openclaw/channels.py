"""Channels: how people talk to an OpenClaw agent, and who may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from agentkeep.core.facts import Fact, Problem
from agentkeep.secret_param.declaration import SecretParam


class DiscordUser(Fact):
    """
    A Discord account, by its numeric id.

    Args:
        id: 17 to 20 digits, as a string.
        is_sample: The id is invented. Everything made from it says so loudly.
    """

    id: str
    is_sample: bool = False

    @classmethod
    def sample(cls, id: str) -> DiscordUser:  # noqa: A002 - Discord's own word
        """An invented account, to be replaced before anything is deployed."""
        return cls(id=id, is_sample=True)

    def problems(self) -> Iterator[Problem]:
        """Discord ids are digits; a name would match nobody, or somebody else."""
        if not re.fullmatch(r"[0-9]{17,20}", self.id):
            yield Problem("a Discord user id is not 17 to 20 digits", "copy it with Discord's developer mode")


@dataclass(frozen=True, slots=True)
class Discord:
    """
    Discord as the agent's front end.

    Args:
        token: The bot's token.
        users: Whom the bot answers, in direct messages and in channels. Nobody else.
    """

    token: SecretParam
    users: tuple[DiscordUser, ...]


@dataclass(frozen=True, slots=True)
class Elevated:
    """
    Who may leave the sandbox: their direct messages run in the agent's own container, where its tokens are.

    Args:
        users: Nobody unless named.
    """

    users: tuple[DiscordUser, ...] = ()
