"""Terraform root modules, for the repository that Terraform is applied from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from agentkeep.core.cluster import Target
from agentkeep.core.facts import Fact, Problem

_REGION = r"[a-z]{2}(-[a-z]+)+-[0-9]"


class TerraformState(Fact):
    """The S3 bucket that holds Terraform's state. The tunnel token lands in it, so it is always encrypted."""

    bucket: str
    region: str

    def problems(self) -> Iterator[Problem]:
        """Names that AWS takes."""
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", self.bucket):
            yield Problem(
                f"bucket={self.bucket!r} is not an S3 bucket", "use 3 to 63 lower-case letters, digits, '.', '-'"
            )
        if not re.fullmatch(_REGION, self.region):
            yield Problem(f"region={self.region!r} is not an AWS region", "write it as 'ap-northeast-1'")


class TerraformModules(Target):
    """
    Root modules in a repository of Terraform.

    Args:
        folder: Its folder in ``dist/``: the name of the repository.
        state: Where Terraform keeps its state.
        modules: Folder of a root module in the repository; ``{module}`` is what it is about (``aws``,
            ``cloudflare/example.com``), ``{platform}`` the platform's id.
        files: Further files of every root module, by path, such as settings of what applies it.
    """

    name: ClassVar[str] = "terraform"
    maker: ClassVar[str] = "agentkeep.targets.terraform.synthesis:tree"

    state: TerraformState
    modules: str = "{module}/{platform}"
    files: dict[str, str] = Field(default_factory=dict)

    def module_folder(self, module: str, platform: str) -> str:
        """Where the root module about *module* is."""
        return self.modules.replace("{module}", module).replace("{platform}", platform)

    def problems(self) -> Iterator[Problem]:
        """A state, and a folder for each root module."""
        yield from super().problems()
        yield from self.state.problems()
        if "{module}" not in self.modules or "{platform}" not in self.modules or ".." in self.modules:
            yield Problem(
                f"modules={self.modules!r} gives two root modules one folder", "use both '{module}' and '{platform}'"
            )
        for name in self.files:
            if not re.fullmatch(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*", name) or ".." in name or name == "cdk.tf.json":
                yield Problem(f"files: {name!r} is not a file of a root module", "write it as 'folder/name.yaml'")
