"""Laws as the page and the terminal show them: rows of words."""

from scripts.report.words.verdicts import LAW_TITLES, PREDICTION_TITLES, law_rows, prediction_rows
from scripts.scaling.answers.laws import CurveLaws, LackOfFit, LawFit, Laws, Parameter, Prediction


def fitted(law: str, p: float, by: float = -0.01, refused: bool = False, untold: str | None = None) -> LawFit:
    lack = LackOfFit(p=p, workers=16, by=by, refused=refused)
    serial = [Parameter(name="serial_fraction", value=0.08, low=0.07, high=0.09)]
    return LawFit(law=law, formula="", parameters=serial, aicc=-100, not_identifiable=untold, lack_of_fit=lack)


def laws(chosen: str | None, fits: list[LawFit], predictions: list[Prediction]) -> Laws:
    curve = CurveLaws(
        curve="c",
        scaling="strong",
        workers=[1, 2, 4, 8, 16],
        blocks=6,
        chosen=chosen,
        same_curve=["communication"],
        may_be=["tree"],
        breaks=None,
        fits=fits,
        predictions=predictions,
        sentence="",
    )
    return Laws(curves=[curve])


def test_a_law_says_whether_it_fits() -> None:
    untried = LawFit(
        law="gustafson", formula="", parameters=[], aicc=None, not_identifiable="2 blocks", lack_of_fit=None
    )
    fits = [
        fitted("linear", 1e-9, by=-0.2, refused=True),
        fitted("amdahl", 0.3, untold="the interval of serial_fraction holds 0"),
        fitted("usl", 0.43219),
        fitted("communication", 0.43219),
        fitted("tree", 0.06),
        fitted("mixed", 0.5),
        untried,
    ]
    lack, verdict = LAW_TITLES.index("lack of fit"), LAW_TITLES.index("verdict")
    assert [(row[1], row[lack], row[verdict]) for row in law_rows(laws("usl", fits, []))] == [
        ("linear", "p < 0.001", "refused: it misses 16 workers by 20 %"),
        ("amdahl", "p = 0.300", "not identifiable: the interval of serial_fraction holds 0"),
        ("usl", "p = 0.432", "chosen"),
        ("communication", "p = 0.432", "the same curve as usl"),
        ("tree", "p = 0.060", "fits as well"),
        ("mixed", "p = 0.500", "bands are made of it"),
        ("gustafson", "–", "not identifiable: 2 blocks"),
    ]


def test_what_cannot_be_foretold_says_what_to_measure() -> None:
    nothing = dict.fromkeys(("speedup", "low", "high", "launch_low", "launch_high"))
    known = {"speedup": 9.2, "low": 8.9, "high": 9.4, "launch_low": 8.8, "launch_high": 9.5}
    predictions = [
        Prediction(workers=16, extrapolated=False, **known),
        Prediction(workers=32, extrapolated=True, **known),
        Prediction(workers=64, extrapolated=True, **nothing, not_foretold="no law fits"),
    ]
    speedup, kind = PREDICTION_TITLES.index("speedup"), PREDICTION_TITLES.index("kind")
    assert [(row[speedup], row[kind]) for row in prediction_rows(laws(None, [], predictions))] == [
        ("9.20 [8.90, 9.40]", "predicted"),
        ("9.20 [8.90, 9.40]", "extrapolated"),
        ("–", "cannot be foretold (no law fits): measure 64"),
    ]
