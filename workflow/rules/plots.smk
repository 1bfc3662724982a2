"""Figures of one run: its learning curves and its kernels."""


rule plot_history:
    """Draw a run's loss and accuracy by epoch."""
    input:
        history=rules.train.output.history,
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
    log:
        f"{study.outdir}/logs/plot_history/{{variant}}/seed-{{seed}}.log",
    benchmark:
        f"{study.outdir}/benchmarks/plot_history/{{variant}}/seed-{{seed}}.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=lambda wildcards, attempt: attempt * 3,
    params:
        title=lambda wildcards: run_of(wildcards).title,
        loss=lambda wildcards: run_of(wildcards).settings["loss"],
        validation=lambda wildcards: run_of(wildcards).settings["validation"],
        dpi=study.plots["dpi"],
        code=code_digest("plot_history.py"),
    script:
        "../scripts/plot_history.py"


rule plot_kernels:
    """Draw the weights of a run's kernels before and after training."""
    input:
        weights=rules.train.output.weights,
    output:
        kernels=report(
            f"{RUN}/kernels.png",
            caption="../report/kernels.rst",
            category="Runs",
            subcategory="{variant}",
            labels={"seed": "{seed}", "figure": "kernels"},
        ),
    log:
        f"{study.outdir}/logs/plot_kernels/{{variant}}/seed-{{seed}}.log",
    benchmark:
        f"{study.outdir}/benchmarks/plot_kernels/{{variant}}/seed-{{seed}}.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=lambda wildcards, attempt: attempt * 3,
    params:
        title=lambda wildcards: run_of(wildcards).title,
        dpi=study.plots["dpi"],
        code=code_digest("plot_kernels.py"),
    script:
        "../scripts/plot_kernels.py"
