"""What a person types, what comes back, and with which exit status."""

# ruff: noqa: E501  # answers of the program, each on one line as the program prints them

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentkeep.verify.command import diff_command, explain_command, main, verify_command
from agentkeep.verify.rules import all_rules
from tests.proofs.world import APP, DIST, World

if not (DIST / "platform.json").is_file() and not os.environ.get("CI"):
    raise FileNotFoundError("dist/ is not there; run make synth")

Capture = pytest.CaptureFixture[str]
Change = Callable[[World], Any]


def folder(path: Path, change: Change | None = None) -> str:
    world = World()
    if change:
        change(world)
    for name, data in world.bytes().items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return str(path)


def open_the_internet(world: World) -> None:
    rule = {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443}]}
    world.k8s("NetworkPolicy", "openclaw")["spec"]["egress"].append(rule)


def steal(world: World) -> None:
    ref = {"secretKeyRef": {"name": "litellm-credentials", "key": "ANTHROPIC_API_KEY"}}
    world.container("openclaw")["env"].append({"name": "X", "valueFrom": ref})


def test_verify_proves_dist(capsys: Capture) -> None:
    assert verify_command([str(DIST)]) == 0

    out = capsys.readouterr().out
    assert "rules proved, 0 refuted, 0 unknown" in out
    assert "NET006" in out


def test_verify_shows_what_refutes(tmp_path: Path, capsys: Capture) -> None:
    assert verify_command([folder(tmp_path, open_the_internet)]) == 1

    out = capsys.readouterr().out
    assert "NET006 [openclaw/openclaw] may send to 10.0.0.0/8" in out
    assert "packet to 10.0.0.0 TCP/443" in out
    assert "networkpolicy.yaml" in out


def test_verify_as_json(tmp_path: Path, capsys: Capture) -> None:
    assert verify_command([folder(tmp_path, steal), "--format", "json"]) == 1

    answer = json.loads(capsys.readouterr().out)
    refuted = {one["rule"]: one for one in answer["rules"] if one["outcome"] == "refuted"}
    assert answer["outcome"] == "refuted"
    assert "SEC004" in refuted
    finding = refuted["SEC004"]["findings"][0]
    assert finding["file"] == f"{APP}openclaw-deployment.yaml"
    assert finding["line"] > 1
    assert finding["witness"][0] == "key /lolice/openclaw/ANTHROPIC_API_KEY of the store"


def test_verify_as_sarif(tmp_path: Path, capsys: Capture) -> None:
    assert verify_command([folder(tmp_path, steal), "--format", "sarif"]) == 1

    answer = json.loads(capsys.readouterr().out)
    (run,) = answer["runs"]
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert answer["version"] == "2.1.0"
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["locations"][0]["physicalLocation"]["region"]["startLine"] >= 1
    assert any(result["ruleId"] == "SEC004" for result in run["results"] if "suppressions" not in result)
    assert all(result["suppressions"][0]["justification"] for result in run["results"] if "suppressions" in result)


def test_one_family_can_be_asked_for(capsys: Capture) -> None:
    assert verify_command([str(DIST), "--family", "NET", "--format", "json"]) == 0

    rules = [one["rule"] for one in json.loads(capsys.readouterr().out)["rules"]]
    always = {rule.id for rule in all_rules() if rule.always}
    assert {rule for rule in rules if not rule.startswith(("NET", "ACK"))} == always


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["nothing"], "[nothing] there is no such folder; name the folder that holds the artifacts"),
        (
            [str(DIST), "--policy", "nothing.yaml"],
            "[nothing.yaml] cannot be read (No such file or directory); name a policy file",
        ),
    ],
)
def test_what_could_not_run_is_said_in_one_line(arguments: list[str], line: str, capsys: Capture) -> None:
    assert verify_command(arguments) == 2

    assert capsys.readouterr().err == line + "\n"


def test_broken_artifacts_are_no_refutation(tmp_path: Path, capsys: Capture) -> None:
    where = folder(tmp_path)
    (tmp_path / APP / "broken.yaml").write_text("a: [")

    assert verify_command([where]) == 2
    assert capsys.readouterr().err.startswith(f"[{APP}broken.yaml:2] this is not YAML")


EXPLAINED: dict[tuple[str, ...], tuple[str, str]] = {
    ("openclaw", "litellm:4000"): (
        "openclaw/openclaw to openclaw/litellm on TCP/4000: yes",
        "policy openclaw/openclaw, rule 1",
    ),
    ("openclaw", "litellm:4001"): ("openclaw/openclaw to openclaw/litellm on TCP/4001: no", "no rule of"),
    ("openclaw", "10.0.0.1:443"): ("openclaw/openclaw to 10.0.0.1 on TCP/443: no", "no rule of"),
    ("openclaw", "192.178.0.9:443"): ("openclaw/openclaw to 192.178.0.9 on TCP/443: no", "lies in the cluster's pods"),
    ("openclaw", "8.8.8.8:443"): ("openclaw/openclaw to 8.8.8.8 on TCP/443: yes", "policy openclaw/openclaw, rule"),
    ("openclaw", "8.8.8.8:443/udp"): ("openclaw/openclaw to 8.8.8.8 on UDP/443: no", "no rule of"),
    ("openclaw", "[2606:4700::1]:443"): ("openclaw/openclaw to 2606:4700::1 on TCP/443: no", "no rule of"),
    ("openclaw", "dns:53/udp"): ("openclaw/openclaw to kube-system/DNS on UDP/53: yes", "k8s-app=kube-dns"),
    ("litellm", "openclaw:18789"): ("openclaw/litellm to openclaw/openclaw on TCP/18789: no", "no rule of"),
    ("cloudflared", "openclaw:18789"): ("openclaw/cloudflared to openclaw/openclaw on TCP/18789: yes", "may receive"),
    ("ANTHROPIC_API_KEY",): (
        "read by litellm/litellm; by none of the other",
        "ExternalSecret openclaw/litellm key ANTHROPIC_API_KEY",
    ),
    ("/lolice/openclaw/tunnel-token",): ("read by cloudflared/cloudflared", "Secret openclaw/cloudflared-credentials"),
}


@pytest.mark.parametrize(("question", "answer"), EXPLAINED.items(), ids=[" ".join(q) for q in EXPLAINED])
def test_explain(question: tuple[str, ...], answer: tuple[str, str], capsys: Capture) -> None:
    assert explain_command([*question, "--dist", str(DIST)]) == 0

    headline, _, hops = capsys.readouterr().out.partition("\n")
    assert answer[0] in headline
    assert answer[1] in hops


def test_explain_names_a_reader_that_nobody_declared(tmp_path: Path, capsys: Capture) -> None:
    assert explain_command(["ANTHROPIC_API_KEY", "--dist", folder(tmp_path, steal)]) == 0

    assert "openclaw/openclaw (env X): NOT DECLARED" in capsys.readouterr().out


@pytest.mark.parametrize("question", [["nobody", "litellm:4000"], ["openclaw", "nobody:1"], ["openclaw", "litellm"], ["NOTHING"],
                                      ["openclaw", "10.0.0.300:1"], ["openclaw", "litellm:0"], ["openclaw", "litellm:1/icmp"]])  # fmt: skip
def test_explain_refuses_what_is_not_there(question: list[str], capsys: Capture) -> None:
    assert explain_command([*question, "--dist", str(DIST)]) == 2

    assert capsys.readouterr().err.count("\n") == 1


def test_diff_of_the_same_is_nothing(capsys: Capture) -> None:
    assert diff_command([str(DIST), str(DIST)]) == 0

    assert capsys.readouterr().out == "nothing becomes readable, reachable, deletable, public or broken\n"


WIDENINGS: dict[str, tuple[Change, str, str]] = {
    "a secret": (steal, "readable", "openclaw/openclaw/openclaw can read /lolice/openclaw/ANTHROPIC_API_KEY"),
    "an address": (open_the_internet, "reachable", "openclaw/openclaw may send to 10.0.0.0/8 TCP/443"),
    "a label": (
        lambda w: w.k8s("Deployment", "cloudflared")["spec"]["template"]["metadata"]["labels"].update(
            {"app.kubernetes.io/name": "litellm"}
        ),
        "reachable",
        "openclaw/openclaw can open a connection to openclaw/cloudflared on TCP/4000",
    ),
    "a finalizer": (
        lambda w: w.k8s("Application", "openclaw")["metadata"].update(
            finalizers=["resources-finalizer.argocd.argoproj.io"]
        ),
        "deletable",
        "DATA002[Application/argocd/openclaw]: deletes its resources when it is deleted (resources-finalizer.argocd.argoproj.io)",
    ),
    "a door": (
        lambda w: w.tf("cloudflare_zero_trust_access_policy").update(include=[{"everyone": True}]),
        "public",
        "openclaw.b0xp.io admits by everyone True (allow)",
    ),
    "a node port": (
        lambda w: w.k8s("Service", "openclaw")["spec"].update(type="NodePort"),
        "public",
        "Service/openclaw/openclaw is of type NodePort",
    ),
    "privileges": (
        lambda w: w.container("litellm")["securityContext"].update(privileged=True),
        "weaker",
        "POD003[litellm/litellm]: privileged",
    ),
    "smaller cluster": (
        lambda w: w.ledger["cluster"].update(podCidrs=["192.178.0.0/17"]),
        "weaker",
        "192.178.128.0/17 counts no longer as the cluster's own",
    ),
    "an agent no more": (
        lambda w: next(x for x in w.ledger["workloads"] if x["id"] == "openclaw").update(role="service"),
        "weaker",
        "openclaw counts no longer as agent, but as service",
    ),
    "a key like any other": (
        lambda w: next(x for x in w.ledger["secrets"] if x["id"] == "ANTHROPIC_API_KEY").update(role="generic"),
        "weaker",
        "ANTHROPIC_API_KEY counts no longer as provider-key, but as generic",
    ),
    "another repository": (
        lambda w: w.k8s("Application", "openclaw")["spec"]["source"].update(repoURL="https://example.org/x"),
        "weaker",
        "Application/argocd/openclaw delivers from another repoURL: https://example.org/x",
    ),
    "the default deny": (
        lambda w: w.drop("NetworkPolicy", "default-deny"),
        "weaker",
        "NET002[openclaw/any pod]: is open for egress",
    ),
}


@pytest.mark.parametrize(("change", "kind", "what"), WIDENINGS.values(), ids=WIDENINGS.keys())
def test_diff_names_what_widens(change: Change, kind: str, what: str, tmp_path: Path, capsys: Capture) -> None:
    new = folder(tmp_path / "new", change)

    assert diff_command([str(DIST), new, "--format", "json"]) == 1
    changes = json.loads(capsys.readouterr().out)["changes"]
    assert (kind, what) in [(one["kind"], one["what"]) for one in changes]
    assert diff_command([new, str(DIST)]) in (0, 1)


def test_diff_the_other_way_is_narrower(tmp_path: Path, capsys: Capture) -> None:
    assert diff_command([folder(tmp_path, steal), str(DIST)]) == 0

    assert "cannot read /lolice/openclaw/ANTHROPIC_API_KEY any more" in capsys.readouterr().out


def git(repository: Path, *arguments: str) -> None:
    identity = {
        "GIT_AUTHOR_NAME": "x",
        "GIT_AUTHOR_EMAIL": "x@example.org",
        "GIT_COMMITTER_NAME": "x",
        "GIT_COMMITTER_EMAIL": "x@example.org",
    }
    environment = {"PATH": os.environ["PATH"], "HOME": str(repository), "GIT_CONFIG_GLOBAL": "/dev/null", **identity}
    subprocess.run(["git", *arguments], cwd=repository, env=environment, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    folder(tmp_path / "dist")
    # An attribute must not be able to hide a file from the comparison.
    (tmp_path / ".gitattributes").write_text("dist/** export-ignore\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "one")
    folder(tmp_path / "dist", steal)
    git(tmp_path, "commit", "-q", "-a", "-m", "two")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_diff_of_revisions(repository: Path, capsys: Capture) -> None:
    assert diff_command(["HEAD~1", "HEAD"]) == 1
    assert "newly readable:" in capsys.readouterr().out
    assert diff_command(["HEAD~1"]) == 1
    assert diff_command(["HEAD"]) == 0
    assert diff_command(["HEAD", "HEAD~1"]) == 0


def test_diff_reads_revisions_from_a_folder_below(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "below").mkdir()
    monkeypatch.chdir(repository / "dist")

    assert diff_command(["HEAD~1", "HEAD", "--dist", "lolice"]) == 2


@pytest.mark.parametrize("revision", ["nothing", "--output=x", "-x", "HEAD:dist", ""])
def test_diff_refuses_what_is_no_revision(revision: str, repository: Path, capsys: Capture) -> None:
    arguments = ["--", revision, "dist"]

    assert diff_command(arguments) == 2
    assert "is neither a folder nor a git revision" in capsys.readouterr().err


def test_diff_refuses_a_link_in_a_revision(repository: Path, capsys: Capture) -> None:
    (repository / "dist" / "link.yaml").symlink_to("/etc/passwd")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "three")

    assert diff_command(["HEAD", "HEAD~1"]) == 2
    assert "is neither a file nor a folder" in capsys.readouterr().err


def test_main_knows_three_commands(capsys: Capture) -> None:
    assert main(["verify", str(DIST), "--format", "json"]) == 0
    assert main([]) == 2
    assert main(["destroy"]) == 2
