"""Mutants of the image family: tags that move, versions with known holes, registries that nobody named."""

# mypy does not infer the type of a lambda with a default, and most harms are one.
# mypy: disable-error-code="misc"
from collections.abc import Iterator
from functools import partial

import yaml

from tests.proofs.world import Base, Mutant, World


def mutants(base: Base) -> Iterator[Mutant]:
    """Every mutant of the family, in a fixed order."""
    yield from _pods(base)
    yield from _images(base)
    yield from _replaced(base)
    yield from _called_otherwise(base)


def _called_otherwise(base: Base) -> Iterator[Mutant]:
    """The ledger calls a program that has a table here a program of the user's own, and says what it is told."""
    for workload in (*base.agents, base.proxy, base.tunnel):
        yield Mutant("IMG003", f"{workload} is declared as any program", partial(_any_program, workload))


def _any_program(workload: str, world: World) -> None:
    row = next(one for one in world.ledger["workloads"] if one["deployment"] == workload)
    row["program"] = "container"
    row["declared"] = {name: {} for name in (*row["containers"], *row["initContainers"])}


def _replaced(base: Base) -> Iterator[Mutant]:
    """The image updater of ArgoCD writes beside the manifests what is deployed in the place of an image."""
    path = f"{base.app}.argocd-source-{base.namespace}.yaml"
    image = base.main(base.agent)["image"].split(":")[0]
    for owner, harm, entry in (
        ("IMG001", "the updater takes latest", f"{image}:latest"),
        ("IMG002", "the updater goes back to a bad version", f"{image}:2026.2.1"),
        ("IMG003", "the updater takes another registry", f"{image}=evil.example/openclaw:2026.9.7"),
    ):
        body = yaml.safe_dump({"kustomize": {"images": [entry]}}).encode()
        yield Mutant(owner, harm, lambda w, b=body: w.files.update({path: b}))


def _pods(base: Base) -> Iterator[Mutant]:
    for workload, container, _ in base.containers():
        who = f"{workload}/{container}"
        target = partial(lambda n, c, w: w.container(n, c), workload, container)
        yield Mutant(
            "IMG001",
            f"{who} takes latest",
            lambda w, t=target: t(w).update(image=t(w)["image"].split(":")[0] + ":latest"),
        )
        yield Mutant(
            "IMG001", f"{who} without a tag", lambda w, t=target: t(w).update(image=t(w)["image"].split(":")[0])
        )
        yield Mutant(
            "IMG001",
            f"{who} takes a major version",
            lambda w, t=target: t(w).update(image=t(w)["image"].split(":")[0] + ":27-dind"),
        )
        yield Mutant(
            "IMG001",
            f"{who} takes a branch",
            lambda w, t=target: t(w).update(image=t(w)["image"].split(":")[0] + ":main-v1.2.3"),
        )
        yield Mutant(
            "IMG003",
            f"{who} from another registry",
            lambda w, t=target: t(w).update(image="evil.example/" + t(w)["image"]),
        )
        yield Mutant(
            "IMG003",
            f"{who} of another version",
            lambda w, t=target: t(w).update(image=t(w)["image"].split(":")[0] + ":9999.9.9"),
        )


def _images(base: Base) -> Iterator[Mutant]:
    bad = {
        base.proxy: ("v1.82.7", "v1.82.8", "v1.63.2", "v1.102.1", "v1.103.0", "main-v1.103.2"),
        base.tunnel: ("2024.12.2", "2025.6.1"),
        base.agent: ("2026.2.1", "2026.9.5"),
    }
    for workload, tags in bad.items():
        for tag in tags:
            yield Mutant(
                "IMG002",
                f"{workload} at {tag}",
                lambda w, n=workload, t=tag: w.container(n).update(
                    image=w.container(n)["image"].split(":")[0] + ":" + t
                ),
            )
        yield Mutant(
            "IMG002",
            f"{workload} by a digest that hides its version",
            lambda w, n=workload: w.container(n).update(
                image=w.container(n)["image"].split(":")[0] + "@sha256:" + "0" * 64
            ),
        )
    for reference in ("sandbox:bookworm-slim", "ghcr.io/acme/sandbox"):
        yield Mutant(
            "IMG001",
            f"sandbox image {reference}",
            lambda w, r=reference: next(
                e for e in w.container(base.agent, "pull-sandbox")["env"] if e["name"] == "SANDBOX_SOURCE"
            ).update(value=r),
        )
