"""A study whose trainings only sleep, on a private Slurm cluster: what the submission itself costs.

    python benchmarks/cluster.py --runs 200

Needs Slurm's programs (`make test-slurm` installs them). Prints what docs/cluster.md records.
"""

import argparse
import re
import statistics
import sys
import tempfile
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from pipeline import ROOT, Usage, copy_checkout, run, write_scaled_config
from slurm_cluster import SlurmCluster, slurm_cluster

# In place of train.py: results as a training would leave them, from the tests' made-up ones.
SLEEPER = """\
import sys, time
from pathlib import Path
import numpy as np
sys.path.insert(0, {tests!r})
from synthetic import metrics, write_history
from study.files import write_json
time.sleep({seconds})
output = snakemake.output
write_history(Path(output.history))
run = snakemake.wildcards
write_json(output.metrics, metrics(run.variant, int(run.seed)))
np.savez(output.predictions, labels=np.zeros(1))
np.savez(output.weights, weights=np.zeros(1))
"""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A study of sleeping trainings on Slurm.")
    parser.add_argument("--runs", type=int, default=200, help="trainings; default: 200")
    parser.add_argument("--seconds", type=float, default=1, help="that each sleeps; default: 1")
    parser.add_argument("options", nargs="*", metavar="OPTION", help="of snakemake, after --")
    return parser.parse_args()


def make_study(folder: Path, runs: int, seconds: float) -> Path:
    """A copy of the checkout whose study has so many runs, which sleep."""
    copy = copy_checkout(folder / "study")
    (copy / "slurm").symlink_to("profiles/slurm")
    write_scaled_config(copy, runs)
    train = copy / "workflow" / "scripts" / "train.py"
    train.write_text(SLEEPER.format(tests=str(ROOT / "tests"), seconds=seconds), encoding="utf-8")
    return copy


def describe(cluster: SlurmCluster, usage: Usage, console: str) -> str:
    """What the run has cost, in lines."""
    jobs = cluster.finished_jobs()
    times = [datetime.fromisoformat(job[key]) for key in ("SubmitTime", "EndTime") for job in jobs]
    lengths = [
        (datetime.fromisoformat(job["EndTime"]) - datetime.fromisoformat(job["StartTime"])).seconds
        for job in jobs
    ]
    submitted = len(re.findall("has been submitted with SLURM jobid", console))
    states = {
        state: [job["JobState"] for job in jobs].count(state)
        for state in {job["JobState"] for job in jobs}
    }
    return "\n".join(
        (
            f"jobs of Slurm: {submitted} submitted, ended as {states}",
            f"seconds: {usage.seconds:.0f} in all, {(max(times) - min(times)).seconds} from the "
            f"first submission to the end of the last job",
            f"seconds of a job: median {statistics.median(lengths):.0f}",
            f"peak memory of snakemake: {usage.peak_mib:.0f} MiB",
        )
    )


def main() -> None:
    options = arguments()
    with tempfile.TemporaryDirectory() as name, slurm_cluster() as cluster:
        copy = make_study(Path(name), options.runs, options.seconds)
        command = ["snakemake", "--profile", "slurm", "--configfile", "scale.yaml"]
        command += [*options.options, "--", "results/summary.csv"]
        usage = run(command, copy, cluster.environment())
        console = (copy / "benchmark.log").read_text(encoding="utf-8")
        print(f"{options.runs} runs that sleep {options.seconds:g} s")
        print(describe(cluster, usage, console))


if __name__ == "__main__":
    main()
