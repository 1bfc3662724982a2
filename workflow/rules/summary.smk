"""All runs together."""

from study.networks.fourier import multiply_adds_as_done

# Parameters of the rules that aggregate all runs.
AGGREGATED = dict(
    variants=[
        {
            "id": variant.id,
            "label": variant.label,
            "depth": variant.depth,
            "reference": variant.reference,
            "notebook_group": variant.notebook_group,
            # Of a network in Python nobody has counted them.
            "multiply_adds": (
                multiply_adds_as_done(
                    variant.layers,
                    study.input_shape,
                    study.dataset["classes"],
                    variant.settings.batch_size,
                    variant.settings.gpu > 0,
                )
                if variant.layers
                else None
            ),
            "batch_norms": sum(layer["type"] == "batch_norm" for layer in variant.layers),
        }
        for variant in study.variants
    ],
    runs=[[run.variant, run.seed] for run in study.runs],
    # With `incomplete: mark`, the error records of failed runs.
    failed=[
        path
        for run in study.runs
        if study.incomplete == "mark"
        and not Path(run_folder(run), "metrics.json").exists()
        and Path(path := f"{run_folder(run)}/failed.json").exists()
    ],
    verdict=study.verdict,
)


rule summarize:
    """Summarize the metrics of all runs in tables and conclusions."""
    input:
        # Functions, because Snakemake would hash a list next to outputs of other rules once for
        # each of its files.
        metrics=lambda wildcards: files_to_aggregate("metrics.json"),
        histories=lambda wildcards: files_to_aggregate("history.csv"),
        evaluations=lambda wildcards: files_to_aggregate("evaluation.json"),
        manifest=rules.train.input.manifest,
        comparisons=rules.compare.output.comparisons,
        effects=rules.compare.output.effects,
        ensembles=rules.ensemble.output.ensembles,
    output:
        markdown=f"{study.outdir}/summary.md",
        csv=f"{study.outdir}/summary.csv",
        latex=f"{study.outdir}/summary.tex",
        runs=f"{study.outdir}/runs.csv",
        epochs=f"{study.outdir}/epochs.csv",
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
        **AGGREGATED,
        licence=study.dataset["licence"],
        source=study.dataset["source"],
        metric=study.comparison["metric"],
        levels={variant.id: variant.levels for variant in study.variants if variant.levels},
        code=code_digest("summarize.py"),
    script:
        "../scripts/summarize.py"


rule plot_study:
    """Draw all runs together: accuracies, learning curves, gaps, time, ensembles."""
    input:
        metrics=rules.summarize.input.metrics,
        histories=rules.summarize.input.histories,
        evaluations=rules.summarize.input.evaluations,
        ensembles=rules.ensemble.output.ensembles,
        manifest=rules.train.input.manifest,
    output:
        comparison=report(
            f"{study.outdir}/comparison.png",
            caption="../report/comparison.rst",
            category="Study",
            labels={"result": "comparison"},
        ),
        learning_curves=report(
            f"{study.outdir}/learning_curves.png",
            caption="../report/learning_curves.rst",
            category="Study",
            labels={"result": "learning curves"},
        ),
        gap=report(
            f"{study.outdir}/gap.png",
            caption="../report/gap.rst",
            category="Study",
            labels={"result": "gap by epoch"},
        ),
        time_accuracy=report(
            f"{study.outdir}/time_accuracy.png",
            caption="../report/time_accuracy.rst",
            category="Study",
            labels={"result": "time and accuracy"},
        ),
        ensembles=report(
            f"{study.outdir}/ensembles.png",
            caption="../report/ensembles.rst",
            category="Study",
            labels={"result": "ensembles over seeds"},
        ),
    log:
        f"{study.outdir}/logs/plot_study.log",
    benchmark:
        f"{study.outdir}/benchmarks/plot_study.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **AGGREGATED,
        data=study.dataset_name,
        dpi=study.plots["dpi"],
        code=code_digest("plot_study.py"),
    script:
        "../scripts/plot_study.py"
