"""Seconds, memory and size of the page of a large study, whose runs are made up.

    python benchmarks/page.py --seeds 84 --images 10000     # 12 networks, 1,008 runs

Timed is what the job does after its imports: it reads the files of all runs and writes the page.
"""

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "workflow" / "scripts"), str(ROOT / "tests")]

import made_up_study  # noqa: E402
from study.config.study import load_study  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=84)
    parser.add_argument("--images", type=int, default=10_000, help="test images")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))
    config |= {"dataset": "digits", "seeds": options.seeds}
    if options.folder:
        study = load_study(config)
        measure(made_up_study.MadeUp(options.folder, config, study, study.runs))
        return
    made_up_study.IMAGES = options.images
    with TemporaryDirectory() as folder:
        made_up_study.make_study(Path(folder), config, details=False)
        command = [sys.executable, __file__, "--seeds", str(options.seeds), "--folder", folder]
        subprocess.run(command, check=True)  # a process of its own, for its memory


def measure(made: made_up_study.MadeUp) -> None:
    """Write the page and print what it took."""
    start = time.perf_counter()
    page = made.write_page(details=False)
    seconds = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # from kB, on Linux
    size = page.stat().st_size / 1e6
    print(f"{len(made.runs):,} runs: {seconds:.1f} s, {memory:.0f} MiB, page of {size:.1f} MB")


if __name__ == "__main__":
    main()
