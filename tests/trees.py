"""What one target makes of a platform, as text by path in ``dist/``, without the other targets."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TypeVar

from agentkeep.core.cluster import Target
from agentkeep.core.model import Model
from agentkeep.targets.helm import Chart
from agentkeep.targets.kubernetes import Manifests
from agentkeep.targets.terraform import TerraformModules

TargetT = TypeVar("TargetT", bound=Target)


def target_of(model: Model, kind: type[TargetT]) -> TargetT:
    """The target of *kind* that *model* declares."""
    return next(target for target in model.targets if isinstance(target, kind))


def made(model: Model, target: Target, folder: Path, before: Mapping[str, str]) -> dict[str, str]:
    """What the maker of *target* makes, as synthesis calls it."""
    module, _, maker = target.maker.partition(":")
    found: dict[str, str] = getattr(import_module(module), maker)(model, target, folder, before)
    return found


def terraform_tree(model: Model, folder: Path) -> dict[str, str]:
    """Every root module; the engine writes to *folder*."""
    return made(model, target_of(model, TerraformModules), folder, {})


def kubernetes_tree(model: Model, folder: Path) -> dict[str, str]:
    """Every manifest; the engine writes to *folder*."""
    return made(model, target_of(model, Manifests), folder, {})


def helm_tree(model: Model, manifests: Mapping[str, str]) -> dict[str, str]:
    """The chart of *manifests*."""
    return made(model, target_of(model, Chart), Path(), manifests)
