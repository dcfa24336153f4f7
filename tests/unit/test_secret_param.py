"""A secret is a name, a purpose and its readers; there is nowhere to put a value."""

import inspect

import pytest

from agentkeep import IsolatedSecret, SecretParam
from agentkeep.core.edges import Env, File
from agentkeep.secret_param.declaration import Parameter
from agentkeep.testing import demo_platform
from tests.worlds import refusals, world


def test_lives_below_the_prefix_of_its_platform() -> None:
    keep = demo_platform()

    assert SecretParam(keep, "TOKEN", about="x").key == "/demo/demo/TOKEN"
    assert SecretParam(keep, "OTHER", about="x", key="/demo/demo/deep/name").key == "/demo/demo/deep/name"


def test_an_isolated_secret_is_no_secret_for_agents() -> None:
    assert not issubclass(IsolatedSecret, SecretParam)
    assert not issubclass(SecretParam, IsolatedSecret)


@pytest.mark.parametrize("kind", [SecretParam, IsolatedSecret])
def test_takes_no_value(kind: type[Parameter]) -> None:
    assert [*inspect.signature(kind).parameters] == ["platform", "id", "about", "key"]
    assert not issubclass(kind, str)


def test_its_roles_follow_from_its_use() -> None:
    built = world(discord=True)
    roles = {secret.id: built.model.role(secret.id) for secret in built.model.secrets}

    assert roles == {
        "ACME_API_KEY": "provider-key",
        "DISCORD_BOT_TOKEN": "generic",
        "LITELLM_MASTER_KEY": "master-key",
        "LITELLM_PROXY_KEY": "proxy-key",
        "OPENCLAW_GATEWAY_TOKEN": "gateway-token",
    }


@pytest.mark.parametrize("read_first", [True, False])
def test_the_role_does_not_depend_on_what_was_said_first(read_first: bool) -> None:
    built = world(serve=False)
    if read_first:
        built.agent.reads(built.proxy_key, as_env="LITELLM_PROXY_KEY")
    built.llm.serve(built.agent, key=built.proxy_key)
    if not read_first:
        built.agent.reads(built.proxy_key, as_env="LITELLM_PROXY_KEY")

    assert {grant.use for grant in built.model.readers("LITELLM_PROXY_KEY")} == {"proxy-key"}
    assert refusals(built.platform) == []


def test_a_secret_has_one_use() -> None:
    built = world(serve=False)
    token = built.gateway_token
    built.llm.serve(built.agent, key=token)

    assert (token.path, "is used as gateway-token and proxy-key", "declare a secret for each use") in refusals(
        built.platform
    )


def test_knows_its_readers() -> None:
    built = world()

    assert {
        secret.id: [grant.workload for grant in built.model.readers(secret.id)] for secret in built.model.secrets
    } == {
        "ACME_API_KEY": ["llm"],
        "LITELLM_MASTER_KEY": ["llm"],
        "LITELLM_PROXY_KEY": ["agent", "llm"],
        "OPENCLAW_GATEWAY_TOKEN": ["agent"],
    }


def test_reading_twice_in_the_same_way_is_one_grant() -> None:
    built = world()
    before = built.model.all_grants
    built.agent.reads(built.gateway_token, as_env="OPENCLAW_GATEWAY_TOKEN")

    assert built.model.all_grants == before
    assert refusals(built.platform) == []


def test_is_delivered_as_variables_or_as_a_file() -> None:
    built = world()
    key, tokens = (SecretParam(built.platform, name, about="x") for name in ("KEY", "TOKENS"))
    built.agent.reads(key, as_file="/run/secrets/key")
    built.agent.reads(tokens, as_env=("A_TOKEN", "B_TOKEN"))
    deliveries = {grant.secret: grant.delivery for grant in built.model.grants("agent")}

    assert deliveries["KEY"] == File("/run/secrets/key")
    assert deliveries["TOKENS"] == Env(("A_TOKEN", "B_TOKEN"))


@pytest.mark.parametrize("path", ["key", "/run/../etc/passwd", "/run/secrets/", ""])
def test_a_file_has_an_absolute_path(path: str) -> None:
    built = world()
    built.agent.reads(SecretParam(built.platform, "KEY", about="x"), as_file=path)

    assert ("demo/agent", "as_file= is not the absolute path of a file", "write it as '/run/secrets/name'") in refusals(
        built.platform
    )


@pytest.mark.parametrize("name", ["demo/x", "/demo//x", "/demo/a b", "/demo/demo/" + "x" * 900, "/a" * 16])
def test_refuses_what_is_no_ssm_name(name: str) -> None:
    keep = demo_platform()
    SecretParam(keep, "KEY", about="x", key=name)

    assert (
        "demo/KEY",
        "key= is not an SSM parameter name",
        "write it as '/demo/PLATFORM/NAME'; never the value",
    ) in refusals(keep)


@pytest.mark.parametrize("about", ["a\nb", "é", "x" * 1025])
def test_a_purpose_is_plain_text(about: str) -> None:
    keep = demo_platform()
    SecretParam(keep, "KEY", about=about)

    assert ("demo/KEY", "about= is not an SSM description", "use at most 1024 printable ASCII characters") in refusals(
        keep
    )
