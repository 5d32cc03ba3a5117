"""What tests of claims share: two good points, ways to load, and the rules that a claim breaks."""

from collections.abc import Sequence

from loading_records import study

from scripts.loading.points import LoadingPoint
from scripts.scaling.answers.answer import Claim
from scripts.scaling.claims import claims
from scripts.scaling.tables import tabulate_loading
from scripts.scaling.tables.compared import compared
from scripts.scaling.tables.rows import LoadingRow, Row

SERIAL, TWO = "resnet18-serial-1", "resnet18-ddp-2"
GOOD = {"serial-1": [1, 1, 1], "ddp-2": [1.8, 1.79, 1.81]}


def rules(claim: Claim) -> list[str]:
    return [breach.rule for breach in claim.breaches]


def compare(one: Row, other: Row, times: str | None = None) -> Claim:
    return claims.compare(one, other, compared([one, other]), times=times)


def loading_rows(seconds: dict[LoadingPoint, Sequence[float]]) -> list[LoadingRow]:
    records = study(seconds)
    return tabulate_loading.rows(records, list(records), 0.95)
