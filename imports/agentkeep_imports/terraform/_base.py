"""
The mechanics that all slim Terraform bindings share.

A slim resource is a Python subclass of cdktf's own resource class: it keeps what it was given and hands it over when
the engine asks (``synthesizeAttributes``). Nothing else crosses to the JavaScript kernel, which is what makes these
bindings fast; the prebuilt packages move every nested struct and every attribute across.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, Never, Protocol, TypeAlias, TypeVar

import cdktf
import jsii
from constructs import Construct

T = TypeVar("T")
R = TypeVar("R", bound="Reference")

Flag: TypeAlias = bool | cdktf.IResolvable
"""A boolean, or a reference to one."""

Many: TypeAlias = Sequence[T] | cdktf.IResolvable
"""Several blocks or objects, or an expression that gives them (``cdktf.DynamicBlock`` and the like)."""

ManyByKey: TypeAlias = Mapping[str, T] | cdktf.IResolvable
"""Objects by key, or an expression that gives them."""

Bag: TypeAlias = Mapping[str, T] | cdktf.IResolvable
"""Plain values by key, or an expression that gives them."""

Connection: TypeAlias = cdktf.SSHProvisionerConnection | cdktf.WinrmProvisionerConnection | dict[str, Any]
Count: TypeAlias = float | cdktf.TerraformCount
Lifecycle: TypeAlias = cdktf.TerraformResourceLifecycle | dict[str, Any]
Provisioners: TypeAlias = Sequence[
    cdktf.FileProvisioner | cdktf.LocalExecProvisioner | cdktf.RemoteExecProvisioner | dict[str, Any]
]


class Block:
    """
    A nested block or object: keyword arguments in, Terraform names out.

    Arguments that are left out do not appear in the output at all. A misspelt or missing argument is a ``TypeError``.
    """

    TERRAFORM_NAMES: ClassVar[dict[str, str]] = {}
    """The arguments whose Terraform name differs from the Python one."""

    REQUIRED: ClassVar[tuple[str, ...]] = ()
    """The arguments that must not be None."""

    def to_terraform(self) -> dict[str, Any]:
        """Return the block as the engine wants it, keyed by Terraform names."""
        names = self.TERRAFORM_NAMES
        return {names.get(name, name): value for name, value in plain_items(self, vars(self), self.REQUIRED)}

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # Arguments may be lists.

    def __repr__(self) -> str:
        # Names only: an argument may hold a secret.
        return f"{type(self).__name__}({', '.join(n for n, v in vars(self).items() if v is not None)})"


def plain(value: object) -> Any:
    """
    Return *value* with every block in it turned into a dictionary.

    Raises:
        TypeError: It is, or holds, something that Terraform JSON cannot express.
    """
    if isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, Block):
        return value.to_terraform()
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, Sequence):
        return [plain(inner) for inner in value]
    if getattr(value, "__jsii_ref__", None) is not None or hasattr(value, "resolve"):
        return value
    msg = f"a value of type '{type(value).__name__}' cannot be written as Terraform JSON; give a plain value or a block"
    raise TypeError(msg)


def plain_items(owner: object, values: Mapping[str, object], required: Sequence[str]) -> list[tuple[str, Any]]:
    """Return the given items of *values*, made plain; a required one must be given."""
    for name in required:
        if values.get(name) is None:
            msg = f"{type(owner).__name__} needs '{name}'; give it a value"
            raise TypeError(msg)
    return [(name, plain(value)) for name, value in values.items() if value is not None]


def generator(name: str, version: str, constraint: str) -> cdktf.TerraformProviderGeneratorMetadata:
    """Say which provider a binding was made for; cdktf refuses a stack that lacks that provider."""
    return cdktf.TerraformProviderGeneratorMetadata(
        provider_name=name, provider_version=version, provider_version_constraint=constraint
    )


def _refuse_hcl(owner: object) -> Never:
    # The engine's default is an empty body, which would silently lose everything.
    msg = f"{type(owner).__name__} is a slim binding and writes Terraform JSON only; turn HCL output off"
    raise RuntimeError(msg)


class Resource(cdktf.TerraformResource):
    """A resource that hands over its own attributes."""

    TF_RESOURCE_TYPE: ClassVar[str]
    _given: dict[str, Any]

    def _set_inputs(self, values: dict[str, Any], required: tuple[str, ...] = ()) -> None:
        self._given = dict(plain_items(self, values, required))

    def annotate(self, text: str) -> None:
        """Put *text* beside the resource, under the key ``//`` that Terraform ignores."""
        self._given["//"] = {"comment": text}

    @jsii.member(jsii_name="synthesizeAttributes")
    def _synthesize_attributes(self) -> Mapping[str, Any]:
        return self._given

    @jsii.member(jsii_name="synthesizeHclAttributes")
    def _synthesize_hcl_attributes(self) -> Mapping[str, Any]:
        _refuse_hcl(self)


class Resources(cdktf.TerraformElement):
    """
    Many resources as one construct, each as plain data under its address.

    A resource of its own crosses to the kernel five times; all of these together do so three times. For resources by
    the thousand that nothing refers to.

    Args:
        scope: A stack, or anything in one.
        id: Construct id.
        given: Attributes by type and address, in Terraform's own names.
    """

    def __init__(self, scope: Construct, id: str, given: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:  # noqa: A002 (the engine's name)
        super().__init__(scope, id)
        self._given = {kind: {name: plain(inputs) for name, inputs in named.items()} for kind, named in given.items()}

    @jsii.member(jsii_name="toTerraform")
    def to_terraform(self) -> Any:
        """The resources, as they stand in the file."""
        return {"resource": self._given}

    @jsii.member(jsii_name="toHclTerraform")
    def to_hcl_terraform(self) -> Any:
        """Nothing: these bindings write JSON."""
        _refuse_hcl(self)


class DataSource(cdktf.TerraformDataSource):
    """A data source that hands over its own attributes."""

    TF_RESOURCE_TYPE: ClassVar[str]
    _given: dict[str, Any]

    def _set_inputs(self, values: dict[str, Any], required: tuple[str, ...] = ()) -> None:
        self._given = dict(plain_items(self, values, required))

    @jsii.member(jsii_name="synthesizeAttributes")
    def _synthesize_attributes(self) -> Mapping[str, Any]:
        return self._given

    @jsii.member(jsii_name="synthesizeHclAttributes")
    def _synthesize_hcl_attributes(self) -> Mapping[str, Any]:
        _refuse_hcl(self)


class Provider(cdktf.TerraformProvider):
    """A provider that hands over its own configuration."""

    TF_RESOURCE_TYPE: ClassVar[str]
    _given: dict[str, Any]

    def _set_inputs(self, values: dict[str, Any], required: tuple[str, ...] = ()) -> None:
        self._given = dict(plain_items(self, values, required))

    @property
    @jsii.member(jsii_name="alias")
    def alias(self) -> str | None:
        """The name by which resources choose this configuration of the provider, if it is not the default one."""
        alias = self._given.get("alias")
        return None if alias is None else str(alias)

    @alias.setter
    def alias(self, value: str | None) -> None:
        if value is None:
            self._given.pop("alias", None)
        else:
            self._given["alias"] = value

    @jsii.member(jsii_name="synthesizeAttributes")
    def _synthesize_attributes(self) -> Mapping[str, Any]:
        return self._given

    @jsii.member(jsii_name="synthesizeHclAttributes")
    def _synthesize_hcl_attributes(self) -> Mapping[str, Any]:
        _refuse_hcl(self)


class Readable(Protocol):
    """What attributes can be read from: a resource, a data source, or a part of one."""

    def get_string_attribute(self, terraform_attribute: str) -> str:
        """Refer to a string."""
        ...

    def get_number_attribute(self, terraform_attribute: str) -> float:
        """Refer to a number."""
        ...

    def get_boolean_attribute(self, terraform_attribute: str) -> cdktf.IResolvable:
        """Refer to a boolean."""
        ...

    def get_list_attribute(self, terraform_attribute: str) -> Sequence[str]:
        """Refer to a list of strings."""
        ...

    def get_string_map_attribute(self, terraform_attribute: str) -> Mapping[str, str]:
        """Refer to a map of strings."""
        ...


class Reference:
    """A computed object inside a resource: ``data.result.get(0).config``."""

    def __init__(self, parent: Readable, path: str) -> None:
        self._parent = parent
        self._path = path

    def get_string_attribute(self, terraform_attribute: str) -> str:
        """Refer to a string of this object."""
        return self._parent.get_string_attribute(f"{self._path}.{terraform_attribute}")

    def get_number_attribute(self, terraform_attribute: str) -> float:
        """Refer to a number of this object."""
        return self._parent.get_number_attribute(f"{self._path}.{terraform_attribute}")

    def get_boolean_attribute(self, terraform_attribute: str) -> cdktf.IResolvable:
        """Refer to a boolean of this object."""
        return self._parent.get_boolean_attribute(f"{self._path}.{terraform_attribute}")

    def get_list_attribute(self, terraform_attribute: str) -> Sequence[str]:
        """Refer to a list of strings of this object."""
        return self._parent.get_list_attribute(f"{self._path}.{terraform_attribute}")

    def get_string_map_attribute(self, terraform_attribute: str) -> Mapping[str, str]:
        """Refer to a map of strings of this object."""
        return self._parent.get_string_map_attribute(f"{self._path}.{terraform_attribute}")


class References(Generic[R]):
    """A computed list of objects."""

    def __init__(self, parent: Readable, path: str, element: Callable[[Readable, str], R]) -> None:
        self._parent = parent
        self._path = path
        self._element = element

    def get(self, index: int) -> R:
        """Return the element at *index*, counted from 0; Terraform finds out at apply whether there is one."""
        return self._element(self._parent, f"{self._path}[{index}]")
