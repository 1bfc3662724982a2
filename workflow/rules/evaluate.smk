"""What one run gets right and wrong on the test images."""


rule evaluate:
    """Score a run's predictions, overall and by class, and draw its mistakes."""
    input:
        predictions=rules.train.output.predictions,
        metrics=rules.train.output.metrics,
        data=rules.train.input.data,
        manifest=rules.train.input.manifest,
    output:
        evaluation=f"{RUN}/evaluation.json",
        classes=report(
            f"{RUN}/classes.csv",
            caption="../report/classes.rst",
            category="Runs",
            subcategory="{variant}",
            labels={"seed": "{seed}", "figure": "classes (table)"},
        ),
        confusion=report(
            f"{RUN}/confusion.png",
            caption="../report/confusion.rst",
            category="Runs",
            subcategory="{variant}",
            labels={"seed": "{seed}", "figure": "confusion matrix"},
        ),
        mistakes=report(
            f"{RUN}/mistakes.png",
            caption="../report/mistakes.rst",
            category="Runs",
            subcategory="{variant}",
            labels={"seed": "{seed}", "figure": "worst mistakes"},
        ),
    log:
        f"{study.outdir}/logs/evaluate/{{variant}}/seed-{{seed}}.log",
    benchmark:
        f"{study.outdir}/benchmarks/evaluate/{{variant}}/seed-{{seed}}.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=lambda wildcards, attempt: attempt * 3,
    params:
        title=lambda wildcards: run_of(wildcards).title,
        dpi=study.plots["dpi"],
        code=code_digest("evaluate.py"),
    script:
        "../scripts/evaluate.py"
