"""The variants compared over paired seeds."""


rule compare:
    """Judge every contrast, and every effect of a factorial design, over paired seeds."""
    input:
        predictions=[f"{run_folder(run)}/predictions.npz" for run in runs_to_compare()],
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
        margin=study.comparison["equivalence_margin"],
        title=f"Test accuracy on {study.dataset_name}",
        dpi=study.plots["dpi"],
        code=code_digest("compare.py"),
    script:
        "../scripts/compare.py"
