"""What a study answers is a claim too: which rows it names, and what it may not say before fresh blocks confirm it."""

from collections.abc import Sequence

import pytest
from claims_of import GOOD, SERIAL, TWO, loading_rows, rules
from loading_records import PACKED, POOL, study
from loading_records import SERIAL as LOAD
from rows_of import rows_of

from scripts.loading.points import LoadingPoint
from scripts.scaling.answers.answer import (
    Claim,
    Confirmation,
    Confirmations,
    ConfirmationVerdict,
    LoadingAnswer,
    Recommendation,
)
from scripts.scaling.answers.answer_loading import feeding, situations
from scripts.scaling.answers.recommend import RecommendSpec, recommend
from scripts.scaling.claims.judge_claims import judge_answers
from scripts.scaling.laws.fit_laws import fit_laws
from scripts.scaling.tables.rows import TrainingRow

RECOMMENDING = RecommendSpec(
    confidence=0.95, tolerance=0.05, marginal_efficiency=0.5, deadline_seconds=None, currency=""
)


def answers(
    training: list[TrainingRow],
    seconds: dict[LoadingPoint, Sequence[float]],
    verdict: ConfirmationVerdict = "confirmed",
    needed_by: str = "you",
) -> list[Claim]:
    loading, records = loading_rows(seconds), study(seconds)
    answer = LoadingAnswer(
        situations=situations(loading, records, 0.95), feeding=feeding(loading, 30.0, needed_by), skipped={}
    )
    advice = recommend(training, RECOMMENDING)
    confirmed = Confirmations(confirmations=[again(one, verdict) for one in advice.recommendations if one.fastest])
    return judge_answers(training, fit_laws(training, [], 0.95), advice, confirmed, loading, answer)


def again(advice: Recommendation, verdict: ConfirmationVerdict) -> Confirmation:
    """What fresh blocks said of it."""
    assert advice.recommended is not None
    point = advice.recommended.point
    return Confirmation(
        **{"baseline": advice.baseline, "point": point, "fastest": advice.to_confirm[-1], "blocks": 3},
        **{"of_best": 0.98, "low": 0.47, "high": 2.05, "verdict": verdict, "sentence": ""},
    )


def test_each_answer_names_the_rows_that_it_is_made_of() -> None:
    laws = {"serial-1": [1, 1, 1], "ddp-1": [1, 0.99, 1.01], "ddp-2": [1.9, 1.91, 1.89], "ddp-4": [3.3, 3.31, 3.32]}
    seconds = {LOAD: (4.0, 4.1, 4.0), POOL: (2.0, 2.1, 2.1), PACKED: (2.0, 2.12, 2.09)}
    advised, law, fastest, feeds = answers(list(rows_of(laws).values()), seconds)

    assert advised.sentence.startswith("Ask for 4 cores (95 %: 4): resnet18-ddp-4. ")
    assert advised.rows == ["resnet18-ddp-4", SERIAL, "resnet18-ddp-1", TWO]
    assert law.rows == ["resnet18-ddp-1", TWO, "resnet18-ddp-4"]
    assert "resnet18-ddp (1, 2, 4 workers, 3 blocks) follows" in law.sentence
    assert fastest.rows == [POOL.id, LOAD.id, PACKED.id]
    assert feeds.rows == [PACKED.id, POOL.id]
    assert all(one.stands and one.about == "answer" for one in (advised, law, fastest, feeds))


def test_an_answer_that_rests_on_hardware_threads_of_fewer_cores_says_so() -> None:
    rows = [
        row.model_copy(update={"marks": "shared_cores"}) if row.point == TWO else row for row in rows_of(GOOD).values()
    ]
    advised, *others = answers(rows, {LOAD: (4.0, 4.1, 4.0), POOL: (2.0, 2.1, 2.1)})
    assert advised.sentence.endswith(f" Here two ranks of {TWO} share a core.")
    assert not any("share a core" in one.sentence for one in others)


def test_a_curve_that_no_law_fits_makes_no_claim() -> None:
    superlinear = {f"ddp-{n}": [x * n**1.2 for x in (1, 0.99, 1.01)] for n in (1, 2, 4)}
    seconds = {LOAD: (4.0, 4.1, 4.0), POOL: (2.0, 2.1, 2.1)}
    found = answers(list(rows_of({"serial-1": [1, 1, 1]} | superlinear).values()), seconds)
    assert not [one for one in found if one.sentence.startswith("resnet18-ddp (")]


def test_an_answer_of_too_few_launches_is_seen_and_not_to_be_quoted() -> None:
    found = answers(list(rows_of({"serial-1": [1, 1], "ddp-2": [2, 2]}).values()), {LOAD: (4.0, 4.1), POOL: (2.0, 2.1)})
    assert [one.too_few for one in found] == [True]
    assert "Exploratory: " in found[0].sentence


@pytest.mark.parametrize(
    ("verdict", "rule"),
    [("not measured", "measured again"), ("not confirmed", "confirmed"), ("contradicted", "confirmed")],
)
def test_a_recommendation_is_no_claim_before_fresh_blocks_confirm_it(verdict: ConfirmationVerdict, rule: str) -> None:
    advised, *_ = answers(list(rows_of(GOOD).values()), {LOAD: (4.0, 4.1, 4.0), POOL: (2.0, 2.1, 2.1)}, verdict)
    assert rules(advised) == [rule]
    assert advised.too_few == (verdict == "not measured")


@pytest.mark.parametrize("other", [{"point": "resnet18-ddp-8"}, {"fastest": "resnet18-ddp-8"}, {"baseline": "ddp-1"}])
def test_a_confirmation_of_another_point_or_against_another_is_not_borne_over(other: dict[str, str]) -> None:
    training = list(rows_of(GOOD).values())
    advice = recommend(training, RECOMMENDING)
    (one,) = advice.recommendations
    found = Confirmations(confirmations=[again(one, "confirmed").model_copy(update=other)])
    (advised, *_) = judge_answers(training, fit_laws(training, [], 0.95), advice, found, [], None)
    assert rules(advised) == ["measured again"]
    assert found.sentences(advice) == []


def test_what_fresh_blocks_do_not_confirm_is_said_with_their_interval() -> None:
    advised, *_ = answers(list(rows_of(GOOD).values()), {LOAD: (4.0, 4.1, 4.0), POOL: (2.0, 2.1, 2.1)}, "not confirmed")
    assert advised.breaches[0].found == (
        f"fresh blocks of {TWO}: not confirmed, 0.98 [0.47, 2.05] times the rate of {SERIAL}"
    )


def test_what_a_trainer_takes_must_be_measured_often_enough_too() -> None:
    rows = list(rows_of(GOOD | {"ddp-4": [3.0]}).values())
    *_, feeds = answers(rows, {LOAD: (4.0, 4.1, 4.0), POOL: (2.0, 2.1, 2.1)}, needed_by="resnet18-ddp-4")
    assert feeds.rows[-1] == "resnet18-ddp-4"
    assert rules(feeds) == ["repetition"]
