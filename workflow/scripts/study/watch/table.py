"""The states of a study's trainings as one table that fits the terminal."""

import math
from collections import Counter
from collections.abc import Sequence

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from study.watch.estimate import study_left
from study.watch.state import Progress, State, duration
from study.words import NONE, number

STYLES = {
    State.WAITING: "dim",
    State.RUNNING: "bold",
    State.STOPPED: "yellow",
    State.FAILED: "red",
    State.DONE: "green",
}

URGENT = (State.FAILED, State.STOPPED, State.RUNNING)
"""What is shown first where there is no room for all."""

FRAME = 6
"""Lines around the rows."""


def screen(states: Sequence[Progress], outdir: str, console: Console) -> Group | Text:
    """The study in a line, and the table, no taller than the console where that is a terminal."""
    if not any(one.state is not State.WAITING or one.note for one in states):
        return _text(f"{outdir}: no training has started yet ({len(states)} planned)")
    room = console.height - 1 if console.is_terminal else math.inf
    if len(states) + FRAME <= room:
        whole = _group(states, states, outdir)
        if _height(whole, console) <= room:
            return whole
    shown = [one for state in URGENT for one in states if one.state is state]
    shown = shown[: max(0, console.height - 1 - FRAME)]
    while True:
        part = _group(states, shown, outdir)
        if not shown or _height(part, console) <= room:
            return part
        shown.pop()


def headline(states: Sequence[Progress], outdir: str) -> str:
    """`results: 3 of 12 trainings done, 2 running, 7 waiting; about 9 min left`."""
    counts = Counter(one.state for one in states)
    parts = [f"{counts[State.DONE]:,} of {len(states):,} trainings done"]
    parts += [
        f"{counts[state]:,} {state}"
        for state in (*reversed(URGENT), State.WAITING)
        if counts[state]
    ]
    left = study_left(states)
    more = "" if left is None else f"; about {duration(left)} left"
    return f"{outdir}: {', '.join(parts)}{more}"


def _group(states: Sequence[Progress], shown: Sequence[Progress], outdir: str) -> Group:
    parts: list[Text | Table] = [_text(headline(states, outdir))]
    if shown:
        parts.append(_table(shown))
    hidden = len(states) - len(shown)
    if hidden:
        parts.append(_text(f"and {hidden:,} more; in a pipe or a file, all are listed"))
    return Group(*parts)


def _table(shown: Sequence[Progress]) -> Table:
    table = Table()
    table.add_column("Network", overflow="fold")
    table.add_column("Seed", justify="right")
    table.add_column("State", no_wrap=True)
    table.add_column("Epoch", justify="right", no_wrap=True)
    table.add_column("Val. accuracy", justify="right")
    table.add_column("Time left", justify="right", no_wrap=True)
    table.add_column("Note", overflow="fold")
    for one in shown:
        table.add_row(
            _text(one.run.variant),
            str(one.run.seed),
            Text(str(one.state), STYLES[one.state]),
            f"{one.epoch}/{one.run.settings.epochs}" if one.epoch else NONE,
            number(one.val_accuracy, ".2%"),
            "" if one.state is State.DONE else NONE if one.left is None else duration(one.left),
            _text(one.note),
        )
    return table


def _height(group: Group, console: Console) -> int:
    return len(console.render_lines(group, pad=False))


def _text(words: str) -> Text:
    """Words as they are: no markup, and no control characters, which a terminal would obey."""
    return Text("".join(sign if sign.isprintable() else "?" for sign in words))
