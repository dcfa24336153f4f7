"""The real Terraform and OpenTofu with the real providers, against moto and a stand-in of Cloudflare's API."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.terraform.aws import Moto
from tests.cluster.terraform.cloudflare_api import TOKEN, CloudflareApi
from tests.real.terraform.harness import ROOT, Plan, Ran, Terraform, sample_variables
from tools.lab import build
from tools.lab.terraform.recipes import AWS_VERSION, CLOUDFLARE_VERSION

PROVIDERS = {
    "hashicorp/aws": ("terraform-provider-aws", AWS_VERSION),
    "cloudflare/cloudflare": ("terraform-provider-cloudflare", CLOUDFLARE_VERSION),
}
REGISTRIES = ("registry.terraform.io", "registry.opentofu.org")
BUCKET_REGION = "ap-northeast-1"


@dataclass(frozen=True)
class Root:
    """
    One root module of a platform.

    Args:
        name: How tests call it.
        module: Its content.
    """

    name: str
    module: Mapping[str, Any]

    @property
    def cloudflare(self) -> str:
        """The generation of Cloudflare's provider that it asks for: 4, 5 or nothing."""
        version = self.module["terraform"]["required_providers"].get("cloudflare", {}).get("version", "")
        return str(version).lstrip("~>= ")[:1]

    @property
    def addresses(self) -> set[str]:
        """Every resource that it declares."""
        return {f"{kind}.{name}" for kind, named in self.module["resource"].items() for name in named}

    @property
    def by_hand(self) -> list[str]:
        """Names of the parameters whose value a person sets."""
        return sorted(name for name, one in self.parameters.items() if "${" not in str(one.get("value", "")))

    @property
    def parameters(self) -> dict[str, Mapping[str, Any]]:
        """Its parameters by name, whoever sets their values."""
        return {one["name"]: one for one in self.module["resource"].get("aws_ssm_parameter", {}).values()}

    @property
    def bucket(self) -> str | None:
        """The bucket with its state; None if the state lies elsewhere."""
        backend = self.module["terraform"].get("backend", {})
        return str(backend["s3"]["bucket"]) if "s3" in backend else None


def dist_folders() -> list[Path]:
    """
    Every folder that is applied here: the committed one, and the examples in the same account.

    The others are in invented accounts, which the stand-in for AWS is not, and one needs services that the slim
    provider leaves out.
    """
    folders = (ROOT / "dist", *(ROOT / "examples" / name / "dist" for name in ("hermes", "two-agents")))
    return [folder for folder in folders if roots_of(folder)]


def roots_of(dist: Path) -> list[Root]:
    """The root modules of a dist folder."""
    owner = dist.parent.name if dist.parent != ROOT else "dist"
    return [
        Root(f"{owner}/{path.parent.relative_to(dist).as_posix()}", json.loads(path.read_text("utf-8")))
        for path in sorted(dist.rglob("cdk.tf.json"))
    ]


def mirror(folder: Path) -> Path:
    """
    Lay the providers out as a mirror of both registries, so that init checks versions and asks nobody else.

    Returns:
        The configuration file that points there.
    """
    for source, (program, version) in PROVIDERS.items():
        for registry in REGISTRIES:
            place = folder / "mirror" / registry / source / version / "linux_amd64"
            place.mkdir(parents=True)
            (place / f"{program}_v{version}").symlink_to(build.binary(program))
    config = folder / "cli.tfrc"
    config.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{folder / "mirror"}"\n  }}\n}}\n')
    return config


class Engine(Terraform):
    """
    A root module under Terraform or OpenTofu, with its own backend (S3) and the real providers.

    What is not to be had as source, Cloudflare's provider 4 and ``random``, stays a stand-in.

    Args:
        root: The module.
        program: Terraform or OpenTofu.
        config: What :func:`mirror` made.
        moto: The AWS account, with the state.
        cloudflare: The Cloudflare account, for provider 5.
        variables: Beside those that the module has a default for.
    """

    # A provider takes its time to start on a busy machine.
    limit = 240.0

    def __init__(
        self,
        root: Root,
        *,
        program: str,
        config: Path,
        moto: Moto,
        cloudflare: CloudflareApi,
        variables: Mapping[str, Any] | None = None,
    ) -> None:
        self.root = root
        self._config = config
        self._moto = moto
        self.cloudflare = cloudflare
        self.extra: dict[str, str] = {}
        values = {**sample_variables(root.module), **(variables or {})}
        super().__init__(root.module, stand_ins(root), variables=values, program=program)

    def environment(self) -> dict[str, str]:
        """Also where the clouds are, and keys that are good for nothing."""
        return {
            **super().environment(),
            "TF_CLI_CONFIG_FILE": str(self._config),
            "TMPDIR": str(self._home),
            "AWS_ENDPOINT_URL": self._moto.url,
            "AWS_ACCESS_KEY_ID": "nobody",
            "AWS_SECRET_ACCESS_KEY": "nothing",
            "AWS_EC2_METADATA_DISABLED": "true",
            "CLOUDFLARE_BASE_URL": self.cloudflare.url,
            "CLOUDFLARE_API_TOKEN": TOKEN,
            **self.extra,
        }

    def take_over(self, root: Root) -> None:
        """Put another module into the folder, with the providers that it needs; clouds and state stay."""
        self.root = root
        self.serve(stand_ins(root))
        self.write(root.module)

    def init(self) -> Ran:
        """Initialize with the module's own backend."""
        # Bucket names are host names at AWS; on loopback they are paths.
        paths = ["-backend-config=use_path_style=true"] if self.root.bucket else []
        return self.run("init", "-no-color", "-reconfigure", *paths)

    def states(self) -> dict[str, bytes]:
        """Every file that holds the state or a plan: in the bucket, and in the working directory."""
        local = [path for path in self.folder.rglob("*") if path.is_file() and "providers" not in path.parts]
        remote = self._moto.objects(self.root.bucket) if self.root.bucket else {}
        return {**remote, **{path.name: path.read_bytes() for path in local}}

    def played(self) -> dict[str, Any]:
        """What the stand-ins remember, by type; nothing without a stand-in."""
        if not stand_ins(self.root):
            return {}
        return {kind: found for kind, found in self.world.read()["resources"].items() if found}

    def locked(self) -> dict[str, str]:
        """Which version of each provider init has chosen."""
        text = (self.folder / ".terraform.lock.hcl").read_text("utf-8")
        found = re.findall(r'^provider "[^/]+/([^"]+)" \{\n\s*version\s*= "([^"]+)"', text, re.MULTILINE)
        return dict(found)

    def plan_again(self) -> tuple[Plan, dict[str, bytes]]:
        """Plan, and return what the plan file held as well: it is an archive, and nobody applies it."""
        plan = self.plan()
        file = self.folder / "plan"
        if not file.exists():
            return plan, {}
        with zipfile.ZipFile(file) as archive:
            held = {f"plan/{name}": archive.read(name) for name in archive.namelist()}
        file.unlink()
        return plan, held


def stand_ins(root: Root) -> Sequence[str]:
    """Which providers of *root* are played."""
    played = [name for name in root.module["terraform"]["required_providers"] if name == "random"]
    return [*played, *(["cloudflare_v4"] if root.cloudflare == "4" else [])]
