"""
What a user declares about an agent: the program that it is, its sandbox, its volume, its place.

The agent is *confined*: it reads the secrets that were granted and no others, connects to what was declared and nothing
else, and runs the commands of its models in a sandbox. Whatever its policy text says is written from the same facts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from agentkeep.core.edges import GENERIC
from agentkeep.core.facts import Image, Port, Problem, Resources, bytes_problems, expect, named
from agentkeep.core.keeper import CLIENT_KEY, Client
from agentkeep.core.model import Model, Secret
from agentkeep.core.part import Records
from agentkeep.core.pod import Pod
from agentkeep.egress_lockdown.declaration import EgressLockdown
from agentkeep.sandboxed_agent.runtime import Placement, Runtime, SandboxKind
from agentkeep.secret_param.declaration import Parameter, SecretParam

# Keys of LLM providers by the names that their tools read. OPENAI_API_KEY is left out: the Codex CLI needs that key in
# the pod.
PROVIDER_KEY_NAMES = {"ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "MISTRAL_API_KEY", "XAI_API_KEY"}


class SandboxedAgent(Client):
    """
    An agent that is confined.

    Args:
        platform: What it belongs to.
        id: Name of its Deployment, Service and claim.
        runtime: The program that it is, such as `OpenClaw` or `ContainerAgent`.
        sandbox: Where its commands run. There is no default.
        storage: Size of its volume, as a Kubernetes quantity.
        placement: Which nodes it may run on.
        resources: What it may use; what its runtime needs unless given.
        ports: Further ports, by name, that may be published.
    """

    role = "agent"
    program = "openclaw"
    construct = "SandboxedAgent"
    halves: ClassVar[Mapping[str, str]] = {
        "kubernetes": "agentkeep.sandboxed_agent.kubernetes:SandboxedAgentKubernetes"
    }

    def __init__(
        self,
        platform: Records,
        id: str,  # noqa: A002 - the CDK's own word
        *,
        runtime: Runtime,
        sandbox: SandboxKind,
        storage: str = "10Gi",
        placement: Placement | None = None,
        resources: Resources | None = None,
        ports: dict[str, Port] | None = None,
    ) -> None:
        expect(f"{getattr(platform, 'id', '')}/{id}", runtime=(runtime, Runtime), ports=(ports, dict | None))
        super().__init__(platform, id, ports={**runtime.ports, **(ports or {})})
        expect(
            self.path,
            sandbox=(sandbox, SandboxKind),
            storage=(storage, str),
            placement=(placement, Placement | None),
            resources=(resources, Resources | None),
        )
        self.runtime = runtime
        self.program = runtime.program
        self.sandbox = sandbox
        self.storage = storage
        self.placement = placement or Placement()
        self.resources = resources or runtime.resources
        self.refuse_all(runtime.image.problems())
        self.refuse_all(sandbox.problems())
        self.refuse_all(self.resources.problems())
        self.refuse_all(bytes_problems("storage", storage))
        if sandbox.kind not in runtime.sandboxes:
            self.refuse(
                f"{type(runtime).__name__} cannot use the sandbox {sandbox.kind!r}",
                f"use one of {', '.join(sorted(runtime.sandboxes))}",
            )
        runtime.bind(self)

    def reads(
        self,
        secret: SecretParam,
        *,
        as_env: str | tuple[str, ...] | None = None,
        as_file: str | None = None,
        use: str = GENERIC,
    ) -> None:
        """
        Let this agent read *secret*, and nobody else through it.

        Args:
            secret: A `SecretParam`. An `IsolatedSecret` is refused while typing and when run.
            as_env: The variable, or variables, that hold it.
            as_file: Or the absolute path of a file that does.
            use: What it is used as, where the proofs have a rule about that; a runtime says so, users need not.
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
        self.deliver(secret, as_env=as_env, as_file=as_file, use=use)

    def reads_key(self, key: Secret) -> None:
        """Read the key that a keeper knows it by; as careful about it as about any other secret."""
        self.reads(key, as_env=key.id, use=CLIENT_KEY)  # type: ignore[arg-type]  # refused there when run

    @property
    def image(self) -> Image:
        """What its main container runs."""
        return self.runtime.image

    @property
    def claim(self) -> str:
        """Name of its volume claim."""
        return f"{self.id}-data"

    def plan(self, model: Model) -> Pod:
        """Its runtime's pod, with what its sandbox adds."""
        return self.runtime.plan(self, model)

    def extra_images(self) -> tuple[Image, ...]:
        """What its sandbox runs without a container of the pod."""
        return self.sandbox.images()

    def fixed_env(self) -> frozenset[str]:
        """What its program and its sandbox are told by the environment."""
        return self.runtime.fixed_env() | self.sandbox.fixed_env()

    def unfinished(self, model: Model) -> Iterator[Problem]:
        """It must be confined, and whatever its runtime asks for."""
        if not model.of(EgressLockdown):
            yield Problem("is not confined", "add EgressLockdown(platform)")
        servings = model.served(self.id)
        if len({serving.keeper for serving in servings}) < len(servings) or len(servings) > 1:
            keepers = " and ".join(repr(serving.keeper) for serving in servings)
            yield Problem(f"is served by {keepers}", "let one proxy serve it")
        yield from self.runtime.unfinished(self, model)
