"""The page's figures as Vega-Lite specifications, made by Altair.

Their data have names; the page's script puts the chosen networks' figures there. Colours and
symbols come from the page's style (`range.category`, `range.symbol`), so that a specification
holds none.
"""

from collections.abc import Sequence
from typing import Any

import altair as alt

from study.page.run_charts import WHOLE, Figure, calibration, confusion, history, kernels
from study.runs.measures import Measure

STEP = 20  # pixels of a row


def charts(ids: Sequence[str], contrasts: Sequence[str], measure: Measure) -> dict[str, Any]:
    """The specification of each figure; `ids` are the networks, `contrasts` their comparisons,
    which `measure` judges.
    """
    made = {
        "curves": curves(ids),
        "accuracy": accuracies(ids),
        "contrasts": forest(contrasts, measure),
        "time": time_accuracy(ids),
        "interaction": interaction(measure),
        "history": history(),
        "confusion": confusion(),
        "calibration": calibration(),
        "kernels": kernels(),
    }
    return {name: chart.to_dict(validate=True) for name, chart in made.items()}


def _network(ids: Sequence[str]) -> dict[str, Any]:
    """Colour and symbol by network; the page has the legend."""
    scale = alt.Scale(domain=list(ids))
    return {
        "color": alt.Color("network:N", scale=scale, legend=None),
        "shape": alt.Shape("network:N", scale=scale, legend=None),
    }


def curves(ids: Sequence[str]) -> Figure:
    """A figure by epoch: mean over seeds, from the lowest to the highest, each seed on hover."""
    looks = _network(ids)
    base = alt.Chart(alt.NamedData(name="epochs")).encode(
        alt.X("epoch:Q", title="Epoch", axis=alt.Axis(labelExpr=WHOLE)),
        color=looks["color"],
    )
    hover = alt.selection_point(
        "hover", fields=["network"], on="pointerover", clear="pointerout", empty=False
    )
    band = base.mark_area(opacity=0.15).encode(
        alt.Y("min(value):Q", title=None, scale=alt.Scale(zero=False)), alt.Y2("max(value):Q")
    )
    # A filter and not an opacity: of a thousand seeds only those of one network become marks.
    seeds = (
        base.transform_filter(hover)
        .mark_line(strokeWidth=0.8)
        .encode(alt.Y("value:Q"), detail="seed:N")
    )
    mean = base.mark_line(strokeWidth=1.8).encode(
        alt.Y("mean(value):Q"),
        opacity=alt.when(~hover).then(alt.value(0.8)).otherwise(alt.value(1)),
    )
    points = (
        base.mark_point(filled=True, size=38)
        .encode(
            alt.Y("mean(value):Q"),
            shape=looks["shape"],
            tooltip=[
                alt.Tooltip("network:N", title="Network"),
                alt.Tooltip("epoch:Q", title="Epoch"),
                alt.Tooltip("mean(value):Q", title="Mean", format=".5~f"),
                alt.Tooltip("min(value):Q", title="Lowest seed", format=".5~f"),
                alt.Tooltip("max(value):Q", title="Highest seed", format=".5~f"),
                alt.Tooltip("count():Q", title="Seeds"),
            ],
        )
        .add_params(hover)
    )
    return alt.layer(band, seeds, mean, points).properties(width="container", height=340)


def _rows(chart: Figure) -> Figure:
    """A chart as wide as its place, with a line for each row."""
    fit = alt.AutoSizeParams(type="fit-x", contains="padding")
    return chart.properties(width="container", height=alt.Step(STEP), autosize=fit)


def accuracies(ids: Sequence[str]) -> Figure:
    """Accuracy of each network: mean, interval, single seeds, published figure."""
    looks = _network(ids)
    y = alt.Y("network:N", sort=list(ids), title=None, axis=alt.Axis(labelLimit=160))
    x = alt.X("percent:Q", title="Test accuracy (%)", scale=alt.Scale(zero=False))
    base = alt.Chart(alt.NamedData(name="networks")).encode(y)
    tooltip = [
        alt.Tooltip("network:N", title="Network"),
        alt.Tooltip("percent:Q", title="Accuracy (%)", format=".4~f"),
        alt.Tooltip("low:Q", title="Interval from", format=".4~f"),
        alt.Tooltip("high:Q", title="to", format=".4~f"),
        alt.Tooltip("method:N", title="Method"),
        alt.Tooltip("n:Q", title="Seeds"),
        alt.Tooltip("published:Q", title="Published (%)"),
    ]
    interval = base.mark_rule().encode(
        alt.X("low:Q"), alt.X2("high:Q"), color=looks["color"], tooltip=tooltip
    )
    seeds = (
        alt.Chart(alt.NamedData(name="runs"))
        .mark_tick(thickness=1, size=11, opacity=0.7)
        .encode(
            x,
            y,
            color=looks["color"],
            tooltip=[
                alt.Tooltip("network:N", title="Network"),
                alt.Tooltip("seed:N", title="Seed"),
                alt.Tooltip("percent:Q", title="Accuracy (%)", format=".4~f"),
            ],
        )
    )
    mean = base.mark_point(filled=True, size=70, opacity=1).encode(x, **looks, tooltip=tooltip)
    published = base.mark_point(size=90, shape="stroke", angle=90, strokeWidth=2).encode(
        alt.X("published:Q"), tooltip=tooltip
    )
    return _rows(alt.layer(interval, seeds, published, mean))


def forest(contrasts: Sequence[str], measure: Measure) -> Figure:
    """Difference of each contrast: mean, interval, each seed; the margin as a band."""
    y = alt.Y("contrast:N", sort=list(contrasts), title=None, axis=alt.Axis(labelLimit=220))
    base = alt.Chart(alt.NamedData(name="contrasts")).encode(y)
    tooltip = [
        alt.Tooltip("contrast:N", title="Contrast"),
        alt.Tooltip("difference:Q", title=measure.heading("Difference"), format="+.4~f"),
        alt.Tooltip("low:Q", title="Interval from", format="+.4~f"),
        alt.Tooltip("high:Q", title="to", format="+.4~f"),
        alt.Tooltip("p_adjusted:Q", title="Adjusted p", format=".3~g"),
        alt.Tooltip("n:Q", title="Seeds"),
        alt.Tooltip("verdict:N", title="Verdict"),
    ]
    margin = (
        alt.Chart(alt.NamedData(name="margin"))
        .mark_rect(opacity=0.15)
        .encode(alt.X("from:Q"), alt.X2("to:Q"))
    )
    zero = alt.Chart(alt.NamedData(name="margin")).mark_rule().encode(alt.X("zero:Q"))
    interval = base.mark_rule(strokeWidth=1.6).encode(
        alt.X("low:Q"), alt.X2("high:Q"), tooltip=tooltip
    )
    seeds = (
        alt.Chart(alt.NamedData(name="points"))
        .mark_tick(thickness=1, size=11, opacity=0.7)
        .encode(
            alt.X("difference:Q", title=measure.heading("Variant minus baseline")),
            y,
            tooltip=[
                alt.Tooltip("contrast:N", title="Contrast"),
                alt.Tooltip("seed:N", title="Seed"),
                alt.Tooltip("difference:Q", title=measure.heading("Difference"), format="+.4~f"),
            ],
        )
    )
    mean = base.mark_point(filled=True, size=60, opacity=1).encode(
        alt.X("difference:Q"),
        shape=alt.Shape(
            "kind:N",
            title=None,
            scale=alt.Scale(
                domain=["shown", "no difference that matters", "open"],
                range=["diamond", "square", "circle"],
            ),
            legend=alt.Legend(orient="top"),
        ),
        tooltip=tooltip,
    )
    return _rows(alt.layer(margin, zero, interval, seeds, mean))


def time_accuracy(ids: Sequence[str]) -> Figure:
    """Seconds an epoch against accuracy, with the Pareto front of all networks."""
    looks = _network(ids)
    base = alt.Chart(alt.NamedData(name="networks")).encode(
        alt.X("seconds:Q", title="Seconds per epoch", scale=alt.Scale(type="log", nice=False)),
    )
    y = alt.Y("percent:Q", title="Test accuracy (%)", scale=alt.Scale(zero=False))
    front = (
        base.transform_filter("datum.front")
        .mark_line(opacity=0.6, strokeDash=[4, 3], interpolate="step-after")
        .encode(y)
    )
    interval = base.mark_rule(opacity=0.6).encode(
        alt.Y("low:Q"), alt.Y2("high:Q"), color=looks["color"]
    )
    mean = base.mark_point(filled=True, size=110, opacity=1).encode(
        y,
        **looks,
        tooltip=[
            alt.Tooltip("network:N", title="Network"),
            alt.Tooltip("seconds:Q", title="Seconds per epoch", format=".4~g"),
            alt.Tooltip("percent:Q", title="Accuracy (%)", format=".4~f"),
            alt.Tooltip("parameters:Q", title="Parameters", format=","),
        ],
    )
    return alt.layer(front, interval, mean).properties(width="container", height=340)


def interaction(measure: Measure) -> Figure:
    """The measure by one factor's levels, a line for each level of another."""
    base = alt.Chart(alt.NamedData(name="cells")).encode(
        alt.X("level:N", title=None, sort=None, axis=alt.Axis(labelAngle=0)),
        color=alt.Color("other:N", title=None, sort=None, legend=alt.Legend(orient="top")),
        tooltip=[
            alt.Tooltip("level:N", title="Level"),
            alt.Tooltip("other:N", title="Other factor"),
            alt.Tooltip("mean(value):Q", title=f"Mean: {measure.axis}", format=".5~f"),
            alt.Tooltip("count():Q", title="Runs"),
        ],
    )
    y = alt.Y("mean(value):Q", title=measure.axis, scale=alt.Scale(zero=False))
    shape = alt.Shape("other:N", title=None, sort=None, legend=alt.Legend(orient="top"))
    return alt.layer(
        base.mark_line().encode(y), base.mark_point(filled=True, size=70).encode(y, shape=shape)
    ).properties(width="container", height=280)
