"""Show how far the trainings of a study are: one table that refreshes; Ctrl-C ends it.

It only reads the logs and results, so it can be started anywhere and any number of times.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from rich.console import Console, RenderableType
from rich.live import Live

from study.config.study import Study
from study.errors import StudyError
from study.watch.estimate import epoch_costs, with_time_left
from study.watch.plan import planned_study
from study.watch.state import Watch
from study.watch.table import screen

HOME = Path(__file__).resolve().parents[2]

PAUSE = 2.0
"""Seconds between two looks."""

SHARE = 0.02
"""Of a processor that looking takes at most: many runs on a slow disk are looked at less often."""

WIDE = 250
"""Columns of a table in a pipe or a file, which has no width."""


def arguments() -> argparse.Namespace:
    """The options, named as Snakemake's."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--configfile", "--configfiles", nargs="+", type=Path, default=[])
    parser.add_argument("--config", nargs="+", default=[], metavar="KEY=VALUE")
    parser.add_argument("--directory", "-d", type=Path, default=Path(), help="the working folder")
    return parser.parse_args()


def watch(study: Study) -> None:
    """Show the study until Ctrl-C; once, where the output is no terminal."""
    os.nice(19)  # trainings come first
    console = Console() if sys.stdout.isatty() else Console(width=WIDE)
    files, costs = Watch(study), epoch_costs(study)

    def look() -> RenderableType:
        states = with_time_left(files.states(time.time()), costs)
        return screen(states, study.outdir, console)

    if not console.is_terminal:
        console.print(look())
        return
    with Live(console=console, auto_refresh=False) as live:
        while True:
            start = time.perf_counter()
            live.update(look(), refresh=True)
            time.sleep(max(PAUSE, (time.perf_counter() - start) / SHARE))


if __name__ == "__main__":
    options = arguments()
    try:
        configfiles = [file.resolve() for file in options.configfile]
        os.chdir(options.directory)
        watch(planned_study(HOME, configfiles, options.config))
    except StudyError as error:
        sys.exit(f"configuration: {error}")
    except BrokenPipeError:
        sys.stderr.close()  # as the reader of the pipe wants no more
    except OSError as error:
        sys.exit(f"error: {error.filename}: {error.strerror}")
    except KeyboardInterrupt:
        pass
