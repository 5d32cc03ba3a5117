"""Numbers that forward and backward are computed in: autocast to bf16 or fp16, fp16's loss scale, TF32.

Source: Micikevicius et al., "Mixed Precision Training", ICLR 2018.
"""

from pathlib import Path
from typing import Any

import torch

from scripts.errors import UserError
from scripts.training import points

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
# Flags of /proc/cpuinfo: instructions that multiply such numbers.
NATIVE_ON_CPU = {"bf16": {"avx512_bf16", "amx_bf16"}, "fp16": {"avx512_fp16", "amx_fp16"}}


class Precision:
    """One precision on one device.

    Raises:
        UserError: the device has no such numbers.
    """

    def __init__(self, name: points.Precision, device: torch.device) -> None:
        if name == "tf32" and device.type != "cuda":
            raise UserError("training.precision: found tf32; it exists on CUDA only, and this run is on the CPU")
        self.name = name
        self.device = device
        self.dtype = DTYPES.get(name)
        self.scaler = torch.amp.GradScaler(device.type, enabled=name == "fp16")
        self.left_out_steps = 0
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = name == "tf32"

    def autocast(self) -> torch.autocast:
        """What forward runs in; also a decorator."""
        return torch.autocast(self.device.type, dtype=self.dtype or torch.bfloat16, enabled=self.dtype is not None)

    def scale(self, loss: torch.Tensor) -> torch.Tensor:
        """`loss` times fp16's scale, so that small gradients do not vanish."""
        return self.scaler.scale(loss)

    def step(self, optimizer: torch.optim.Optimizer) -> None:
        """Move the weights, unless fp16 overflowed: then the scale falls, and the step is left out and counted."""
        scale = self.scaler.get_scale()
        self.scaler.step(optimizer)
        self.scaler.update()
        self.left_out_steps += self.scaler.get_scale() < scale

    def state_dict(self) -> dict[str, Any]:
        """What changes from step to step."""
        return {"scaler": self.scaler.state_dict(), "left_out_steps": self.left_out_steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`."""
        self.scaler.load_state_dict(state["scaler"])
        self.left_out_steps = state["left_out_steps"]

    @property
    def emulated(self) -> bool:
        """Whether the device computes such numbers by others, and so gains nothing by them."""
        if self.dtype is None:
            return False
        if self.device.type == "cuda":
            least = {"bf16": (8, 0), "fp16": (7, 0)}  # compute capability with tensor cores for them
            return torch.cuda.get_device_capability(self.device) < least[self.name]
        return not _cpu_flags() & NATIVE_ON_CPU[self.name]


def _cpu_flags() -> set[str]:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("flags"):
            return set(line.partition(":")[2].split())
    return set()
