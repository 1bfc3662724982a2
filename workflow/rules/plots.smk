"""Figures of one run: its learning curves and its kernels."""


rule plot_training:
    """Draw a run's loss and accuracy by epoch, and its kernels before and after training."""
    input:
        history=rules.train.output.history,
        weights=rules.train.output.weights,
        metrics=rules.train.output.metrics,
    output:
        loss=report(
            f"{RUN}/loss.png",
            caption="../report/loss.rst",
            category="Runs",
            subcategory="{variant}",
            labels={"seed": "{seed}", "figure": "loss"},
        ),
        accuracy=report(
            f"{RUN}/accuracy.png",
            caption="../report/accuracy.rst",
            category="Runs",
            subcategory="{variant}",
            labels={"seed": "{seed}", "figure": "accuracy"},
        ),
        kernels=report(
            f"{RUN}/kernels.png",
            caption="../report/kernels.rst",
            category="Runs",
            subcategory="{variant}",
            labels={"seed": "{seed}", "figure": "kernels"},
        ),
    log:
        f"{study.outdir}/logs/plot_training/{{variant}}/seed-{{seed}}.log",
    benchmark:
        f"{study.outdir}/benchmarks/plot_training/{{variant}}/seed-{{seed}}.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=lambda wildcards, attempt: attempt * 3,
    params:
        title=lambda wildcards: run_of(wildcards).title,
        loss=lambda wildcards: run_of(wildcards).settings["loss"],
        validation=lambda wildcards: run_of(wildcards).settings["validation"],
        dpi=study.plots["dpi"],
        code=code_digest("plot_training.py"),
    script:
        "../scripts/plot_training.py"
