"""The loading answer in plain English. Each sentence says what was measured, how sure it is, and no more."""

from collections.abc import Sequence

from scripts import format as show
from scripts.record import Record
from scripts.scaling.answers.answer import Best, Feeder
from scripts.scaling.comparing.launches_needed import more_would


def situation_sentence(
    records: Sequence[Record], best: Best | None, best_raw: Best | None, confidence: float, busy: bool = False
) -> str:
    """Which way loads fastest in one situation, of which `records` are all; `busy`: while other work went on."""
    files, work = _files(records), _work(records)
    if best is None:
        return f"Nothing can be said of the fastest way to load {files}: none has a valid block. {work}"
    said = [f"{best.point} loads fastest {files}: {_rate(best)}.", *_tied(best)]
    if best_raw is None:
        said.append("No way that reads raw files is valid.")
    elif best_raw.point != best.point:
        said += [f"Of the ways that read raw files it is {best_raw.point}: {_rate(best_raw)}.", *_tied(best_raw)]
    sure = f"In brackets {show.percent(confidence)} intervals"
    if best.low is None:
        sure = "Exploratory: fewer than 3 valid blocks, so there is no interval, and no tie is known"
    return " ".join([*said, work, f"{sure}; {f'{show.BUSY}; ' if busy else ''}not measured again."])


def feeding_sentence(
    needed: float | None,
    needed_by: str | None,
    cheapest: Feeder | None,
    raw: Feeder | None,
    fastest: Best | None,
    busy: bool = False,
) -> str:
    """Which way feeds a trainer at the least cost, or how much the fastest reaches."""
    if needed is None:
        return "No training is valid and loading.needed_images_per_second is null: what a trainer takes is not known."
    said = [f"A trainer takes {show.number(needed)} images/s ({needed_by})."]
    if fastest is None:
        return " ".join([*said, "No way to load is valid with a warm page cache."])
    if cheapest is None:
        reached = f"{show.rate(fastest.images_per_second, fastest.low, fastest.high)} images/s"
        said.append(f"No way to load is sure to feed it; the fastest, {fastest.point}, reaches {reached}.")
        said += [] if fastest.low is not None else ["Exploratory: without an interval, nothing is said to feed it."]
        return " ".join(said)
    said.append(f"It is fed at the least cost by {_feeder(cheapest)}.")
    if raw is None:
        said.append("No way that reads raw files is sure to feed it.")
    elif raw.point != cheapest.point:
        said.append(f"Of the ways that read raw files it is {_feeder(raw)}.")
    where = f"Page cache warm; {f'{show.BUSY}; ' if busy else ''}loading measured without a training beside it"
    return " ".join([*said, f"{where}; not measured again."])


def _files(records: Sequence[Record]) -> str:
    first = records[0]
    if first.point["source"] != "remote":
        return f"with a {first.point['page_cache']} page cache"
    limits = next((one.loaded.network for one in records if one.loaded and one.loaded.network), {})
    listed = ", ".join(f"{name} {value:g}" for name, value in limits.items())
    return f"from a server ({listed})" if listed else "from a server"


def _work(records: Sequence[Record]) -> str:
    """What was loaded, and on what."""
    images = {one.images // one.loaded.passes for one in records if one.loaded}
    of = f"{show.count(max(images))} images" if images else "images"
    hosts = {one.environment.host for one in records}
    cores = max(one.environment.usable_cores for one in records)
    models = " and ".join(sorted({one.environment.cpu_model for one in records}))
    machine = "this machine" if len(hosts) == 1 else f"{len(hosts)} machines"
    return f"Loaded were {of} of {records[0].key['image_size']} px on {machine} ({_cores(cores)}, {models})."


def _rate(best: Best) -> str:
    text = f"{show.rate(best.images_per_second, best.low, best.high)} images/s"
    if best.point == best.baseline:
        text += ", itself the baseline"
    elif best.speedup is not None:
        text += f", {show.ratio(best.speedup, best.speedup_low, best.speedup_high)} times {best.baseline}"
        # Otherwise the whole sentence says so.
        text += " (exploratory)" if best.speedup_low is None and best.low is not None else ""
    else:
        text += f", with no valid {best.baseline} to divide by"
    return text


def _tied(best: Best) -> list[str]:
    if best.low is None:
        return []
    if best.tied:
        return [f"It is tied with {show.some(best.tied)} ({more_would(best.more_launches, 'launches')} tell)."]
    if best.next is None:
        return ["It was compared with nothing else."]
    ahead = f"{show.ratio(best.next.ratio, best.next.low, best.next.high)} times {best.next.point}"
    return [f"It is tied with nothing: {ahead}, the next."]


def _feeder(one: Feeder) -> str:
    cpu = f", {show.number(one.cpu_milliseconds)} CPU ms an image" if one.cpu_milliseconds is not None else ""
    return f"{one.point} ({_cores(one.cores)}{cpu}, at least {show.at_least(one.images_per_second)} images/s)"


def _cores(count: int) -> str:
    return f"{count} core" if count == 1 else f"{count} cores"
