"""Models, as a proxy serves them and an agent uses them, and the providers that they come from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agentkeep.core.edges import Neighbour
from agentkeep.core.facts import Fact, Problem
from agentkeep.isolated_llm_proxy.litellm.config import Budget
from agentkeep.secret_param.declaration import IsolatedSecret

_HTTPS = r"https://[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._/-]*)?"
_IN_CLUSTER = (
    r"http://[a-z0-9-]+\.(?P<namespace>[a-z0-9-]+)\.svc(\.cluster\.local)?:(?P<port>[0-9]{1,5})(/[A-Za-z0-9._/-]*)?"
)


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
        key: Its API key; None for one in the cluster that asks for none.
        models: What the proxy serves of it.
        ranges: The networks that it publishes for its API. The proxy can reach these and nothing else.
        hosts: Or the names of its API, where it publishes no networks.
        at: Or the neighbour that it is, for a model server in the cluster.
        api_base: Address of its API, where the program does not know it: ``http://name.namespace.svc:8080/v1``.
        budget: At most so many dollars in a period, counted in the proxy's memory.
    """

    name: str
    key: IsolatedSecret | None
    models: Sequence[Model]
    ranges: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    at: Neighbour | None = None
    api_base: str | None = None
    budget: Budget | None = None

    def problems(self) -> Iterator[Problem]:
        """It lives in one kind of place, and a key goes nowhere by plain HTTP but to a neighbour."""
        places = [keyword for keyword in ("ranges", "hosts", "at") if getattr(self, keyword)]
        if self.hosts:
            yield Problem(
                f"provider {self.name!r}: hosts= needs a proxy that lets names through, which is not built yet",
                "give ranges=..., the networks that the provider publishes",
            )
        if len(places) > 1:
            yield Problem(f"provider {self.name!r} has {' and '.join(f'{one}=' for one in places)}", "keep one of them")
        if not places:
            yield Problem(
                f"nothing says where provider {self.name!r} lives",
                "give ranges=..., the networks that it publishes, or at=Neighbour(...) for a server in the cluster",
            )
        if self.key is None and self.at is None:
            yield Problem(f"provider {self.name!r} has no key", "declare IsolatedSecret(platform, 'NAME', about=...)")
        if self.at is not None and self.at.port is None:
            yield Problem(f"the neighbour of provider {self.name!r} has no port", "give port=Port.tcp(...)")
        if self.at is not None and not _is_neighbours(self.api_base, self.at):
            yield Problem(
                f"provider {self.name!r}: api_base= is not an address of its neighbour",
                f"write it as 'http://NAME.{self.at.namespace}.svc.cluster.local:PORT/v1'",
            )
        if self.at is None and self.api_base is not None and not re.fullmatch(_HTTPS, self.api_base):
            yield Problem(f"provider {self.name!r}: api_base= is not an https address", "write it as 'https://host/v1'")


def _is_neighbours(address: str | None, at: Neighbour) -> bool:
    found = re.fullmatch(_IN_CLUSTER, address or "")
    return bool(found and at.port and found["namespace"] == at.namespace and int(found["port"]) == at.port.number)
