"""The root modules of the project, from dist/ and synthesized anew for each generation of the Cloudflare provider."""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.real.terraform.harness import DIST, Terraform, require_terraform, sample_variables, schemas_of

GITHUB = {"id": "5a9f1c1e-github", "name": "GitHub", "type": "github"}
OTHER = {"id": "0b7d2a44-pin", "name": "One-time PIN", "type": "onetimepin"}

Start = Callable[..., Terraform]


def synthesized(provider: str, team_name: str | None, outdir: Path) -> dict[str, dict[str, Any]]:
    """Return folder → root module of the user's own declaration, with another Cloudflare provider or team."""
    from lolice.cluster import B0XP_IO
    from lolice.openclaw import declare
    from tests.trees import terraform_tree

    with pytest.MonkeyPatch.context() as patch:
        zone = B0XP_IO.model_copy(update={"provider": provider, "team_name": team_name})
        patch.setattr("lolice.openclaw.B0XP_IO", zone)
        tree = terraform_tree(declare().seal(), outdir)
    return {
        name.removeprefix("arch/terraform/").removesuffix("/cdk.tf.json"): json.loads(text)
        for name, text in tree.items()
        if name.endswith("/cdk.tf.json")
    }


@pytest.fixture(scope="session")
def program() -> str:
    return require_terraform()


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {
        "dist/aws": json.loads((DIST / "aws" / "openclaw" / "cdk.tf.json").read_text()),
        "dist/cloudflare": json.loads((DIST / "cloudflare" / "b0xp.io" / "openclaw" / "cdk.tf.json").read_text()),
    }
    for name, provider, team in (
        ("v4", "~> 4.52", None),
        ("v5", "~> 5", None),
        ("v4 with team", "~> 4.52", "example-team"),
        ("v5 with team", "~> 5", "example-team"),
    ):
        made = synthesized(provider, team, tmp_path_factory.mktemp("synth"))
        found[name] = made["cloudflare/b0xp.io/openclaw"]
    return found


@pytest.fixture
def start(program: str, modules: Mapping[str, Mapping[str, Any]]) -> Iterator[Start]:
    """Start terraform on a module by name, after a change to it if one is given; ended with the test."""
    with ExitStack() as stack:

        def started(name: str, change: Callable[[dict[str, Any]], object] | None = None, **variables: Any) -> Terraform:
            module = copy.deepcopy(dict(modules[name]))
            values = {**sample_variables(module), **variables}
            if change is not None:
                change(module)
            terraform: AbstractContextManager[Terraform] = Terraform(
                module, schemas_of(module), variables=values, program=program
            )
            entered = stack.enter_context(terraform)
            entered.world.change(lambda content: content.update(identity_providers=[OTHER, GITHUB]))
            return entered

        yield started
