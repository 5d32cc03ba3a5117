import pytest
import torch

from scripts.errors import UserError
from scripts.training.launch.ranks import Ranks


def test_cuda_without_enough_gpus_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    with pytest.raises(UserError, match="expected a GPU for each of 4 ranks, this node has 1"):
        Ranks(parallel=True, device="cuda")


def test_a_rank_alone_agrees_with_itself() -> None:
    with Ranks(parallel=False, device="cpu") as ranks:
        assert ranks.greatest(2.5) == 2.5
        assert ranks.total(torch.tensor([3])).tolist() == [3]
        assert ranks.gather("x") == ["x"]
