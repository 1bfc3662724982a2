"""Sections as Markdown and as LaTeX: all blocks, and texts that could break a format."""

import pytest

from study.summary.latex import escape, to_latex
from study.summary.markdown import to_markdown
from study.summary.sections import Alert, Bullets, Kind, Mark, Section, Table, spans, table_of

HOSTILE = "5|5 \\| 50%\n& a_b {c} #1 $x$ ~ ^ \\ <|>"


def table(cell: str, caption: str = "A table.") -> Table:
    columns = {
        "Id": (Kind.CODE, lambda entry: "conv_3"),
        "Label": (Kind.TEXT, lambda entry: entry),
        "n": (Kind.NUMBER, lambda entry: "10"),
    }
    return table_of([cell], columns, name="made-up", caption=caption)


PAGE = [
    Section("Page", ["Text with `code`.", Alert("Unlike.", ["NumPy: 1; 2"]), table("label")]),
    Section("Second", ["Text."], [Section("Detail", [Bullets(["one", "two"])])]),
]


def test_a_page_in_markdown() -> None:
    assert (
        to_markdown(PAGE)
        == """\
# Page

Text with `code`.

> [!WARNING]
> Unlike.
>
> - NumPy: 1; 2

| Id       | Label |  n |
| :--------| :-----|--: |
| `conv_3` | label | 10 |

## Second

Text.

### Detail

- one
- two
"""
    )


def test_a_page_in_latex_is_its_tables() -> None:
    (_, body) = to_latex(PAGE).split("\n\n")
    assert r"\caption{A table.}" in body
    assert r"\label{tab:made-up}" in body
    assert r"\begin{tabular}{llr}" in body
    assert r"Id & Label & n \\" in body
    assert r"\texttt{conv\_3} & label & 10 \\" in body


@pytest.mark.parametrize("left_out", [table("x", caption=""), Table({"x": Kind.TEXT}, [], "", "x")])
def test_latex_leaves_out_tables_without_caption_or_rows(left_out: Table) -> None:
    assert "tabular" not in to_latex([Section("", [left_out])])


def test_tables_of_details_are_rendered_too() -> None:
    details = [Section("Detail", [table("deep")])]
    assert "deep" in to_latex([Section("Page", [], details)])
    assert "deep" in to_markdown([Section("Page", [], details)])


def test_a_text_cannot_break_a_markdown_table() -> None:
    *_, head, _, row = to_markdown([Section("", [table(HOSTILE)])]).splitlines()
    # A pipe ends a cell unless an odd number of backslashes precedes it.
    pipes = [row[:place] for place, sign in enumerate(row) if sign == "|"]
    ends = [before for before in pipes if (len(before) - len(before.rstrip("\\"))) % 2 == 0]
    assert len(ends) == head.count("|") == 4
    assert r"5\|5 \\\| 50% & a_b" in row


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("<script>alert(1)</script>", r"\<script>alert(1)\</script>"),
        ("<!-- x -->, <?x?>", r"\<!-- x -->, \<?x?>"),
        ("![](http://a/b.png)", r"!\[](http://a/b.png)"),
        ("[x](javascript:y)", r"\[x](javascript:y)"),
        ("&lt;b&gt; &#60; R&D", r"\&lt;b\&gt; \&#60; R&D"),
        ("_a_ b_c ~~d~~ *e", r"\_a\_ b_c \~~d\~~ \*e"),
        ("`<b>` and `<i>", r"`<b>` and \`\<i>"),
        ("**<b>**", r"**\<b>**"),
        ("p < 0.001, r ≥ 2", "p < 0.001, r ≥ 2"),
    ],
)
def test_markdown_shows_texts_as_they_are(text: str, written: str) -> None:
    """In titles, paragraphs, lists, alerts and cells."""
    page = [Section(text, [text, Bullets([text]), Alert(text, [text]), table(text)])]
    title, paragraph, item, alert, cells = to_markdown(page).strip().split("\n\n")
    assert (title, paragraph, item) == (f"# {written}", written, f"- {written}")
    assert alert == f"> [!WARNING]\n> {written}\n>\n> - {written}"
    assert f"| {written} " in cells


def test_a_text_cannot_break_a_latex_table() -> None:
    text = to_latex([Section("", [table(HOSTILE)])])
    (row,) = [line for line in text.splitlines() if r"5\textbar{}5" in line]
    assert row.replace(r"\&", "").count("&") == 2
    assert row.endswith(r" & 10 \\")


def test_latex_prints_signs_that_it_reads_as_commands() -> None:
    assert escape("50% & a_b {c} #1 $x$ ~ ^ \\ <|>") == (
        r"50\% \& a\_b \{c\} \#1 \$x\$ \textasciitilde{} \textasciicircum{} "
        r"\textbackslash{} \textless{}\textbar{}\textgreater{}"
    )
    assert escape("r ≥ 2 — “so”\n± 1") == r"r $\geq$ 2 --- ``so'' $\pm$ 1"
    assert escape("**all** of `a_b`") == r"\textbf{all} of \texttt{a\_b}"


def test_marks_are_taken_apart() -> None:
    assert spans("a `b` **c d**") == [
        (Mark.PLAIN, "a "),
        (Mark.CODE, "b"),
        (Mark.PLAIN, " "),
        (Mark.STRONG, "c d"),
    ]
    assert spans("2 * 3 ` 4") == [(Mark.PLAIN, "2 * 3 ` 4")]
    assert spans("") == []
