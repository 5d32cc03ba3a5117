"""What programs read: files by their schemas, and the lines that docs/reading_results.md has for them."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from helping import ROOT, run
from quirks_programs import python

from scripts.config.plan import Plan


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / f"workflow/schemas/{name}.schema.json").read_text())
    return found


@pytest.fixture(scope="module")
def answers(study: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the programs have written, by name."""
    plan = tmp_path_factory.mktemp("plan") / "plan.json"
    settings = Plan.model_validate({"jobs": [{"name": "final", "like": "resnet18-serial-1"}]}).model_dump(mode="json")
    python(
        "scripts.scaling.plan.make_plan",
        *("--training", study / "scaling/training.parquet", "--plan", plan, "--csv", plan.with_suffix(".csv")),
        *("--spec", json.dumps({"confidence": 0.95, "currency": ""} | settings)),
    )
    files = {name: study / f"scaling/{name}.json" for name in ("claims", "recommendation")} | {"plan": plan}
    return {name: json.loads(path.read_text()) for name, path in files.items()}


@pytest.mark.parametrize("name", ["claims", "recommendation", "plan"])
def test_an_answer_is_as_its_schema_has_it_and_says_its_version(answers: dict[str, Any], name: str) -> None:
    jsonschema.validate(answers[name], schema(name))
    assert schema(name)["$id"] == f"urn:scalecard:{name}:{answers[name]['version']}"


@pytest.mark.parametrize(
    ("name", "change"),
    [("claims", {"version": 2}), ("recommendation", {"recommendations": [{}]}), ("plan", {"more": 1})],
)
def test_a_schema_takes_no_other_shape(answers: dict[str, Any], name: str, change: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(answers[name] | change, schema(name))


def test_the_lines_of_the_docs_print_what_stands_with_n_and_machine(study: Path, tmp_path: Path) -> None:
    page = (ROOT / "docs/reading_results.md").read_text()
    [lines] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    script = tmp_path / "read.py"
    script.write_text(lines.replace("results/demo/scaling", f"{study}/scaling"))
    printed = run(ROOT, sys.executable, str(script)).stdout
    claims = json.loads((study / "scaling/claims.json").read_text())["claims"]
    standing = [claim["sentence"] for claim in claims if claim["stands"]]
    assert standing
    said = printed.splitlines()
    assert [line.partition(" n = ")[0] for line in said] == standing
    assert all(re.search(r" n = 4, \w+", line) for line in said)
