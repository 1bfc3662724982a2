"""From a published dataset, or the user's own, to one checked .npz with its manifest."""


rule download:
    """Download one published file of a dataset and check its size and SHA-256."""
    output:
        "data/raw/{dataset}/{file}",
    log:
        f"{study.outdir}/logs/download/{{dataset}}/{{file}}.log",
    wildcard_constraints:
        file="|".join(map(re.escape, published_names())) or "none",
    # Where the jobs of a cluster run there is often no way to the internet.
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=30,
    params:
        # What the file is, not where it comes from: a moved mirror reruns nothing, because
        # Snakemake does not compare what depends on `input`.
        sha256=lambda wildcards: published_file(wildcards)["sha256"],
        bytes=lambda wildcards: published_file(wildcards)["bytes"],
        mirrors=lambda wildcards, input: study.datasets[wildcards.dataset]["mirrors"],
    script:
        "../scripts/download.py"


rule prepare:
    """Check a dataset's source files and store them as one .npz with a manifest."""
    input:
        unpack(source_files),
    output:
        data="data/prepared/{dataset}.npz",
        manifest="data/prepared/{dataset}.json",
    log:
        f"{study.outdir}/logs/prepare/{{dataset}}.log",
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=data_memory_mb(study),
        runtime=30,
    params:
        classes=lambda wildcards: study.datasets[wildcards.dataset]["classes"],
        bundled=lambda wildcards: study.datasets[wildcards.dataset].get("bundled", ""),
        declared=lambda wildcards: declared_of(wildcards),
        code=code_digest("prepare.py"),
    script:
        "../scripts/prepare.py"
