"""Facts of the vendors at the edges, EBS, Secrets Manager and plain manifests: what each refuses, and its remedy."""

from typing import Any

import pytest

from agentkeep import Aws, Cluster, DeclarationErrors, EbsCsi, Plain, SecretParam, SecretsManager
from agentkeep.core.cluster import Storage
from agentkeep.targets.ledger import ledger
from agentkeep.testing import DEMO_AWS, DEMO_CLUSTER, demo_platform
from tests.worlds import World, refusals, world

STORE = SecretsManager(name="secrets-manager", aws=DEMO_AWS, prefix="agents")
EBS = EbsCsi(aws=DEMO_AWS)


def on(storage: Storage) -> Cluster:
    """The demo cluster with that storage."""
    facts: dict[str, Any] = {name: getattr(DEMO_CLUSTER, name) for name in Cluster.model_fields}
    return Cluster(**{**facts, "storage": storage})


ON_EBS = on(EBS)
FLUX = Plain(folder="apps", flux=True)


@pytest.fixture
def elsewhere() -> World:
    """The demo world on EBS, with Secrets Manager, delivered by Flux."""
    return world(platform=demo_platform(on=ON_EBS, store=STORE, delivery=FLUX))


# --- Secrets Manager -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, None),
        ({"prefix": "/agents"}, None),
        ({"prefix": "agents/"}, "prefix='agents/' is not a path"),
        ({"prefix": "agents//x"}, "prefix='agents//x' is not a path"),
        ({"prefix": ""}, "prefix='' is not a path"),
        ({"prefix": "my agents"}, "prefix='my agents' is not a path"),
        ({"recovery_days": 0}, "recovery_days=0 is not a window of Secrets Manager"),
        ({"recovery_days": 31}, "recovery_days=31 is not a window of Secrets Manager"),
        ({"recovery_days": 7}, None),
        ({"name": "My Store"}, "part of secret store 'My Store': 'My Store' is not a DNS label"),
        ({"aws": Aws(account_id="12", region="eu-central-1")}, "account_id is not twelve digits"),
    ],
)
def test_judges_secrets_manager(changes: dict[str, Any], problem: str | None) -> None:
    given: dict[str, Any] = {"name": "secrets-manager", "aws": DEMO_AWS, "prefix": "agents"} | changes

    assert [found for found, _ in SecretsManager(**given).problems()] == ([problem] if problem else [])


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("agents/demo/KEY", None),
        ("agents/demo/a_b+c=d.e@f-g", None),
        ("agents/demo/my key", "key= is not a Secrets Manager name"),
        ("agents/demo//KEY", "key= is not a Secrets Manager name"),
        ("agents/demo/", "key= is not a Secrets Manager name"),
        ("agents/demo/" + "x" * 501, "key= is not a Secrets Manager name"),
        (
            "agents/demo/KEY-a1B2c3",
            "key= ends with a hyphen and six characters, as the ARNs of Secrets Manager do",
        ),
        ("agents/demo/KEY-a1B2c", None),
        ("agents/other/KEY", "key='agents/other/KEY' is outside the prefix of the platform"),
    ],
)
def test_judges_a_name_and_never_repeats_one_that_could_be_a_value(key: str, problem: str | None) -> None:
    keep = demo_platform(store=STORE)
    secret = SecretParam(keep, "KEY", about="x", key=key)
    found = [said for path, said, _ in refusals(keep) if path == secret.path and said != "has no reader"]

    assert found == ([problem] if problem else [])


def test_a_name_lies_below_prefix_and_platform() -> None:
    assert SecretParam(demo_platform(store=STORE), "KEY", about="x").key == "agents/demo/KEY"


def test_a_description_has_the_length_that_it_takes() -> None:
    keep = demo_platform(store=STORE)
    secret = SecretParam(keep, "KEY", about="x" * 2049)

    assert (
        secret.path,
        "about= is longer than a description of Secrets Manager",
        "use at most 2048 characters",
    ) in refusals(keep)


def test_two_names_of_one_address_are_refused() -> None:
    keep = demo_platform(store=STORE)
    SecretParam(keep, "MY_KEY", about="x")
    twin = SecretParam(keep, "my-key", about="x")

    assert any(path == twin.path and "has the address of" in problem for path, problem, _ in refusals(keep))


# --- EBS -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, None),
        ({"type": "io2"}, None),
        ({"at": "23:59", "keep": 1}, None),
        ({"at": "24:00"}, "at='24:00' is not a time of day"),
        ({"at": "3:00"}, "at='3:00' is not a time of day"),
        ({"keep": 0}, "keep=0 is not a number of snapshots"),
        ({"keep": 1001}, "keep=1001 is not a number of snapshots"),
        ({"backup_groups": ()}, "backup_groups= is not chosen here"),
        ({"aws": Aws(account_id="12", region="eu-central-1")}, "account_id is not twelve digits"),
    ],
)
def test_judges_ebs(changes: dict[str, Any], problem: str | None) -> None:
    given: dict[str, Any] = {"aws": DEMO_AWS} | changes

    assert [found for found, _ in EbsCsi(**given).problems()] == ([problem] if problem else [])


@pytest.mark.parametrize("changes", [{"encrypted": False}, {"type": "gp2"}, {"type": "standard"}])
def test_a_volume_without_encryption_or_of_an_older_kind_cannot_be_built(changes: dict[str, Any]) -> None:
    given: dict[str, Any] = {"aws": DEMO_AWS} | changes

    with pytest.raises(DeclarationErrors):
        EbsCsi(**given)


def test_volumes_are_encrypted_and_carry_a_tag_of_cluster_and_platform() -> None:
    assert EBS.parameters("eks", "openclaw") == {
        "type": "gp3",
        "encrypted": "true",
        "csi.storage.k8s.io/fstype": "ext4",
        "tagSpecification_1": "agentkeep-backup=eks.openclaw",
    }


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("eu-central-1", "aws"),
        ("ap-northeast-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-west-2", "aws"),
    ],
)
def test_a_region_is_in_a_partition(region: str, partition: str) -> None:
    assert Aws(account_id="123456789012", region=region).partition == partition


def test_a_storage_that_nothing_uses_has_no_halves() -> None:
    keep = demo_platform(on=ON_EBS, delivery=FLUX)

    assert [name for name, _ in keep.model.facts] == ["delivery"]
    assert [name for name, _ in world(platform=keep).model.facts] == ["delivery", "storage"]


# --- plain manifests -------------------------------------------------------------------------------------------------

PAGES = {
    "agent-deployment": frozenset({"ServiceAccount", "Deployment"}),
    "agent-pvc": frozenset({"PersistentVolumeClaim"}),
    "added": frozenset({"PodMonitor"}),
    "networkpolicy": frozenset({"NetworkPolicy"}),
}


def test_what_closes_is_listed_before_what_runs() -> None:
    assert Plain().listed(PAGES) == ("networkpolicy", "agent-pvc", "added", "agent-deployment")


def test_only_what_flux_follows_is_marked_for_flux() -> None:
    plain, flux = Plain(), FLUX

    assert (plain.kept(), plain.kept_comments(), plain.after(), plain.wave(-30)) == ({}, (), {}, {})
    assert flux.kept() == {"kustomize.toolkit.fluxcd.io/prune": "disabled"}
    assert flux.wave(-30) == {}
    assert (plain.provider, flux.provider) == ("plain", "flux")


def test_nothing_of_the_delivery_itself_is_to_be_kept() -> None:
    assert Plain().protected("demo") == ()
    assert Plain().bootstrap == ()


@pytest.mark.parametrize("folder", ["/apps", "apps/", "../apps", ""])
def test_a_folder_is_inside_of_the_repository(folder: str) -> None:
    assert [fix for _, fix in Plain(folder=folder).problems()] == ["write it as 'apps'"]


# --- together --------------------------------------------------------------------------------------------------------


def test_the_ledger_names_the_vendors(elsewhere: World) -> None:
    found = ledger(elsewhere.platform.seal())

    assert found["vendors"] == {
        "delivery": "flux",
        "secretStore": "aws-secrets-manager",
        "storage": "ebs-csi",
        "publishing": None,
    }
    assert [one["backupGroups"] for one in found["storage"]] == [["daily"]]
    assert {one["key"].rpartition("/")[0] for one in found["secrets"]} == {"agents/demo"}
    assert found["cluster"]["secretStore"] == {
        "name": "secrets-manager",
        "kind": "ClusterSecretStore",
        "provider": "aws-secrets-manager",
    }


def test_an_agent_is_told_not_to_use_what_delivers_it(elsewhere: World) -> None:
    (soul,) = [
        text
        for files in elsewhere.model.pod("agent").files
        for key, text in files.texts.items()
        if key.endswith("SOUL.md")
    ]

    assert "`flux`" in soul
    assert "argocd" not in soul


def test_bad_facts_are_refused_at_their_own_paths() -> None:
    keep = demo_platform(
        on=on(EbsCsi(aws=DEMO_AWS, keep=0)),
        store=SecretsManager(name="s", aws=DEMO_AWS, prefix="a", recovery_days=1),
        delivery=Plain(folder=""),
    )

    assert {(path, fix) for path, _, fix in refusals(keep) if path.count("/")} >= {
        ("demo/cluster", "keep 1 to 1000"),
        ("demo/store", "use 7 to 30; without one, a deleted secret is gone at once"),
        ("demo/delivery", "write it as 'apps'"),
    }
