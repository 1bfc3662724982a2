"""The variants compared over paired seeds, and their seeds together."""


rule compare:
    """Judge every contrast, and every effect of a factorial design, over paired seeds."""
    input:
        predictions=[f"{run_folder(run)}/predictions.npz" for run in runs_to_compare()],
        # Only where needed: an evaluation is made again with the figures beside it.
        evaluations=[
            f"{run_folder(run)}/evaluation.json"
            for run in runs_to_compare()
            if study.comparison["metric"] != "accuracy"
        ],
    output:
        **(
            {
                "interactions": report(
                    f"{study.outdir}/interactions.png",
                    caption="../report/interactions.rst",
                    category="Study",
                    labels={"result": "factors, drawn"},
                )
            }
            if study.factors
            else {}
        ),
        comparisons=f"{study.outdir}/comparisons.csv",
        effects=f"{study.outdir}/effects.csv",
        contrasts=report(
            f"{study.outdir}/contrasts.png",
            caption="../report/contrasts.rst",
            category="Study",
            labels={"result": "contrasts, drawn"},
        ),
    log:
        f"{study.outdir}/logs/compare.log",
    benchmark:
        f"{study.outdir}/benchmarks/compare.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        runs=[(run.variant, run.seed) for run in runs_to_compare()],
        seeds=study.seeds,
        contrasts=[asdict(contrast) for contrast in study.contrasts],
        factors=study.factors,
        design=[variant.id for variant in study.variants] if study.factors else [],
        metric=study.comparison["metric"],
        margin=study.comparison["equivalence_margin"],
        title=f"Test {MEASURES[study.comparison['metric']].words} on {study.dataset_name}",
        dpi=study.plots["dpi"],
        code=code_digest("compare.py"),
    script:
        "../scripts/compare.py"


rule ensemble:
    """Score the mean predictions of several seeds of each network."""
    input:
        predictions=lambda wildcards: files_to_aggregate("predictions.npz"),
    output:
        ensembles=f"{study.outdir}/ensembles.csv",
    log:
        f"{study.outdir}/logs/ensemble.log",
    benchmark:
        f"{study.outdir}/benchmarks/ensemble.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        runs=[(run.variant, run.seed) for run in runs_to_aggregate()],
        code=code_digest("ensemble.py"),
    script:
        "../scripts/ensemble.py"
