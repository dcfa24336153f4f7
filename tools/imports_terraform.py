"""
Slim Terraform bindings: read the prebuilt provider packages once, write small typed Python modules.

The prebuilt packages cost 4 to 55 CPU seconds at import; what the project needs of them is a few hundred lines. Two
steps, each with its own product:

1. :func:`read_provider` reads a package's generated sources (they sit, embedded in source maps, in the jsii archive
   inside the wheel) into a reduced provider schema, committed under ``imports/schemas/terraform/``. The sources say
   more than the jsii assembly does: block or attribute, set or list, required, optional, computed.
2. :func:`write_module` turns such a schema into ``imports/agentkeep_imports/terraform/<name>.py``.

Only names, types and kinds are taken over; descriptions are not.
"""

import base64
import io
import json
import keyword
import re
import tarfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Schema = dict[str, Any]
"""A reduced provider schema, or a part of it; its shape is described in ``imports/README.md``."""


@dataclass(frozen=True)
class Source:
    """Where one module of bindings comes from, and which parts of the provider are wanted."""

    module: str
    package: str
    version: str
    provider: str
    resources: tuple[str, ...]
    data_sources: tuple[str, ...] = ()
    #: The provider is built on the newer plugin framework and declares nested attributes only, never blocks.
    blocks: bool = True
    #: SHA-256 of the wheel, for a package that no lock file of the project can name beside the others.
    sha256: str = ""
    #: Parts that nobody here needs and that would make the module several times larger.
    left_out: frozenset[str] = field(default_factory=frozenset)
    #: Paths that the provider marks as sensitive; the prebuilt packages do not carry that mark.
    sensitive: frozenset[str] = field(default_factory=frozenset)
    #: Paths that the provider accepts but never stores; not carried either.
    write_only: frozenset[str] = field(default_factory=frozenset)


SOURCES = (
    Source(
        module="aws",
        package="cdktf-cdktf-provider-aws",
        version="21.22.1",
        provider="aws",
        resources=(
            "ssm-parameter",
            "secretsmanager-secret",
            "secretsmanager-secret-version",
            "iam-role",
            "iam-role-policy",
            "dlm-lifecycle-policy",
        ),
        left_out=frozenset(
            {
                "provider.endpoints",
                # Each hands a copy to somebody else, or runs something.
                "aws_secretsmanager_secret.replica",
                "aws_iam_role.inline_policy",
                *(
                    f"aws_dlm_lifecycle_policy.policy_details.{part}"
                    for part in (
                        "action",
                        "event_source",
                        "exclusions",
                        "parameters",
                        "schedule.archive_rule",
                        "schedule.create_rule.scripts",
                        "schedule.cross_region_copy_rule",
                        "schedule.deprecate_rule",
                        "schedule.fast_restore_rule",
                        "schedule.share_rule",
                    )
                ),
            }
        ),
        sensitive=frozenset(
            {
                "aws_ssm_parameter.value",
                "aws_ssm_parameter.value_wo",
                "aws_secretsmanager_secret_version.secret_binary",
                "aws_secretsmanager_secret_version.secret_string",
                "aws_secretsmanager_secret_version.secret_string_wo",
            }
        ),
        write_only=frozenset(
            {"aws_ssm_parameter.value_wo", "aws_secretsmanager_secret_version.secret_string_wo"},
        ),
    ),
    Source(
        module="random",
        package="cdktf-cdktf-provider-random",
        version="12.0.1",
        provider="random",
        resources=("password", "id", "bytes"),
        sensitive=frozenset(
            {
                "random_password.result",
                "random_password.bcrypt_hash",
                "random_bytes.base64",
                "random_bytes.hex",
            }
        ),
    ),
    Source(
        module="cloudflare_v4",
        package="cdktf-cdktf-provider-cloudflare",
        version="11.30.0",
        sha256="7bef9707ad961697a4e6e91af9f5a612c8d26f55e09bdd3bebda191aacdcf8a0",
        provider="cloudflare",
        resources=(
            "record",
            "zero-trust-tunnel-cloudflared",
            "zero-trust-tunnel-cloudflared-config",
            "zero-trust-access-application",
            "zero-trust-access-policy",
        ),
        data_sources=("data-cloudflare-zero-trust-access-identity-provider",),
        sensitive=frozenset(
            {
                "cloudflare_zero_trust_tunnel_cloudflared.secret",
                "cloudflare_zero_trust_tunnel_cloudflared.tunnel_token",
            }
        ),
    ),
    Source(
        module="cloudflare_v5",
        package="cdktf-cdktf-provider-cloudflare",
        version="13.9.1",
        provider="cloudflare",
        resources=(
            "dns-record",
            "zero-trust-tunnel-cloudflared",
            "zero-trust-tunnel-cloudflared-config",
            "zero-trust-access-application",
            "zero-trust-access-policy",
        ),
        data_sources=(
            "data-cloudflare-zero-trust-access-identity-provider",
            "data-cloudflare-zero-trust-access-identity-providers",
            "data-cloudflare-zero-trust-tunnel-cloudflared-token",
        ),
        blocks=False,
        sensitive=frozenset(
            {
                "cloudflare_zero_trust_tunnel_cloudflared.tunnel_secret",
                "data.cloudflare_zero_trust_tunnel_cloudflared_token.token",
            }
        ),
    ),
)


# ---------------------------------------------------------------- reading the prebuilt packages


def jsii_archive(wheel_or_folder: Path) -> bytes:
    """
    Return the jsii archive inside a wheel file or inside an installed package's folder.

    Raises:
        LookupError: There is none.
    """
    if wheel_or_folder.is_dir():
        found = sorted(wheel_or_folder.glob("_jsii/*.jsii.tgz"))
        if found:
            return found[0].read_bytes()
    else:
        with zipfile.ZipFile(wheel_or_folder) as wheel:
            for name in wheel.namelist():
                if name.endswith(".jsii.tgz"):
                    return wheel.read(name)
    msg = f"no jsii archive in {wheel_or_folder}"
    raise LookupError(msg)


def typescript(archive: bytes, modules: Iterable[str]) -> dict[str, str]:
    """Return the TypeScript source of each module of *modules*, taken from the archive's source maps."""
    wanted = {f"package/lib/{module}/index.js": module for module in modules}
    found: dict[str, str] = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            module = wanted.get(member.name)
            opened = tar.extractfile(member) if module else None
            if module is None or opened is None:
                continue
            mapped = re.search(rb"sourceMappingURL=data:application/json;base64,(\S+)", opened.read())
            if mapped is None:
                msg = f"{member.name} carries no source map"
                raise LookupError(msg)
            found[module] = json.loads(base64.b64decode(mapped[1]))["sourcesContent"][0]
    missing = sorted(set(wanted.values()) - set(found))
    if missing:
        msg = f"modules not in the archive: {', '.join(missing)}"
        raise LookupError(msg)
    return found


_INTERFACE = re.compile(r"^export interface (\w+)(?: extends [\w.]+)? \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"\{@link \S+ [\w.]+#(\w+)\}(?:(?!\*/).)*?\*/\s+readonly (\w+)(\??): (.+?);\n", re.DOTALL)
_CLASS = re.compile(r"^export class (\w+) extends cdktf\.(\w+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_MEMBER = re.compile(
    r"// (\w+) - computed: (true|false), optional: (true|false), required: (true|false)\n"
    r"(?:\s+private (\w+) = new ([\w.]+)\(this, \"\w+\"(?:, (true|false))?\);)?"
    r".*?public get (\w+)\(\) \{\n\s+return (.+?);",
    re.DOTALL,
)
_HCL = re.compile(
    r"^ +(\w+): \{\n\s+value: (.+?),\n\s+isBlock: (true|false),\n\s+type: \"(\w+)\",\n"
    r"\s+storageClassType: \"(\w+)\",\n",
    re.MULTILINE,
)
_TO_HCL = re.compile(
    r"^export function \w+ToHclTerraform\(struct\?: (?:\w+OutputReference \| )?(\w+)[^)]*\): any \{\n(.*?)^\}",
    re.MULTILINE | re.DOTALL,
)
_SCALARS = {"string": "string", "boolean": "bool", "number": "number", "any": "any"}
#: What reading an attribute gives, by its type (as JSON). A set is made a list, because only a list has an order.
_READERS = {
    '"string"': ("str", "self.get_string_attribute({})"),
    '"number"': ("float", "self.get_number_attribute({})"),
    '"bool"': ("cdktf.IResolvable", "self.get_boolean_attribute({})"),
    '"any"': ("cdktf.IResolvable", "self.interpolation_for_attribute({})"),
    '["list", "string"]': ("Sequence[str]", "self.get_list_attribute({})"),
    '["set", "string"]': ("Sequence[str]", "cdktf.Fn.tolist(self.get_list_attribute({}))"),
    '["list", "number"]': ("Sequence[float]", "self.get_number_list_attribute({})"),
    '["map", "string"]': ("Mapping[str, str]", "self.get_string_map_attribute({})"),
    '["map", "any"]': ("Mapping[str, Any]", "self.get_any_map_attribute({})"),
}
_GETTERS = {
    "getStringAttribute": "string",
    "getNumberAttribute": "number",
    "getBooleanAttribute": "bool",
    "getListAttribute": ["list", "string"],
    "getNumberListAttribute": ["list", "number"],
    "getStringMapAttribute": ["map", "string"],
    "getAnyMapAttribute": ["map", "any"],
}


class _Module:
    """One TypeScript module, taken apart."""

    def __init__(self, text: str, source: Source) -> None:
        self.source = source
        self.interfaces = {
            found[1]: {f[1]: (f[2], f[3] == "?", f[4]) for f in _FIELD.finditer(found[2])}
            for found in _INTERFACE.finditer(text)
        }
        self.classes = {found[1]: (found[2], found[3]) for found in _CLASS.finditer(text)}
        #: struct name -> the text of its function to HCL, where set and list are told apart
        self.to_hcl = {found[1]: found[2] for found in _TO_HCL.finditer(text)}
        self.text = text

    def main(self) -> tuple[str, str, str]:
        """Return name, base and body of the resource, data source or provider class."""
        for name, (base, body) in self.classes.items():
            if base in {"TerraformResource", "TerraformDataSource", "TerraformProvider"}:
                return name, base, body
        raise LookupError(self.source.module)

    def attributes(self, interface: str, body: str, hcl: str, path: str) -> Schema:
        """Merge what a struct accepts with what its class exposes; keys are Terraform names, sorted."""
        accepted = self.interfaces.get(interface, {})
        kinds = {found[1]: found for found in _HCL.finditer(hcl)}
        members = {found[1]: found for found in _MEMBER.finditer(body)}
        if body and not accepted.keys() <= members.keys():
            msg = f"{path}: fields without a class member: {', '.join(sorted(accepted.keys() - members.keys()))}"
            raise LookupError(msg)
        result: Schema = {}
        for name in sorted(accepted.keys() | members.keys()):
            here = f"{path}.{name}"
            if here in self.source.left_out:
                continue
            member = members.get(name)
            if name in accepted:
                camel, optional, written = accepted[name]
                entry = self._accepted(written, kinds[name], here)
                entry["optional" if optional else "required"] = True
                # Some bindings call a required nested attribute computed too; Terraform allows no such pair.
                if member and member[2] == "true" and optional:
                    entry["computed"] = True
                python = _snake(camel)
            else:
                entry = self._exposed(members[name], here)
                entry["computed"] = True
                python = _snake(members[name][8])
            if python != name:
                entry["python"] = python
            if here == "provider.alias":
                # Terraform's own argument, not one of the provider's.
                entry["meta"] = True
            if here in self.source.sensitive:
                entry["sensitive"] = True
            if here in self.source.write_only:
                entry["write_only"] = True
            result[name] = entry
        return result

    def _struct(self, name: str, path: str) -> Schema:
        output = self.classes.get(f"{name}OutputReference")
        return self.attributes(name, output[1] if output else "", self.to_hcl.get(name, ""), path)

    def _accepted(self, written: str, hcl: re.Match[str], path: str) -> Schema:
        plain = written.removesuffix(" | cdktf.IResolvable")
        kind = hcl[4]
        if plain in _SCALARS:
            return {"type": _SCALARS[plain]}
        mapped = re.fullmatch(r"\{ \[key: string\]: (.+?) \}", plain)
        if mapped:
            return {"type": ["map", _element(mapped[1])]}
        element = plain.removesuffix("[]")
        if element in _SCALARS:
            return {"type": [kind, _SCALARS[element]]}
        entry: Schema = {"nesting": "single" if kind == "struct" else kind, "struct": element}
        if not plain.endswith("[]") and kind != "struct":
            entry["max_items"] = 1
        if self.source.blocks:
            entry["block"] = True
        elif "max_items" in entry or re.search(r"listMapperHcl\(.*, true\)", hcl[2]):
            msg = f"{path} is a block, but {self.source.package} is said to have none"
            raise LookupError(msg)
        entry["attributes"] = self._struct(element, path)
        return entry

    def _exposed(self, member: re.Match[str], path: str) -> Schema:
        made = member[6]
        if made is None:
            getter = re.search(r"this\.(\w+)\(", member[9])
            if getter is None:
                msg = f"{path}: cannot read {member[9]!r}"
                raise LookupError(msg)
            kind = _GETTERS[getter[1]]
            if "Fn.tolist" in member[9] and isinstance(kind, list):
                kind = ["set", *kind[1:]]
            return {"type": kind}
        if made.startswith("cdktf."):
            return {"type": ["map", {"StringMap": "string", "BooleanMap": "bool", "NumberMap": "number"}[made[6:]]]}
        struct = re.sub(r"(OutputReference|List|Map)$", "", made)
        nesting = {"List": "list", "Map": "map"}.get(made[len(struct) :], "single")
        if nesting == "list" and member[7] == "true":
            nesting = "set"
        return {"nesting": nesting, "struct": struct, "attributes": self._struct(struct, path)}


def _element(written: str) -> Any:
    if written.endswith("[]"):
        return ["list", _element(written[:-2])]
    return _SCALARS[written.removesuffix(" | cdktf.IResolvable")]


def _snake(camel: str) -> str:
    """Name a jsii member as Python bindings do, except that a Python keyword gets an underscore in both."""
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", camel)
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()
    return f"{name}_" if keyword.iskeyword(name) else name


def read_provider(source: Source, archive: bytes) -> Schema:
    """
    Reduce a prebuilt package to the schema of the wanted parts.

    Args:
        source: What is wanted of it.
        archive: The package's jsii archive, as :func:`jsii_archive` returns it.

    Raises:
        LookupError: The package is not built as expected; nothing is guessed.
    """
    names = ["provider", *source.resources, *source.data_sources]
    modules = {name: _Module(text, source) for name, text in typescript(archive, names).items()}
    provider = modules["provider"]
    class_name, _, body = provider.main()
    version, registry = (
        _one(rf"{key}: '([^']+)'", provider.text) for key in ("providerVersion", "terraformProviderSource")
    )
    result: Schema = {
        "origin": {"package": source.package, "version": source.version},
        "provider": {
            "name": source.provider,
            "source": registry,
            "version": version,
            "constraint": _one(r"providerVersionConstraint: '([^']+)'", provider.text),
            "class": class_name,
            "attributes": provider.attributes(
                f"{class_name}Config", body, _part(body, "synthesizeHclAttributes"), "provider"
            ),
        },
        "resources": {},
        "data_sources": {},
    }
    for name in (*source.resources, *source.data_sources):
        module = modules[name]
        class_name, base, body = module.main()
        kind = _one(r"terraformResourceType: '([^']+)'", body)
        data = base == "TerraformDataSource"
        # The config struct's name differs where a nested block is called "config" as well.
        config = next(n for n in (f"{class_name}Config", class_name) if n in module.interfaces)
        result["data_sources" if data else "resources"][kind] = {
            "class": class_name,
            "module": name.replace("-", "_"),
            "attributes": module.attributes(
                config, body, _part(body, "synthesizeHclAttributes"), f"data.{kind}" if data else kind
            ),
        }
    return result


def _one(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise LookupError(pattern)
    return found[1]


def _part(body: str, start: str) -> str:
    return body[body.find(start) :] if start in body else ""


# ---------------------------------------------------------------- writing the modules


def write_module(schema: Mapping[str, Any]) -> str:
    """Return the Python source of the slim bindings for *schema*, not yet formatted."""
    provider = schema["provider"]
    origin = schema["origin"]
    lines = [
        '"""',
        f"Slim bindings for the Terraform provider {provider['source']} {provider['version']}.",
        "",
        f"Generated by ``tools/imports.py`` from {origin['package']} {origin['version']}; do not edit.",
        "Class and keyword names are those of that package, so either can be imported.",
        '"""',
        "# ruff: noqa: A002 (argument names are Terraform's), N801 (class names are the prebuilt package's)",
        "",
        "from collections.abc import Mapping, Sequence",
        "from typing import Any, ClassVar",
        "",
        "import cdktf",
        "from constructs import Construct",
        "",
        "from agentkeep_imports.terraform import _base",
        "",
    ]
    seen: set[str] = set()
    for body in _classes(schema):
        name = _one(r"^class (\w+)", body[0])
        if name not in seen:
            seen.add(name)
            lines += ["", *body, ""]
    lines += ["", f"__all__ = {sorted(seen)!r}"]
    text = "\n".join(lines) + "\n"
    used = [name for name in ("Mapping", "Sequence") if re.search(rf"\b{name}\[", text)]
    text = text.replace(
        "from collections.abc import Mapping, Sequence\n",
        f"from collections.abc import {', '.join(used)}\n" if used else "",
    )
    names = [n for n in ("Any", "ClassVar") if re.search(rf"\b{n}\b(?!,)", text.split("from constructs", 1)[1])]
    return text.replace("from typing import Any, ClassVar\n", f"from typing import {', '.join(names)}\n")


def _classes(schema: Mapping[str, Any]) -> Iterator[list[str]]:
    provider = schema["provider"]
    yield from _structs(provider["attributes"], f"the provider {provider['name']}")
    yield _provider_class(provider)
    for data, group in ((False, "resources"), (True, "data_sources")):
        for kind, entry in schema[group].items():
            yield from _structs(entry["attributes"], kind)
            yield _element_class(provider, kind, entry, data=data)


def _structs(attributes: Mapping[str, Any], owner: str) -> Iterator[list[str]]:
    for name, entry in attributes.items():
        if "attributes" not in entry:
            continue
        inner = entry["attributes"]
        if _is_input(entry):
            yield from _structs({k: v for k, v in inner.items() if _is_input(v)}, owner)
            yield _block_class(entry, name, owner)
        else:
            yield from _structs(inner, owner)
            yield _reference_class(entry, name, owner)


def _is_input(entry: Mapping[str, Any]) -> bool:
    return bool(entry.get("required") or entry.get("optional"))


def _python(name: str, entry: Mapping[str, Any]) -> str:
    return str(entry.get("python", name))


def _annotation(entry: Mapping[str, Any]) -> str:
    nesting = entry.get("nesting")
    if nesting is not None:
        if nesting == "single" or entry.get("max_items") == 1:
            return str(entry["struct"])
        return f"_base.Many[{entry['struct']}]" if nesting != "map" else f"_base.ManyByKey[{entry['struct']}]"
    return _type(entry["type"])


def _type(kind: Any) -> str:
    if isinstance(kind, list):
        element = _type(kind[1]) if kind[1] != "any" else "Any"
        if kind[0] == "map":
            return f"Mapping[str, {element}]" if not isinstance(kind[1], list) else f"_base.Bag[{element}]"
        return f"Sequence[{element}]"
    return {"string": "str", "bool": "_base.Flag", "number": "float", "any": "Any"}[kind]


def _inputs(attributes: Mapping[str, Any]) -> list[tuple[str, str, Mapping[str, Any]]]:
    """List Terraform name, Python name and entry of what may be set: the required ones first, then by name."""
    found = [(name, _python(name, entry), entry) for name, entry in attributes.items() if _is_input(entry)]
    return sorted(found, key=lambda item: (not item[2].get("required"), item[1]))


def _parameters(inputs: list[tuple[str, str, Mapping[str, Any]]]) -> list[str]:
    return [
        f"        {python}: {_annotation(entry)}" + ("," if entry.get("required") else " | None = None,")
        for _, python, entry in inputs
    ]


def _block_class(entry: Mapping[str, Any], name: str, owner: str) -> list[str]:
    inputs = _inputs(entry["attributes"])
    what = "block" if entry.get("block") else "object"
    lines = [f"class {entry['struct']}(_base.Block):", f'    """The {what} ``{name}`` of {_quoted(owner)}."""']
    renamed = {python: terraform for terraform, python, _ in inputs if python != terraform}
    if renamed:
        lines += ["", f"    TERRAFORM_NAMES: ClassVar[dict[str, str]] = {renamed!r}"]
    required = tuple(python for _, python, entry in inputs if entry.get("required"))
    if required:
        lines += ["", f"    REQUIRED: ClassVar[tuple[str, ...]] = {required!r}"]
    if inputs:
        lines += ["", "    def __init__(", "        self,", "        *,", *_parameters(inputs), "    ) -> None:"]
        lines += [f"        self.{python} = {python}" for _, python, _ in inputs]
    return lines


def _reference_class(entry: Mapping[str, Any], name: str, owner: str) -> list[str]:
    lines = [f"class {entry['struct']}Reference(_base.Reference):"]
    lines += [f'    """``{name}`` of {_quoted(owner)}, as read."""']
    for inner, content in entry["attributes"].items():
        lines += _property(inner, content)
    return lines


def _quoted(owner: str) -> str:
    return owner if " " in owner else f"``{owner}``"


#: Members of the engine's own base class; a property of that name would change what the engine reads.
_TAKEN = frozenset(
    {"cdktf_stack", "connection", "count", "depends_on", "for_each", "fqn", "friendly_unique_id", "lifecycle"}
    | {"node", "provider", "provisioners", "raw_overrides", "terraform_resource_type", "to_string"}
)


def _property(name: str, entry: Mapping[str, Any]) -> list[str]:
    """Return the property that reads attribute *name* back as a reference; nothing where that is not offered."""
    python = _python(name, entry)
    if python in _TAKEN or ("nesting" in entry and _is_input(entry)):
        return []
    if "nesting" in entry:
        reference = f"{entry['struct']}Reference"
        if entry["nesting"] == "single":
            annotation, value = reference, f"{reference}(self, {name!r})"
        elif entry["nesting"] == "list":
            annotation, value = f"_base.References[{reference}]", f"_base.References(self, {name!r}, {reference})"
        else:
            msg = f"{name}: a computed {entry['nesting']} of objects is not supported; leave it out"
            raise LookupError(msg)
    else:
        kind = json.dumps(entry["type"])
        if kind not in _READERS:
            msg = f"{name}: reading a {kind} is not supported; leave it out"
            raise LookupError(msg)
        annotation, template = _READERS[kind]
        value = template.format(repr(name))
    told = "as a reference" if _is_input(entry) else "known after apply"
    return [
        "",
        "    @property",
        f"    def {python}(self) -> {annotation}:",
        f'        """``{name}``, {told}."""',
        f"        return {value}",
    ]


def _element_class(provider: Mapping[str, Any], kind: str, entry: Mapping[str, Any], *, data: bool) -> list[str]:
    attributes = entry["attributes"]
    inputs = _inputs(attributes)
    base = "DataSource" if data else "Resource"
    id_name = "id_" if any(python == "id" for _, python, _ in inputs) else "id"
    lines = [
        f"class {entry['class']}(_base.{base}):",
        f'    """{"Data source" if data else "Resource"} ``{kind}``."""',
        "",
        f'    TF_RESOURCE_TYPE: ClassVar[str] = "{kind}"',
        "",
        "    def __init__(",
        "        self,",
        "        scope: Construct,",
        f"        {id_name}: str,",
        "        *,",
        *_parameters(inputs),
        "        connection: _base.Connection | None = None,",
        "        count: _base.Count | None = None,",
        "        depends_on: Sequence[cdktf.ITerraformDependable] | None = None,",
        "        for_each: cdktf.ITerraformIterator | None = None,",
        "        lifecycle: _base.Lifecycle | None = None,",
        "        provider: cdktf.TerraformProvider | None = None,",
        "        provisioners: _base.Provisioners | None = None,",
        "    ) -> None:",
        "        super().__init__(",
        "            scope,",
        f"            {id_name},",
        f'            terraform_resource_type="{kind}",',
        f"            terraform_generator_metadata=_base.generator({_generator(provider)}),",
    ]
    meta = ("connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioners")
    lines += [f"            {name}={name}," for name in meta]
    lines += ["        )", *_assignments(inputs)]
    for name, content in attributes.items():
        lines += _property(name, content)
    return lines


def _generator(provider: Mapping[str, Any]) -> str:
    return f"{provider['name']!r}, {provider['version']!r}, {provider['constraint']!r}"


def _assignments(inputs: list[tuple[str, str, Mapping[str, Any]]]) -> list[str]:
    return [
        "        self._set_inputs(",
        "            {",
        *(f'                "{terraform}": {python},' for terraform, python, _ in inputs),
        "            },",
        f"            required={tuple(terraform for terraform, _, entry in inputs if entry.get('required'))!r},",
        "        )",
    ]


def _provider_class(provider: Mapping[str, Any]) -> list[str]:
    inputs = _inputs(provider["attributes"])
    return [
        f"class {provider['class']}(_base.Provider):",
        f'    """Provider ``{provider["name"]}``."""',
        "",
        f'    TF_RESOURCE_TYPE: ClassVar[str] = "{provider["name"]}"',
        "",
        "    def __init__(",
        "        self,",
        "        scope: Construct,",
        "        id: str,",
        "        *,",
        *_parameters(inputs),
        "    ) -> None:",
        "        super().__init__(",
        "            scope,",
        "            id,",
        f'            terraform_resource_type="{provider["name"]}",',
        f"            terraform_generator_metadata=_base.generator({_generator(provider)}),",
        f'            terraform_provider_source="{provider["source"]}",',
        "        )",
        *_assignments(inputs),
    ]
