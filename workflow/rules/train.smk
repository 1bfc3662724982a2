"""One training for each run."""


rule train:
    """Train one variant with one seed."""
    input:
        data=f"data/prepared/{study.dataset_name}.npz",
        manifest=f"data/prepared/{study.dataset_name}.json",
    output:
        history=f"{RUN}/history.csv",
        metrics=f"{RUN}/metrics.json",
        predictions=f"{RUN}/predictions.npz",
        weights=f"{RUN}/weights.npz",
        model=f"{RUN}/model.keras",
    log:
        f"{study.outdir}/logs/train/{{variant}}/seed-{{seed}}.log",
    benchmark:
        f"{study.outdir}/benchmarks/train/{{variant}}/seed-{{seed}}.tsv"
    # The longest first, and all before the plots: no core waits for one long run at the end.
    priority: lambda wildcards: training_cost(study, run_of(wildcards))
    conda:
        "../../envs/train.yaml"
    threads: lambda wildcards: run_of(wildcards).settings.threads
    resources:
        mem_mb=lambda wildcards, attempt: (
            training_memory_mb(study, run_of(wildcards)) * (attempt + 1) // 2
        ),
        runtime=lambda wildcards, attempt: attempt * training_minutes(study, run_of(wildcards)),
        gpu=lambda wildcards: run_of(wildcards).settings.gpu,
    params:
        definition=lambda wildcards: run_of(wildcards).definition,
        # The code of a network in Python is in the definition. A file that moves reruns nothing,
        # because Snakemake does not compare what depends on `input`.
        source=lambda wildcards, input: network_source(run_of(wildcards)),
        code=code_digest("train.py"),
        checkpoint=f"{study.outdir}/checkpoints/{{variant}}/seed-{{seed}}.npz",
    script:
        "../scripts/train.py"
