"""
A Docker daemon without its image: Debian's packages, unpacked into the cache and laid out as the image has them.

What differs from the image: the release is Debian's, older than the declared one; the entry point is ours, written
after what the image's documentation says of DOCKER_TLS_CERTDIR; iptables is the nftables one.
"""

import fcntl
import functools
import os
import shutil
import subprocess

import pytest

from tests.real.openclaw.programs import ROOT

CACHE = ROOT / ".cache" / "docker"
LOCAL = CACHE / "usr-local"
"""/usr/local of the images docker:*-dind and docker:*-cli."""

PACKAGES = ("busybox-static", "containerd", "docker.io", "iptables", "runc", "tini")
PROGRAMS = {
    "busybox": "busybox", "containerd": "containerd", "containerd-shim-runc-v2": "containerd-shim-runc-v2",
    "docker": "docker", "dockerd": "dockerd", "docker-init": "tini-static", "runc": "runc",
    "iptables": "xtables-nft-multi", "ip6tables": "xtables-nft-multi",
}  # fmt: skip
"""Name in the image -> file in the packages."""

ENTRY_POINT = """\
#!/bin/sh
# As the image's: keeps an authority's, a server's and a client's key below DOCKER_TLS_CERTDIR, makes new certificates
# of them at each start, and opens the client's key to everybody, at each start too.
set -eu
export LD_LIBRARY_PATH=/usr/local/lib XTABLES_LIBDIR=/usr/local/lib/xtables
key() {
  mkdir -p "$1"
  [ -s "$1/key.pem" ] || openssl genrsa -out "$1/key.pem" 2048 2>/dev/null
}
certify() { # folder, name, extensions
  openssl req -new -key "$1/key.pem" -subj "/CN=$2" -out "$1/csr.pem"
  printf '%s\\n' "$3" >"$1/openssl.cnf"
  openssl x509 -req -in "$1/csr.pem" -CA "$ca/cert.pem" -CAkey "$ca/key.pem" -CAcreateserial -days 30 \\
    -extfile "$1/openssl.cnf" -out "$1/cert.pem" 2>/dev/null
  cp "$ca/cert.pem" "$1/ca.pem"
}
ca=$DOCKER_TLS_CERTDIR/ca
key "$ca"
openssl req -new -x509 -key "$ca/key.pem" -days 30 -subj '/CN=authority' -out "$ca/cert.pem"
key "$DOCKER_TLS_CERTDIR/server"
certify "$DOCKER_TLS_CERTDIR/server" server 'subjectAltName=DNS:localhost,DNS:docker,IP:127.0.0.1'
key "$DOCKER_TLS_CERTDIR/client"
chmod 0644 "$DOCKER_TLS_CERTDIR/client/key.pem"
certify "$DOCKER_TLS_CERTDIR/client" client 'extendedKeyUsage=clientAuth'
exec dockerd --host=unix:///var/run/docker.sock --host=tcp://0.0.0.0:2376 --tlsverify \\
  --tlscacert="$DOCKER_TLS_CERTDIR/server/ca.pem" --tlscert="$DOCKER_TLS_CERTDIR/server/cert.pem" \\
  --tlskey="$DOCKER_TLS_CERTDIR/server/key.pem" "$@"
"""


def require_docker() -> None:
    """Skip the test, or fail it in CI, if no Docker daemon is to be had."""
    problem = _install()
    if problem and os.environ.get("CI"):
        pytest.fail(f"no Docker daemon can be started: {problem}")
    if problem:
        pytest.skip(f"no Docker daemon can be started: {problem}")


def version() -> str:
    """Return the release of the unpacked client, as ``docker --version`` tells it."""
    done = subprocess.run([LOCAL / "bin" / "docker", "--version"], capture_output=True, text=True, check=True)
    return done.stdout.split(",")[0].removeprefix("Docker version ")


@functools.cache
def _install() -> str:
    missing = [tool for tool in ("apt-get", "dpkg-deb", "openssl") if not shutil.which(tool)]
    if missing:
        return f"{missing[0]} is not installed"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (CACHE / "installed").exists():
            problem = _download()
            if problem:
                return problem
            _lay_out()
            (CACHE / "installed").touch()
    return ""


def _download() -> str:
    """Fetch the packages, and those that they need and this machine has not; install nothing."""
    folder = CACHE / "packages"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "partial").mkdir(parents=True)
    command = ["apt-get", "-qq", "-o", f"Dir::Cache::archives={folder}", "-o", "Debug::NoLocking=1"]
    command += ["install", "--download-only", "--reinstall", "--yes", "--no-install-recommends", *PACKAGES]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    except subprocess.TimeoutExpired:
        return "apt-get took more than 5 minutes"
    if done.returncode == 0:
        return ""
    return f"apt-get failed: {(done.stderr.strip().splitlines() or ['without a word'])[-1]}"


def _lay_out() -> None:
    unpacked = CACHE / "unpacked"
    for folder in (unpacked, LOCAL):
        shutil.rmtree(folder, ignore_errors=True)
    for package in sorted((CACHE / "packages").glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", package, unpacked], check=True)
    files = {path.name: path for path in unpacked.rglob("*") if path.is_file() and not path.is_symlink()}
    (LOCAL / "bin").mkdir(parents=True)
    for name, source in PROGRAMS.items():
        shutil.copy(files[source], LOCAL / "bin" / name)
    for libraries in (*unpacked.glob("lib/*-linux-gnu*"), *unpacked.glob("usr/lib/*-linux-gnu*")):
        shutil.copytree(libraries, LOCAL / "lib", symlinks=True, dirs_exist_ok=True)
    entry = LOCAL / "bin" / "dockerd-entrypoint.sh"
    entry.write_text(ENTRY_POINT)
    entry.chmod(0o755)
    for folder in (unpacked, CACHE / "packages"):
        shutil.rmtree(folder)
