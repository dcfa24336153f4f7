"""A registry on loopback with one image: a busybox, and what a sandbox image has to have."""

import contextlib
import gzip
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.real.sandbox.programs import LOCAL

NAME, TAG = "boxp/openclaw-sandbox", "1.0.0"
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def _layer() -> bytes:
    """Return the image's only layer, as a tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for folder in ("bin", "etc", "home/agent", "run", "tmp", "usr/bin", "var/tmp", "workspace"):
            entry = tarfile.TarInfo(folder)
            # As in Debian; a tmpfs takes the mode of the folder below it.
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder.endswith("tmp") else 0o755
            archive.addfile(entry)
        busybox = tarfile.TarInfo("bin/busybox")
        busybox.size, busybox.mode = (LOCAL / "bin" / "busybox").stat().st_size, 0o755
        with (LOCAL / "bin" / "busybox").open("rb") as file:
            archive.addfile(busybox, file)
        for name in _APPLETS:
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(link)
    return buffer.getvalue()


_APPLETS = (
    "cat", "cut", "dirname", "env", "find", "grep", "head", "hostname", "id", "ls", "mkdir", "mv", "nc", "readlink",
    "rm", "sed", "sh", "sleep", "stat", "tail", "test", "touch", "tr", "true", "wc",
)  # fmt: skip


def _image() -> tuple[dict[str, bytes], bytes]:
    """Return the image's blobs by digest, and its manifest."""
    layer = _layer()
    packed = gzip.compress(layer, mtime=0)
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Env": ["PATH=/usr/bin:/bin"], "Cmd": ["sh"]},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
        }
    ).encode()
    parts = {
        "config": {"mediaType": "application/vnd.docker.container.image.v1+json", **_about(config)},
        "layers": [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", **_about(packed)}],
    }
    manifest = json.dumps({"schemaVersion": 2, "mediaType": _MANIFEST, **parts}).encode()
    return {_digest(config): config, _digest(packed): packed}, manifest


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _about(data: bytes) -> dict[str, object]:
    return {"size": len(data), "digest": _digest(data)}


@contextlib.contextmanager
def registry() -> Iterator[int]:
    """Serve the image while the block runs; yield the port."""
    blobs, manifest = _image()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            kind, data = "application/octet-stream", blobs.get(path.rpartition("/")[2])
            if path == "/v2/":
                kind, data = "application/json", b"{}"
            elif path in (f"/v2/{NAME}/manifests/{TAG}", f"/v2/{NAME}/manifests/{_digest(manifest)}"):
                kind, data = _MANIFEST, manifest
            self.send_response(200 if data is not None else 404)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(data or b"")))
            if data is not None:
                self.send_header("docker-content-digest", _digest(data))
            self.end_headers()
            if self.command == "GET" and data:
                self.wfile.write(data)

        do_HEAD = do_GET  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
