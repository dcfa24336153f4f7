"""One moto and one mirror of providers for all tests of this folder; every test gets clouds that hold nothing."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.conftest import cannot
from tests.cluster.terraform.aws import Moto
from tests.cluster.terraform.cloudflare_api import CloudflareApi, serving
from tests.cluster.terraform.harness import Engine, Root, mirror
from tests.real.terraform.conftest import synthesized
from tests.real.terraform.harness import require_terraform
from tools.lab import build
from tools.lab.lab import moto as moto_server
from tools.lab.processes import Crew, LabError, free_ports, listens

ACCOUNT = "839695154978"
"""What moto plays: the account of the committed declaration."""

Begin = Callable[..., Engine]


@dataclass(frozen=True)
class Programs:
    """What every test of this folder needs, built or found once."""

    engines: Mapping[str, str]
    config: Path
    crew: Crew


@pytest.fixture(scope="session")
def programs() -> Iterator[Programs]:
    """Terraform, OpenTofu and the providers; a skip, or in CI a failure, where they cannot be had."""
    terraform = require_terraform()
    # Sockets have short names only, so the folder is not pytest's.
    folder = Path(tempfile.mkdtemp(prefix="lab-tf-"))
    crew = Crew(folder)
    try:
        try:
            config = mirror(folder)
            engines = {"terraform": terraform, "tofu": str(build.binary("tofu"))}
        except (build.BuildError, LabError) as problem:
            cannot(problem)
            raise
        yield Programs(engines, config, crew)
    finally:
        crew.close()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def account(programs: Programs, number: str) -> Iterator[Moto]:
    """The AWS account *number*, empty."""
    (port,) = free_ports(1)
    server = programs.crew.start(
        "moto", [moto_server(), "--host", "127.0.0.1", "--port", str(port)], {"MOTO_ACCOUNT_ID": number}
    )
    try:
        programs.crew.wait_for("moto", lambda: listens(port))
        yield Moto(port, number)
    finally:
        programs.crew.stop(server)


@pytest.fixture(scope="session")
def aws(programs: Programs) -> Iterator[Moto]:
    """The AWS account of the committed declaration."""
    with account(programs, ACCOUNT) as moto:
        yield moto


@pytest.fixture(scope="session")
def generations(engines: None, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Root]:
    """The site of the committed declaration for both generations of Cloudflare's provider."""
    found = {}
    for name, provider in (("v4", "~> 4.52"), ("v5", "~> 5")):
        made = synthesized(provider, None, tmp_path_factory.mktemp("synth"))
        found[name] = Root(name, made["cloudflare/b0xp.io/openclaw"])
    return found


@contextmanager
def beginning(programs: Programs, aws: Moto) -> Iterator[Begin]:
    """Start engines on empty clouds; whatever was started ends with the ``with`` statement."""
    with ExitStack() as stack:

        def begin(root: Root, engine: str = "terraform", **variables: Any) -> Engine:
            aws.forget()
            if root.bucket:
                aws.make_bucket(root.bucket)
            cloudflare = stack.enter_context(serving(CloudflareApi()))
            made = Engine(
                root,
                program=programs.engines[engine],
                config=programs.config,
                moto=aws,
                cloudflare=cloudflare,
                variables=variables,
            )
            return stack.enter_context(made)

        yield begin


@pytest.fixture
def begin(programs: Programs, aws: Moto) -> Iterator[Begin]:
    """Start an engine on a root module, on empty clouds; ended with the test."""
    with beginning(programs, aws) as started:
        yield started
