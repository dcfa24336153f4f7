"""
What a user declares about the LLM proxy: the providers and their models, the agents it serves, and their limits.

The provider's key and the proxy's master key exist in this proxy's pod alone. An agent gets the proxy's address and a
key of its own that is good for inference and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from agentkeep.core.edges import Beside, Flow, Inward, Neighbour, Range
from agentkeep.core.facts import Image, Port, Problem, Resources, expect, named
from agentkeep.core.keeper import Client, Keeper
from agentkeep.core.model import Model as PlatformModel
from agentkeep.core.part import Records
from agentkeep.core.pod import Pod
from agentkeep.errors import DeclarationError
from agentkeep.isolated_llm_proxy.litellm import pod
from agentkeep.isolated_llm_proxy.litellm.config import CONTAINER_ENV, Budget
from agentkeep.isolated_llm_proxy.models import Model, Provider
from agentkeep.secret_param.declaration import IsolatedSecret, SecretParam

PORT = Port.tcp(4000)
BECAUSE = "model requests, with the agent's own key"
# The first releases with the fixes for the key-check and SSRF advisories; 1.82.7 and 1.82.8 were malicious uploads.
OLDEST_SAFE = (1, 102, 2)
UNSAFE = {(1, 103, 0)}
# Measured: 330-440 MB once ready.
RESOURCES = Resources(cpu="100m", memory="512Mi", cpu_limit="500m", memory_limit="1Gi")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one agent may ask for: which models, and how often."""

    models: tuple[Model, ...]
    requests_per_minute: int | None


class IsolatedLLMProxy(Keeper):
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

    program = "litellm"
    construct = "IsolatedLLMProxy"
    halves: ClassVar[Mapping[str, str]] = {
        "kubernetes": "agentkeep.isolated_llm_proxy.kubernetes:IsolatedLLMProxyKubernetes"
    }

    def __init__(
        self,
        platform: Records,
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
                hosts=(provider.hosts, list | tuple),
                at=(provider.at, Neighbour | None),
                api_base=(provider.api_base, str | None),
                budget=(provider.budget, Budget | None),
            )
            for model in provider.models:
                expect(f"{self.path}/{provider.name}", models=(model, Model))
        self.image = image
        self.master_key = master_key
        self.providers = tuple(providers)
        self.resources = resources
        self._keys: dict[str, str] = {}
        self.refuse_all(image.problems())
        self.refuse_all(resources.problems())
        version = image.version
        if version and (version < OLDEST_SAFE or version in UNSAFE):
            self.refuse(f"image {image.reference!r} has known holes", "use LiteLLM 1.102.2, 1.103.1 or newer")
        self._isolate(master_key, "master_key", env="LITELLM_MASTER_KEY", use="master-key")
        for provider in self.providers:
            self.refuse_all(provider.problems())
            if provider.key is master_key:
                self.refuse(f"the key of {provider.name!r} is the master key too", "declare an IsolatedSecret for each")
            if provider.key is not None:
                self._isolate(provider.key, f"key of {provider.name!r}", env=None, use="provider-key")
            if provider.budget and provider.budget.provider != provider.name:
                self.refuse(
                    f"the budget of {provider.name!r} is for {provider.budget.provider!r}", "name the same provider"
                )
            for model in provider.models:
                self.refuse_all(model.problems())
                if not model.upstream.startswith(f"{provider.name}/"):
                    self.refuse(
                        f"model {model.id!r}: upstream {model.upstream!r} is not a model of {provider.name!r}",
                        f"begin it with '{provider.name}/'",
                    )
            self._connect(provider)
        self._check_unique()
        platform.resolve_names(self.id)

    def serve(
        self,
        agent: Client,
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
            DeclarationError: *agent* is not a `SandboxedAgent`, or *key* is a secret that no agent may have.
        """
        if not isinstance(agent, Client):
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
        if agent.platform is not self.platform:
            self.refuse(f"cannot serve {agent.path!r} of another platform", "declare a proxy there")
            return Flow(agent.id, Inward(self.id, PORT), BECAUSE)
        for model in chosen:
            if model not in self.models:
                self.refuse(f"cannot serve {agent.id!r} the model {model.id!r}", "declare it with one of the providers")
        if requests_per_minute is not None and requests_per_minute < 1:
            self.refuse(f"requests_per_minute={requests_per_minute} serves nothing", "use 1 or more, or leave it out")
        other = self._keys.setdefault(key.id, agent.id)
        if other != agent.id:
            self.refuse(f"{agent.id!r} and {other!r} share one key", "give each agent a key of its own")
        return self.record_serving(
            agent,
            key,
            (Limits(chosen, requests_per_minute),),
            port="http",
            because=BECAUSE,
        )

    @property
    def models(self) -> tuple[Model, ...]:
        """Every model of every provider, in the order of declaration."""
        return tuple(model for provider in self.providers for model in provider.models)

    @property
    def url(self) -> str:
        """Where agents reach it."""
        return f"http://{self.host}:{PORT.number}"

    def plan(self, model: PlatformModel) -> Pod:
        """LiteLLM, and nothing beside it."""
        return pod.plan(self, model)

    def fixed_env(self) -> frozenset[str]:
        """What LiteLLM is told by the environment."""
        return frozenset(CONTAINER_ENV)

    def unfinished(self, model: PlatformModel) -> Iterator[Problem]:
        """A proxy without providers, models or clients does nothing but hold a key."""
        if not self.models:
            yield Problem("has no model", "declare a Provider with at least one Model")
        if not any(serving.keeper == self.id for serving in model.servings):
            yield Problem("serves nobody", "call serve(agent, key=...), or delete it")

    def _connect(self, provider: Provider) -> None:
        because = f"inference at {provider.name}"
        if provider.at is not None and provider.at.port is not None:
            self.platform.connect(Flow(self.id, Beside(provider.at, provider.at.port), because))
        elif provider.ranges:
            self.platform.connect(Flow(self.id, Range(cidrs=tuple(provider.ranges), port=Port.tcp(443)), because))

    def _isolate(self, secret: IsolatedSecret, keyword: str, *, env: str | None, use: str) -> None:
        # The type checker has refused this already; mains also run without one.
        if not isinstance(secret, IsolatedSecret):
            self.refuse(
                f"{keyword} is {named(secret)}",
                "declare IsolatedSecret(platform, 'NAME', about=...) and pass that; never a value",
            )
            return
        self.deliver(secret, as_env=env or secret.id, as_file=None, use=use)

    def _check_unique(self) -> None:
        for what in ("id", "alias"):
            seen: set[str] = set()
            for model in self.models:
                name: str = getattr(model, what)
                if name in seen:
                    self.refuse(f"two models have the {what} {name!r}", f"give every model its own {what}")
                seen.add(name)


__all__ = ["Budget", "IsolatedLLMProxy", "Limits", "Model", "Provider"]
