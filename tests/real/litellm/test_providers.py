"""Two providers on one LiteLLM: each is asked with its own key alone, by one client with a key of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.litellm.harness import ROOT, LiteLLM
from tests.real.litellm.test_litellm import CHAT, check_lists_own_models, check_needs_a_key, prompt

FOLDER = ROOT / "examples" / "providers" / "dist" / "cluster" / "argoproj" / "choice"
# Where each provider has its model: Gemini names it in the path, OpenAI in the body.
ASKED = {
    "gpt-5.1": ("OPENAI_API_KEY", "/v1/chat/completions"),
    "gemini-2.5-pro": ("GEMINI_API_KEY", "/models/gemini-2.5-pro:"),
}

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def two(python: Path) -> Iterator[LiteLLM]:
    with LiteLLM.from_dist(FOLDER) as started:
        yield started


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ASKED)
def test_each_provider_is_asked_with_its_own_key(two: LiteLLM, model: str, *, stream: bool) -> None:
    key, path = ASKED[model]
    two.upstream.seen.clear()
    reply = two.ask(CHAT, prompt(two, model=model, stream=stream))

    assert reply.status == 200, reply.body
    assert b"pong" in reply.body
    (request,) = two.upstream.seen
    assert request.path.startswith(f"POST {path}")
    assert request.holds(two.secrets[key])
    for name, value in two.secrets.items():
        assert name == key or not request.holds(value), name


def test_the_client_sees_both_and_needs_its_key(two: LiteLLM) -> None:
    check_lists_own_models(two)
    check_needs_a_key(two)
