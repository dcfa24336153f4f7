"""The Kubernetes half of secrets: for each workload, one Secret with exactly the keys that it was granted."""

from __future__ import annotations

from constructs import Construct

from agentkeep.core.model import Model, model_of
from agentkeep.core.workload import Workload
from agentkeep.halves.kubernetes import WAVE_CONFIG, Writer
from agentkeep.halves.pages import Pages
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
        model: The platform; as it is now unless given.
        pages: Which file gets what; all in *scope* by default.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own word
        workload: Workload,
        *,
        model: Model | None = None,
        pages: Pages | None = None,
    ) -> None:
        super().__init__(scope, id)
        model = model or model_of(workload)
        grants = model.grants(workload.id)
        if not grants:
            return
        writer = Writer(model, pages or Pages(self))
        # The workload that the platform is named for needs no suffix.
        suffix = "" if workload.id == model.id else f"-{workload.id}"
        page = writer.pages.page(f"externalsecret{suffix}", f"what {workload.path} may read, and nobody else")
        store = model.store
        ExternalSecret(
            page,
            f"{workload.id}-external-secret",
            metadata=writer.metadata(workload.id, wave=WAVE_CONFIG),
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
                        secret_key=grant.secret,
                        remote_ref=ExternalSecretSpecDataRemoteRef(
                            key=model.secret(grant.secret).key,
                            # The controller writes these defaults back; left out, ArgoCD would see a change for ever.
                            conversion_strategy="Default",
                            decoding_strategy="None",
                            metadata_policy="None",
                        ),
                    )
                    for grant in grants
                ],
            ),
        )
        for index, grant in enumerate(grants):
            about = model.secret(grant.secret).about
            writer.pages.explain("ExternalSecret", workload.id, "spec", "data", index, because=about)
