"""AWS SSM Parameter Store: a parameter holds its value itself."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from agentkeep.verify.artifacts import Terraform, mapping, text, texts
from agentkeep.verify.vendors.secret_stores import Entry, SecretStore

_HOLDER: Final = "aws_ssm_parameter"


class _ParameterStore(SecretStore):
    def values(
        self,
        module: Terraform,  # noqa: ARG002  # a parameter needs no other block
        address: str,  # noqa: ARG002  # as above
        body: Mapping[str, Any],
    ) -> Iterator[Mapping[str, Any]]:
        yield body

    def problems(self, entry: Entry, filled_by: str) -> Iterator[str]:
        body = entry.body
        if body.get("type") != "SecureString":
            yield f"is of type {body.get('type')}, not SecureString"
        if "insecure_value" in body:
            yield "uses insecure_value"
        ignored = mapping(body.get("lifecycle")).get("ignore_changes")
        names = ["value"] if ignored == "all" else texts(ignored)
        is_reference = "${" in text(body.get("value")) or "${" in text(body.get("value_wo"))
        if filled_by == "operator":
            if "value" not in names and "value_wo" not in body:
                yield "is overwritten by the next apply: ignore_changes does not name value"
            if is_reference:
                yield "is filled by Terraform, though declared as filled by the operator"
        elif filled_by == "terraform":
            if "value" in names:
                yield "keeps an old value: ignore_changes names value"
            if not is_reference:
                yield "is not filled by Terraform, though declared so"
        if filled_by and body.get("overwrite") is True:
            yield "overwrites a parameter that is already there"


VENDOR: Final = _ParameterStore(
    name="aws-parameter-store",
    kind="secretStore",
    terraform=("aws_ssm_",),
    resources=frozenset({_HOLDER}),
    secret_fields=frozenset({(_HOLDER, "value"), (_HOLDER, "value_wo")}),
    secret_values=(r"aws_ssm_parameter\.\w+\.value",),
    holder=_HOLDER,
    fields=("value", "value_wo", "insecure_value"),
)
