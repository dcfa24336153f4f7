"""
Stand-in providers: the real schemas, served over Terraform's plugin protocol 6, with a small world behind them.

Run by ``harness.py`` with the interpreter of an environment of its own (grpcio and the protocol's stubs). Terraform
itself checks every configuration against the schemas: unknown and missing arguments, wrong types, block or attribute.
What the schemas cannot say, but the real provider or its API refuses, stands in :data:`CHECKS`.

The world is one JSON file: what the clouds would remember. A resource is read back from it, so a test can change a
value "by hand" between two runs.

Usage: python standin.py FOLDER SCHEMA [SCHEMA ...]
    FOLDER takes the sockets and ``world.json``; each SCHEMA is a file of ``imports/schemas/terraform/``.
Prints one line for TF_REATTACH_PROVIDERS once it serves; ends when its standard input is closed.
"""

import base64
import hashlib
import json
import os
import secrets
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

# These three live in the stand-in's own environment, where no type checker looks.
import grpc  # type: ignore[import-untyped]
import msgpack  # type: ignore[import-not-found]
from tf.gen import tfplugin_pb2 as pb  # type: ignore[import-not-found]
from tf.gen import tfplugin_pb2_grpc as rpc  # pyright: ignore[reportMissingImports]

Attributes = dict[str, Any]
Entries = Mapping[str, Any]


class Unknown:
    """A value that only apply will tell."""

    def __repr__(self) -> str:
        return "(known after apply)"


UNKNOWN = Unknown()


class RefusedError(Exception):
    """What the real provider, or the API behind it, would not accept."""


# ---------------------------------------------------------------- the wire


def _pack_default(value: object) -> msgpack.ExtType:
    if value is UNKNOWN:
        return msgpack.ExtType(0, b"\0")
    raise TypeError(type(value).__name__)


def decoded(value: Any) -> Any:
    """Read a DynamicValue; refined unknowns (extension 12) are plain unknowns here."""
    if value.msgpack:
        return msgpack.unpackb(value.msgpack, ext_hook=lambda *_: UNKNOWN, raw=False, strict_map_key=False)
    return json.loads(value.json) if value.json else None


def encoded(value: object) -> Any:
    """Write a DynamicValue."""
    return pb.DynamicValue(msgpack=msgpack.packb(value, default=_pack_default))


def _type(kind: Any) -> Any:
    # "Any" is the protocol's dynamic type; a map of it is written as dynamic as a whole.
    if kind == "any" or (isinstance(kind, list) and kind[1] == "any"):
        return "dynamic"
    return [kind[0], _type(kind[1])] if isinstance(kind, list) else kind


_NESTING = {"single": "SINGLE", "list": "LIST", "set": "SET", "map": "MAP"}


def _attribute(name: str, entry: Entries) -> Any:
    made = pb.Schema.Attribute(
        name=name,
        required=entry.get("required", False),
        optional=entry.get("optional", False),
        computed=entry.get("computed", False),
        sensitive=entry.get("sensitive", False),
    )
    if "nesting" in entry:
        made.nested_type.nesting = pb.Schema.Object.NestingMode.Value(_NESTING[entry["nesting"]])
        made.nested_type.attributes.extend(_attribute(n, e) for n, e in sorted(entry["attributes"].items()))
    else:
        made.type = json.dumps(_type(entry["type"])).encode()
    if entry.get("write_only"):
        # Field 11, which the stubs are too old to name.
        made.MergeFromString(b"\x58\x01")
    return made


def _block(attributes: Entries) -> Any:
    block = pb.Schema.Block()
    for name, entry in sorted(attributes.items()):
        if entry.get("meta"):
            continue
        if entry.get("block"):
            block.block_types.append(
                pb.Schema.NestedBlock(
                    type_name=name,
                    block=_block(entry["attributes"]),
                    nesting=pb.Schema.NestedBlock.NestingMode.Value(_NESTING[entry["nesting"]]),
                    min_items=int(entry.get("required", False)),
                    max_items=entry.get("max_items", 0),
                )
            )
        else:
            block.attributes.append(_attribute(name, entry))
    return block


# ---------------------------------------------------------------- the world


class World:
    """What the clouds remember, in one file that a test may read and change between two runs."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.lock = threading.RLock()
        if not path.exists():
            self._save({"resources": {}, "identity_providers": [], "journal": [], "made": 0, "seen": []})

    def _load(self) -> dict[str, Any]:
        return dict(json.loads(self._path.read_text()))

    def _save(self, content: dict[str, Any]) -> None:
        partial = self._path.with_suffix(".partial")
        partial.write_text(json.dumps(content, indent=1, sort_keys=True))
        partial.replace(self._path)

    def all(self, kind: str) -> dict[str, Attributes]:
        """Return id → attributes of every *kind* there is."""
        with self.lock:
            return dict(self._load()["resources"].get(kind, {}))

    def find(self, kind: str, id_: object) -> Attributes | None:
        """Return one resource, or None if it is gone."""
        return self.all(kind).get(str(id_))

    def identity_providers(self) -> list[Attributes]:
        """Return the identity providers of the account, which nobody here manages."""
        with self.lock:
            return list(self._load()["identity_providers"])

    def refuse_if_told(self, kind: str) -> None:
        """Answer as an API whose token lacks a right, for the kinds that a test has named."""
        if kind in self._load().get("refused", ()):
            msg = f"403 Forbidden: {kind}"
            raise RefusedError(msg)

    def put(self, verb: str, kind: str, id_: str, attributes: Attributes | None) -> None:
        """Create, update or delete one resource, and write that down."""
        with self.lock:
            content = self._load()
            of_kind = content["resources"].setdefault(kind, {})
            if attributes is None:
                of_kind.pop(id_, None)
            else:
                of_kind[id_] = attributes
            content["journal"].append([verb, kind, id_])
            self._save(content)

    def saw(self, values: list[str]) -> None:
        """Remember secret values that passed by, so that a test can look for them where they must not be."""
        with self.lock:
            content = self._load()
            content["seen"] = sorted({*content["seen"], *values})
            self._save(content)

    def next_id(self, kind: str) -> str:
        """Return a new identifier, the same in every run of the same steps."""
        with self.lock:
            content = self._load()
            content["made"] += 1
            self._save(content)
        text = hashlib.sha256(f"{kind}/{content['made']}".encode()).hexdigest()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:32]}"


# ---------------------------------------------------------------- what the schemas cannot say


def _one_of(config: Attributes, *names: str) -> None:
    given = [name for name in names if config.get(name) is not None]
    if len(given) != 1:
        msg = f"exactly one of {', '.join(names)} must be given, not {len(given)}"
        raise RefusedError(msg)


def _among(config: Attributes, name: str, *allowed: str) -> None:
    value = config.get(name)
    if value is not None and value is not UNKNOWN and value not in allowed:
        msg = f"{name} must be one of {', '.join(allowed)}, not {value!r}"
        raise RefusedError(msg)


def _ssm(config: Attributes) -> None:
    _among(config, "type", "String", "StringList", "SecureString")
    _among(config, "tier", "Standard", "Advanced", "Intelligent-Tiering")
    _one_of(config, "value", "value_wo", "insecure_value")
    if config.get("value_wo") is not None and config.get("value_wo_version") is None:
        msg = "value_wo needs value_wo_version"
        raise RefusedError(msg)
    if config.get("value") == "":
        msg = "value must not be empty"
        raise RefusedError(msg)


def _record_v4(config: Attributes) -> None:
    given = [name for name in ("content", "value") if config.get(name) is not None]
    if len(given) + bool(config.get("data")) != 1:
        msg = "exactly one of content, value, data must be given"
        raise RefusedError(msg)


def _policy(config: Attributes) -> None:
    _among(config, "decision", "allow", "deny", "non_identity", "bypass")


def _random_id(config: Attributes) -> None:
    length = config.get("byte_length", config.get("length"))
    if isinstance(length, (int, float)) and length < 1:
        msg = "the length must be at least 1"
        raise RefusedError(msg)


def refuse_computed(entries: Entries, config: Any, path: str) -> None:
    """Refuse a value for what only the provider may set; terraform leaves that to the provider."""
    for one in config if isinstance(config, list) else [config]:
        if not isinstance(one, dict):
            continue
        for name, entry in entries.items():
            if one.get(name) is None:
                continue
            if not entry.get("required") and not entry.get("optional"):
                msg = f"{path}.{name} is read-only: its value is decided by the provider"
                raise RefusedError(msg)
            if "attributes" in entry and entry["nesting"] != "map":
                refuse_computed(entry["attributes"], one[name], f"{path}.{name}")


CHECKS: dict[str, Callable[[Attributes], None]] = {
    "aws_ssm_parameter": _ssm,
    "cloudflare_record": _record_v4,
    "cloudflare_zero_trust_access_policy": _policy,
    "random_bytes": _random_id,
    "random_id": _random_id,
    "random_password": _random_id,
}
"""Resource type → what the provider checks beyond its schema, before anything is planned."""


def _strong(name: str, value: object) -> None:
    if value is None:
        return
    try:
        length = len(base64.b64decode(str(value), validate=True))
    except ValueError:
        length = 0
    if length < 32:
        msg = f"{name} must be 32 bytes or more, in base64"
        raise RefusedError(msg)


def _must_exist(world: World, kind: str, id_: object) -> None:
    if world.find(kind, id_) is None:
        msg = f"there is no {kind} with the id {id_!r}"
        raise RefusedError(msg)


def _single(value: Any) -> Attributes:
    """Return a block that may stand once, or an object, as an object."""
    found = value[0] if isinstance(value, list) and value else value
    return found if isinstance(found, dict) else {}


def api_check(world: World, kind: str, new: Attributes, *, create: bool) -> None:
    """Refuse what the API behind the provider refuses at apply: above all, references to nothing."""
    if kind == "aws_ssm_parameter" and create and new["name"] in world.all(kind):
        msg = f"ParameterAlreadyExists: {new['name']}"
        raise RefusedError(msg)
    for name in ("secret", "tunnel_secret"):
        _strong(name, new.get(name))
    if kind in {"cloudflare_record", "cloudflare_dns_record"} and new["type"] == "CNAME":
        target, _, domain = str(new.get("content")).partition(".")
        if domain == "cfargotunnel.com":
            _must_exist(world, TUNNEL, target)
    if kind == f"{TUNNEL}_config":
        _check_routes(world, new)
    if kind == APPLICATION:
        _check_application(world, new)
    if kind == POLICY and new.get("application_id") is not None:
        _must_exist(world, APPLICATION, new["application_id"])


def _check_routes(world: World, new: Attributes) -> None:
    _must_exist(world, TUNNEL, new["tunnel_id"])
    config = _single(new.get("config"))
    rules = config.get("ingress_rule") or config.get("ingress") or []
    if not rules or rules[-1].get("hostname") or rules[-1].get("path"):
        msg = "the last ingress rule must match every request: it may have neither hostname nor path"
        raise RefusedError(msg)


def _check_application(world: World, new: Attributes) -> None:
    for policy in new.get("policies") or []:
        # Version 4 names them, version 5 has objects, which may also define a policy in place.
        id_ = policy.get("id") if isinstance(policy, dict) else policy
        if id_ is not None:
            _must_exist(world, POLICY, id_)
    known = {one["id"] for one in world.identity_providers()}
    for idp in new.get("allowed_idps") or []:
        if idp not in known:
            msg = f"there is no identity provider with the id {idp!r}"
            raise RefusedError(msg)


TUNNEL = "cloudflare_zero_trust_tunnel_cloudflared"
APPLICATION = "cloudflare_zero_trust_access_application"
POLICY = "cloudflare_zero_trust_access_policy"

REPLACED: dict[str, frozenset[str]] = {
    "aws_ssm_parameter": frozenset({"name"}),
    "cloudflare_record": frozenset({"name", "type", "zone_id"}),
    "cloudflare_zero_trust_access_application": frozenset({"account_id", "zone_id"}),
    "cloudflare_zero_trust_access_policy": frozenset({"account_id", "application_id", "zone_id"}),
    "cloudflare_zero_trust_tunnel_cloudflared": frozenset({"account_id", "secret", "config_src"}),
    "random_bytes": frozenset({"keepers", "length"}),
    "random_id": frozenset({"keepers", "byte_length", "prefix"}),
    "random_password": frozenset({"keepers", "length", "lower", "min_lower", "min_numeric", "min_special"})
    | {"min_upper", "numeric", "override_special", "special", "upper"},
}
"""Resource type → arguments whose change makes a new resource."""


def _token(state: Attributes) -> str:
    """Return a tunnel's token: what cloudflared decodes, so a test can tell whose it is."""
    secret = state.get("secret") or state.get("tunnel_secret")
    content = {"a": state["account_id"], "t": state["id"], "s": secret or base64.b64encode(b"s" * 32).decode()}
    return base64.b64encode(json.dumps(content).encode()).decode()


def _bytes(state: Attributes, length: int) -> dict[str, str]:
    content = secrets.token_bytes(length)
    return {
        "base64": base64.b64encode(content).decode(),
        "hex": content.hex(),
        "b64_std": base64.b64encode(content).decode(),
        "b64_url": base64.urlsafe_b64encode(content).rstrip(b"=").decode(),
        "dec": str(int.from_bytes(content)),
    }


def told(kind: str, state: Attributes, world: World) -> Attributes:
    """Return what the provider tells about a resource just made; anything else computed gets a made-up value."""
    if kind == "aws_ssm_parameter":
        name = state["name"]
        arn = f"arn:aws:ssm:ap-northeast-1:839695154978:parameter/{name.lstrip('/')}"
        return {"id": name, "arn": arn, "data_type": "text", "tier": "Standard", "key_id": "alias/aws/ssm"}
    if kind == "random_password":
        length = int(state["length"])
        return {"id": "none", "result": secrets.token_urlsafe(length)[:length]}
    if kind in {"random_bytes", "random_id"}:
        found = _bytes(state, int(state.get("length") or state.get("byte_length") or 0))
        return {"id": found["b64_url"], **found}
    id_ = world.next_id(kind)
    known: Attributes = {"id": id_}
    if kind == TUNNEL:
        known |= {"cname": f"{id_}.cfargotunnel.com", "tunnel_token": _token({**state, "id": id_})}
    if kind == APPLICATION:
        known |= {"aud": hashlib.sha256(id_.encode()).hexdigest()}
    return known


IN_STATE_ONLY = "random_"
"""Resources whose type begins so exist nowhere but in the state."""


# ---------------------------------------------------------------- planning and filling in


def marked(entries: Entries, value: Any, config: Any) -> Any:
    """Return *value* with every computed attribute that the user left out marked unknown, at any depth."""
    if not isinstance(value, dict):
        return value
    made = dict(value)
    for name, entry in entries.items():
        if entry.get("meta"):
            continue
        given = config.get(name) if isinstance(config, dict) else None
        if given is None and entry.get("computed"):
            made[name] = UNKNOWN
        elif entry.get("write_only"):
            made[name] = None
        elif "attributes" in entry:
            made[name] = _each(entry, made.get(name), given, marked)
    return made


def _each(entry: Entries, value: Any, config: Any, change: Callable[[Entries, Any, Any], Any]) -> Any:
    inner = entry["attributes"]
    if isinstance(value, list):
        configs = config if isinstance(config, list) and len(config) == len(value) else [None] * len(value)
        return [change(inner, one, other) for one, other in zip(value, configs, strict=True)]
    if entry["nesting"] == "map" and isinstance(value, dict):
        return {key: change(inner, one, (config or {}).get(key)) for key, one in value.items()}
    return change(inner, value, config)


def filled(entries: Entries, value: Any, known: Attributes) -> Any:
    """Return *value* with every unknown replaced: by what is *known*, else by something of the right type."""
    if not isinstance(value, dict):
        return value
    made = dict(value)
    for name, entry in entries.items():
        if entry.get("meta"):
            continue
        if made.get(name) is UNKNOWN:
            made[name] = known[name] if name in known else _made_up(name, entry)
        elif "attributes" in entry:
            made[name] = _each(entry, made.get(name), None, lambda inner, one, _: filled(inner, one, {}))
    return made


def _made_up(name: str, entry: Entries) -> Any:
    # An optional argument that the user left out stays empty; the provider's own attributes get a value.
    if entry.get("optional") or "nesting" in entry:
        return None
    kind = entry["type"]
    if isinstance(kind, list):
        return {} if kind[0] == "map" else []
    # Provider 5 parses the times in a state of provider 4.
    text = "2026-11-26T00:00:00Z" if name.endswith(("_at", "_on")) else f"made-up-{name}"
    return {"string": text, "number": 1, "bool": False}.get(kind)


def _differing(old: Attributes, new: Attributes) -> Iterator[str]:
    # An unknown value counts: the provider must expect the worst.
    return (name for name, value in new.items() if old.get(name) != value)


def _empty(entries: Entries) -> Attributes:
    return {
        name: [] if entry.get("block") and entry["nesting"] in {"list", "set"} else None
        for name, entry in entries.items()
        if not entry.get("meta")
    }


def looked_up(kind: str, entries: Entries, config: Attributes, world: World) -> Attributes:
    """Answer a data source."""
    found = _empty(entries) | {name: value for name, value in config.items() if value is not None}
    providers = world.identity_providers()
    if kind == "cloudflare_zero_trust_access_identity_provider":
        wanted = config.get("identity_provider_id") or config.get("name")
        for one in providers:
            if wanted in {one["id"], one["name"]}:
                return found | {k: v for k, v in one.items() if k in entries}
        msg = f"there is no identity provider {wanted!r}"
        raise RefusedError(msg)
    if kind == "cloudflare_zero_trust_access_identity_providers":
        inner = entries["result"]["attributes"]
        results = [_empty(inner) | {k: v for k, v in one.items() if k in inner} for one in providers]
        return found | {"result": results}
    if kind == "cloudflare_zero_trust_tunnel_cloudflared_token":
        tunnel = world.find(TUNNEL, config["tunnel_id"])
        if tunnel is None or tunnel["account_id"] != config["account_id"]:
            msg = f"there is no tunnel {config['tunnel_id']!r} in account {config['account_id']!r}"
            raise RefusedError(msg)
        return found | {"token": _token(tunnel)}
    msg = f"the stand-in does not know the data source {kind}"
    raise RefusedError(msg)


# ---------------------------------------------------------------- the service


def _error(problem: Exception) -> Any:
    return pb.Diagnostic(severity=pb.Diagnostic.ERROR, summary=str(problem))


class Provider(rpc.ProviderServicer):  # type: ignore[misc]
    """One provider of one schema file."""

    def __init__(self, schema: Entries, world: World) -> None:
        self.schema = schema
        self.world = world

    def _resource(self, kind: str) -> Entries:
        entries: Entries = self.schema["resources"][kind]["attributes"]
        return entries

    def _data_source(self, kind: str) -> Entries:
        entries: Entries = self.schema["data_sources"][kind]["attributes"]
        return entries

    def GetMetadata(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802 (the protocol's name and shape)
        """Say that the schema is to be asked for."""
        context.set_code(grpc.StatusCode.UNIMPLEMENTED)
        return pb.GetMetadata.Response()

    def GetProviderSchema(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Return the schemas."""

        def schema(attributes: Entries) -> Any:
            return pb.Schema(version=0, block=_block(attributes))

        return pb.GetProviderSchema.Response(
            provider=schema(self.schema["provider"]["attributes"]),
            resource_schemas={k: schema(e["attributes"]) for k, e in self.schema["resources"].items()},
            data_source_schemas={k: schema(e["attributes"]) for k, e in self.schema["data_sources"].items()},
        )

    def ValidateProviderConfig(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Accept what fits the schema."""
        return pb.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Check what the schema cannot say."""
        response = pb.ValidateResourceConfig.Response()
        config = decoded(request.config)
        try:
            refuse_computed(self._resource(request.type_name), config, request.type_name)
            check = CHECKS.get(request.type_name)
            if check is not None:
                check(config)
        except RefusedError as problem:
            response.diagnostics.append(_error(problem))
        return response

    def ValidateDataResourceConfig(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Accept what fits the schema."""
        return pb.ValidateDataResourceConfig.Response()

    def ConfigureProvider(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Take any credentials: there is nothing to log in to."""
        return pb.ConfigureProvider.Response()

    def UpgradeResourceState(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Read a state of the same version."""
        state = json.loads(request.raw_state.json)
        entries = self._resource(request.type_name)
        return pb.UpgradeResourceState.Response(
            upgraded_state=encoded(_empty(entries) | {k: v for k, v in state.items() if k in entries})
        )

    def ReadResource(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Tell what the world holds now."""
        old = decoded(request.current_state)
        if request.type_name.startswith(IN_STATE_ONLY):
            return pb.ReadResource.Response(new_state=request.current_state)
        found = self.world.find(request.type_name, old["id"])
        if found is None:
            return pb.ReadResource.Response(new_state=encoded(None))
        new = {name: found.get(name) for name in old}
        return pb.ReadResource.Response(new_state=encoded(new), private=request.private)

    def PlanResourceChange(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Say what apply would make of it."""
        entries = self._resource(request.type_name)
        old, new, config = (
            decoded(value) for value in (request.prior_state, request.proposed_new_state, request.config)
        )
        response = pb.PlanResourceChange.Response(legacy_type_system=True)
        if new is None:
            response.planned_state.CopyFrom(encoded(None))
            return response
        if old is None:
            new = marked(entries, new, config)
        else:
            new = {k: None if entries[k].get("write_only") else v for k, v in new.items()}
            for name in _differing(old, new):
                if name in REPLACED.get(request.type_name, ()):
                    response.requires_replace.append(
                        pb.AttributePath(steps=[pb.AttributePath.Step(attribute_name=name)])
                    )
        response.planned_state.CopyFrom(encoded(new))
        return response

    def ApplyResourceChange(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Make, change or remove it in the world."""
        kind = request.type_name
        entries = self._resource(kind)
        old, planned, config = (
            decoded(value) for value in (request.prior_state, request.planned_state, request.config)
        )
        response = pb.ApplyResourceChange.Response(legacy_type_system=True)
        try:
            if planned is None:
                if not kind.startswith(IN_STATE_ONLY):
                    self.world.put("delete", kind, old["id"], None)
                response.new_state.CopyFrom(encoded(None))
                return response
            # Terraform applies several resources at once; the API sees one after the other.
            with self.world.lock:
                new = filled(entries, planned, told(kind, planned, self.world) if old is None else old)
                self.world.refuse_if_told(kind)
                api_check(self.world, kind, new, create=old is None)
                self.world.saw([new[n] for n, e in entries.items() if e.get("sensitive") and new.get(n)])
                if not kind.startswith(IN_STATE_ONLY):
                    kept = {
                        name: config[name] for name, e in entries.items() if e.get("write_only") and config.get(name)
                    }
                    self.world.put("create" if old is None else "update", kind, new["id"], {**new, "kept": kept})
            response.new_state.CopyFrom(encoded(new))
        except RefusedError as problem:
            response.diagnostics.append(_error(problem))
            response.new_state.CopyFrom(request.prior_state)
        return response

    def ReadDataSource(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Answer from the world."""
        response = pb.ReadDataSource.Response()
        try:
            entries = self._data_source(request.type_name)
            found = looked_up(request.type_name, entries, decoded(request.config), self.world)
            response.state.CopyFrom(encoded(found))
        except RefusedError as problem:
            response.diagnostics.append(_error(problem))
        return response

    def GetFunctions(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Offer none."""
        return pb.GetFunctions.Response()

    def StopProvider(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        """Have nothing to interrupt."""
        return pb.StopProvider.Response()


def main(folder: Path, schemas: list[Path]) -> None:
    """Serve until standard input is closed."""
    world = World(folder / "world.json")
    servers = []
    reattach = {}
    for index, path in enumerate(schemas):
        schema = json.loads(path.read_text())
        server = grpc.server(ThreadPoolExecutor(max_workers=8))
        rpc.add_ProviderServicer_to_server(Provider(schema, world), server)
        socket = folder / f"{index}.sock"
        server.add_insecure_port(f"unix:{socket}")
        server.start()
        servers.append(server)
        reattach[schema["provider"]["source"]] = {
            "Protocol": "grpc",
            "ProtocolVersion": 6,
            "Pid": os.getpid(),
            "Test": True,
            "Addr": {"Network": "unix", "String": str(socket)},
        }
    print(json.dumps(reattach), flush=True)
    sys.stdin.read()
    for server in servers:
        server.stop(grace=0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(one) for one in sys.argv[2:]])
