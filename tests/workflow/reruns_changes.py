"""Changes to a finished study, for the tests of reruns."""

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from checkout import run_snakemake
from reruns_study import CONFIG

Change = Callable[[Path], object]
"""Changes a copy of the finished study, whose folder it is given."""


def configured(change: Callable[[dict[str, Any]], object], file: str = CONFIG) -> Change:
    """A change of the configuration: of the content of `file`, in place."""

    def apply(checkout: Path) -> None:
        path = checkout / file
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        change(config)
        path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")

    return apply


def own_settings(**settings: Any) -> Change:
    """A change of the settings of the second variant."""
    return configured(lambda config: config["variants"][1]["training"].update(settings))


def edited(file: str, old: str, new: str) -> Change:
    """A change of a source below workflow/scripts: the one place that holds `old`."""

    def apply(checkout: Path) -> None:
        path = checkout / "workflow" / "scripts" / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    return apply


def source_of(checkout: Path, module: str) -> Path:
    """The file of a module, `study.errors` for instance."""
    return checkout / "workflow" / "scripts" / f"{module.replace('.', '/')}.py"


def moved(old: str, new: str) -> Change:
    """A module gets another name, in a folder that is made for it, and so does every import."""

    def apply(checkout: Path) -> None:
        target = source_of(checkout, new)
        target.parent.mkdir()
        (target.parent / "__init__.py").touch()
        source_of(checkout, old).rename(target)
        workflow = checkout / "workflow"
        changed = 0
        for file in [*workflow.rglob("*.py"), *workflow.rglob("*.smk")]:
            text = file.read_text(encoding="utf-8")
            text, count = re.subn(rf"\b{re.escape(old)}\b", new, text)
            changed += count
            if count:
                file.write_text(text, encoding="utf-8")
        assert changed, f"nothing imports {old}"

    return apply


def split(old: str, new: str, names: set[str]) -> Change:
    """Definitions of a module move to a new one, from which the old one imports them."""

    def apply(checkout: Path) -> None:
        source = source_of(checkout, old)
        text = source.read_text(encoding="utf-8")
        lines = text.splitlines()
        body = ast.parse(text).body
        last_import = max(
            node.end_lineno or 0 for node in body if isinstance(node, ast.Import | ast.ImportFrom)
        )
        cut: list[str] = []
        kept = [*lines[:last_import], f"from {new} import {', '.join(sorted(names))}"]
        position = last_import
        for node in body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name in names:
                start = min([node.lineno, *(each.lineno for each in node.decorator_list)]) - 1
                kept += lines[position:start]
                position = node.end_lineno or start
                cut += lines[start:position]
        assert cut, f"{old} does not define {names}"
        source.write_text("\n".join([*kept, *lines[position:], ""]), encoding="utf-8")
        source_of(checkout, new).write_text(
            "\n".join([*lines[:last_import], *cut, ""]), encoding="utf-8"
        )

    return apply


def deleted(*files: str) -> Change:
    def apply(checkout: Path) -> None:
        for file in files:
            (checkout / file).unlink()

    return apply


def one_byte_changed(file: str) -> Change:
    def apply(checkout: Path) -> None:
        content = bytearray((checkout / file).read_bytes())
        content[-1] ^= 1
        (checkout / file).write_bytes(content)

    return apply


def together(*changes: Change) -> Change:
    def apply(checkout: Path) -> None:
        for change in changes:
            change(checkout)

    return apply


def sources(checkout: Path) -> Iterator[Path]:
    """Every file that is no result."""
    for file in checkout.rglob("*"):
        inside = file.relative_to(checkout).parts[0]
        if file.is_file() and inside not in ("results", ".snakemake", ".git"):
            yield file


def touch_sources_and_data(checkout: Path) -> None:
    touched = set(sources(checkout))
    assert {"data.smk", "train.py", "trainer.py", "tiny.npz", "train-x.gz", "miniature.yaml"} <= {
        file.name for file in touched
    }
    for file in touched:
        file.touch()


def touch_what_later_rules_read(checkout: Path) -> None:
    names = (
        *("history.csv", "metrics.json", "weights.npz", "predictions.npz"),
        "summary.csv",
    )
    for file in sorted((checkout / "results").rglob("*")):
        if file.name in names:
            file.touch()


def switch_branches(checkout: Path) -> None:
    """Change every script and module on another branch, and come back: only time stamps differ."""

    def git(*args: str) -> None:
        name = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        subprocess.run(["git", *name, *args], cwd=checkout, check=True, capture_output=True)

    git("init", "--initial-branch", "main")
    git("add", "--all")
    git("commit", "--message", "one")
    git("switch", "--create", "other")
    scripts = list((checkout / "workflow").rglob("*.py"))
    before = {script: script.stat().st_mtime_ns for script in scripts}
    for script in scripts:
        script.write_text(script.read_text(encoding="utf-8") + "\nprint(1)\n", encoding="utf-8")
    git("commit", "--all", "--message", "two")
    git("switch", "main")
    assert all(script.stat().st_mtime_ns != before[script] for script in scripts)


def reformat(checkout: Path) -> None:
    """Write all code anew: another layout, no old comment but a new one, other docstrings."""
    for script in (checkout / "workflow" / "scripts").rglob("*.py"):
        tree = ast.parse(script.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            match node:
                case (
                    ast.Module(body=[ast.Expr(value=ast.Constant() as docstring), *_])
                    | ast.ClassDef(body=[ast.Expr(value=ast.Constant() as docstring), *_])
                    | ast.FunctionDef(body=[ast.Expr(value=ast.Constant() as docstring), *_])
                ):
                    docstring.value = "Other words."
        script.write_text(f"{ast.unparse(tree)}\n# A comment.\n", encoding="utf-8")
    for rules in [checkout / "Snakefile", *(checkout / "workflow" / "rules").glob("*.smk")]:
        text = rules.read_text(encoding="utf-8")
        assert text.startswith('"""')
        text = '"""Other words. ' + text.removeprefix('"""')
        rules.write_text(f"# A comment.\n\n{text}\n# A comment.\n", encoding="utf-8")


def turn_key_order(value: Any) -> None:
    """Turn round the keys of all mappings in `value`."""
    if isinstance(value, dict):
        for key, item in list(value.items())[::-1]:
            turn_key_order(item)
            value[key] = value.pop(key)
    elif isinstance(value, list):
        for item in value:
            turn_key_order(item)


def say_the_same(config: dict[str, Any]) -> None:
    """The same study in other words."""
    config["seeds"] = 2
    config["training"] |= {"optimizer": "adam", "pixel_divisor": 255.0}  # as without
    plain, own = config["variants"]
    plain["layers"] = plain["layers"][0]
    plain["training"] = {"learning_rate": 0.001}
    own["layers"][0][0]["conv"] |= {"stride": 1, "padding": "valid"}


def change_environments(checkout: Path) -> None:
    for file in (checkout / "envs").iterdir():
        text = file.read_text(encoding="utf-8")
        assert "==" in text
        file.write_text(text.replace("==", "==9."), encoding="utf-8")


def touch_trainings(checkout: Path) -> None:
    done = run_snakemake(
        checkout, *("--configfile", CONFIG, "--cores", "1", "--touch", "--until", "train")
    )
    assert done.returncode == 0, done.stderr


EDIT_TRAINING = edited(
    "study/training/batch_norm.py", "is_flat = x.shape.rank == 2", "is_flat = x.shape.rank < 3"
)
EDIT_SUMMARY = edited("study/summary/costs.py", "NOTABLE = 0.4", "NOTABLE = 0.5")
