"""Facts: shapes are refused on the spot and all at once, values are judged by `problems()`."""

from fractions import Fraction

import pytest

from agentkeep import DeclarationErrors, Image, Port, Resources
from agentkeep.core.facts import (
    address_name,
    bytes_problems,
    dns_label_problems,
    duration_problems,
    env_name_problems,
    network_problems,
    port_name_problems,
    quantity,
    text_problems,
)
from tests.worlds import fields


def test_every_wrong_keyword_is_named_at_once() -> None:
    with pytest.raises(DeclarationErrors, match="Resources cannot be built") as caught:
        Resources(cpu=1, memory="1Gi", cpu_limit="2", memroy_limit="2Gi")  # type: ignore[call-arg,arg-type]

    assert [fields(error) for error in caught.value.exceptions] == [
        ("Resources", "'cpu': input should be a valid string", "give cpu=... the documented type"),
        ("Resources", "'memory_limit' is missing", "add memory_limit=... to Resources(...)"),
        ("Resources", "'memroy_limit' is not a keyword of Resources", "remove memroy_limit=..."),
    ]


def test_facts_are_frozen_and_compare_by_value() -> None:
    port = Port.tcp(443)
    with pytest.raises(ValueError, match="frozen"):
        port.number = 80

    assert hash(port) == hash(Port.tcp(443))
    assert port == Port.tcp(443) != Port.udp(443)


def test_images_compare_by_what_they_name() -> None:
    image = Image("docker:27.5.1-dind")

    assert (image, hash(image)) == (Image("docker:27.5.1-dind"), hash(Image("docker:27.5.1-dind")))
    assert image != Image("docker:27.5.1-cli")
    assert repr(image) == "Image('docker:27.5.1-dind')"


@pytest.mark.parametrize(
    ("reference", "repository", "tag", "digest"),
    [
        ("docker:27.5.1-dind", "docker", "27.5.1-dind", None),
        ("ghcr.io/acme/tool:v1.2.3", "ghcr.io/acme/tool", "v1.2.3", None),
        ("localhost:5000/tool:1.2.3", "localhost:5000/tool", "1.2.3", None),
        ("acme/tool@sha256:" + "0" * 64, "acme/tool", None, "sha256:" + "0" * 64),
        ("acme/tool:1.2.3@sha256:" + "0" * 64, "acme/tool", "1.2.3", "sha256:" + "0" * 64),
        ("ghcr.io/openclaw/openclaw:2026.9.6", "ghcr.io/openclaw/openclaw", "2026.9.6", None),
    ],
)
def test_reads_an_image(reference: str, repository: str, tag: str | None, digest: str | None) -> None:
    image = Image(reference)

    assert (image.repository, image.tag, image.digest) == (repository, tag, digest)
    assert list(image.problems()) == []


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "UPPER:1.2.3",
        "a b:1.2.3",
        "a:1.2.3@sha256:abc",
        "a:1.2.3\n",
        "a//b:1.2.3",
        "a:1.2.3@sha512:" + "0" * 128,
        ":1.2.3",
    ],
)
def test_refuses_what_is_no_image(reference: str) -> None:
    ((problem, _),) = Image(reference).problems()

    assert "is not an image reference" in problem


@pytest.mark.parametrize("tag", ["latest", "27-dind", "1.2", "stable", "v1", "main-v1.63.2", "1.2.x", "1.2.٣"])
def test_refuses_a_tag_that_moves(tag: str) -> None:
    ((problem, _),) = Image(f"acme/tool:{tag}").problems()

    assert problem in {
        f"image 'acme/tool:{tag}' has no fixed version",
        f"image 'acme/tool:{tag}' is not an image reference",
    }


@pytest.mark.parametrize(
    ("tag", "version"),
    [("v1.103.2", (1, 103, 2)), ("27.5.1-dind", (27, 5, 1)), ("2026.9.6", (2026, 9, 6)), ("x", None)],
)
def test_compares_versions_as_numbers(tag: str, version: tuple[int, ...] | None) -> None:
    assert Image(f"a:{tag}").version == version


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("500m", Fraction(1, 2)), ("1Gi", 2**30), ("1G", 10**9), ("1.5Ki", 1536), (".5", Fraction(1, 2)),
        ("2.", 2), ("1e3", 1000), ("1E3", 1000), ("1E", 10**18), ("1Ei", 2**60), ("1e-3", Fraction(1, 1000)),
        ("3u", Fraction(3, 10**6)), ("3n", Fraction(3, 10**9)), ("0", 0),
    ],
)  # fmt: skip
def test_reads_a_quantity(text: str, value: Fraction | int) -> None:
    assert quantity(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "1GB", "1 Gi", "Gi", "1gi", "1Ki ", "-1", "--1", "1.2.3", "0x10", "1e", "1K", "\u0661Gi", "1e999", "NaN"],
)
def test_refuses_what_kubernetes_refuses(text: str) -> None:
    assert quantity(text) is None


def test_resources_that_kubernetes_refuses() -> None:
    bad = Resources(cpu="2", memory="512m", cpu_limit="1", memory_limit="1GB")

    assert list(bad.problems()) == [
        ("memory='512m' is not a whole number of bytes: 'm' means thousandths", "write it as '512Mi'"),
        ("memory_limit='1GB' is not a quantity that Kubernetes takes", "write it as '512Mi' or '10Gi'"),
        ("cpu_limit='1' is below the request '2'", "raise cpu_limit or lower cpu"),
    ]


@pytest.mark.parametrize("cpu", ["0", "0.5m", "1n", "two"])
def test_processors_come_in_thousandths(cpu: str) -> None:
    ((problem, _),) = Resources(cpu=cpu, memory="1Gi", cpu_limit="2", memory_limit="1Gi").problems()

    assert problem == f"cpu={cpu!r} is not a quantity of processors that Kubernetes takes"


def test_the_memory_limit_in_mib_is_rounded_down() -> None:
    assert Resources(cpu="1", memory="1M", cpu_limit="1", memory_limit="1G").memory_limit_mib == 953


@pytest.mark.parametrize("size", ["0", "10GB", "-1Gi", ""])
def test_refuses_a_size_of_nothing(size: str) -> None:
    ((problem, _),) = bytes_problems("disk", size)

    assert problem == f"disk={size!r} is not a quantity that Kubernetes takes"


@pytest.mark.parametrize("name", ["a", "a-b", "0", "a" * 63])
def test_takes_a_dns_label(name: str) -> None:
    assert list(dns_label_problems("id", name)) == []


@pytest.mark.parametrize("name", ["", "A", "a_b", "-a", "a-", "a.b", "a" * 64, "a\n", "é"])
def test_refuses_what_is_no_dns_label(name: str) -> None:
    assert len(list(dns_label_problems("id", name))) == 1


@pytest.mark.parametrize("name", ["http", "a", "gateway", "a-b", "9p"])
def test_takes_a_port_name(name: str) -> None:
    assert list(port_name_problems(name)) == []


@pytest.mark.parametrize("name", ["", "80", "HTTP", "a--b", "-a", "a-", "a_b", "a" * 16])
def test_refuses_what_is_no_port_name(name: str) -> None:
    assert len(list(port_name_problems(name))) == 1


@pytest.mark.parametrize("number", [0, -1, 65536])
def test_refuses_a_port_out_of_range(number: int) -> None:
    assert list(Port.tcp(number).problems()) == [(f"{number} is not a port", "use 1 to 65535")]


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A B", "A=1", "É"])
def test_refuses_what_is_no_variable_and_does_not_repeat_it(name: str) -> None:
    ((problem, _),) = env_name_problems(name)

    assert problem == "as_env= is not the name of an environment variable"


def test_networks_have_no_host_bits() -> None:
    found = list(network_problems("pod_cidrs", ["10.0.0.0/8", "10.244.0.1/16", "2001:db8::1/64", "ten"]))

    assert found == [
        ("pod_cidrs: '10.244.0.1/16' has host bits set", "write it as '10.244.0.0/16'"),
        ("pod_cidrs: '2001:db8::1/64' has host bits set", "write it as '2001:db8::/64'"),
        ("pod_cidrs: 'ten' is not a network", "write it as address/prefix, such as '10.96.0.0/12'"),
    ]


@pytest.mark.parametrize("text", ["24h", "1h30m", "30s"])
def test_takes_a_duration(text: str) -> None:
    assert list(duration_problems("session", text)) == []


@pytest.mark.parametrize("text", ["", "1d", "24", "h", "24 h"])
def test_refuses_what_is_no_duration(text: str) -> None:
    assert len(list(duration_problems("session", text))) == 1


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("DISCORD_BOT_TOKEN", "discord_bot_token"),
        ("a-b.c", "a_b_c"),
        ("2fa", "_2fa"),
        ("GitHub (work)", "github__work_"),
    ],
)
def test_a_name_becomes_part_of_an_address(name: str, address: str) -> None:
    assert address_name(name) == address


@pytest.mark.parametrize("text", ["${var.x}", "%{ if true }", "a ${ b"])
def test_text_holds_no_template(text: str) -> None:
    ((problem, _),) = text_problems("about=", text)

    assert problem == "about= holds a template"


@pytest.mark.parametrize("text", ["a\nb", "a\u2028b", "a\x85b", "a\x1bb", "a\u202eb"])
def test_text_is_one_plain_line_for_yaml_too(text: str) -> None:
    ((problem, _),) = text_problems("about=", text)

    assert problem == "about= is not one line of plain text"


def test_text_holds_no_credential() -> None:
    ((problem, fix),) = text_problems("about=", "sk-ant-api03-notreal0000")

    assert (problem, fix[:9]) == ("about= holds what looks like a credential", "revoke it")
