"""What each piece of a network costs: where a pipeline can cut it, and where it should.

The network is followed by torch.fx to the places where one tensor alone goes on; each piece between two of them is run
forward and backward on its own, a first time and then several, on pixels that mean nothing: only time counts here.

Output: JSON (stages.py, Costs). Seconds are medians of a machine, so they differ a little each time:
what is cut by them is stale when this is measured anew.

By hand:
    python -m scripts.training.model.measure_stages --output costs.json --most-stages 2 --spec '{"model": "resnet18", \
        "model_digest": null, "classes": 5, "size": 64, "batch": 8, "threads": 1, "device": "cpu", \
        "channels_last": true, "lock": ""}'
"""

import statistics
from pathlib import Path

import torch

from scripts import cli, machine
from scripts.atomic import write_text
from scripts.clock import Stopwatch
from scripts.errors import UserError
from scripts.spec import Spec
from scripts.training.model.build import build
from scripts.training.model.model_file import add_flag, expected_file
from scripts.training.model.stages import Costs, Segment, segments
from scripts.training.model.trained import device_of
from scripts.training.points import Device

REPETITIONS = 5


class StagesSpec(Spec):
    """What it takes from the config."""

    model: str
    model_digest: str | None  # of the user's file that makes it
    classes: int
    size: int  # edge of an image, pixels
    batch: int  # images at once
    threads: int
    device: Device
    channels_last: bool
    lock: str  # digest of requirements.lock


def measure(spec: StagesSpec, file: Path | None = None) -> Costs:
    """The costs of each segment; `file` as build() takes it.

    Raises:
        UserError: torch.fx cannot follow the network, or it cannot take images of this size.
    """
    torch.set_num_threads(spec.threads)
    device = device_of(spec.device)
    layout = torch.channels_last if spec.channels_last else torch.contiguous_format
    network = build(spec.model, spec.classes, None, file)
    network = network.to(device, memory_format=layout).train()  # type: ignore[call-overload]
    pieces = segments(network)
    given = torch.randn(spec.batch, 3, spec.size, spec.size, device=device).contiguous(memory_format=layout)
    found = []
    for piece in cli.progress(pieces, len(pieces), f"segments of {spec.model}"):
        watch = Stopwatch(torch.cuda.synchronize if device.type == "cuda" else lambda: None)
        seconds = []
        for _ in range(1 + REPETITIONS):
            received = given.detach().requires_grad_()
            watch.lap("between")
            try:
                output = piece(received)
            except (RuntimeError, ValueError) as error:
                raise UserError(f"{spec.model} cannot take images of {spec.size} px: {error}") from None
            output.backward(torch.ones_like(output))
            seconds.append(watch.lap("segment"))
        nodes = [node for node in piece.graph.nodes if node.op != "output"]
        found.append(
            Segment(
                name=str(nodes[-1].target),
                seconds=statistics.median(seconds[1:]),
                parameters=sum(weight.numel() for weight in piece.parameters()),
                output_bytes=output[0].numel() * output.element_size(),
            )
        )
        given = output.detach()
    return Costs(model=spec.model, batch=spec.batch, segments=found)


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--device", choices=["cpu", "cuda"], help="of the study; left out: of this machine")
    parser.add_argument("--most-stages", type=int, required=True, help="that the study will cut the network into")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--spec", type=StagesSpec.model_validate_json, required=True)
    add_flag(parser)
    args = parser.parse_args()
    machine.wait_until_alone()
    file = expected_file(args.model_file, args.spec.model_digest, "the run was planned with; run it again")
    costs = measure(args.spec.model_copy(update={"device": args.device or args.spec.device}), file)
    if args.most_stages > len(costs.segments):
        raise UserError(
            f"training.pipeline: found {args.most_stages} stages; expected at most the {len(costs.segments)} segments "
            f"that {costs.model} can be cut into"
        )
    write_text(args.output, costs.model_dump_json(indent=1) + "\n")


if __name__ == "__main__":
    cli.run(main)
