"""
Personal facts, and nothing else: who may talk to the agent.

The ids below are invented samples. Replace them before you deploy (Discord: Settings, Advanced, Developer Mode, then
right-click the person, Copy User ID), and write ``DiscordUser(id="...")`` in place of ``DiscordUser.sample("...")``.
Until then the output says at its top that it was made from samples.

E-mail addresses are not here at all: they are the Terraform variable ``access_emails``, which has no default.
"""

from agentkeep import DiscordUser

OWNER_ON_DISCORD = DiscordUser.sample("100000000000000001")
