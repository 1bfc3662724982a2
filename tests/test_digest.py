"""The code digest changes with what can change a result, and with nothing else."""

import ast
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from conftest import ROOT
from study.digest import SCRIPTS, reached_code

SCRIPT = '''"""A script."""

import package.attribute
import package.settings as aliased
from package.tools import used
from package import settings

if __name__ == "__main__":
    print(used(1) + settings.LIMIT, aliased)
'''
TOOLS = '''"""Tools."""

import math
import package.side
import package.attribute
from package.deep import constant
from package.starred import *
from .near import near


@register
def never_called():
    pass


def used(x):
    """Says what it does."""
    return helper(x) + constant + near() + STAR + package.attribute.reached()


def helper(x):
    return math.sqrt(x)  # a comment


def unused(x):
    return x
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "package").mkdir()
    files = {
        "script.py": SCRIPT,
        "package/__init__.py": '"""A package."""\n',
        "package/tools.py": TOOLS,
        "package/deep.py": "constant = 3\nother = 4\n",
        "package/settings.py": "LIMIT = 5\n",
        "package/side.py": "EFFECT = 1\n",
        "package/near.py": "def near():\n    return 1\n",
        "package/starred.py": "STAR = 1\n",
        "package/attribute.py": "def reached():\n    return 1\n",
        "unrelated.py": "x = 1\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def digest_after(project: Path, name: str = "", old: str = "", new: str = "") -> str:
    """The script's digest, computed in a process of its own, after one replacement."""
    if name:
        file = project / name
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")
    program = (
        "import sys; from pathlib import Path; from study.digest import code_digest; "
        "print(code_digest('script.py', Path(sys.argv[1])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, project],
        cwd=SCRIPTS,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("script.py", "used(1)", "used(2)"),
        ("package/tools.py", "helper(x) + constant", "helper(x) - constant"),
        ("package/tools.py", "math.sqrt(x)", "math.exp(x)"),
        ("package/deep.py", "constant = 3", "constant = 3.5"),
        ("package/settings.py", "LIMIT = 5", "LIMIT = 6"),
        ("package/__init__.py", '"""A package."""\n', "print('imported')\n"),
        ("package/settings.py", "LIMIT = 5\n", "LIMIT = 5\nos.environ['A'] = '1'\n"),
        ("package/deep.py", "other = 4", "other = change_something()"),
        ("package/side.py", "EFFECT = 1", "EFFECT = 2\nprint()"),
        ("package/near.py", "return 1", "return 2"),
        ("package/starred.py", "STAR = 1", "STAR = 2"),
        ("package/attribute.py", "def reached():\n    return 1", "def reached():\n    return 2"),
        ("package/tools.py", "@register\n", ""),
        (
            "package/tools.py",
            "import package.attribute\n",
            "import package.attribute  # x\nimport json as math\n",
        ),
    ],
)
def test_changes_of_what_is_used_count(project: Path, name: str, old: str, new: str) -> None:
    assert digest_after(project) != digest_after(project, name, old, new)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("script.py", '"""A script."""', '"""Another docstring."""'),
        ("script.py", "print(used(1) + settings", "print(\n        (used(1)) +  settings"),
        ("package/tools.py", "  # a comment", ""),
        ("package/tools.py", '"""Says what it does."""\n    ', ""),
        ("package/tools.py", "def unused(x):\n    return x", "def unused(x):\n    return 2 * x"),
        ("package/tools.py", "def used(x):", "\n\n\ndef used( x ):"),
        ("package/deep.py", "other = 4", "other = 5"),
        (
            "script.py",
            "import package.attribute\nimport package.settings as aliased\n",
            "import package.settings as aliased\nimport package.attribute\n",
        ),
        ("unrelated.py", "x = 1", "x = 2"),
    ],
)
def test_comments_docstrings_formatting_and_unused_code_do_not(
    project: Path, name: str, old: str, new: str
) -> None:
    assert digest_after(project) == digest_after(project, name, old, new)


def test_moving_a_function_within_its_file_does_not_count(project: Path) -> None:
    before = digest_after(project)
    used = TOOLS[TOOLS.index("def used") : TOOLS.index("def helper")]
    moved = TOOLS.replace(used, "") + "\n\n" + used
    (project / "package" / "tools.py").write_text(moved, encoding="utf-8")
    assert digest_after(project) == before


def test_training_reaches_its_step_but_no_plot_and_no_summary() -> None:
    reached = {getattr(node, "name", "") for node in reached_code(SCRIPTS / "train.py", SCRIPTS)}
    assert {"Trainer", "dropout_mask", "build_model", "save_checkpoint", "load_prepared"} <= reached
    assert not reached & {"load_study", "code_digest", "verdict", "read_metrics", "multiply_adds"}


# --- where code lies ------------------------------------------------------------------------------


def write(project: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")


def test_a_moved_module_does_not_count(project: Path) -> None:
    before = digest_after(project)
    (project / "package" / "deeper").mkdir()
    (project / "package" / "deep.py").rename(project / "package" / "deeper" / "moved.py")
    write(project, {"package/deeper/__init__.py": '"""Another package."""\n'})
    tools = TOOLS.replace("from package.deep import", "from package.deeper.moved import")
    write(project, {"package/tools.py": tools})
    assert digest_after(project) == before


def test_a_split_package_does_not_count(project: Path) -> None:
    """A definition that moves to a module of its own is the same wherever it is imported from."""
    before = digest_after(project)
    helper = TOOLS[TOOLS.index("def helper") : TOOLS.index("def unused")]
    write(
        project,
        {
            "package/tools.py": TOOLS.replace(helper, "").replace(
                "import math\n", "from package.help import helper\n"
            ),
            "package/help.py": f"import math\n\n\n{helper}",
        },
    )
    assert digest_after(project) == before


@pytest.mark.parametrize(
    ("once", "other"),
    [
        ("ALL = []\nALL.append(1)\n", "ALL = []\nALL.append(1)\nALL.append(1)\n"),
        ("ALL = []\nALL.append(1)\nALL.append(2)\n", "ALL = []\nALL.append(2)\nALL.append(1)\n"),
        ("ALL = 1\nALL = 2\n", "ALL = 2\nALL = 1\n"),
    ],
)
def test_how_often_and_in_what_order_statements_run_counts(
    project: Path, once: str, other: str
) -> None:
    using = "def used(x):\n    return ALL\n"
    write(project, {"package/tools.py": once + using})
    before = digest_after(project)
    write(project, {"package/tools.py": other + using})
    assert digest_after(project) != before


def test_training_reaches_no_words_of_tables() -> None:
    """They may change without a training being made again."""
    reached = reached_code(SCRIPTS / "train.py", SCRIPTS)
    names = {name for statement in reached for name in bound_names(statement)}
    assert {"train_run", "best_place", "LOWER_IS_BETTER"} <= names
    assert not names & {"MEASURES", "Measure", "FIGURES", "problem_of"}


def bound_names(statement: ast.stmt) -> list[str]:
    """The names that a definition or an assignment binds."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    targets = getattr(statement, "targets", [getattr(statement, "target", None)])
    return [target.id for target in targets if isinstance(target, ast.Name)]


def test_an_import_within_a_function_counts_by_what_it_binds(project: Path) -> None:
    importing = "def used(x):\n    from package.deep import constant\n    return constant\n"
    write(project, {"package/tools.py": importing})
    before = digest_after(project)
    assert digest_after(project, "package/deep.py", "constant = 3", "constant = 4") != before
    write(project, {"package/deep.py": "other = 4\n", "package/moved.py": "constant = 3\n"})
    write(project, {"package/tools.py": importing.replace("package.deep", "package.moved")})
    assert digest_after(project) == before


WAYS = "".join(
    f"def way{n}():\n    return {to}()\n\n\n" for n, to in enumerate(("way1", "way2", "helper"))
)


@pytest.mark.parametrize(
    ("called", "between"),
    [("helper", ""), ("way0", WAYS)],
    ids=["directly", "through three functions of the same text"],
)
def test_functions_of_one_name_are_told_apart_by_who_uses_them(
    project: Path, called: str, between: str
) -> None:
    """Two modules swap helpers of one name: every statement stays, but not what it means."""

    def written(one: str, other: str) -> str:
        module = (
            f"def {{0}}():\n    return {called}()\n\n\n{between}def helper():\n    return {{1}}\n"
        )
        write(
            project,
            {
                "script.py": "from one import first\nfrom other import second\nfirst(), second()\n",
                "one.py": module.format("first", one),
                "other.py": module.format("second", other),
            },
        )
        return digest_after(project)

    assert written("1", "2") != written("2", "1")


def test_a_script_of_one_statement_has_a_digest_of_it(project: Path) -> None:
    write(project, {"script.py": "print(1)\n"})
    before = digest_after(project)
    assert digest_after(project, "script.py", "1", "2") != before


def test_a_local_variable_is_not_the_definition_of_its_name(project: Path) -> None:
    module = "def used(near):\n    return [constant for constant in near]\n\n\n"
    write(project, {"package/tools.py": module + "def near():\n    return 1\n\n\nconstant = 1\n"})
    before = digest_after(project)
    assert digest_after(project, "package/tools.py", "return 1", "return 2") == before
    assert digest_after(project, "package/tools.py", "constant = 1", "constant = 2") == before


def test_a_name_that_is_local_in_one_function_and_global_in_another_counts(project: Path) -> None:
    module = "LIMIT = 1\n\n\ndef used(x):\n    return LIMIT + sum(LIMIT for LIMIT in x)\n"
    write(project, {"package/tools.py": module})
    before = digest_after(project)
    assert digest_after(project, "package/tools.py", "LIMIT = 1", "LIMIT = 2") != before


def test_modules_that_import_from_each_other_end(project: Path) -> None:
    circle = {
        "package/near.py": "from package.deep import near, far\n",
        "package/deep.py": "from package.near import far\nconstant = 3\n"
        "def near():\n    return far\n",
    }
    write(project, circle)
    before = digest_after(project)
    assert digest_after(project, "package/deep.py", "return far", "return 2") != before


def test_every_package_around_a_module_counts(project: Path) -> None:
    files = {
        "package/inner/deepest/leaf.py": "leaf = 1\n",
        "package/inner/__init__.py": '"""A package."""\n',
        "package/inner/deepest/__init__.py": "",
        "script.py": "from package.inner.deepest.leaf import leaf\nprint(leaf)\n",
    }
    write(project, files)
    before = digest_after(project)
    for init in ("package/__init__.py", "package/inner/__init__.py"):
        text = (project / init).read_text(encoding="utf-8")
        write(project, {init: text + "print('imported')\n"})
        assert digest_after(project) != before
        write(project, {init: text})


def test_an_unused_data_class_in_a_module_that_is_used_does_not_count(project: Path) -> None:
    before = digest_after(project)
    plain = "from dataclasses import dataclass\n\n\n@dataclass\nclass Unused:\n    x: int\n"
    write(project, {"package/near.py": f"{plain}\n\ndef near():\n    return 1\n"})
    assert digest_after(project) == before
    registered = plain.replace("dataclasses import", "elsewhere import")
    write(project, {"package/near.py": f"{registered}\n\ndef near():\n    return 1\n"})
    assert digest_after(project) != before


@pytest.mark.parametrize("default", ["def near(x=1):", "def near(*, x=1):"])
def test_a_changed_default_of_a_parameter_counts(project: Path, default: str) -> None:
    write(project, {"package/near.py": f"{default}\n    return x\n"})
    before = digest_after(project)
    assert digest_after(project, "package/near.py", "x=1", "x=2") != before


@pytest.mark.parametrize(
    "statement",
    [
        "def near(x=far):\n    return x\n",
        "@far\ndef near():\n    return 1\n",
        "class near(far):\n    pass\n",
        "class near(metaclass=far):\n    pass\n",
        "def near() -> far:\n    return 1\n",
        "def near():\n    def within():\n        return far\n    return within()\n",
    ],
)
def test_what_a_definition_names_outside_its_body_counts(project: Path, statement: str) -> None:
    """The value of a default, a decorator, a base class; and what a function within it names."""
    write(project, {"package/near.py": f"from package.far import far\n\n\n{statement}"})
    write(project, {"package/far.py": "def far():\n    return 3\n"})
    before = digest_after(project)
    assert digest_after(project, "package/far.py", "return 3", "return 4") != before


@pytest.mark.parametrize(("old", "new"), [("0", "False"), ("0", "''"), ("None", "()")])
def test_values_that_are_nothing_are_told_apart(project: Path, old: str, new: str) -> None:
    write(project, {"package/near.py": f"def near():\n    return {old}\n"})
    before = digest_after(project)
    assert digest_after(project, "package/near.py", f"return {old}", f"return {new}") != before


def test_every_rule_passes_the_digest_of_its_script() -> None:
    for rules in (ROOT / "workflow" / "rules").glob("*.smk"):
        for rule in re.split(r"\n(?:rule|checkpoint) ", rules.read_text(encoding="utf-8"))[1:]:
            script = rule.split('"../scripts/')[1].split('"')[0]
            if script != "download.py":  # its output is known by its checksum
                assert f'code=code_digest("{script}")' in rule, (rules.name, script)


def test_the_digest_is_the_same_in_every_process(project: Path, monkeypatch) -> None:
    digests = set()
    for hash_seed in ("1", "2", "3"):
        monkeypatch.setenv("PYTHONHASHSEED", hash_seed)
        digests.add(digest_after(project))
    assert len(digests) == 1
