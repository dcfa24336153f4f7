"""Terraform root modules of a platform, through cdktf: the halves of its parts, grouped by what they are about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from cdktf import App, S3Backend, TerraformStack

from agentkeep.core.model import Model
from agentkeep.core.part import Part
from agentkeep.halves.terraform import Root
from agentkeep.targets.terraform import TerraformModules

TERRAFORM_VERSION = ">= 1.0"


def tree(model: Model, target: TerraformModules, scratch: Path, before: Mapping[str, str]) -> dict[str, str]:  # noqa: ARG001 - the form of every maker
    """
    Synthesize every root module.

    Args:
        model: What was declared.
        target: The repository.
        scratch: Where the engine's own output goes.
        before: What earlier targets wrote.

    Returns:
        What is reviewed: text by path in ``dist/``.
    """
    app = App(outdir=str(scratch), hcl_output=False)
    stacks = root_modules(app, model, target)
    app.synth()
    found: dict[str, str] = {}
    for folder, stack in stacks.items():
        text = (scratch / "stacks" / stack.node.id / "cdk.tf.json").read_text(encoding="utf-8")
        found[f"{target.folder}/{folder}/cdk.tf.json"] = text.rstrip("\n") + "\n"
        found |= {f"{target.folder}/{folder}/{name}": content for name, content in target.files.items()}
    return found


def root_modules(app: App, model: Model, target: TerraformModules) -> dict[str, TerraformStack]:
    """Build a stack for each root module in *app*; returns them by folder, secrets' own before what uses them."""
    members: dict[str, tuple[Root, list[Callable[[TerraformStack], object]]]] = {}
    together: dict[Any, list[Part]] = {}
    for part in model.parts.values():
        if name := part.half("terraform"):
            half = _load(name)
            root = half.root(part, model)
            _, builders = members.setdefault(root.path, (root, []))
            if not hasattr(half, "together"):
                builders.append(partial(_build_part, half, part, model))
            elif half in together:
                together[half].append(part)
            else:
                together[half] = [part]
                builders.append(partial(half.together, parts=together[half], model=model))
    for fact_name, fact in model.facts:
        if name := fact.halves.get("terraform"):
            half = _load(name)
            root = half.root(model)
            members.setdefault(root.path, (root, []))[1].append(partial(_build_fact, half, fact_name, model))
    stacks: dict[str, TerraformStack] = {}
    for path, (root, builders) in sorted(members.items()):
        folder = target.module_folder(path, model.id)
        stacks[folder] = stack = _stack(app, model, target, root, folder)
        root.prepare(stack, model)
        for build in builders:
            build(stack)
    return stacks


def _build_part(half: Any, part: Part, model: Model, stack: TerraformStack) -> None:
    half(stack, part.id, part, model=model)


def _build_fact(half: Any, name: str, model: Model, stack: TerraformStack) -> None:
    half(stack, name, model)


def _load(half: str) -> Any:
    module, _, name = half.partition(":")
    return getattr(import_module(module), name)


def _stack(app: App, model: Model, target: TerraformModules, root: Root, folder: str) -> TerraformStack:
    stack = TerraformStack(app, f"{root.name}-{model.id}")
    S3Backend(
        stack,
        bucket=target.state.bucket,
        region=target.state.region,
        key=f"{folder}/v1/terraform.tfstate",
        encrypt=True,
    )
    stack.add_override("terraform.required_version", TERRAFORM_VERSION)
    for provider, version in root.versions.items():
        stack.add_override(f"terraform.required_providers.{provider}.version", version)
    stack.add_override("//.comment", f"Synthesized by agentkeep from the declaration of {model.id!r}. Change that.")
    return stack
