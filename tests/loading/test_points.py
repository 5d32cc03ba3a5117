"""Which points a config makes, and what they are called."""

import pytest

from scripts.config.loading import Loading
from scripts.loading import points
from scripts.loading.points import LoadingPoint


def ids(**settings: object) -> list[str]:
    return list(Loading.model_validate(settings).points())


def test_the_ceilings_are_in_every_sweep() -> None:
    assert ids(backends=["serial"]) == ["decode_only-1", "headspace-1", "serial-1"]


def test_a_backend_takes_the_values_of_the_axes_that_mean_something_to_it() -> None:
    found = ids(
        backends=["serial", "dask_threads", "pool_map", "packed"],
        workers=[2],
        chunks=[8],
        start_methods=["forkserver", "spawn"],
        returns=["pickled", "shared_memory"],
        page_cache=["warm", "cold"],
    )
    assert [one for one in found if not one.endswith("-cold")] == [
        "decode_only-1",
        "headspace-1",
        "serial-1",
        "dask_threads-2-8",
        "pool_map-2-8",
        "pool_map-2-8-shared_memory",
        "pool_map-2-8-spawn",
        "pool_map-2-8-spawn-shared_memory",
        "packed-1",
    ]
    assert [one for one in found if one.endswith("-cold")] == [
        f"{one}-cold" for one in found[2:] if not one.endswith("-cold")
    ]


def test_reencoded_files_have_a_ceiling_of_their_own() -> None:
    assert ids(backends=["serial"], sources=["raw", "reencoded"]) == [
        *("decode_only-1", "decode_only-1-reencoded", "headspace-1", "serial-1", "serial-1-reencoded"),
    ]


def test_a_server_is_loaded_from_by_its_own_workers_beside_a_serial_baseline() -> None:
    found = Loading(backends=["serial"], remote={"backends": ["dask_threads"], "workers": [1, 32]}).points()
    remote = [one for one in found.values() if one.source == "remote"]
    assert [one.id for one in remote] == ["serial-1-remote", "dask_threads-1-16-remote", "dask_threads-32-16-remote"]
    assert {one.baseline for one in remote} == {"serial-1-remote"}
    assert [one.cores for one in remote] == [1, 1, 1]


@pytest.mark.parametrize(
    ("point", "baseline"),
    [
        ({"backend": "pool_map", "source": "raw", "workers": 2, "chunk": 4}, "serial-1"),
        ({"backend": "pool_map", "source": "reencoded", "workers": 2, "chunk": 4}, "serial-1"),
        ({"backend": "packed", "source": "packed", "workers": 1, "chunk": 1, "page_cache": "cold"}, "serial-1-cold"),
    ],
)
def test_a_point_is_divided_by_serial_from_the_same_storage_in_the_same_state(
    point: dict[str, object], baseline: str
) -> None:
    assert LoadingPoint.model_validate(point).baseline == baseline


def test_a_backend_whose_package_is_not_installed_is_skipped_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points.backend_class("pool_map"), "package", "no_such_package")
    settings = Loading(backends=["serial", "pool_map"])
    assert settings.skipped() == {"pool_map": "the package no_such_package is not installed"}
    assert not [one for one in settings.points() if one.startswith("pool_map")]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"backends": ["pool_map"]}, "must hold 'serial'"),
        ({"backends": ["serial", "headspace"]}, "'headspace' is measured in any case, as a ceiling"),
        ({"sources": ["reencoded"]}, "must hold 'raw'"),
        ({"remote": {"backends": ["packed"]}}, "'packed' cannot load from a server"),
        ({"page_cache": ["warm", "warm"]}, "names something twice"),
        ({"start_methods": ["thread"]}, "'fork', 'forkserver' or 'spawn'"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Loading.model_validate(settings)


def test_what_may_not_be_forked_is_started_otherwise() -> None:
    names = ["serial", "pool_map", "dask_distributed"]
    found = Loading(backends=names, workers=[2], start_methods=["fork"]).points()
    assert list(found)[-2:] == ["pool_map-2-16-fork", "dask_distributed-2-16"]
