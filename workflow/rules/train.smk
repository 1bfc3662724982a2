"""One training per run, and its network as a Keras model."""


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
        architecture=f"{RUN}/architecture.json",
    log:
        f"{study.outdir}/logs/train/{{variant}}/seed-{{seed}}.log",
    benchmark:
        f"{study.outdir}/benchmarks/train/{{variant}}/seed-{{seed}}.tsv"
    # The longest first, and all before the plots: no core waits for one long run at the end.
    priority: lambda wildcards: study.cost(run_of(wildcards))
    conda:
        "../../envs/train.yaml"
    threads: lambda wildcards: run_of(wildcards).settings["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: (
            training_memory_mb(study, run_of(wildcards)) * (attempt + 1) // 2
        ),
        runtime=lambda wildcards, attempt: attempt * training_minutes(study, run_of(wildcards)),
        gpu=lambda wildcards: run_of(wildcards).settings.get("gpu", 0),
    params:
        definition=lambda wildcards: run_of(wildcards).definition,
        code=code_digest("train.py"),
        checkpoint=f"{study.outdir}/checkpoints/{{variant}}/seed-{{seed}}.npz",
        # Snakemake does not compare what depends on `input`: how often is no part of the result.
        checkpoint_every=lambda wildcards, input: study.checkpoint_every,
    script:
        "../scripts/train.py"


rule export_model:
    """Write the trained network as a Keras model file."""
    input:
        architecture=rules.train.output.architecture,
        weights=rules.train.output.weights,
        metrics=rules.train.output.metrics,
    output:
        model=f"{RUN}/model.keras",
    log:
        f"{study.outdir}/logs/export_model/{{variant}}/seed-{{seed}}.log",
    benchmark:
        f"{study.outdir}/benchmarks/export_model/{{variant}}/seed-{{seed}}.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: (
            export_memory_mb(study, run_of(wildcards)) * (attempt + 1) // 2
        ),
        runtime=lambda wildcards, attempt: attempt * 3,
    params:
        code=code_digest("export_model.py"),
    script:
        "../scripts/export_model.py"
