from scripts.machine import Place, Places
from scripts.training.launch.affinity import cores_of


def places(*machines: str, cores: frozenset[int] = frozenset({0, 1})) -> Places:
    return Places([Place(name, name, len(cores), "cpu", cores, cores) for name in machines])


def test_ranks_of_a_machine_share_its_cores_out() -> None:
    two = places("a", "a", "b")
    found = [cores_of(rank, 1, two) for rank in range(3)]
    assert sorted([*found[0], *found[1]]) == [0, 1]
    assert len(found[0]) == len(found[1]) == len(found[2]) == 1


def test_a_rank_has_a_core_for_each_thread() -> None:
    assert cores_of(0, 2, places("a")) == [0, 1]


def test_ranks_that_are_too_many_are_left_to_the_kernel() -> None:
    assert cores_of(0, 1, places("a", "a", "a")) is None
    assert cores_of(0, 4, places("a")) is None
