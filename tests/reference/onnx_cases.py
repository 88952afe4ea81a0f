"""The frozen test cases that come with ONNX: a model of one operator, its inputs and its outputs.

They are files in the package `onnx`: a protobuf a model and a protobuf a tensor. Nothing of
ONNX is executed to read them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

DATA = Path(onnx.__file__).parent / "backend" / "test" / "data"

# `light` and `real` hold whole networks for images, without their data.
FOLDERS = ("node", "pytorch-converted", "pytorch-operator", "simple")


@dataclass(frozen=True)
class Case:
    """One operator, once.

    Attributes:
        name: of its folder.
        operator: ONNX's name of the operator.
        version: of the operator set that the model is written in.
        attributes: the options that the model sets.
        inputs: in the operator's order; None where an optional one is left out.
        outputs: likewise.
    """

    name: str
    operator: str
    version: int
    attributes: dict[str, Any]
    inputs: list[NDArray[Any] | None]
    outputs: list[NDArray[Any] | None]

    def input(self, position: int) -> NDArray[Any] | None:
        """An input, None where it is left out."""
        return self.inputs[position] if position < len(self.inputs) else None


@cache
def models() -> dict[str, tuple[Path, Any]]:
    """The folder and the model of every case, by name."""
    return {
        path.parent.name: (path.parent, onnx.load(str(path)))
        for folder in FOLDERS
        for path in sorted((DATA / folder).glob("*/model.onnx"))
    }


def names_of(operators: frozenset[str]) -> list[str]:
    """The cases whose model is one node, of one of these operators."""
    return [
        name
        for name, (_, model) in models().items()
        if len(model.graph.node) == 1 and model.graph.node[0].op_type in operators
    ]


def data_files(name: str) -> dict[str, bytes]:
    """The bytes of a case's inputs and outputs."""
    folder, _ = models()[name]
    return {path.name: path.read_bytes() for path in sorted(folder.glob("test_data_set_*/*.pb"))}


def read(name: str) -> Case:
    """A case with its numbers."""
    folder, model = models()[name]
    (node,) = model.graph.node
    # The parameters of some models are constants in them.
    known = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    given = [value.name for value in model.graph.input if value.name not in known]
    known |= dict(zip(given, _tensors(folder, "input"), strict=True))
    frozen = dict(zip([value.name for value in model.graph.output], _tensors(folder, "output"), strict=True))
    return Case(
        name,
        node.op_type,
        model.opset_import[0].version,
        {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute},
        [known[name] if name else None for name in node.input],
        [frozen[name] if name else None for name in node.output],
    )


def _tensors(folder: Path, what: str) -> Iterator[NDArray[Any]]:
    data = folder / "test_data_set_0"
    for k in range(len(list(data.glob(f"{what}_*.pb")))):
        tensor = onnx.TensorProto()
        tensor.ParseFromString((data / f"{what}_{k}.pb").read_bytes())
        yield np.asarray(numpy_helper.to_array(tensor))
