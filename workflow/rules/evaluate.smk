"""What one run learned, and what it gets right and wrong on the test images."""


# One job, not one for each kind of figure: they share imports that take a third of its time, and
# every job more makes a study of thousands of runs slower to plan.
rule evaluate:
    """Score a run's predictions, and draw its learning curves, its kernels and its mistakes."""
    input:
        history=rules.train.output.history,
        metrics=rules.train.output.metrics,
        predictions=rules.train.output.predictions,
        weights=rules.train.output.weights,
        data=rules.train.input.data,
        manifest=rules.train.input.manifest,
    output:
        evaluation=f"{RUN}/evaluation.json",
        classes=f"{RUN}/classes.csv",
        loss=run_report("loss.png", "loss"),
        accuracy=run_report("accuracy.png", "accuracy"),
        kernels=run_report("kernels.png", "kernels"),
        confusion=run_report("confusion.png", "confusion matrix"),
        mistakes=run_report("mistakes.png", "worst mistakes"),
    log:
        f"{study.outdir}/logs/evaluate/{{variant}}/seed-{{seed}}.log",
    benchmark:
        f"{study.outdir}/benchmarks/evaluate/{{variant}}/seed-{{seed}}.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: (
            evaluation_memory_mb(study, run_of(wildcards)) * (attempt + 1) // 2
        ),
        runtime=lambda wildcards, attempt: attempt * 3,
    params:
        title=lambda wildcards: run_of(wildcards).title,
        loss=lambda wildcards: run_of(wildcards).settings.loss,
        validation=lambda wildcards: run_of(wildcards).settings.validation,
        dpi=study.plots["dpi"],
        code=code_digest("evaluate.py"),
    script:
        "../scripts/evaluate.py"
