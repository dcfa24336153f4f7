"""What judges the root modules: the providers that they name, with the services that they use, and OpenTofu."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from tools.lab.recipe import Prepare, Recipe
from tools.lab.terraform.slim import Source, prepare

HERE = Path(__file__).parent
AWS_VERSION = "6.47.1"
CLOUDFLARE_VERSION = "5.24.0"
AWS = Source(
    # The commit of the release 6.47.1; its tags are not Go's.
    "github.com/hashicorp/terraform-provider-aws@v1.60.1-0.20260602190131-5f2286d6d836",
    "h1:haLmsj0WF7e6d2TGbk0fbz5qWdA9f8w9sNpMe6J6WqM=",
    {
        "internal/provider/sdkv2/service_packages_gen.go": (
            "github.com/hashicorp/terraform-provider-aws/internal/service/",
            frozenset({"ssm", "sts", "secretsmanager"}),
        ),
        "internal/conns/awsclient_gen.go": (
            "github.com/aws/aws-sdk-go-v2/service/",
            # S3's client belongs to the provider's own plumbing.
            frozenset({"ssm", "sts", "secretsmanager", "s3", "iam"}),
        ),
    },
)
CLOUDFLARE = Source(
    # The commit of the release 5.24.0.
    "github.com/cloudflare/terraform-provider-cloudflare@v0.0.0-20260824180050-4f360d592a7d",
    "h1:LJdO8KLQB9tIgKEeEzYtiVAQMr+RNCM7cwBchd2hZ7k=",
    {
        "internal/provider.go": (
            "github.com/cloudflare/terraform-provider-cloudflare/internal/services/",
            frozenset(
                {
                    "dns_record",
                    "zero_trust_access_application",
                    "zero_trust_access_identity_provider",
                    "zero_trust_access_policy",
                    "zero_trust_tunnel_cloudflared",
                    "zero_trust_tunnel_cloudflared_config",
                    "zero_trust_tunnel_cloudflared_token",
                }
            ),
        )
    },
)
CLOUDFLARE_CLIENT = Source(
    "github.com/cloudflare/cloudflare-go/v7@v7.9.0",
    "h1:Byn3v5kflN6xQ5trrBXP4tRs2T5FMkjDXIEyocLc0vk=",
    {
        "client.go": (
            "github.com/cloudflare/cloudflare-go/v7/",
            frozenset({"dns", "zero_trust", "option", "shared", "packages", "internal/requestconfig"}),
        )
    },
)
OPENTOFU = Source(
    "github.com/opentofu/opentofu@v1.12.6",
    "h1:0VT4P8pMmGcCUnQ9JDrJ+Qg2d35Vzm4FFd/9+H7oF98=",
    {
        "internal/backend/init/init.go": (
            "github.com/opentofu/opentofu/internal/backend/remote-state/",
            frozenset({"s3"}),
        ),
        "internal/encryption/default_registry.go": (
            "github.com/opentofu/opentofu/internal/encryption/keyprovider/",
            frozenset({"pbkdf2"}),
        ),
    },
)


def _slim(name: str, *sources: Source) -> Prepare:
    return partial(prepare, sources, HERE / name)


RECIPES = (
    Recipe(
        "terraform-provider-aws",
        HERE / "aws",
        "github.com/hashicorp/terraform-provider-aws",
        about="AWS's provider with the services of a parameter store: SSM, Secrets Manager, STS",
        inputs=(HERE / "slim.py", HERE / "recipes.py"),
        prepare=_slim("aws", AWS),
    ),
    Recipe(
        "terraform-provider-cloudflare",
        HERE / "cloudflare",
        "github.com/cloudflare/terraform-provider-cloudflare",
        about="Cloudflare's provider 5 with DNS records, tunnels and Access",
        inputs=(HERE / "slim.py", HERE / "recipes.py"),
        prepare=_slim("cloudflare", CLOUDFLARE, CLOUDFLARE_CLIENT),
    ),
    Recipe(
        "tofu",
        HERE / "opentofu",
        "github.com/opentofu/opentofu/cmd/tofu",
        about="OpenTofu with states in files and S3; it must judge every root module as Terraform does",
        inputs=(HERE / "slim.py", HERE / "recipes.py"),
        prepare=_slim("opentofu", OPENTOFU),
    ),
)
