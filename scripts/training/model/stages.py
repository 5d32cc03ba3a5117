"""A network cut into stages: where one tensor alone goes on, and the cuts that divide its cost most evenly."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from torch import fx

from scripts.errors import UserError


class Segment(BaseModel):
    """A piece of a network that is not cut further."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str  # of its last operation
    seconds: float  # median of forward and backward
    parameters: int
    output_bytes: int  # of the tensor that goes on to the next, for one image


class Costs(BaseModel):
    """What scripts/training/model/measure_stages.py found."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    batch: int  # images that were measured at once
    segments: list[Segment]


def read_costs(path: Path) -> Costs:
    """Raises UserError where the file holds no costs."""
    try:
        return Costs.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise UserError(f"{path}: no costs of a network: {error.errors()[0]['msg']}") from None


def segments(network: torch.nn.Module) -> list[fx.GraphModule]:
    """The pieces of a network in order; they share its weights, under its names.

    Raises:
        UserError: torch.fx cannot follow the network.
    """
    traced, pieces = _pieces(network)
    return [_part(traced, piece) for piece in pieces]


def cut(network: torch.nn.Module, costs: Costs, stages: int) -> list[fx.GraphModule]:
    """The network as `stages` parts in order, which share its weights, under its names.

    Raises:
        UserError: it has fewer segments than that.
    """
    traced, pieces = _pieces(network)
    if len(pieces) != len(costs.segments):
        raise UserError(f"{costs.model}: {len(costs.segments)} segments were measured, and it has {len(pieces)}")
    if stages > len(pieces):
        raise UserError(
            f"training.pipeline: found {stages} stages; expected at most the {len(pieces)} segments that "
            f"{costs.model} can be cut into"
        )
    ends = balanced([segment.seconds for segment in costs.segments], stages)
    parts = []
    for start, end in zip([0, *ends], ends, strict=False):
        parts.append(_part(traced, [node for piece in pieces[start:end] for node in piece]))
    return parts


class Stage(torch.nn.Module):
    """A part of a network as a rank trains it: under autocast, and what goes from rank to rank contiguous in memory.

    Images in channels-last memory are contiguous as (n, h, w, c); so they travel, without a copy.
    """

    def __init__(
        self,
        part: fx.GraphModule,
        autocast: Callable[[], torch.autocast],
        first: bool,
        last: bool,
        channels_last: bool,
    ) -> None:
        super().__init__()
        self.part = part
        self.autocast = autocast
        self.first, self.last, self.channels_last = first, last, channels_last

    def forward(self, received: torch.Tensor) -> torch.Tensor:
        if not self.first and received.ndim == 4 and self.channels_last:
            received = received.permute(0, 3, 1, 2)
        with self.autocast():
            output: torch.Tensor = self.part(received)
        if not self.last and output.ndim == 4 and self.channels_last:
            output = output.permute(0, 2, 3, 1)
        return output if self.last else output.contiguous()


def balanced(costs: list[float], stages: int) -> list[int]:
    """The ends (exclusive) of `stages` runs of `costs`, whose dearest is as cheap as can be."""

    @cache
    def best(start: int, left: int) -> tuple[float, tuple[int, ...]]:
        if left == 1:
            return sum(costs[start:]), (len(costs),)
        found = []
        for end in range(start + 1, len(costs) - left + 2):
            dearest, ends = best(end, left - 1)
            found.append((max(dearest, sum(costs[start:end])), (end, *ends)))
        return min(found)

    return list(best(0, stages)[1])


def _pieces(network: torch.nn.Module) -> tuple[fx.GraphModule, list[list[fx.Node]]]:
    try:
        traced = fx.symbolic_trace(network)
    except Exception as error:  # fx raises whatever the network does with its stand-ins for tensors
        raise UserError(f"{type(network).__name__} cannot be cut into stages: torch.fx: {error}") from None
    nodes = [node for node in traced.graph.nodes if node.op not in {"placeholder", "output"}]
    place = {node: number for number, node in enumerate(nodes)}
    last_use = [max((place.get(user, len(nodes)) for user in node.users), default=0) for node in nodes]
    pieces, piece = [], []
    for number, node in enumerate(nodes):
        piece.append(node)
        goes_on = [other for other in range(number + 1) if last_use[other] > number]
        images_needed = any(place.get(user, 0) > number for start in _placeholders(traced) for user in start.users)
        if goes_on == [number] and not images_needed and not _changed_in_place(traced, node):
            pieces.append(piece)
            piece = []
    return traced, pieces


def _placeholders(traced: fx.GraphModule) -> list[fx.Node]:
    return [node for node in traced.graph.nodes if node.op == "placeholder"]


def _changed_in_place(traced: fx.GraphModule, node: fx.Node) -> bool:
    """Whether a later operation writes into a value, which one received from another rank does not allow."""
    users = [user for user in node.users if user.op == "call_module"]
    inplace = any(getattr(traced.get_submodule(str(user.target)), "inplace", False) for user in users)
    return inplace or any(user.kwargs.get("inplace", False) for user in node.users)


def _part(traced: fx.GraphModule, nodes: list[fx.Node]) -> fx.GraphModule:
    graph = fx.Graph()
    outer = next(used for node in nodes for used in node.all_input_nodes if used not in nodes)
    copies = {outer: graph.placeholder("received")}
    for node in nodes:
        copies[node] = graph.node_copy(node, lambda used: copies[used])
    graph.output(copies[nodes[-1]])
    return fx.GraphModule(traced, graph)
