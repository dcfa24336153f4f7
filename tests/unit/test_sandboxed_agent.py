"""The agent as it is declared: nothing is on that was not spelled out."""

import inspect
from typing import Any

import pytest

from agentkeep import (
    Checksum,
    DeclarationErrors,
    Discord,
    DiscordUser,
    Elevated,
    Image,
    IsolatedSecret,
    OpenClaw,
    Port,
    Provider,
    Resources,
    Rules,
    Sandbox,
    SandboxedAgent,
    SecretParam,
    Tools,
)
from agentkeep.sandboxed_agent.runtime import SandboxKind
from agentkeep.sandboxed_agent.runtimes.openclaw.rendering import models, policy_files
from agentkeep.testing import demo_platform
from tests.worlds import (
    DIND,
    DOCKER,
    DOCKER_CLI,
    OPENCLAW,
    OWNER,
    RANGES,
    SANDBOX_IMAGE,
    SONNET,
    TOOLS,
    fields,
    refusals,
    world,
)

OF_THE_AGENT = inspect.signature(SandboxedAgent).parameters


def problems(**changes: Any) -> list[str]:
    keep = demo_platform()
    program: dict[str, Any] = {
        "image": OPENCLAW,
        "gateway_token": SecretParam(keep, "T", about="x"),
        "primary": "Sonnet",
        "tools": TOOLS,
    }
    given: dict[str, Any] = {"sandbox": DOCKER}
    for keyword, value in changes.items():
        chosen = given if keyword in OF_THE_AGENT else program
        chosen[keyword] = value(keep) if callable(value) else value
    SandboxedAgent(keep, "agent", **{"runtime": OpenClaw(**program), **given})
    return [problem for path, problem, _ in refusals(keep) if path == "demo/agent"]


def bot(*users: DiscordUser) -> Any:
    return lambda keep: [Discord(SecretParam(keep, "BOT", about="x"), users=users)]


def docker(**changes: Any) -> SandboxKind:
    return DOCKER.model_copy(update=changes)


def tools(**changes: Any) -> Tools:
    return TOOLS.model_copy(update=changes)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"image": Image("openclaw:latest")}, "image 'openclaw:latest' has no fixed version"),
        ({"gateway_token": "not-told"}, "was given a str as a secret"),
        ({"storage": "10GB"}, "storage='10GB' is not a quantity that Kubernetes takes"),
        ({"storage": "10m"}, "storage='10m' is not a whole number of bytes: 'm' means thousandths"),
        ({"ports": {"board": Port.tcp(0)}}, "0 is not a port"),
        ({"ports": {"a-name-that-is-too-long": Port.tcp(80)}}, "'a-name-that-is-too-long' is not the name of a port"),
        ({"ports": {"board": Port.tcp(18789)}}, "two of its ports are one"),
        ({"sandbox": Sandbox.off(because=" ")}, "the sandbox is off for no reason"),
        ({"sandbox": docker(image=Image("docker:dind"))}, "image 'docker:dind' has no fixed version"),
        ({"sandbox": docker(sandbox_image=Image("sandbox"))}, "image 'sandbox' has no fixed version"),
        ({"sandbox": docker(disk="20GB")}, "disk='20GB' is not a quantity that Kubernetes takes"),
        ({"sandbox": docker(prune_every_hours=0)}, "prune_every_hours=0 is out of range"),
        (
            {"sandbox": docker(resources=Resources(cpu="2", memory="1Gi", cpu_limit="1", memory_limit="1Gi"))},
            "cpu_limit='1' is below the request '2'",
        ),
        ({"tools": tools(codex="latest")}, "tools: codex='latest' is not a fixed version"),
        ({"tools": tools(gh_sha256=Checksum(TOOLS.gh, "abc"))}, "tools: gh_sha256 is not 64 hexadecimal digits"),
        ({"sandbox": docker(cli=Image("docker:cli"))}, "image 'docker:cli' has no fixed version"),
        ({"channels": bot()}, "its Discord bot answers nobody"),
        ({"channels": bot(DiscordUser(id="bob"))}, "a Discord user id is not 17 to 20 digits"),
        ({"elevated": Elevated((OWNER,))}, "somebody may leave the sandbox whom the bot does not answer"),
        ({"channels": lambda keep: [*bot(OWNER)(keep)] * 2}, "has a second Discord channel"),
        ({}, "is not confined"),
        ({}, "no proxy serves it"),
    ],
)
def test_refuses(changes: dict[str, Any], problem: str) -> None:
    assert problem in problems(**changes)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"image": "openclaw:1.2.3"}, "image= is a str"),
        ({"primary": None}, "primary= is None"),
        ({"fallbacks": "Opus"}, "fallbacks= is a str"),
        ({"sandbox": None}, "sandbox= is None"),
        ({"sandbox": True}, "sandbox= is a bool"),
        ({"runtime": None}, "runtime= is None"),
        ({"runtime": "openclaw"}, "runtime= is a str"),
        ({"elevated": "bob"}, "elevated= is a str"),
        ({"tools": {}}, "tools= is a dict"),
        ({"channels": "not-told"}, "channels= is a str"),
        ({"channels": ["not-told"]}, "channels= is a str"),
        ({"channels": bot("bob")}, "users= is a str"),  # type: ignore[arg-type]
        ({"storage": 10}, "storage= is an int"),
        ({"placement": "amd64"}, "placement= is a str"),
        ({"resources": "1Gi"}, "resources= is a str"),
        ({"rules": "acme/app"}, "rules= is a str"),
        ({"ports": {"board": 80}}, "ports['board']= is an int"),
    ],
)
def test_refuses_wrong_types_on_the_spot(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(DeclarationErrors) as caught:
        problems(**changes)

    assert problem in [fields(error)[1] for error in caught.value.exceptions]


def test_what_only_its_configuration_would_refuse_is_known_when_sealed() -> None:
    built = world(rules=Rules(repositories=("no-owner",)))

    assert [path for path, _, _ in refusals(built.platform)] == ["demo/agent"]


def test_what_is_wrong_with_its_configuration_and_with_its_policy_is_told_together() -> None:
    odd = SONNET.model_copy(update={"alias": "So$net"})
    built = world(
        providers=lambda key: [Provider("acme", key, [odd], RANGES)],
        primary=odd.alias,
        fallbacks=(),
        rules=Rules(repositories=("no-owner",)),
    )

    assert [problem for path, problem, _ in refusals(built.platform) if path == "demo/agent"] == [
        "'no-owner' is not a repository",
        "name 'So$net' of model 'sonnet-1' is not plain text",
    ]


def test_has_no_default_for_the_sandbox() -> None:
    keep = demo_platform()
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'sandbox'"):
        SandboxedAgent(  # type: ignore[call-arg]
            keep,
            "agent",
            runtime=OpenClaw(image=OPENCLAW, gateway_token=SecretParam(keep, "T", about="x"), primary="x", tools=TOOLS),
        )


def test_a_sandbox_is_off_only_when_spelled_out() -> None:
    assert DOCKER.is_on
    assert not Sandbox.off(because="a test").is_on
    assert DOCKER.network == "none"


def test_its_containers_are_known_before_they_are_made() -> None:
    with_docker, without = world(), world(sandbox=Sandbox.off(because="a test"))
    first, second = with_docker.model.pod("agent"), without.model.pod("agent")

    assert [(one.name, one.image) for one in first.privileged] == [("dind", DIND)]
    assert second.privileged == ()
    assert [one.name for one in second.containers] == ["agent", "sync-files"]
    assert [one.name for one in second.init_containers] == ["install-tools", "prepare-state"]
    assert with_docker.agent.extra_images() == (SANDBOX_IMAGE,)
    assert {*first.images} == {OPENCLAW, DIND, DOCKER_CLI}
    assert (second.images, without.agent.extra_images()) == ((OPENCLAW,), ())


def test_models_come_as_primary_fallbacks_and_the_rest() -> None:
    built = world(primary="Opus", fallbacks=())

    assert [one.alias for one in models(built.runtime, built.agent, built.model)] == ["Opus", "Sonnet"]


def test_a_sample_is_noted() -> None:
    keep = demo_platform()
    user = DiscordUser.sample("100000000000000009")
    token = SecretParam(keep, "BOT", about="x")
    SandboxedAgent(
        keep,
        "agent",
        runtime=OpenClaw(
            image=OPENCLAW,
            gateway_token=SecretParam(keep, "T", about="x"),
            primary="Sonnet",
            tools=TOOLS,
            channels=[Discord(token, users=(user,))],
        ),
        sandbox=DOCKER,
    )

    assert [*keep.model.samples] == ["Discord user 100000000000000009"]


def test_an_agent_is_told_of_its_own_proxy_only() -> None:
    made = world()
    other = IsolatedSecret(made.platform, "OTHER_PROVIDER_KEY", about="of a proxy that serves somebody else")

    soul = policy_files(made.runtime, made.agent, made.model)["SOUL.md"]

    assert other.id not in soul
    assert made.provider_key.id in soul
