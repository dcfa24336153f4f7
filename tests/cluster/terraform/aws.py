"""What a person does at AWS, done at moto: no client library, and no signature, which moto does not look at."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as Xml

REGION = "ap-northeast-1"
_S3 = "{http://s3.amazonaws.com/doc/2006-03-01/}"


@dataclass(frozen=True)
class Moto:
    """
    A running moto.

    Args:
        port: Where it listens, on loopback.
        account: The AWS account that it plays.
    """

    port: int
    account: str

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def forget(self) -> None:
        """Empty the whole cloud."""
        self._ask("POST", "/moto-api/reset", b"")

    def parameters(self) -> dict[str, dict[str, Any]]:
        """Every parameter of the store by name, with its value as a reader gets it."""
        found: dict[str, dict[str, Any]] = {}
        token = None
        while True:
            page = self._ssm("GetParametersByPath", Path="/", Recursive=True, WithDecryption=True, NextToken=token)
            found |= {one["Name"]: one for one in page["Parameters"]}
            token = page.get("NextToken")
            if not token:
                return found

    def set_value(self, parameter: str, value: str) -> None:
        """Give a parameter another value by hand."""
        self._ssm("PutParameter", Name=parameter, Value=value, Type="SecureString", Overwrite=True)

    def make_bucket(self, name: str) -> None:
        """Make a bucket for states; one that is there already stays."""
        place = (
            f"<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"
        )
        self._ask("PUT", f"/{name}", place.encode(), service="s3")

    def objects(self, bucket: str) -> dict[str, bytes]:
        """Every object of a bucket: states, and what lies beside them."""
        listing = Xml.fromstring(self._ask("GET", f"/{bucket}?list-type=2", None, service="s3"))  # noqa: S314 - moto's own
        keys = [str(one.findtext(f"{_S3}Key")) for one in listing.iter(f"{_S3}Contents")]
        return {key: self._ask("GET", f"/{bucket}/{key}", None, service="s3") for key in keys}

    def _ssm(self, action: str, **asked: Any) -> Any:
        body = {key: value for key, value in asked.items() if value is not None}
        headers = {"X-Amz-Target": f"AmazonSSM.{action}", "Content-Type": "application/x-amz-json-1.1"}
        return json.loads(self._ask("POST", "/", json.dumps(body).encode(), service="ssm", headers=headers))

    def _ask(
        self, method: str, path: str, body: bytes | None, *, service: str = "", headers: dict[str, str] | None = None
    ) -> bytes:
        scope = f"Credential=person/20261126/{REGION}/{service}/aws4_request"
        sent = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=none", **(headers or {})}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise AssertionError(f"{method} {path}: {answer.status} {content.decode(errors='replace')[:500]}")
        return content
