"""What a confusion matrix tells, against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from scripts.training.loop.evaluate import scores


@pytest.mark.parametrize("classes", [2, 3, 10, 1000])
@pytest.mark.parametrize("skill", [0.0, 0.5, 1.0])
def test_scores_are_scikit_learn_s(classes: int, skill: float) -> None:
    rng = np.random.default_rng(classes)
    true = np.concatenate((np.arange(classes), rng.integers(0, classes, 5 * classes)))
    predicted = np.where(rng.uniform(size=len(true)) < skill, true, rng.integers(0, classes, len(true)))
    confusion = np.zeros((classes, classes), int)
    np.add.at(confusion, (true, predicted), 1)

    found = scores(confusion.tolist())

    macro = precision_recall_fscore_support(true, predicted, average="macro", zero_division=0)[:3]
    each = precision_recall_fscore_support(true, predicted, average=None, zero_division=0)
    assert (found.precision, found.recall, found.f1) == pytest.approx(macro, abs=1e-6)
    assert found.accuracy == pytest.approx(accuracy_score(true, predicted), abs=1e-6)
    assert [one.images for one in found.per_class] == each[3].tolist()
    for name, expected in zip(("precision", "recall", "f1"), each[:3], strict=True):
        assert [getattr(one, name) for one in found.per_class] == pytest.approx(expected, abs=1e-6)


def test_a_class_that_nobody_has_or_predicts_is_left_out_of_the_means() -> None:
    found = scores([[3, 1, 0], [0, 4, 0], [0, 0, 0]])
    assert found.accuracy == 0.875
    assert (found.precision, found.recall) == (0.9, 0.875)
    assert found.per_class[2].images == 0


def test_nothing_counted_scores_nothing() -> None:
    assert scores([[0, 0], [0, 0]]).accuracy == 0
