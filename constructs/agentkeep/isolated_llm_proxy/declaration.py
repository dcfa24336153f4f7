"""
What a user declares about the LLM proxy: the providers and their models, the agents it serves, and their limits.

The provider's key and the proxy's master key exist in this proxy's pod alone. An agent gets the proxy's address and a
key of its own that is good for inference and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agentkeep.edges import Flow, Inward, Range
from agentkeep.errors import DeclarationError
from agentkeep.facts import Fact, Image, Port, Problem, Resources, expect, named
from agentkeep.isolated_llm_proxy.config import CONTAINER_ENV, Budget
from agentkeep.platform import Platform
from agentkeep.sandboxed_agent.declaration import SandboxedAgent
from agentkeep.secret_param.declaration import IsolatedSecret, SecretParam
from agentkeep.workload import Workload

PORT = Port.tcp(4000)
# The first releases with the fixes for the key-check and SSRF advisories; 1.82.7 and 1.82.8 were malicious uploads.
OLDEST_SAFE = (1, 102, 2)
UNSAFE = {(1, 103, 0)}
# Measured: 330-440 MB once ready.
RESOURCES = Resources(cpu="100m", memory="512Mi", cpu_limit="500m", memory_limit="1Gi")


class Model(Fact):
    """
    One model, as the proxy serves it.

    Args:
        id: What clients ask for, e.g. ``claude-sonnet-4-5``.
        upstream: What the proxy asks for, with LiteLLM's provider prefix, e.g.
            ``anthropic/claude-sonnet-4-5-20250929``.
        alias: A short name for people, unique in the proxy, e.g. ``Sonnet``.
        context_window: Tokens that one request may hold.
        max_output: Tokens that one answer may hold.
        prompt_cache: Mark the system prompt and the last message as cacheable (Anthropic).
    """

    id: str
    upstream: str
    alias: str
    context_window: int
    max_output: int
    prompt_cache: bool = False

    def problems(self) -> Iterator[Problem]:
        """Ids and aliases are not empty, and an answer fits the context window."""
        for keyword in ("id", "alias"):
            if not getattr(self, keyword).strip():
                yield Problem(f"a model has no {keyword}", f"give every model an {keyword}")
        if not 0 < self.max_output <= self.context_window:
            yield Problem(
                f"model {self.id!r}: max_output={self.max_output} does not fit context_window={self.context_window}",
                "copy both from the provider's model page",
            )


@dataclass(frozen=True, slots=True)
class Provider:
    """
    An LLM provider: its key, its models, and where it lives.

    Args:
        name: LiteLLM's name of it, and the prefix of its models' ``upstream``.
        key: Its API key.
        models: What the proxy serves of it.
        ranges: The networks that it publishes for its API. The proxy can reach these and nothing else.
        budget: At most so many dollars in a period, counted in the proxy's memory.
    """

    name: str
    key: IsolatedSecret
    models: Sequence[Model]
    ranges: tuple[str, ...]
    budget: Budget | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """An agent that is served: by which key, which models, and how often."""

    agent: SandboxedAgent
    key: SecretParam
    models: tuple[Model, ...]
    requests_per_minute: int | None


class IsolatedLLMProxy(Workload):
    """
    A LiteLLM proxy that alone holds the providers' keys.

    Args:
        platform: What it belongs to.
        id: Name of its Deployment and Service.
        image: LiteLLM at a fixed, safe version.
        master_key: The proxy's own administration key; it never leaves the pod.
        providers: Where models come from; one or more.
        resources: What the container may use.
    """

    role = "keeper"
    program = "litellm"
    construct = "IsolatedLLMProxy"

    def __init__(
        self,
        platform: Platform,
        id: str,  # noqa: A002 - the CDK's own word
        *,
        image: Image,
        master_key: IsolatedSecret,
        providers: Sequence[Provider],
        resources: Resources = RESOURCES,
    ) -> None:
        super().__init__(platform, id, ports={"http": PORT})
        expect(self.path, image=(image, Image), providers=(providers, list | tuple), resources=(resources, Resources))
        for provider in providers:
            expect(self.path, providers=(provider, Provider))
            expect(
                f"{self.path}/{provider.name}",
                name=(provider.name, str),
                models=(provider.models, list | tuple),
                ranges=(provider.ranges, list | tuple),
                budget=(provider.budget, Budget | None),
            )
            for model in provider.models:
                expect(f"{self.path}/{provider.name}", models=(model, Model))
        self.image = image
        self.master_key = master_key
        self.providers = tuple(providers)
        self.resources = resources
        self._clients: dict[str, Client] = {}
        self.refuse_all(image.problems())
        self.refuse_all(resources.problems())
        version = image.version
        if version and (version < OLDEST_SAFE or version in UNSAFE):
            self.refuse(f"image {image.reference!r} has known holes", "use LiteLLM 1.102.2, 1.103.1 or newer")
        self._isolate(master_key, "master_key", env="LITELLM_MASTER_KEY")
        if isinstance(master_key, IsolatedSecret):
            master_key.role = "master-key"
        for provider in self.providers:
            if provider.key is master_key:
                self.refuse(f"the key of {provider.name!r} is the master key too", "declare an IsolatedSecret for each")
            self._isolate(provider.key, f"key of {provider.name!r}", env=None)
            if isinstance(provider.key, IsolatedSecret):
                provider.key.role = "provider-key"
            if provider.budget and provider.budget.provider != provider.name:
                self.refuse(
                    f"the budget of {provider.name!r} is for {provider.budget.provider!r}", "name the same provider"
                )
            for model in provider.models:
                self.refuse_all(model.problems())
                if not model.upstream.startswith(f"{provider.name}/"):
                    self.refuse(
                        f"model {model.id!r}: upstream {model.upstream!r} is no model of {provider.name!r}",
                        f"begin it with '{provider.name}/'",
                    )
            platform.connect(
                Flow(self, Range(cidrs=tuple(provider.ranges), port=Port.tcp(443)), f"inference at {provider.name}")
            )
        self._check_unique()
        platform.resolve_names(self)

    def serve(
        self,
        agent: SandboxedAgent,
        *,
        key: SecretParam,
        models: Sequence[Model] | None = None,
        requests_per_minute: int | None = None,
    ) -> Flow:
        """
        Let *agent* send model requests to this proxy, and nothing else to it.

        Both ends of the flow are synthesized. The agent gets the proxy's address and *key*; the provider's key stays
        here.

        Args:
            agent: Whom to serve.
            key: The agent's own key. It opens inference with *models* and no other route of the proxy.
            models: What it may use; all models of the proxy unless given.
            requests_per_minute: An upper limit, enforced in the proxy's memory.

        Returns:
            The recorded flow.

        Raises:
            DeclarationError: *agent* is no `SandboxedAgent`, or *key* is a secret that no agent may have.
        """
        if not isinstance(agent, SandboxedAgent):
            raise DeclarationError(self.path, f"serve() was given {named(agent)}", "pass the SandboxedAgent to serve")
        if not isinstance(key, SecretParam):
            raise DeclarationError(
                self.path,
                f"serve() was given {named(key)} as the key of {agent.id!r}",
                "declare SecretParam(platform, 'LITELLM_PROXY_KEY', about=...) and pass that",
            )
        expect(self.path, models=(models, list | tuple | None), requests_per_minute=(requests_per_minute, int | None))
        for model in models or ():
            expect(self.path, models=(model, Model))
        chosen = tuple(models) if models is not None else self.models
        flow = Flow(agent, Inward(self, PORT), "model requests, with the agent's own key")
        if agent.platform is not self.platform:
            self.refuse(f"cannot serve {agent.path!r} of another platform", "declare a proxy there")
            return flow
        for model in chosen:
            if model not in self.models:
                self.refuse(f"cannot serve {agent.id!r} the model {model.id!r}", "declare it with one of the providers")
        if requests_per_minute is not None and requests_per_minute < 1:
            self.refuse(f"requests_per_minute={requests_per_minute} serves nothing", "use 1 or more, or leave it out")
        for client in self._clients.values():
            if client.key is key and client.agent is not agent:
                self.refuse(f"{agent.id!r} and {client.agent.id!r} share one key", "give each agent a key of its own")
        key.role = "proxy-key"
        client = Client(agent, key, chosen, requests_per_minute)
        if self._clients.setdefault(agent.id, client) != client:
            self.refuse(f"serves {agent.id!r} in two ways", "keep one call of serve() for each agent")
        agent.served_by(self, key, chosen)
        self.deliver(key, as_env=key.id, as_file=None)
        self.platform.connect(flow)
        return flow

    @property
    def models(self) -> tuple[Model, ...]:
        """Every model of every provider, in the order of declaration."""
        return tuple(model for provider in self.providers for model in provider.models)

    @property
    def clients(self) -> tuple[Client, ...]:
        """Every agent that is served, by id."""
        return tuple(self._clients[name] for name in sorted(self._clients))

    @property
    def url(self) -> str:
        """Where agents reach it."""
        return f"http://{self.id}.{self.platform.id}.svc.cluster.local:{PORT.number}"

    def images(self) -> tuple[Image, ...]:
        """LiteLLM, and nothing beside it."""
        return (self.image,)

    def fixed_env(self) -> frozenset[str]:
        """What LiteLLM is told by the environment."""
        return frozenset(CONTAINER_ENV)

    def unfinished(self) -> Iterator[Problem]:
        """A proxy without providers, models or clients does nothing but hold a key."""
        if not self.models:
            yield Problem("has no model", "declare a Provider with at least one Model")
        if not self._clients:
            yield Problem("serves nobody", "call serve(agent, key=...), or delete it")

    def _isolate(self, secret: IsolatedSecret, keyword: str, *, env: str | None) -> None:
        # The type checker has refused this already; mains also run without one.
        if not isinstance(secret, IsolatedSecret):
            self.refuse(
                f"{keyword} is {named(secret)}",
                "declare IsolatedSecret(platform, 'NAME', about=...) and pass that; never a value",
            )
            return
        self.deliver(secret, as_env=env or secret.id, as_file=None)

    def _check_unique(self) -> None:
        for what in ("id", "alias"):
            seen: set[str] = set()
            for model in self.models:
                name: str = getattr(model, what)
                if name in seen:
                    self.refuse(f"two models have the {what} {name!r}", f"give every model its own {what}")
                seen.add(name)


__all__ = ["Budget", "Client", "IsolatedLLMProxy", "Model", "Provider"]
