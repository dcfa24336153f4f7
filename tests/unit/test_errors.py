"""Refusals are one line, and whatever could be a secret never gets into one, by no way."""

import inspect
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from agentkeep import (
    Access,
    AgentkeepError,
    ArgoCd,
    DeclarationError,
    DeclarationErrors,
    Discord,
    DiscordUser,
    Internet,
    IsolatedLLMProxy,
    IsolatedSecret,
    Neighbour,
    OpenClaw,
    Platform,
    Port,
    ProofError,
    Provider,
    SandboxedAgent,
    SecretParam,
    Selector,
    SynthesisError,
    TunnelSite,
)
from agentkeep.errors import hide
from agentkeep.testing import DEMO_CLUSTER, DEMO_STORE, DEMO_TARGETS, demo_platform
from tests.worlds import CLOUDFLARED, DOCKER, LITELLM, OPENCLAW, OWNER, RANGES, SONNET, TOOLS, World, world

# Invented, in the form of real ones.
KEYS = {
    "Anthropic": "sk-ant-api03-q0Vf9JxZ2mK7-notreal",
    "OpenAI": "sk-proj-4Tn8Xw2Lc6Rb1Zq9-notreal",
    "GitHub": "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "GitHub, fine-grained": "github_pat_11ABCDEFG0aBcDeFgHiJkL_notreal",
    "Slack": "xoxb-123456789012-notreal",
    "AWS": "AKIAIOSFODNN7EXAMPLE",
    "Discord": "MTE4NjU0NzQ5OTk5OTk5OTk5.GaBcDe.0123456789abcdefghijklmnopqrstuvwxyz12",
    "a random one": "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5",
}
KEY = KEYS["Anthropic"]
CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mine"}}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
def test_hides_what_looks_like_a_credential(key: str) -> None:
    error = DeclarationError(f"demo/{key}", f"id {key!r} is wrong", f"write {key}")

    assert key not in str(error) + error.path + error.problem + error.fix
    assert str(error) == "[demo/<hidden>] id '<hidden>' is wrong; write <hidden>"


@pytest.mark.parametrize(
    "text",
    [
        "image 'ghcr.io/berriai/litellm:v1.103.2' has no fixed version",
        "registry/name@sha256:" + "0a1b2c3d" * 8,
        "key='/lolice/openclaw/OPENCLAW_GATEWAY_TOKEN' is outside of the prefix",
        "use Access.trusting_identity_provider(because='...')",
        "2001:db8:85a3::8a2e:370:7334/64 is not a network",
        "'claude-sonnet-4-5-20250929' names no model",
    ],
)
def test_shows_names(text: str) -> None:
    assert hide(text) == text


def test_an_error_is_one_line() -> None:
    assert str(SynthesisError("dist", "cannot be\n  written", "look")) == "[dist] cannot be written; look"


def test_all_errors_are_one_family() -> None:
    assert all(issubclass(kind, AgentkeepError) for kind in (DeclarationError, ProofError, SynthesisError))


def test_a_split_group_stays_a_group_of_refusals() -> None:
    group = DeclarationErrors("m", [DeclarationError(path, "b", "c") for path in "xy"])

    assert isinstance(group.subgroup(lambda error: isinstance(error, DeclarationError)), DeclarationErrors)
    first, rest = group.split(lambda error: getattr(error, "path", "") == "x")
    assert (type(first), type(rest)) == (DeclarationErrors, DeclarationErrors)


# --- a key in every place where one can be typed by mistake ----------------------------------------------------------


AGENT = inspect.signature(SandboxedAgent).parameters


def an_agent(**keywords: Any) -> Platform:
    keep = demo_platform()
    token = SecretParam(keep, "T", about="x")
    of_the_agent = {name: value for name, value in keywords.items() if name in AGENT}
    program: dict[str, Any] = {"image": OPENCLAW, "gateway_token": token, "primary": "Sonnet", "tools": TOOLS}
    program |= {name: value for name, value in keywords.items() if name not in AGENT}
    given: dict[str, Any] = {"runtime": OpenClaw(**program), "sandbox": DOCKER} | of_the_agent
    SandboxedAgent(keep, "agent", **given)
    return keep


def bot() -> SecretParam:
    return SecretParam(demo_platform("o"), "D", about="x")


def a_proxy(**keywords: Any) -> Platform:
    keep = demo_platform()
    given: dict[str, Any] = {"image": LITELLM, "master_key": IsolatedSecret(keep, "M", about="x"), "providers": []}
    IsolatedLLMProxy(keep, "llm", **(given | keywords))
    return keep


def at(act: Callable[[World], object], **keywords: Any) -> Callable[[], Platform]:
    def run() -> Platform:
        built = world(**keywords)
        act(built)
        return built.platform

    return run


MISTAKES: dict[str, Callable[[], Platform]] = {
    "as gateway token": lambda: an_agent(gateway_token=KEY),
    "as channels": lambda: an_agent(channels=KEY),
    "as Discord": lambda: an_agent(channels=[KEY]),
    "as Discord token": lambda: an_agent(channels=[Discord(KEY, users=(OWNER,))]),  # type: ignore[arg-type]
    "as Discord user": lambda: an_agent(channels=[Discord(bot(), users=(KEY,))]),  # type: ignore[arg-type]
    "as a Discord user's id": lambda: an_agent(channels=[Discord(bot(), users=(DiscordUser(id=KEY),))]),
    "as primary": lambda: an_agent(primary=KEY),
    "as sandbox": lambda: an_agent(sandbox=KEY),
    "as tools": lambda: an_agent(tools=KEY),
    "as storage": lambda: an_agent(storage=KEY),
    "as keyword of an agent": lambda: an_agent(api_key=KEY),
    "as master key": lambda: a_proxy(master_key=KEY),
    "as provider": lambda: a_proxy(providers=[KEY]),
    "as providers": lambda: a_proxy(providers=KEY),
    "as provider key": lambda: a_proxy(providers=[Provider("acme", KEY, [SONNET], RANGES)]),  # type: ignore[arg-type]
    "as provider name": lambda: a_proxy(
        providers=[Provider(KEY, IsolatedSecret(demo_platform("o"), "D", about="x"), [SONNET], RANGES)]
    ),
    "as provider ranges": lambda: a_proxy(
        providers=[Provider("acme", IsolatedSecret(demo_platform("o"), "D", about="x"), [SONNET], (KEY,))]
    ),
    "as id": at(lambda w: SecretParam(w.platform, KEY, about="x")),
    "as purpose": at(lambda w: w.agent.reads(SecretParam(w.platform, "A", about=f"it is {KEY}"), as_env="A")),
    "as SSM name": at(lambda w: SecretParam(w.platform, "A", about="x", key=KEY)),
    "as SSM name below the prefix": at(lambda w: SecretParam(w.platform, "A", about="x", key=f"/x/{KEY}")),
    "as variable": at(lambda w: w.agent.reads(w.gateway_token, as_env=KEY)),
    "as file": at(lambda w: w.agent.reads(w.gateway_token, as_file=KEY)),
    "as secret": at(lambda w: w.agent.reads(KEY, as_env="A")),  # type: ignore[arg-type]
    "as proxy key": at(lambda w: w.llm.serve(w.agent, key=KEY), serve=False),  # type: ignore[arg-type]
    "as agent": at(lambda w: w.llm.serve(KEY, key=w.proxy_key)),  # type: ignore[arg-type]
    "as model": at(lambda w: w.llm.serve(w.agent, key=w.proxy_key, models=[KEY])),  # type: ignore[list-item]
    "as value": at(lambda w: SecretParam(w.platform, "A", about="x", value=KEY)),  # type: ignore[call-arg]
    "by position": at(lambda w: SecretParam(w.platform, "A", KEY)),  # type: ignore[call-arg]
    "as host": at(lambda w: w.publish(KEY)),
    "as tunnel": at(lambda w: TunnelSite(w.platform, zone=w.zone, image=CLOUDFLARED, tunnel=KEY)),
    "as the name of a token": at(
        lambda w: TunnelSite(w.platform, zone=w.zone, image=CLOUDFLARED, tunnel="t", token_key=KEY)
    ),
    "as zone": at(lambda w: TunnelSite(w.platform, zone=KEY, image=CLOUDFLARED, tunnel="t")),  # type: ignore[arg-type]
    "as runtime": at(lambda w: SandboxedAgent(w.platform, "second", runtime=KEY, sandbox=DOCKER)),  # type: ignore[arg-type]
    "as neighbour": at(
        lambda w: w.lockdown.allow(w.agent, Neighbour(KEY, labels={"app": KEY}, port=Port.tcp(80)), because="x")
    ),
    "as the reason of a manifest": at(lambda w: w.platform.manifest(CONFIG_MAP, because=KEY)),
    "as the name of a manifest": at(
        lambda w: w.platform.manifest({**CONFIG_MAP, "metadata": {"name": KEY}}, because="")
    ),
    "as the reason of an override": at(
        lambda w: w.platform.override("Deployment", "agent", "spec", value=1, because=KEY)
    ),
    "as the name of an override": at(lambda w: w.platform.override("Deployment", KEY, value=1, because="x")),
    "as rule": at(lambda w: w.publish("a", allow=KEY)),  # type: ignore[arg-type]
    "as selector": at(lambda w: w.publish("a", allow=Access(include=(Selector.login_method(KEY),)))),
    "as addresses": at(lambda w: w.publish("a", allow=Access.github(emails_variable=KEY))),
    "as keyword of a fact": at(lambda _: Selector(kind="emails", value=KEY, token=KEY)),  # type: ignore[call-arg]
    "as kind of a fact": at(lambda _: Selector(kind=KEY)),  # type: ignore[arg-type]
    "as a fact's number": at(lambda _: SONNET.model_validate(SONNET.model_dump() | {"context_window": KEY})),
    "as reason": at(lambda w: w.lockdown.allow(w.agent, Internet.https(), because=KEY)),
    "as destination": at(lambda w: w.lockdown.allow(w.agent, KEY, because="x")),  # type: ignore[arg-type]
    "as source": at(lambda w: w.lockdown.allow(KEY, Internet.https(), because="x")),  # type: ignore[arg-type]
    "in the repository's URL": lambda: Platform(
        "demo",
        on=DEMO_CLUSTER,
        store=DEMO_STORE,
        targets=DEMO_TARGETS,
        delivery=ArgoCd(repository=f"https://x:{KEY}@git.example.com/x"),
    ),
}


# There is no place for these; Python says so, and any other of its complaints would be a fault of the test.
BY_PYTHON = {"as keyword of an agent", "as value", "by position"}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_key_typed_by_mistake_is_not_repeated(name: str) -> None:
    expected = (TypeError,) if name in BY_PYTHON else (DeclarationErrors, DeclarationError)
    try:
        MISTAKES[name]().seal()
    except expected as error:
        said = [str(error), *(str(one) for one in getattr(error, "exceptions", ()))]
        # The last lines of a traceback: what is said, without the source of this test.
        shown = "".join(traceback.format_exception_only(error))
    else:
        pytest.fail("nothing was refused")

    assert KEY not in "".join(said) + shown
    assert "notreal" not in "".join(said) + shown
