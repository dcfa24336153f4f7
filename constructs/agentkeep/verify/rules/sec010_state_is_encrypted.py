"""SEC010: state is encrypted."""

from agentkeep.verify.artifacts import mapping, text
from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report


def sec010_state_is_encrypted(case: Case, report: Report) -> None:
    """
    SEC010: every Terraform state lies in one encrypted S3 backend, each root module under a key of its own.

    Whatever Terraform fills in, such as a tunnel's token, lands in its state.
    """
    if case.ledger.by_hand or not (case.ledger.secrets or case.ledger.sites):
        # Nothing declared that Terraform would have to make.
        report.look()
    keys: dict[tuple[str, str], str] = {}
    for module in case.artifacts.terraform:
        report.look()
        backends = mapping(mapping(module.document.root.get("terraform")).get("backend"))
        at = module.at("terraform", "backend")
        if set(backends) != {"s3"}:
            report.find(module.folder, "has no S3 backend, or another one", place=at)
            continue
        s3 = mapping(backends["s3"])
        if s3.get("encrypt") is not True:
            report.find(module.folder, "does not encrypt its state", place=at)
        if text(s3.get("key")) not in {f"{folder}/v1/terraform.tfstate" for folder in _in_repository(module.folder)}:
            report.find(module.folder, "does not keep its state under its own folder's name", place=at)
        for field in ("access_key", "secret_key", "token"):
            if field in s3:
                report.find(module.folder, f"writes {field} of its backend out", place=at)
        bucket = (text(s3.get("bucket")), text(s3.get("key")))
        if bucket in keys:
            report.find(module.folder, f"shares its state with {keys[bucket]}", place=at)
        keys[bucket] = module.folder


def _in_repository(folder: str) -> set[str]:
    """The path in the repository: artifacts may stand below a folder of the repository's name."""
    return {folder, folder.partition("/")[2]} - {""}
