"""What made a result: versions, machine, and the resources that it took."""

import importlib.metadata
import os
import platform
import resource
import subprocess
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[4] / "pyproject.toml"

# Vector instructions, by Linux's names, for which oneDNN, Eigen or XLA have different kernels.
VECTOR_INSTRUCTIONS = (
    *("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16"),
    *("amx_tile", "amx_bf16", "asimd", "sve", "bf16"),
)
# Environment variables that choose kernels, and with them the bits of a result, beside
# TF_ENABLE_ONEDNN_OPTS, which `onednn_enabled` reads.
KERNEL_VARIABLES = (
    *("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"),
    *("ONEDNN_DEFAULT_FPMATH_MODE", "DNNL_DEFAULT_FPMATH_MODE"),
    *("TF_XLA_FLAGS", "XLA_FLAGS", "NVIDIA_TF32_OVERRIDE"),
)


def versions() -> dict[str, str]:
    """Versions of the interpreter, of the packages that compute, and of this project."""
    packages = ("tensorflow", "keras", "numpy", "scikit-learn")
    return {
        "python": platform.python_version(),
        **{package: importlib.metadata.version(package) for package in packages},
        # read, not imported: a new version alone is no reason to train again
        "project": tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["version"],
    }


def git_commit() -> str | None:
    """The commit of this checkout, with `-dirty` where tracked files differ; None outside git."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return described.stdout.strip()


def processor() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def instruction_set() -> str:
    """The processor's vector instructions, such as `avx2 avx512f`, as far as Linux tells.

    Another set makes the libraries choose other kernels, which round differently.
    """
    try:
        features = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    except OSError:
        features = set()
    return " ".join(name for name in VECTOR_INSTRUCTIONS if name in features) or "unknown"


def kernel_environment() -> dict[str, str]:
    """The environment variables, where set, that choose kernels."""
    return {name: os.environ[name] for name in KERNEL_VARIABLES if os.environ.get(name)}


def has_bfloat16() -> bool:
    """Whether the processor computes in bfloat16, as far as Linux tells."""
    return not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(instruction_set().split())


def peak_memory_mb() -> float:
    """The most memory that this process has held, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
