"""What is declared about an OpenClaw gateway, and what it asks of its platform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from agentkeep.core.facts import Image, Port, Problem, Resources, expect
from agentkeep.core.model import Model as PlatformModel
from agentkeep.sandboxed_agent.runtime import Agent, Offered, Runtime
from agentkeep.sandboxed_agent.runtimes.openclaw.channels import (
    CREDENTIALS,
    Channel,
    ChannelFacts,
    ChannelUser,
    Elevated,
)
from agentkeep.sandboxed_agent.runtimes.openclaw.config import GATEWAY_ENV
from agentkeep.sandboxed_agent.runtimes.openclaw.tools import Plugin, Rules, Tools, plugin_problems
from agentkeep.sandboxed_agent.runtimes.openclaw.workspace import LANGUAGES
from agentkeep.secret_param.declaration import SecretParam

GATEWAY_PORT = Port.tcp(18789)
GATEWAY_TOKEN_ENV = "OPENCLAW_GATEWAY_TOKEN"  # noqa: S105 - the name of a variable
RESOURCES = Resources(cpu="500m", memory="1Gi", cpu_limit="2", memory_limit="4Gi")
FIXED_ENV = frozenset({"HOME", "LD_PRELOAD", "NODE_OPTIONS", "PATH", *GATEWAY_ENV})


class OpenClawFacts(Runtime):
    """What is declared about a gateway; `OpenClaw` says what each keyword means, and plans the pod."""

    program: ClassVar[str] = "openclaw"
    sandboxes: ClassVar[frozenset[str]] = frozenset({"docker-in-docker", "off"})

    def __init__(
        self,
        *,
        image: Image,
        gateway_token: SecretParam,
        primary: str,
        tools: Tools,
        fallbacks: Sequence[str] = (),
        channels: Sequence[Channel] = (),
        plugins: Sequence[Plugin] = (),
        elevated: Elevated | None = None,
        rules: Rules | None = None,
    ) -> None:
        expect(
            "OpenClaw",
            image=(image, Image),
            primary=(primary, str),
            tools=(tools, Tools),
            fallbacks=(fallbacks, list | tuple),
            channels=(channels, list | tuple),
            plugins=(plugins, list | tuple),
            elevated=(elevated, Elevated | None),
            rules=(rules, Rules | None),
        )
        for channel in channels:
            expect("OpenClaw", channels=(channel, Channel))
        for plugin in plugins:
            expect("OpenClaw", plugins=(plugin, Plugin))
        users = [user for channel in channels for user in channel.people]
        for user in (*users, *(elevated.users if elevated else ())):
            expect("OpenClaw", users=(user, ChannelUser))
        self.image = image
        self.gateway_token = gateway_token
        self.primary = primary
        self.fallbacks = tuple(fallbacks)
        self.tools = tools
        self.channels = tuple(channels)
        self.plugins = tuple(plugins)
        self.elevated = elevated or Elevated()
        self.rules = rules or Rules()
        self.resources = RESOURCES

    @property
    def talks(self) -> tuple[ChannelFacts, ...]:
        """What each of its channels is."""
        return tuple(channel.facts() for channel in self.channels)

    @property
    def needed_plugins(self) -> tuple[Plugin, ...]:
        """Those of its plugins that its channels need, in the order of the channels."""
        known = {plugin.package: plugin for plugin in self.plugins}
        return tuple(known[talk.package] for talk in self.talks if talk.package in known)

    @property
    def hosts(self) -> tuple[str, ...]:
        """Where its channels connect, all of it TCP 443."""
        return tuple(dict.fromkeys(host for talk in self.talks for host in talk.hosts))

    @property
    def ports(self) -> Mapping[str, Port]:
        """The gateway's."""
        return {"gateway": GATEWAY_PORT}

    def bind(self, agent: Agent) -> None:
        """Record its secrets and its people."""
        for problem, fix in self.tools.problems():
            agent.refuse(problem, fix)
        agent.reads(self.gateway_token, as_env=GATEWAY_TOKEN_ENV, use="gateway-token")
        if self.rules.language not in LANGUAGES:
            agent.refuse(
                f"rules: language={self.rules.language!r} has no text", f"use one of {', '.join(sorted(LANGUAGES))}"
            )
        talks = self.talks
        for name in sorted({talk.name for talk in talks if [one.name for one in talks].count(talk.name) > 1}):
            label = next(talk.label for talk in talks if talk.name == name)
            agent.refuse(f"has a second {label} channel", "keep one; it answers any number of users")
        for channel, talk in zip(self.channels, talks, strict=True):
            for token in talk.tokens:
                agent.reads(token.secret, as_env=token.variable)
            for problem, fix in channel.problems():
                agent.refuse(problem, fix)
        wanted = {talk.package: talk.label for talk in talks if talk.package}
        for problem, fix in plugin_problems(self.plugins, wanted, self.image):
            agent.refuse(problem, fix)
        answered = {(user.channel, user.id) for channel in self.channels for user in channel.people}
        for user in self.elevated.users:
            for problem, fix in user.problems():
                agent.refuse(problem, fix)
            if (user.channel, user.id) not in answered:
                agent.refuse(
                    "somebody may leave the sandbox whom the bot does not answer",
                    f"name them in {user.label}(users=...) too",
                )
        for user in (*(user for channel in self.channels for user in channel.people), *self.elevated.users):
            if user.is_sample:
                agent.platform.note_sample(f"{user.label} user", user.id)

    def fixed_env(self) -> frozenset[str]:
        """What OpenClaw and Node are told by."""
        return FIXED_ENV

    def models(self, served: Sequence[Offered]) -> tuple[Offered, ...]:
        """The models it uses: the primary, then the fallbacks, then whatever else it may choose of *served*."""
        by_alias = {model.alias: model for model in served}
        chosen = [by_alias[alias] for alias in (self.primary, *self.fallbacks)]
        return (*chosen, *(model for model in served if model not in chosen))

    def unfinished(self, agent: Agent, model: PlatformModel) -> Iterator[Problem]:
        """Somebody must serve it the models that it names, and it holds the credentials of its own channels alone."""
        named = {token.variable for talk in self.talks for token in talk.tokens}
        for variable in sorted({name for name, _ in model.variables(agent.id)} - named):
            if variable in CREDENTIALS:
                yield Problem(
                    f"reads a secret as {variable}, which OpenClaw takes for a credential of {CREDENTIALS[variable]}",
                    "declare that channel, or deliver the secret under another name",
                )
        servings = model.served(agent.id)
        if not servings:
            yield Problem("no proxy serves it", "call serve(agent, key=...) on an IsolatedLLMProxy")
            return
        aliases = [one.alias for limits in servings[0].offer for one in limits.models]
        for keyword, alias in (("primary", self.primary), *(("fallbacks", name) for name in self.fallbacks)):
            if alias not in aliases:
                yield Problem(
                    f"{keyword}: {alias!r} names no model that {servings[0].keeper!r} serves it",
                    f"use one of {', '.join(map(repr, aliases))}",
                )
        if len({self.primary, *self.fallbacks}) != 1 + len(self.fallbacks):
            yield Problem("names a model twice", "name each once, in primary or fallbacks")
        if len(servings) == 1 and {self.primary, *self.fallbacks} <= {*aliases}:
            # What only its configuration or its policy text would refuse is told together with everything else.
            for error in model.plan_problems(agent.id):
                yield Problem(error.problem, error.fix)
