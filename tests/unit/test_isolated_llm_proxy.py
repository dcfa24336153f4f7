"""The proxy as it is declared: who may hold its keys, whom it serves, and what it reaches."""

from typing import Any

import pytest

from agentkeep import (
    Budget,
    DeclarationError,
    DeclarationErrors,
    Image,
    IsolatedLLMProxy,
    IsolatedSecret,
    Model,
    Provider,
    SecretParam,
)
from agentkeep.testing import demo_platform
from tests.worlds import LITELLM, OPUS, RANGES, SONNET, add_agent, fields, refusals, world


def problems(**changes: Any) -> list[str]:
    keep = demo_platform()
    key = IsolatedSecret(keep, "ACME_API_KEY", about="x")
    given: dict[str, Any] = {
        "image": LITELLM,
        "master_key": IsolatedSecret(keep, "MASTER", about="x"),
        "providers": [Provider("acme", key, [SONNET, OPUS], RANGES)],
    }
    for keyword, value in changes.items():
        given[keyword] = value(keep, key) if callable(value) else value
    IsolatedLLMProxy(keep, "llm", **given)
    return [problem for path, problem, _ in refusals(keep) if path == "demo/llm"]


def provider(**changes: Any) -> Any:
    def build(_: Any, key: IsolatedSecret) -> list[Provider]:
        given: dict[str, Any] = {"name": "acme", "key": key, "models": [SONNET], "ranges": RANGES}
        return [Provider(**(given | changes))]

    return build


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"master_key": lambda keep, _: SecretParam(keep, "M", about="x")}, "master_key is a SecretParam"),
        ({"master_key": "not-told"}, "master_key is a str"),
        ({"providers": provider(key="not-told")}, "key of 'acme' is a str"),
        ({"master_key": lambda _, key: key}, "the key of 'acme' is the master key too"),
        ({"providers": provider(ranges=())}, "nothing says where provider 'acme' lives"),
        ({"providers": provider(ranges=("198.51.100.1/24",))}, "cidrs: '198.51.100.1/24' has host bits set"),
        ({"providers": provider(ranges=("0.0.0.0/0",))}, "0.0.0.0/0 is the whole address space"),
        ({"providers": provider(budget=Budget("other", 20, "30d"))}, "the budget of 'acme' is for 'other'"),
        ({"providers": provider(name="other")}, "model 'sonnet-1': upstream 'acme/sonnet-1' is not a model of 'other'"),
        ({"providers": provider(models=[SONNET, SONNET])}, "two models have the id 'sonnet-1'"),
        (
            {"providers": provider(models=[SONNET, SONNET.model_copy(update={"id": "x"})])},
            "two models have the alias 'Sonnet'",
        ),
        ({"providers": []}, "has no model"),
        (
            {"image": Image("ghcr.io/berriai/litellm:v1.63.2")},
            "image 'ghcr.io/berriai/litellm:v1.63.2' has known holes",
        ),
        (
            {"image": Image("ghcr.io/berriai/litellm:v1.103.0")},
            "image 'ghcr.io/berriai/litellm:v1.103.0' has known holes",
        ),
        ({}, "serves nobody"),
    ],
)
def test_refuses(changes: dict[str, Any], problem: str) -> None:
    assert problem in problems(**changes)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"image": "litellm:latest"}, "image= is a str"),
        ({"providers": "acme"}, "providers= is a str"),
        ({"providers": ["acme"]}, "providers= is a str"),
        ({"providers": provider(models="sonnet")}, "models= is a str"),
        ({"providers": provider(models=["sonnet"])}, "models= is a str"),
        ({"providers": provider(ranges="1.2.3.0/24")}, "ranges= is a str"),
        ({"providers": provider(budget=20)}, "budget= is an int"),
        ({"resources": None}, "resources= is None"),
    ],
)
def test_refuses_wrong_types_on_the_spot(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(DeclarationErrors) as caught:
        problems(**changes)

    assert problem in [fields(error)[1] for error in caught.value.exceptions]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"id": " "}, "a model has no id"),
        ({"alias": ""}, "a model has no alias"),
        ({"max_output": 0}, "model 'sonnet-1': max_output=0 does not fit context_window=200000"),
        ({"max_output": 200_001}, "model 'sonnet-1': max_output=200001 does not fit context_window=200000"),
    ],
)
def test_judges_a_model(changes: dict[str, Any], problem: str) -> None:
    assert [found for found, _ in Model(**(SONNET.model_dump() | changes)).problems()] == [problem]


def test_reaches_its_providers_and_names_and_nothing_else() -> None:
    built = world()

    assert {(flow.ledger_names, flow.port.number) for flow in built.model.flows("llm")} == {
        (("cidr:198.51.100.0/24",), 443),
        (("dns",), 53),
    }


def test_an_agent_gets_the_address_and_its_own_key_and_nothing_of_the_providers() -> None:
    built = world()

    assert built.llm.url == "http://llm.demo.svc.cluster.local:4000"
    assert {grant.secret for grant in built.model.grants("agent")} == {"LITELLM_PROXY_KEY", "OPENCLAW_GATEWAY_TOKEN"}
    assert {grant.secret for grant in built.model.grants("llm")} == {
        "ACME_API_KEY",
        "LITELLM_MASTER_KEY",
        "LITELLM_PROXY_KEY",
    }


def test_serves_all_models_unless_told() -> None:
    built = world()
    second = add_agent(built, "second")
    built.llm.serve(second, key=SecretParam(built.platform, "SECOND_KEY", about="x"), models=[SONNET])

    assert {
        serving.client: [model.id for limits in serving.offer for model in limits.models]
        for serving in built.model.servings
    } == {
        "agent": ["sonnet-1", "opus-1"],
        "second": ["sonnet-1"],
    }


@pytest.mark.parametrize("given", ["agent", None, 5])
def test_serves_agents_only(given: Any) -> None:
    built = world()
    with pytest.raises(
        DeclarationError, match=r"^\[demo/llm\] serve\(\) was given .*; pass the SandboxedAgent to serve$"
    ):
        built.llm.serve(given, key=built.proxy_key)

    assert len(built.model.servings) == 1


def test_an_isolated_secret_is_no_key_of_an_agent() -> None:
    built = world(serve=False)
    with pytest.raises(DeclarationError) as caught:
        built.llm.serve(built.agent, key=built.master_key)  # type: ignore[arg-type]

    assert fields(caught.value)[:2] == ("demo/llm", "serve() was given an IsolatedSecret as the key of 'agent'")
    assert built.model.servings == ()
    assert [grant.workload for grant in built.model.readers("LITELLM_MASTER_KEY")] == ["llm"]
