"""The page that people look at."""


rule page:
    """Write the study as one page: tables to sort, figures that answer to them."""
    input:
        metrics=rules.summarize.input.metrics,
        histories=rules.summarize.input.histories,
        evaluations=rules.summarize.input.evaluations,
        predictions=lambda wildcards: [
            f"{run_folder(run)}/predictions.npz" for run in runs_in_detail()
        ],
        weights=lambda wildcards: [f"{run_folder(run)}/weights.npz" for run in runs_in_detail()],
        data=rules.train.input.data,
        manifest=rules.train.input.manifest,
        comparisons=rules.compare.output.comparisons,
        effects=rules.compare.output.effects,
        ensembles=rules.ensemble.output.ensembles,
    output:
        closing=f"{study.outdir}/report.txt",
        page=report(
            f"{study.outdir}/report.html",
            caption="../report/page.rst",
            category="Study",
            labels={"result": "the page: tables, figures, networks"},
        ),
    log:
        f"{study.outdir}/logs/page.log",
    benchmark:
        f"{study.outdir}/benchmarks/page.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=data_memory_mb(study),
        runtime=15,
    params:
        **AGGREGATED,
        licence=study.dataset["licence"],
        source=study.dataset["source"],
        networks=[
            {
                "id": variant.id,
                "settings": asdict(variant.settings),
                "layers": variant.layers,
                "python": variant.python and asdict(variant.python),
                "levels": variant.levels,
            }
            for variant in study.variants
        ],
        detailed=[[run.variant, run.seed] for run in runs_in_detail()],
        contrasts=rules.compare.params.contrasts,
        factors=study.factors,
        comparison=study.comparison,
        dataset=study.dataset_name,
        seeds=study.seeds,
        files=files_digest("study/page/templates"),
        code=code_digest("report_page.py"),
    script:
        "../scripts/report_page.py"
