"""A client of the API server, small enough to read: objects in, objects out, and a refusal with its words."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

Object = dict[str, Any]

MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"
TIMEOUT = 60


class Refused(Exception):  # noqa: N818 - an answer, and in most tests the wanted one
    """The API server said no."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message


class Api:
    """
    One API server as one user.

    Args:
        port: On loopback.
        token: Whose requests these are.
        context: Knows the server's certificate.
    """

    def __init__(
        self,
        port: int,
        token: str,
        context: ssl.SSLContext,
        connections: list[http.client.HTTPSConnection] | None = None,
    ) -> None:
        self._port = port
        self._token = token
        self._context = context
        self._kinds: dict[str, dict[str, tuple[str, bool]]] = {}
        self._local = threading.local()
        self._connections = [] if connections is None else connections

    def as_user(self, token: str) -> Api:
        """The same server, asked by somebody else."""
        return Api(self._port, token, self._context, self._connections)

    def close(self) -> None:
        """Close every connection, also those of other users and threads; nobody may ask any more."""
        while self._connections:
            self._connections.pop().close()

    # --- objects -----------------------------------------------------------------------------------------------------

    def create(self, item: Object, **query: str) -> Object:
        """Create *item*."""
        return self.request("POST", self._collection(item["apiVersion"], item["kind"], _namespace(item)), item, query)

    def apply(self, item: Object, manager: str = "lab", **query: str) -> Object:
        """Server-side apply of *item*, which takes over every field that it sets."""
        path = self._path(item["apiVersion"], item["kind"], item["metadata"]["name"], _namespace(item))
        return self.request("PATCH", path, item, {"fieldManager": manager, "force": "true", **query}, APPLY)

    def apply_all(self, items: Iterable[Object]) -> None:
        """Apply each of *items*, in their order."""
        for item in items:
            self.apply(item)

    def get(self, kind: str, name: str, namespace: str | None = None) -> Object:
        """The object called *name*; *kind* is like ``apps/v1/Deployment``."""
        return self.request("GET", self._path(*_split(kind), name, namespace))

    def find(self, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """The object called *name*, or None."""
        try:
            return self.get(kind, name, namespace)
        except Refused as no:
            if no.status == http.client.NOT_FOUND:
                return None
            raise

    def list(self, kind: str, namespace: str | None = None, **query: str) -> list[Object]:
        """Every object of *kind*, in one namespace or in all."""
        found = self.request("GET", self._collection(*_split(kind), namespace), query=query)
        items: list[Object] = found["items"]
        return items

    def patch(self, kind: str, name: str, change: Object, namespace: str | None = None) -> Object:
        """Merge *change* into the object."""
        return self.request("PATCH", self._path(*_split(kind), name, namespace), change, None, MERGE)

    def patch_status(self, kind: str, name: str, change: Object, namespace: str | None = None) -> Object:
        """Merge *change* into the object's status."""
        return self.request("PATCH", f"{self._path(*_split(kind), name, namespace)}/status", change, None, MERGE)

    def delete(self, kind: str, name: str, namespace: str | None = None, propagation: str = "Background") -> Object:
        """Ask for the object's deletion; finalizers may keep it for a while."""
        query = {"propagationPolicy": propagation}
        return self.request("DELETE", self._path(*_split(kind), name, namespace), None, query)

    def delete_all(self, kind: str, namespace: str | None = None, **query: str) -> Object:
        """Delete a collection, as ``kubectl delete --all`` and garbage collectors may."""
        return self.request("DELETE", self._collection(*_split(kind), namespace), None, query)

    # --- requests ----------------------------------------------------------------------------------------------------

    def request(
        self,
        method: str,
        path: str,
        body: Object | None = None,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> Object:
        """One request; anything but success raises `Refused` with the server's message."""
        status, text = self.raw(method, path, body, query, content_type)
        # A path that nobody serves (any more) is answered in plain words.
        answer: Object = json.loads(text) if text.startswith("{") else {"message": text.strip()}
        if status >= http.client.BAD_REQUEST:
            raise Refused(status, str(answer.get("message", text)))
        return answer

    def raw(
        self,
        method: str,
        path: str,
        body: Object | None = None,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> tuple[int, str]:
        """Status and text of one request."""
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json", "Content-Type": content_type}
        url = f"{path}?{urlencode(query)}" if query else path
        text = None if body is None else json.dumps(body)
        for attempt in range(2):
            connection = self._connection()
            try:
                connection.request(method, url, text, headers)
                answer = connection.getresponse()
                return answer.status, answer.read().decode("utf-8", "replace")
            except (OSError, http.client.HTTPException) as problem:
                connection.close()
                self._connections.remove(connection)
                self._local.connection = None
                # The server may have closed an idle connection; a second failure is a real one.
                if attempt or not isinstance(problem, (ConnectionResetError, BrokenPipeError)):
                    raise
        raise AssertionError  # The loop returns or raises.

    def ready(self) -> bool:
        """Whether the server takes requests."""
        try:
            return self.raw("GET", "/readyz")[0] == http.client.OK
        except (OSError, http.client.HTTPException):
            return False

    def _connection(self) -> http.client.HTTPSConnection:
        found: http.client.HTTPSConnection | None = getattr(self._local, "connection", None)
        if found is None:
            found = http.client.HTTPSConnection("127.0.0.1", self._port, context=self._context, timeout=TIMEOUT)
            self._local.connection = found
            self._connections.append(found)
        return found

    def _collection(self, version: str, kind: str, namespace: str | None) -> str:
        plural, namespaced = self._resource(version, kind)
        root = f"/api/{version}" if "/" not in version else f"/apis/{version}"
        return f"{root}/namespaces/{namespace}/{plural}" if namespaced and namespace else f"{root}/{plural}"

    def _path(self, version: str, kind: str, name: str, namespace: str | None) -> str:
        return f"{self._collection(version, kind, namespace)}/{name}"

    def _resource(self, version: str, kind: str) -> tuple[str, bool]:
        """Plural and scope of *kind*; asked again while it is not known, because definitions come later."""
        if kind not in self._kinds.get(version, {}):
            root = f"/api/{version}" if "/" not in version else f"/apis/{version}"
            found = self.request("GET", root)["resources"]
            self._kinds[version] = {
                item["kind"]: (item["name"], item["namespaced"]) for item in found if "/" not in item["name"]
            }
        try:
            return self._kinds[version][kind]
        except KeyError:
            raise Refused(http.client.NOT_FOUND, f"the server knows no kind {kind} in {version}") from None


def _namespace(item: Object) -> str | None:
    namespace: str | None = item["metadata"].get("namespace")
    return namespace


def _split(kind: str) -> tuple[str, str]:
    version, _, name = kind.rpartition("/")
    return version, name
