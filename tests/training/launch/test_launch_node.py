"""Between nodes: which network interface ranks use, over both versions of the Internet protocol."""

import os
import socket

import pytest

from scripts.errors import UserError
from scripts.slurm.allocation import interface_towards
from scripts.training.launch.launch_node import choose_interface

NAMES = ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME")


@pytest.mark.parametrize(
    ("theirs", "alone", "chosen"),
    [
        ({}, True, {"GLOO_SOCKET_IFNAME": "lo"}),
        ({}, False, dict.fromkeys(NAMES, "lo")),
        ({"GLOO_SOCKET_IFNAME": "ib0"}, False, dict.fromkeys(NAMES, "ib0")),
        ({"NCCL_SOCKET_IFNAME": "ib0"}, False, {"GLOO_SOCKET_IFNAME": "lo", "NCCL_SOCKET_IFNAME": "ib0"}),
    ],
)
def test_the_interface_that_the_user_names_is_used(
    theirs: dict[str, str], alone: bool, chosen: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NAMES:
        monkeypatch.setenv(name, "")  # so that it is put right again
        monkeypatch.delenv(name)
    for name, value in theirs.items():
        monkeypatch.setenv(name, value)
    choose_interface("127.0.0.1", alone)
    assert {name: os.environ[name] for name in NAMES if name in os.environ} == chosen


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")
def test_a_node_may_have_an_address_of_ipv6_alone() -> None:
    assert interface_towards("::1") == "lo"


def test_a_node_that_cannot_be_reached_is_named() -> None:
    with pytest.raises(UserError, match=r"node address nowhere\.invalid: .*; expected one that this node can reach"):
        interface_towards("nowhere.invalid")
