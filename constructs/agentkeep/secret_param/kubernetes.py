"""The Kubernetes half of secrets: for each workload, one Secret with exactly the keys that it was granted."""

from __future__ import annotations

from constructs import Construct

from agentkeep.manifests import WAVE_CONFIG, object_metadata
from agentkeep.pages import Pages
from agentkeep.workload import Workload
from agentkeep_imports.k8s.external_secret import (
    ExternalSecret,
    ExternalSecretSpec,
    ExternalSecretSpecData,
    ExternalSecretSpecDataRemoteRef,
    ExternalSecretSpecSecretStoreRef,
    ExternalSecretSpecTarget,
)

# How long a rotated value takes to arrive.
REFRESH = "1h"


class SecretParamKubernetes(Construct):
    """
    An ExternalSecret that copies a workload's parameters to a Secret which that workload alone reads.

    Args:
        scope: A chart.
        id: Construct id.
        workload: Whose grants to synthesize; one that reads nothing gets nothing.
        pages: Which file gets what; all in *scope* by default.
    """

    def __init__(self, scope: Construct, id: str, workload: Workload, *, pages: Pages | None = None) -> None:  # noqa: A002
        super().__init__(scope, id)
        if not workload.grants:
            return
        pages = pages or Pages(self)
        platform = workload.platform
        # The workload that the platform is named for needs no suffix.
        suffix = "" if workload.id == platform.id else f"-{workload.id}"
        page = pages.page(f"externalsecret{suffix}", f"what {workload.path} may read, and nobody else")
        store = platform.cluster.secret_store
        ExternalSecret(
            page,
            f"{workload.id}-external-secret",
            metadata=object_metadata(platform, workload.id, wave=WAVE_CONFIG),
            spec=ExternalSecretSpec(
                refresh_interval=REFRESH,
                secret_store_ref=ExternalSecretSpecSecretStoreRef(name=store.name, kind=store.kind),
                target=ExternalSecretSpecTarget(
                    name=workload.secret_name,
                    creation_policy="Owner",
                    # A parameter that is gone for a moment must not take a running workload's Secret with it.
                    deletion_policy="Retain",
                ),
                data=[
                    ExternalSecretSpecData(
                        secret_key=grant.secret.id,
                        remote_ref=ExternalSecretSpecDataRemoteRef(
                            key=grant.secret.ssm_name,
                            # The controller writes these defaults back; left out, ArgoCD would see a change for ever.
                            conversion_strategy="Default",
                            decoding_strategy="None",
                            metadata_policy="None",
                        ),
                    )
                    for grant in workload.grants
                ],
            ),
        )
        for index, grant in enumerate(workload.grants):
            pages.explain("ExternalSecret", workload.id, "spec", "data", index, because=grant.secret.about)
