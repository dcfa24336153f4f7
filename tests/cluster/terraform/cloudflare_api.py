"""
A stand-in of Cloudflare's API: DNS records, tunnels and Access, kept in memory and served on loopback.

It answers what the real one documents, as far as the provider asks: the fields that were sent, the defaults that were
not, and never a tunnel's secret. After every change it looks at what the world would see now, so that a test can ask
whether a host was ever open to everybody, however short.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

Json = dict[str, Any]
ROOT: Final = "/client/v4/"
TOKEN: Final = "stand-in-" + "0" * 40
GITHUB: Final = {"id": "5a9f1c1e-0000-4000-8000-000000000001", "name": "GitHub", "type": "github", "config": {}}
PIN: Final = {"id": "0b7d2a44-0000-4000-8000-000000000002", "name": "One-time PIN", "type": "onetimepin", "config": {}}
_SCOPE: Final = r"(?P<scope>(?:accounts|zones)/[0-9a-f]{32})"
_COLLECTIONS: Final = {
    "dns_records": re.compile(rf"{_SCOPE}/dns_records(?:/(?P<id>[^/]+))?"),
    "tunnels": re.compile(rf"{_SCOPE}/cfd_tunnel(?:/(?P<id>[^/]+))?"),
    "configurations": re.compile(rf"{_SCOPE}/cfd_tunnel/(?P<id>[^/]+)/configurations"),
    "tokens": re.compile(rf"{_SCOPE}/cfd_tunnel/(?P<id>[^/]+)/token"),
    "applications": re.compile(rf"{_SCOPE}/access/apps(?:/(?P<id>[^/]+))?"),
    "policies": re.compile(rf"{_SCOPE}/access/policies(?:/(?P<id>[^/]+))?"),
    "identity_providers": re.compile(rf"{_SCOPE}/access/identity_providers"),
}
_MADE: Final = "2026-11-26T00:00:00Z"
# What the API answers where nothing was sent.
_DEFAULTS: Final[Mapping[str, Json]] = {
    "dns_records": {"proxied": False, "ttl": 1, "proxiable": True, "comment": None, "tags": [], "settings": {}}
    | {"meta": {}, "created_on": _MADE, "modified_on": _MADE},
    "tunnels": {"config_src": "local", "status": "inactive", "tun_type": "cfd_tunnel", "connections": []}
    | {"created_at": _MADE, "deleted_at": None, "conns_active_at": None, "conns_inactive_at": None, "metadata": {}},
    "applications": {"session_duration": "24h", "http_only_cookie_attribute": True, "enable_binding_cookie": False}
    | {"app_launcher_visible": True, "auto_redirect_to_identity": False, "options_preflight_bypass": False}
    | {"allowed_idps": [], "policies": [], "tags": [], "created_at": _MADE, "updated_at": _MADE},
    "policies": {"session_duration": "24h", "exclude": [], "require": [], "reusable": True, "app_count": 0}
    | {"created_at": _MADE, "updated_at": _MADE},
}


class RefusedError(Exception):
    """An answer that is not a success: a status, and what the API says."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class CloudflareApi:
    """
    What the account holds, and what has happened to it.

    Attributes:
        kept: Collection → id → object, as the API answers it.
        secrets: Id of a tunnel → its secret, which the API never answers.
        all_secrets: Every secret and token of a tunnel that there ever was.
        inside: Id of a policy that belongs to one application, as version 4 makes them → the policy. The account's
            collection does not show it.
        refused: Collections whose writes are answered with 403, as to a token that lacks a right.
        repeats_pages: The second page of a list is the first one again.
        journal: (method, collection, id) of every write that was accepted.
        exposed: Hosts whose name led to a tunnel at some moment while no policy guarded them.
    """

    kept: dict[str, dict[str, Json]] = field(default_factory=lambda: {name: {} for name in _COLLECTIONS})
    secrets: dict[str, str] = field(default_factory=dict)
    all_secrets: set[str] = field(default_factory=set)
    inside: dict[str, Json] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    repeats_pages: bool = False
    journal: list[tuple[str, str, str]] = field(default_factory=list)
    exposed: set[str] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock)
    url: str = ""

    def published(self) -> set[str]:
        """Hosts whose name leads to a tunnel."""
        return {one["name"] for one in self.kept["dns_records"].values()}

    def routed(self) -> set[str]:
        """Hosts that a tunnel takes in."""
        rules = [rule for one in self.kept["configurations"].values() for rule in one["config"].get("ingress", [])]
        return {rule["hostname"] for rule in rules if rule.get("hostname")}

    def guarded(self) -> set[str]:
        """Hosts that have an application with a policy."""
        return {one["domain"] for one in self.kept["applications"].values() if one["policies"]}

    def put(self, collection: str, scope: str, id_: str, body: Json, secret: str = "") -> None:
        """Put there what somebody else had made before; it is in no journal."""
        made = {"account_id": scope.partition("/")[2], "tunnel_id": id_, "source": "cloudflare", "version": 1, **body}
        if collection != "configurations":
            made = {**self._made(collection, scope, id_, body), **body}
        self.kept[collection][id_] = made
        if secret:
            self.secrets[id_] = secret
            self.all_secrets.add(secret)

    def answer(self, method: str, path: str, body: Json) -> Any:
        """
        Answer one request, and remember what it changed.

        Raises:
            RefusedError: The API would not have done it.
        """
        found = [(name, match) for name, pattern in _COLLECTIONS.items() if (match := pattern.fullmatch(path))]
        if not found:
            raise RefusedError(404, f"no route for {path}")
        ((collection, match),) = found
        if method != "GET" and collection in self.refused:
            raise RefusedError(403, "Authentication error")
        with self.lock:
            answer = self._answer(method, collection, match["scope"], match.groupdict().get("id"), body)
            if method != "GET":
                self.exposed |= self.published() - self.guarded()
        return answer

    def _answer(self, method: str, collection: str, scope: str, id_: str | None, body: Json) -> Any:
        if collection == "identity_providers":
            return [GITHUB, PIN]
        if collection == "tokens":
            tunnel = self._known("tunnels", id_)
            token = {"a": tunnel["account_tag"], "t": tunnel["id"], "s": self.secrets[tunnel["id"]]}
            text = base64.b64encode(json.dumps(token).encode()).decode()
            self.all_secrets.add(text)
            return text
        if collection == "configurations" and method != "GET":
            self._check_routes(id_, body)
            of_account = {"account_id": scope.partition("/")[2], "tunnel_id": id_, "source": "cloudflare"}
            self.kept[collection][str(id_)] = {
                "created_at": _MADE,
                "version": 1,
                "config": body["config"],
                **of_account,
            }
        elif method == "POST":
            id_ = str(uuid.uuid4())
            self.kept[collection][id_] = self._made(collection, scope, id_, body)
        elif method in ("PUT", "PATCH"):
            known = self._known(collection, id_)
            made = self._made(collection, scope, str(id_), {**(known if method == "PATCH" else {}), **body})
            if "aud" in known:
                made["aud"] = known["aud"]
            self.kept[collection][str(id_)] = made
        elif method == "DELETE":
            self._known(collection, id_)
            self._check_unused(collection, str(id_))
            del self.kept[collection][str(id_)]
            if collection == "tunnels":
                # Routes cannot be deleted; they go with their tunnel.
                self.kept["configurations"].pop(str(id_), None)
            self.journal.append((method, collection, str(id_)))
            return {"id": id_}
        if method != "GET":
            self.journal.append((method, collection, str(id_)))
        return self._shown(collection, self._known(collection, id_))

    def _made(self, collection: str, scope: str, id_: str, body: Json) -> Json:
        made = {**_DEFAULTS[collection], **{key: value for key, value in body.items() if value is not None}, "id": id_}
        if collection == "tunnels":
            self.secrets[id_] = made.pop("tunnel_secret", self.secrets.get(id_, ""))
            self.all_secrets.add(self.secrets[id_])
            made |= {"account_tag": scope.partition("/")[2], "remote_config": made["config_src"] == "cloudflare"}
        if collection == "applications":
            made["aud"] = uuid.uuid4().hex * 2
            unknown = {one["id"] for one in made["policies"]} - self.kept["policies"].keys() - self.inside.keys()
            if unknown:
                raise RefusedError(400, "access.api.error.invalid_request: there is no such policy")
            if set(made["allowed_idps"]) - {GITHUB["id"], PIN["id"]}:
                raise RefusedError(400, "access.api.error.invalid_request: there is no such identity provider")
        if collection == "policies" and not made.get("include"):
            raise RefusedError(400, "access.api.error.invalid_request: a policy includes nobody")
        if collection == "dns_records":
            names = {one["name"] for key, one in self.kept[collection].items() if key != id_}
            if made["name"] in names:
                raise RefusedError(400, "an identical record already exists")
        return made

    def _shown(self, collection: str, found: Json) -> Json:
        if collection != "applications":
            return found
        # The API answers each policy whole, with its place in the application.
        every = {**self.kept["policies"], **self.inside}
        policies = [{**every[one["id"]], "precedence": one["precedence"]} for one in found["policies"]]
        return {**found, "policies": policies}

    def _known(self, collection: str, id_: str | None) -> Json:
        found = self.kept[collection].get(str(id_))
        if found is None:
            raise RefusedError(404, f"{collection}: not found")
        return found

    def _check_routes(self, id_: str | None, body: Json) -> None:
        self._known("tunnels", id_)
        rules = body["config"].get("ingress", [])
        if not rules or rules[-1].get("hostname") or rules[-1].get("path"):
            raise RefusedError(400, "the last ingress rule must match every request")

    def _check_unused(self, collection: str, id_: str) -> None:
        users = [one for one in self.kept["applications"].values() for p in one["policies"] if p["id"] == id_]
        if collection == "policies" and users:
            raise RefusedError(409, "access.api.error.conflict: the policy is in use")


@contextmanager
def serving(api: CloudflareApi) -> Iterator[CloudflareApi]:
    """Serve *api* on a port of loopback; it ends with the ``with`` statement."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            status, errors, result = 200, [], None
            try:
                if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    raise RefusedError(403, "Invalid access token")
                path = self.path.partition("?")[0]
                result = api.answer(self.command, path.removeprefix(ROOT), body)
                page = re.search(r"[?&]page=(\d+)", self.path)
                if isinstance(result, list) and page and int(page[1]) > (2 if api.repeats_pages else 1):
                    result = []
            except RefusedError as problem:
                status, errors = problem.status, [{"code": 10000, "message": str(problem)}]
            answer = {"success": not errors, "errors": errors, "messages": [], "result": result}
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815 - the base class asks for these names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's own names
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    api.url = f"http://127.0.0.1:{server.server_port}{ROOT}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
