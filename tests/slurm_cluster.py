"""A private Slurm cluster of three nodes on one machine, for the tests and for a try by hand:

    python tests/slurm_cluster.py snakemake --profile slurm --configfile config/digits.yaml

Nodes n1 and n2 make the partition `main`, the default; g1, in `gpu`, has two stand-in GPUs. A job
in `urgent` preempts those in `requeued`, which Slurm puts back into its queue, and in `dropped`,
which it cancels; these three are on n1 and n2. The daemons end with the process that started them,
whatever ends that.
"""

import ctypes
import fcntl
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

PROGRAMS = ("munged", "munge", "slurmctld", "slurmd", "sbatch", "squeue", "srun")
NODES = ("n1", "n2", "g1")
PORTS = range(17000, 18000, 10)  # the first of each block; a cluster needs four
SECONDS_TO_START = 120
SECONDS_TO_STOP = 60

# A time limit counts at once (OverTimeLimit), and SIGKILL comes some seconds after SIGTERM
# (KillWait), as on real clusters, where 30 seconds are usual. A node is lost after SlurmdTimeout,
# long enough for a daemon on a busy machine; a job that is requeued waits for cred_expire.
SLURM_CONF = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock,cred_expire=60
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
SlurmdParameters=config_overrides
SlurmdTimeout=60
SlurmctldTimeout=10
ReturnToService=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
EnforcePartLimits=ALL
MinJobAge=600
KillWait=5
MailProg=/bin/true
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/jobcomp.txt
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
DefMemPerCPU=300
GresTypes=gpu
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={port_n1} CPUs=4 RealMemory=4000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={port_n2} CPUs=4 RealMemory=4000
NodeName=g1 NodeHostname={host} NodeAddr=127.0.0.1 Port={port_g1} CPUs=4 RealMemory=16000 Gres=gpu:2
PartitionName=main Nodes=n[1-2] Default=YES MaxTime=120 State=UP
PartitionName=gpu Nodes=g1 MaxTime=60 State=UP
PartitionName=requeued Nodes=n[1-2] MaxTime=120 State=UP PreemptMode=REQUEUE
PartitionName=dropped Nodes=n[1-2] MaxTime=120 State=UP PreemptMode=CANCEL
PartitionName=urgent Nodes=n[1-2] MaxTime=120 State=UP PriorityTier=10 PreemptMode=OFF
"""
GRES_CONF = """\
NodeName=g1 Name=gpu File=/dev/null
NodeName=g1 Name=gpu File=/dev/zero
"""
# The plugin's job step drops SLURM_CONF from the environment of srun.
SRUN = """\
#!/bin/sh
SLURM_CONF={folder}/slurm.conf exec {srun} "$@"
"""


def missing_programs() -> list[str]:
    """The programs of Slurm and munge that are not installed."""
    return [name for name in PROGRAMS if find_program(name) is None]


def find_program(name: str) -> str | None:
    """Where a program is; daemons are often off the PATH of users."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


class SlurmCluster:
    """A cluster that runs; see `slurm_cluster`."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}

    def environment(self, base: Mapping[str, str] = os.environ) -> dict[str, str]:
        """`base` with what lets Slurm's commands find this cluster."""
        path = f"{self.folder}/bin{os.pathsep}{base.get('PATH', '')}"
        return {**base, "PATH": path, "SLURM_CONF": f"{self.folder}/slurm.conf"}

    def start(self) -> None:
        """Start all daemons and wait for idle nodes.

        Raises:
            RuntimeError: that took too long; the message holds the ends of the logs.
        """
        self._write_files()
        self._start_munge()
        self.start_controller()
        for node in NODES:
            self.start_node(node)
        self.wait_until("all nodes are idle", lambda: self._idle_nodes() == set(NODES))

    def _write_files(self) -> None:
        for name, mode in (("munge", 0o700), ("state", 0o755), ("spool", 0o755), ("bin", 0o755)):
            (self.folder / name).mkdir(mode=mode)
        key = self.folder / "munge" / "key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o600)
        (self.folder / "slurm.conf").write_text(
            SLURM_CONF.format(
                folder=self.folder,
                host=socket.gethostname().partition(".")[0],
                user=pwd.getpwuid(os.getuid()).pw_name,
                port=self.port,
                **{f"port_{node}": self.port + n for n, node in enumerate(NODES, start=1)},
            )
        )
        (self.folder / "gres.conf").write_text(GRES_CONF)
        wrapper = self.folder / "bin" / "srun"
        wrapper.write_text(SRUN.format(folder=self.folder, srun=find_program("srun")))
        wrapper.chmod(0o755)

    def _start_munge(self) -> None:
        files = self.folder / "munge"
        self._start(
            "munged",
            *("munged", "--foreground", f"--socket={self.folder}/munge.sock"),
            *(f"--key-file={files}/key", f"--log-file={files}/log"),
            *(f"--pid-file={files}/pid", f"--seed-file={files}/seed"),
        )
        ask = ["munge", "-n", "-S", f"{self.folder}/munge.sock"]
        self.wait_until(
            "munge answers",
            lambda: subprocess.run(ask, capture_output=True, check=False).returncode == 0,
        )

    def start_controller(self) -> None:
        """Start slurmctld; it goes on with the jobs that it knew."""
        self._start("slurmctld", "slurmctld", "-D")

    def stop_controller(self) -> None:
        """Stop slurmctld; running jobs go on without it."""
        self._stop("slurmctld")

    def start_node(self, node: str) -> None:
        """Start a node's slurmd."""
        self._start(node, "slurmd", "-D", "-N", node)

    def lose_node(self, node: str) -> None:
        """What a power failure does: the node's slurmd and all jobs on it are gone."""
        log = str(self.folder / f"slurmd.{node}.log")
        with_log = [process for process in psutil.process_iter() if log in _open_files(process)]
        below = [child for process in with_log for child in process.children(recursive=True)]
        for process in [*with_log, *below]:  # slurmd, each job's slurmstepd, and its processes
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._daemons.pop(node).wait()

    def run(self, *command: str) -> str:
        """What one of Slurm's commands prints.

        Raises:
            subprocess.CalledProcessError: it failed.
        """
        done = subprocess.run(
            command, env=self.environment(), capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout

    def finished_jobs(self) -> list[dict[str, str]]:
        """Slurm's records of all jobs that have ended, in that order: JobId, JobState, NodeList,
        Partition, TimeLimit and so on, and in TresPerJob the GPUs that were asked for.
        """
        file = self.folder / "jobcomp.txt"
        lines = file.read_text().splitlines() if file.exists() else []
        jobs = [dict(field.partition("=")[::2] for field in line.split()) for line in lines]
        asked = self.run("squeue", "-h", "--states=all", "-O", "jobid:20,tres-per-job:40")
        tres = dict(line.split() for line in asked.splitlines())
        return [job | {"TresPerJob": tres[job["JobId"]]} for job in jobs]

    def wait_until(
        self, what: str, happened: Callable[[], bool], seconds: float = SECONDS_TO_START
    ) -> None:
        """Wait until `happened()`.

        Raises:
            RuntimeError: it has not after so many `seconds`; the message holds ends of the logs.
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if happened():
                return
            time.sleep(0.1)
        raise RuntimeError(f"not after {seconds:g} s: {what}\n{self.logs()}")

    def logs(self) -> str:
        """The ends of the daemons' logs."""
        return "\n".join(
            f"--- {log.name}\n{log.read_text(errors='replace')[-1500:]}"
            for log in sorted(self.folder.glob("*.log"))
        )

    def stop(self) -> None:
        """Cancel all jobs and stop the daemons, each by its pid."""
        with suppress(subprocess.SubprocessError):
            ids = self.run("squeue", "--noheader", "--format=%i").split()
            if ids:
                self.run("scancel", *ids)
                self.wait_until("no job is left", lambda: not self._queue(), SECONDS_TO_STOP)
        for name in reversed(list(self._daemons)):
            self._stop(name)

    def _queue(self) -> str:
        return self.run("squeue", "--noheader").strip()

    def _idle_nodes(self) -> set[str]:
        try:
            return set(self.run("sinfo", "-h", "-N", "-t", "idle", "-o", "%N").split())
        except subprocess.CalledProcessError:
            return set()

    def _start(self, name: str, program: str, *args: str) -> None:
        path = find_program(program)
        assert path
        with (self.folder / f"{name}.out.log").open("ab") as output:
            self._daemons[name] = subprocess.Popen(
                [path, *args],
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    def _stop(self, name: str) -> None:
        daemon = self._daemons.pop(name)
        daemon.terminate()
        try:
            daemon.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()


@contextmanager
def slurm_cluster() -> Iterator[SlurmCluster]:
    """A cluster that runs while the block does."""
    # A short path, for the sockets; munge wants a folder that nobody else can write to.
    with tempfile.TemporaryDirectory(prefix="slurm-", dir="/tmp") as name, _port_block() as port:
        folder = Path(name)
        folder.chmod(0o755)
        cluster = SlurmCluster(folder, port)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


@contextmanager
def _port_block() -> Iterator[int]:
    """The first port of a block that no other cluster of these tests uses."""
    for port in PORTS:
        with open(f"/tmp/cnn-variants-slurm-{port}.lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield port
            return
    raise RuntimeError("all blocks of ports are in use")


def _die_with_parent() -> None:
    """Have the kernel end this process when its parent ends."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def _open_files(process: psutil.Process) -> list[str]:
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return [file.path for file in process.open_files()]
    return []


def main() -> int:
    if not sys.argv[1:]:
        sys.exit(f"usage: {sys.argv[0]} COMMAND [ARGUMENT ...]")
    missing = missing_programs()
    if missing:
        sys.exit(f"error: not installed: {', '.join(missing)}; `make test-slurm` installs them")
    # ends the jobs too
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with slurm_cluster() as cluster:
        return subprocess.run(sys.argv[1:], env=cluster.environment(), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
