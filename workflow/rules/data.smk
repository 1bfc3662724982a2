"""From a published dataset, or the user's own, to one checked .npz with its manifest."""


def published_file(wildcards):
    """Return the registry's entry (name, bytes, sha256) of a file to download."""
    files = study.datasets[wildcards.dataset]["files"].values()
    return next(file for file in files if file.get("name") == wildcards.file)


def dataset_files(wildcards):
    """Return a dataset's source: the user's own files, those to download, or none if bundled."""
    entry = study.datasets[wildcards.dataset]
    if entry.get("npz"):
        return {"npz": entry["npz"]}
    return {
        array: file.get("path") or f"data/raw/{wildcards.dataset}/{file['name']}"
        for array, file in entry.get("files", {}).items()
    }


rule download:
    """Download one published file of a dataset and check its size and SHA-256."""
    output:
        "data/raw/{dataset}/{file}",
    log:
        f"{study.outdir}/logs/download/{{dataset}}/{{file}}.log",
    # Only what the registry lists can be asked for.
    wildcard_constraints:
        dataset="|".join(name for name in study.datasets if study.datasets[name].get("mirrors")),
        file="[^/]+",
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=30,
    params:
        # What the file is, not where it comes from: a moved mirror reruns nothing.
        sha256=lambda wildcards: published_file(wildcards)["sha256"],
        bytes=lambda wildcards: published_file(wildcards)["bytes"],
    script:
        "../scripts/download.py"


rule prepare:
    """Check a dataset's source files and store them as one .npz with a manifest."""
    input:
        unpack(dataset_files),
    output:
        data="data/prepared/{dataset}.npz",
        manifest="data/prepared/{dataset}.json",
    log:
        f"{study.outdir}/logs/prepare/{{dataset}}.log",
    wildcard_constraints:
        dataset="|".join(study.datasets),
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        classes=lambda wildcards: study.datasets[wildcards.dataset]["classes"],
        bundled=lambda wildcards: study.datasets[wildcards.dataset].get("bundled", ""),
        code=code_digest("prepare.py"),
    script:
        "../scripts/prepare.py"
