"""AWS Secrets Manager: a secret holds no value; versions of it do, each a resource of its own."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from agentkeep.verify.artifacts import Terraform, mapping, text, texts
from agentkeep.verify.values import referred
from agentkeep.verify.vendors.secret_stores import Entry, SecretStore

_HOLDER: Final = "aws_secretsmanager_secret"
_VERSION: Final = "aws_secretsmanager_secret_version"
_KNOWN: Final = frozenset(
    {"//", "name", "description", "kms_key_id", "recovery_window_in_days", "tags", "lifecycle", "provider"}
)
_KNOWN_OF_VERSION: Final = frozenset(
    {"//", "secret_id", "secret_string", "secret_string_wo", "secret_string_wo_version", "lifecycle"}
)


class _SecretsManager(SecretStore):
    def values(
        self,
        module: Terraform,
        address: str,
        body: Mapping[str, Any],  # noqa: ARG002  # the value is in blocks of its own
    ) -> Iterator[Mapping[str, Any]]:
        for _, _, version in module.resources(_VERSION):
            if referred(version.get("secret_id")) == address:
                yield version

    def problems(self, entry: Entry, filled_by: str) -> Iterator[str]:
        for field in sorted(set(entry.body) - _KNOWN):
            # A policy, a replica, a name made up from a prefix: each gives the value to somebody else, or hides it.
            yield f"sets {field}"
        if entry.body.get("recovery_window_in_days") == 0:
            yield "is gone at once when it is deleted (recovery_window_in_days)"
        if len(entry.values) > 1:
            yield "has more than one version in Terraform"
        for version in entry.values:
            yield from (f"sets {field} of its version" for field in sorted(set(version) - _KNOWN_OF_VERSION))
            ignored = mapping(version.get("lifecycle")).get("ignore_changes")
            names = ["secret_string"] if ignored == "all" else texts(ignored)
            written = text(version.get("secret_string"))
            is_reference = "${" in written or "${" in text(version.get("secret_string_wo"))
            if filled_by == "operator":
                if "secret_string" not in names and "secret_string_wo" not in version:
                    yield "is overwritten by the next apply: ignore_changes does not name secret_string"
                if is_reference:
                    yield "is filled by Terraform, though declared as filled by the operator"
            elif filled_by == "terraform":
                if "secret_string" in names:
                    yield "keeps an old value: ignore_changes names secret_string"
                if not is_reference:
                    yield "is not filled by Terraform, though declared so"
        if filled_by == "terraform" and not entry.values:
            yield "is not filled by Terraform, though declared so"


VENDOR: Final = _SecretsManager(
    name="aws-secrets-manager",
    kind="secretStore",
    terraform=("aws_secretsmanager_",),
    resources=frozenset({_HOLDER, _VERSION}),
    secret_fields=frozenset({(_VERSION, "secret_string"), (_VERSION, "secret_string_wo")}),
    secret_values=(r"secretsmanager_secret_version\.\w+\.secret_string", r"secret_string"),
    holder=_HOLDER,
    fields=("secret_string", "secret_string_wo", "secret_binary"),
)
