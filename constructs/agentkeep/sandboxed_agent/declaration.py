"""
What a user declares about an agent: its image, models, channel, tools and sandbox.

The agent is *confined*: it reads the secrets that were granted and no others, connects to what was declared and nothing
else, and runs the commands of its models in a sandbox. Whatever its policy text says is written from the same facts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from agentkeep.errors import DeclarationError
from agentkeep.facts import Fact, Image, Port, Problem, Resources, bytes_problems, expect, named
from agentkeep.platform import Platform
from agentkeep.sandboxed_agent import daemon
from agentkeep.sandboxed_agent.openclaw_config import GATEWAY_ENV
from agentkeep.secret_param.declaration import Parameter, SecretParam
from agentkeep.workload import PrivilegedContainer, Workload

if TYPE_CHECKING:
    from agentkeep.isolated_llm_proxy.declaration import IsolatedLLMProxy, Model

GATEWAY_PORT = Port.tcp(18789)
GATEWAY_TOKEN_ENV = "OPENCLAW_GATEWAY_TOKEN"  # noqa: S105 - the name of a variable
DISCORD_TOKEN_ENV = "DISCORD_BOT_TOKEN"  # noqa: S105 - the name of a variable
RESOURCES = Resources(cpu="500m", memory="1Gi", cpu_limit="2", memory_limit="4Gi")
DIND_RESOURCES = Resources(cpu="250m", memory="512Mi", cpu_limit="1", memory_limit="2Gi")
FIXED_ENV = frozenset(
    {"DOCKER_CERT_PATH", "DOCKER_HOST", "DOCKER_TLS_VERIFY", "HOME", "LD_PRELOAD", "NODE_OPTIONS", "PATH", *GATEWAY_ENV}
)
# Keys of LLM providers by the names that their tools read. OPENAI_API_KEY is left out: the Codex CLI needs that key in
# the pod.
PROVIDER_KEY_NAMES = {"ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "MISTRAL_API_KEY", "XAI_API_KEY"}


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


class Taint(Fact):
    """A taint that the agent tolerates, for nodes set apart."""

    key: str
    value: str
    effect: Literal["NoSchedule", "NoExecute", "PreferNoSchedule"] = "NoSchedule"


class Placement(Fact):
    """
    Which nodes an agent may run on.

    Args:
        arch: The images' architecture, where the cluster has several.
        taint: A taint of nodes that are set apart for agents. A privileged sandbox can take over its node, so a node
        of its
            own limits what that is worth.
    """

    arch: Literal["amd64", "arm64"] = "amd64"
    taint: Taint | None = None


class Tools(Fact):
    """
    Command-line tools of the agent, at fixed versions. They are fetched when the pod starts, and each is compared
    with its checksum before anything of it runs. No package manager of the distribution is involved. git comes with
    the image.

    Args:
        codex: Version of the npm package ``@openai/codex``.
        codex_sha512: SHA-512 of that package, hexadecimal.
        gh: Version of the GitHub CLI.
        gh_sha256: SHA-256 of its Linux archive for the architecture that the agent runs on, hexadecimal.
        docker_cli: Image that the docker CLI is copied from; the version of the sandbox's daemon.
    """

    codex: str
    codex_sha512: str
    gh: str
    gh_sha256: str
    docker_cli: Image

    def problems(self) -> Iterator[Problem]:
        """Versions of three numbers, checksums of the right length, a fixed image."""
        for keyword in ("codex", "gh"):
            if not re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", getattr(self, keyword)):
                yield Problem(f"tools: {keyword}={getattr(self, keyword)!r} is no fixed version", "write it as '1.2.3'")
        for keyword, digits in (("codex_sha512", 128), ("gh_sha256", 64)):
            if not re.fullmatch(rf"[0-9a-f]{{{digits}}}", getattr(self, keyword)):
                yield Problem(
                    f"tools: {keyword} is not {digits} hexadecimal digits", "copy it from what the release publishes"
                )
        yield from self.docker_cli.problems()


class Sandbox(Fact):
    """
    Where the commands of the agent's models run. Made by `docker_in_docker` or `off`, never by default.

    Args:
        kind: The mechanism.
        image: The Docker daemon beside the agent.
        sandbox_image: What the commands run in. It is built and published by whoever runs the platform.
        network: Docker network of the sandboxes: ``bridge`` (whatever the pod may reach) or ``none``.
        prune_every_hours: How often stopped containers and unused images are removed.
        disk: At most so much for images and containers, as a Kubernetes quantity; it is gone when the pod is.
        resources: What the daemon and all sandboxes together may use.
        because: Why there is none.
    """

    kind: Literal["docker-in-docker", "off"]
    image: Image | None = None
    sandbox_image: Image | None = None
    network: Literal["bridge", "none"] = "none"
    prune_every_hours: int = 6
    disk: str = "20Gi"
    resources: Resources = DIND_RESOURCES
    because: str = ""

    @classmethod
    def docker_in_docker(
        cls,
        *,
        image: Image,
        sandbox_image: Image,
        network: Literal["bridge", "none"] = "none",
        prune_every_hours: int = 6,
        disk: str = "20Gi",
        resources: Resources = DIND_RESOURCES,
    ) -> Sandbox:
        """
        Every command runs in a container of a Docker daemon beside the agent.

        The daemon is privileged: whoever breaks out of a sandbox *and* the daemon is root of the node, and no
        NetworkPolicy binds root of a node. See docs/what-is-not-proved.md.
        """
        return cls(
            kind="docker-in-docker",
            image=image,
            sandbox_image=sandbox_image,
            network=network,
            prune_every_hours=prune_every_hours,
            disk=disk,
            resources=resources,
        )

    @classmethod
    def off(cls, *, because: str) -> Sandbox:
        """Commands run in the agent's own container, beside its tokens. Spelled out, with a reason."""
        return cls(kind="off", because=because)

    @property
    def is_on(self) -> bool:
        """Whether commands run apart from the agent."""
        return self.kind != "off"

    def problems(self) -> Iterator[Problem]:
        """Fixed images and sound quantities; no sandbox only for a reason."""
        if self.kind == "off":
            if not self.because.strip():
                yield Problem("the sandbox is off for no reason", "say why: Sandbox.off(because='...')")
            return
        if self.image is None or self.sandbox_image is None:
            yield Problem("the sandbox lacks an image", "use Sandbox.docker_in_docker(image=..., sandbox_image=...)")
            return
        yield from self.image.problems()
        yield from self.sandbox_image.problems()
        yield from self.resources.problems()
        if not 1 <= self.prune_every_hours <= 168:
            yield Problem(f"prune_every_hours={self.prune_every_hours} is out of range", "use 1 to 168")
        yield from bytes_problems("disk", self.disk)


@dataclass(frozen=True, slots=True)
class Elevated:
    """
    Who may leave the sandbox: their direct messages run in the agent's own container, where its tokens are.

    Args:
        users: Nobody unless named.
    """

    users: tuple[DiscordUser, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """
    Facts of the policy text (SOUL.md) that nothing else in the declaration knows.

    Args:
        repositories: What the agent may work on, as ``owner/name``. The text says so; the token's scope enforces it.
    """

    repositories: tuple[str, ...] = ()


@dataclass(slots=True)
class Served:
    """The proxy that serves an agent, with the agent's key and the models it may use."""

    proxy: IsolatedLLMProxy
    key: SecretParam
    models: tuple[Model, ...] = field(default=())


class SandboxedAgent(Workload):
    """
    An OpenClaw agent that is confined.

    Args:
        platform: What it belongs to.
        id: Name of its Deployment, Service and claim.
        image: OpenClaw at a fixed version.
        gateway_token: What clients of its gateway show, behind Cloudflare Access.
        primary: Alias of the model it uses; one that its proxy serves.
        fallbacks: Aliases of the models it uses when that fails, in order.
        sandbox: Where its commands run. There is no default.
        tools: Its command-line tools.
        discord: Its front end, if any.
        elevated: Who may leave the sandbox. Nobody by default.
        rules: Facts of its policy text.
        storage: Size of its volume, as a Kubernetes quantity.
        placement: Which nodes it may run on.
        resources: What it may use.
        ports: Further ports, by name, that may be published.
    """

    role = "agent"
    construct = "SandboxedAgent"

    def __init__(
        self,
        platform: Platform,
        id: str,  # noqa: A002 - the CDK's own word
        *,
        image: Image,
        gateway_token: SecretParam,
        primary: str,
        sandbox: Sandbox,
        tools: Tools,
        fallbacks: Sequence[str] = (),
        discord: Discord | None = None,
        elevated: Elevated | None = None,
        rules: Rules | None = None,
        storage: str = "10Gi",
        placement: Placement | None = None,
        resources: Resources = RESOURCES,
        ports: dict[str, Port] | None = None,
    ) -> None:
        super().__init__(platform, id, ports={"gateway": GATEWAY_PORT, **(ports or {})})
        expect(
            self.path,
            image=(image, Image),
            primary=(primary, str),
            fallbacks=(fallbacks, list | tuple),
            sandbox=(sandbox, Sandbox),
            tools=(tools, Tools),
            discord=(discord, Discord | None),
            elevated=(elevated, Elevated | None),
            rules=(rules, Rules | None),
            storage=(storage, str),
            placement=(placement, Placement | None),
            resources=(resources, Resources),
        )
        for user in (*(discord.users if discord else ()), *(elevated.users if elevated else ())):
            expect(self.path, users=(user, DiscordUser))
        self.image = image
        self.gateway_token = gateway_token
        self.primary = primary
        self.fallbacks = tuple(fallbacks)
        self.sandbox = sandbox
        self.tools = tools
        self.discord = discord
        self.elevated = elevated or Elevated()
        self.rules = rules or Rules()
        self.storage = storage
        self.placement = placement or Placement()
        self.resources = resources
        self._served: Served | None = None
        self.refuse_all(image.problems())
        self.refuse_all(sandbox.problems())
        self.refuse_all(tools.problems())
        self.refuse_all(resources.problems())
        self.refuse_all(bytes_problems("storage", storage))
        self.reads(gateway_token, as_env=GATEWAY_TOKEN_ENV)
        if isinstance(gateway_token, SecretParam):
            gateway_token.role = "gateway-token"
        if discord is not None:
            self.reads(discord.token, as_env=DISCORD_TOKEN_ENV)
            if not discord.users:
                self.refuse("its Discord bot answers nobody", "name at least one DiscordUser")
        for user in (*(discord.users if discord else ()), *self.elevated.users):
            self.refuse_all(user.problems())
            if user.is_sample:
                platform.note_sample("Discord user", user.id)
        allowed = {user.id for user in discord.users} if discord else set()
        for user in self.elevated.users:
            if user.id not in allowed:
                self.refuse("somebody may leave the sandbox whom the bot does not answer", "name them in discord= too")

    def reads(
        self,
        secret: SecretParam,
        *,
        as_env: str | tuple[str, ...] | None = None,
        as_file: str | None = None,
    ) -> None:
        """
        Let this agent read *secret*, and nobody else through it.

        Args:
            secret: A `SecretParam`. An `IsolatedSecret` is refused while typing and when run.
            as_env: The variable, or variables, that hold it.
            as_file: Or the absolute path of a file that does.
        """
        if not isinstance(secret, SecretParam):
            self.refuse(
                f"cannot read {secret.id!r}, which is {named(secret)}"
                if isinstance(secret, Parameter)
                else f"was given {named(secret)} as a secret",
                "give a provider's key to an IsolatedLLMProxy and let that serve the agent"
                if isinstance(secret, Parameter)
                else "declare SecretParam(platform, 'NAME', about=...) and pass that; never a value",
            )
            return
        names = (as_env,) if isinstance(as_env, str) else (as_env or ())
        for name in {secret.id, *names} & PROVIDER_KEY_NAMES:
            self.refuse(
                f"cannot read {secret.id!r}: {name} is the key of an LLM provider",
                "declare it as IsolatedSecret, give it to an IsolatedLLMProxy and let that serve the agent",
            )
        self.deliver(secret, as_env=as_env, as_file=as_file)

    def served_by(self, proxy: IsolatedLLMProxy, key: SecretParam, models: tuple[Model, ...]) -> None:
        """Record which proxy answers this agent; called by `IsolatedLLMProxy.serve` alone."""
        if self._served is not None and self._served.proxy is not proxy:
            self.refuse(f"is served by {self._served.proxy.id!r} and {proxy.id!r}", "let one proxy serve it")
        self._served = Served(proxy, key, models)
        self.reads(key, as_env=key.id)
        self.platform.resolve_names(self)

    @property
    def served(self) -> Served:
        """
        The proxy that answers this agent.

        Raises:
            DeclarationError: No proxy serves it.
        """
        if self._served is None:
            raise DeclarationError(self.path, "no proxy serves it", "call serve(agent, key=...) on an IsolatedLLMProxy")
        return self._served

    @property
    def models(self) -> tuple[Model, ...]:
        """The models it uses: the primary, then the fallbacks, then whatever else it may choose."""
        by_alias = {model.alias: model for model in self.served.models}
        chosen = [by_alias[alias] for alias in (self.primary, *self.fallbacks)]
        return (*chosen, *(model for model in self.served.models if model not in chosen))

    @property
    def claim(self) -> str:
        """Name of its volume claim."""
        return f"{self.id}-data"

    def container_names(self) -> tuple[str, ...]:
        """The gateway, what keeps its files current and, with a sandbox, what keeps the daemon's disk clean."""
        return (self.id, "dind-prune", "sync-files") if self.sandbox.is_on else (self.id, "sync-files")

    def init_container_names(self) -> tuple[str, ...]:
        """What runs before the gateway, in order; ``dind`` keeps running beside it."""
        sandbox = ("copy-docker-cli", "install-tools", "prepare-state", "dind", "pull-sandbox")
        return sandbox if self.sandbox.is_on else ("install-tools", "prepare-state")

    def images(self) -> tuple[Image, ...]:
        """OpenClaw and, with a sandbox, the Docker daemon, its CLI and what commands run in."""
        if self.sandbox.image is None or self.sandbox.sandbox_image is None:
            return (self.image,)
        return (self.image, self.sandbox.image, self.tools.docker_cli, self.sandbox.sandbox_image)

    def privileged_containers(self) -> tuple[PrivilegedContainer, ...]:
        """The Docker daemon."""
        if self.sandbox.image is None:
            return ()
        return (
            PrivilegedContainer(
                daemon.NAME, self.sandbox.image, daemon.ARGS, (daemon.CLIENT, daemon.HOOK), daemon.PATHS,
                tuple(daemon.ENV),
            ),
        )  # fmt: skip

    def volume_claims(self) -> tuple[str, ...]:
        """Its one volume."""
        return (self.claim,)

    def fixed_env(self) -> frozenset[str]:
        """What OpenClaw, Node and the docker CLI are told by the environment."""
        return FIXED_ENV

    def unfinished(self) -> Iterator[Problem]:
        """Somebody must serve it the models that it names, and it must be confined."""
        from agentkeep.egress_lockdown.declaration import EgressLockdown  # noqa: PLC0415 - would be a cycle

        if not self.platform.parts(EgressLockdown):
            yield Problem("is not confined", "add EgressLockdown(platform)")
        if self._served is None:
            yield Problem("no proxy serves it", "call serve(agent, key=...) on an IsolatedLLMProxy")
            return
        aliases = [model.alias for model in self._served.models]
        for keyword, alias in (("primary", self.primary), *(("fallbacks", name) for name in self.fallbacks)):
            if alias not in aliases:
                yield Problem(
                    f"{keyword}: {alias!r} names no model that {self._served.proxy.id!r} serves it",
                    f"use one of {', '.join(map(repr, aliases))}",
                )
        if len({self.primary, *self.fallbacks}) != 1 + len(self.fallbacks):
            yield Problem("names a model twice", "name each once, in primary or fallbacks")
        if {self.primary, *self.fallbacks} <= {*aliases}:
            yield from self._unrenderable()

    def _unrenderable(self) -> Iterator[Problem]:
        """What only its configuration or its policy text would refuse, before any engine starts."""
        from agentkeep.sandboxed_agent.rendering import config_file, policy_files  # noqa: PLC0415 - would be a cycle

        for render in (config_file, policy_files):
            try:
                render(self)
            except DeclarationError as error:
                yield Problem(error.problem, error.fix)
