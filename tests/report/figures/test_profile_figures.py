"""Where a step's time goes, and its efficiencies."""

import pytest
from matplotlib.patches import Rectangle

from scripts.report.figures.draw_profiles import draw_pop, draw_steps
from scripts.scaling.profiles.pop import EFFICIENCIES
from scripts.scaling.profiles.profile_rows import PopRow, ProfileRow


def test_a_steps_parts_add_up_to_it() -> None:
    parts = {"ideal_seconds": 0.1, "input": 0.02, "communication": 0.03, "optimizer": -0.01}
    none = dict.fromkeys(("threads", "smaller_batch", "contention", "imbalance", "all_reduce_bytes_per_second"))
    none |= dict.fromkeys(("bubble", "ideal_bubble"))
    row = ProfileRow(
        point="a", baseline="b", cores=2, blocks=1, step_seconds=0.14, efficiency=0.7, gradient_bytes=1, **parts, **none
    )

    figure = draw_steps([row])

    bars = [one for one in figure.axes[0].patches if isinstance(one, Rectangle)]
    assert sum(bar.get_width() for bar in bars) == pytest.approx(140)
    assert [text.get_text() for text in figure.axes[0].texts] == ["140 ms"]
    assert "Left of 0" in figure.get_supxlabel()


def pop_row(point: str, **told: object) -> PopRow:
    """A row of three profiles whose efficiencies are missing, but for those that are told."""
    missing = dict.fromkeys(f"{name}{end}" for name in EFFICIENCIES for end in ("", "_low", "_high"))
    given = {"point": point, "baseline": "a", "cores": 2, "blocks": 3, "confidence": 0.95, "under": "", "reason": ""}
    return PopRow.model_validate(missing | given | told)


def test_efficiencies_stand_beside_the_line_with_their_intervals() -> None:
    balance = {"load_balance": 0.7, "load_balance_low": 0.66, "load_balance_high": 0.74, "under": "load balance"}
    rows = [pop_row("a", load_balance=1.0, thread_efficiency=1.0), pop_row("b", transfer=0.9, **balance)]

    shown, other = [axes for axes in draw_pop(rows).axes if axes.get_title(loc="left")]
    first, interval, dot, line = shown.lines

    assert (shown.get_title(loc="left"), other.get_title(loc="left")) == ("load balance", "transfer")
    assert [label.get_text() for label in shown.get_yticklabels()] == ["a", "b"]
    assert list(interval.get_xdata()) == [0.66, 0.74]
    assert set(line.get_xdata()) == {0.8}
    assert first.get_color() != dot.get_color() == interval.get_color()


def test_threads_have_a_panel_where_a_rank_has_several() -> None:
    rows = [pop_row("a", thread_efficiency=1.0), pop_row("b", thread_efficiency=0.9, hybrid_parallel_efficiency=0.9)]

    titles = [axes.get_title(loc="left") for axes in draw_pop(rows).axes]

    assert [title for title in titles if title] == ["thread", "hybrid parallel"]


def test_where_no_efficiency_is_told_a_line_says_so() -> None:
    assert draw_pop([pop_row("a")]).axes == []
