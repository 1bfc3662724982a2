"""The figures of one run, as Vega-Lite specifications."""

import altair as alt

Figure = alt.LayerChart | alt.FacetChart

# A scale whose domain is given has one legend for colour and symbol, and not one for each.
SERIES = alt.Scale(domain=["training, dropout on", "training, dropout off", "validation"])

WHEN = alt.Scale(domain=["before training", "after training"])

WHOLE = "datum.value % 1 ? '' : datum.value"
"""Labels of whole epochs alone."""


def history() -> Figure:
    """A run's curves."""
    base = alt.Chart(alt.NamedData(name="epochs")).encode(
        alt.X("epoch:Q", title="Epoch", axis=alt.Axis(labelExpr=WHOLE)),
        alt.Y("value:Q", title=None, scale=alt.Scale(zero=False)),
        color=alt.Color("series:N", title=None, scale=SERIES, legend=alt.Legend(orient="top")),
        tooltip=[
            alt.Tooltip("series:N", title="Curve"),
            alt.Tooltip("epoch:Q", title="Epoch"),
            alt.Tooltip("value:Q", title="Value", format=".5~f"),
        ],
    )
    return alt.layer(
        base.mark_line(),
        base.mark_point(filled=True, size=40).encode(
            shape=alt.Shape("series:N", title=None, scale=SERIES, legend=alt.Legend(orient="top"))
        ),
    ).properties(width="container", height=220)


def confusion() -> Figure:
    """Images by true and predicted class; the colour shows mistakes alone."""
    base = alt.Chart(alt.NamedData(name="cells")).encode(
        alt.X("predicted:O", title="Predicted class", axis=alt.Axis(labelAngle=0)),
        alt.Y("true:O", title="True class"),
        tooltip=[
            alt.Tooltip("true:O", title="True class"),
            alt.Tooltip("predicted:O", title="Predicted class"),
            alt.Tooltip("images:Q", title="Images"),
        ],
    )
    cells = base.mark_rect().encode(
        alt.Color(
            "wrong:Q",
            legend=None,
            scale=alt.Scale(type="sqrt", range=["#fff5eb", "#f28b45"], domainMin=0),
        )
    )
    counts = base.mark_text(fontSize=11, color="#1a1a1a").encode(text="images:Q")
    return alt.layer(cells, counts).properties(width="container", height=300)


def calibration() -> Figure:
    """Accuracy by confidence; on the diagonal the two agree."""
    base = alt.Chart(alt.NamedData(name="bins"))
    tooltip = [
        alt.Tooltip("low:Q", title="Confidence above", format=".3f"),
        alt.Tooltip("high:Q", title="up to", format=".3f"),
        alt.Tooltip("confidence:Q", title="Mean confidence", format=".4f"),
        alt.Tooltip("accuracy:Q", title="Accuracy", format=".4f"),
        alt.Tooltip("images:Q", title="Images"),
    ]
    unit = alt.Scale(domain=[0, 1])
    bars = base.mark_rect(opacity=0.75).encode(
        alt.X("low:Q", scale=unit, title="Confidence"),
        alt.X2("high:Q"),
        alt.Y("accuracy:Q", scale=unit, title="Accuracy"),
        alt.Y2Datum(0),
        tooltip=tooltip,
    )
    diagonal = (
        alt.Chart(alt.NamedData(name="diagonal"))
        .mark_line(strokeDash=[4, 3], strokeWidth=1.5)
        .encode(alt.X("at:Q"), alt.Y("at:Q"))
    )
    return alt.layer(bars, diagonal).properties(width="container", height=220)


def kernels() -> Figure:
    """The weights of each layer, before and after training."""
    legend = alt.Legend(orient="top")
    base = alt.Chart().encode(
        alt.X("weight:Q", title=None, axis=alt.Axis(tickCount=3)),
        alt.Y("share:Q", title=None, axis=None, stack=None),
        alt.Color("when:N", title=None, scale=WHEN, legend=legend),
        tooltip=[
            alt.Tooltip("layer:N", title="Layer"),
            alt.Tooltip("when:N", title="Weights"),
            alt.Tooltip("weight:Q", title="Weight", format=".3f"),
            alt.Tooltip("count:Q", title="Number", format=","),
        ],
    )
    area = base.mark_area(opacity=0.3, interpolate="step")
    line = base.mark_line(interpolate="step", strokeWidth=1.5).encode(
        strokeDash=alt.StrokeDash("when:N", title=None, scale=WHEN, legend=legend)
    )
    return (
        alt.layer(area, line)
        .properties(width=140, height=90)
        .facet(
            alt.Facet("layer:N", title=None, sort=None),
            columns=4,
            data=alt.NamedData(name="weights"),
        )
        .resolve_scale(x="independent", y="independent")
    )
