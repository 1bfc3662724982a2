"""All runs together."""


rule summarize:
    """Bring the metrics of all runs together in the study's tables and a figure."""
    input:
        metrics=[f"{run_folder(run)}/metrics.json" for run in runs_to_aggregate()],
        manifest=rules.train.input.manifest,
    output:
        markdown=report(
            f"{study.outdir}/summary.md",
            caption="../report/summary.rst",
            category="Study",
            labels={"result": "tables"},
        ),
        csv=report(
            f"{study.outdir}/summary.csv",
            caption="../report/summary_csv.rst",
            category="Study",
            labels={"result": "figures of every variant"},
        ),
        comparison=report(
            f"{study.outdir}/comparison.png",
            caption="../report/comparison.rst",
            category="Study",
            labels={"result": "comparison"},
        ),
    log:
        f"{study.outdir}/logs/summarize.log",
    benchmark:
        f"{study.outdir}/benchmarks/summarize.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        variants=[
            {
                "id": variant.id,
                "label": variant.label,
                "depth": variant.depth,
                "reference": variant.reference,
            }
            for variant in study.variants
        ],
        runs=[[run.variant, run.seed] for run in study.runs],
        # What the runs that are marked, not aggregated, left behind when they failed.
        failed=[
            path
            for run in study.runs
            if study.incomplete == "mark"
            and not Path(run_folder(run), "metrics.json").exists()
            and Path(path := f"{run_folder(run)}/failed.json").exists()
        ],
        verdict=study.verdict,
        title=f"Test accuracy and overfitting on {study.dataset_name}",
        dpi=study.plots["dpi"],
        code=code_digest("summarize.py"),
    script:
        "../scripts/summarize.py"
