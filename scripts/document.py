"""Write what is generated from the code: the JSON schemas in workflow/schemas and config/README.md.

`python -m scripts.document` (`make docs`) writes them; `--check` (`make lint`) fails where one is out of date.
"""

import importlib
import json
from types import UnionType
from typing import Any, get_args

import jinja2
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from scripts import cli, registry
from scripts.atomic import write_text
from scripts.augment.step import STEPS as AUGMENTATION
from scripts.config import Study
from scripts.errors import UserError
from scripts.images.step import STEPS
from scripts.loading.points import BACKENDS, backend_class
from scripts.registry import ROOT
from scripts.scaling.answers.answer import Claims, Recommendations
from scripts.scaling.history.history import ComparisonRow
from scripts.scaling.plan.planned import Plan
from scripts.scaling.profiles.profile_rows import PopRow, ProfileRow
from scripts.scaling.tables.rows import JobRow, LoadingRow, StrategyRow, TrainingRow
from scripts.scaling.tables.tabulate_external import Outside
from scripts.training.points import STRATEGIES

# What programs read, by the name of its file in `results/<study>/scaling/`.
ANSWERS: dict[str, type[BaseModel]] = {"claims": Claims, "recommendation": Recommendations, "plan": Plan}


def schema() -> str:
    """The JSON schema of a study's config."""
    return json.dumps(Study.model_json_schema(), indent=1) + "\n"


def answer_schema(name: str) -> str:
    """The JSON schema of a file that programs read, with the version of its shape in its name."""
    kind = ANSWERS[name]
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:scalecard:{name}:{kind.model_fields['version'].default}",
    }
    return json.dumps(head | kind.model_json_schema(mode="serialization"), indent=1) + "\n"


def readme() -> str:
    """config/README.md."""
    template = jinja2.Template(
        (ROOT / "scripts" / "config_readme.md.jinja").read_text(encoding="utf-8"),
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
    )
    text: str = template.render(
        sections=_sections(Study, ""),
        backends=_backends(),
        plugins=[
            _plugins("Training strategies", STRATEGIES),
            _plugins("Preprocessing steps", STEPS),
            _plugins("Augmentation steps", AUGMENTATION),
        ],
        steps=_step_settings(STEPS),
        augmentation=_step_settings(AUGMENTATION),
        tables=[
            _columns("loading", LoadingRow),
            _columns("training", TrainingRow),
            _columns("strategies", StrategyRow),
            _columns("profiles", ProfileRow),
            _columns("pop", PopRow),
            _columns("jobs", JobRow),
            _columns("comparison", ComparisonRow),
            _columns("external", Outside) | {"title": "the table that `scaling.external` names"},
        ],
    )
    return text


def _sections(model: type[BaseModel], path: str) -> list[dict[str, Any]]:
    """A section for each model of settings, outer before inner."""
    properties = Study.model_json_schema()["$defs"] | {"Study": Study.model_json_schema()}
    own: list[dict[str, str]] = []
    inner: list[dict[str, Any]] = []
    for name, field in model.model_fields.items():
        key = f"{path}{name}"
        options = get_args(field.annotation) if isinstance(field.annotation, UnionType) else (field.annotation,)
        kinds = [kind for kind in options if isinstance(kind, type)]
        group = next((kind for kind in kinds if issubclass(kind, BaseModel)), None)
        if group is not None:
            inner += _sections(group, f"{key}.")
        if group is not field.annotation:
            own.append(_row(key, field, properties[model.__name__]["properties"][name]))
    doc = (model.__doc__ or "").strip()
    return [{"name": path.rstrip(".") or "top level", "doc": doc, "rows": own}, *inner]


def _row(key: str, field: FieldInfo, shape: dict[str, Any]) -> dict[str, str]:
    return {
        "key": key,
        "default": "required" if field.is_required() else json.dumps(field.default),
        "allowed": _allowed(shape).replace("|", "\\|"),
        "meaning": (field.description or "").replace("|", "\\|"),
    }


def _step_settings(package: str) -> list[dict[str, str]]:
    """A row for each setting of each step."""
    rows = []
    for name in registry.names(package):
        step: type[BaseModel] = registry.load(package, name, "Step")
        shapes = step.model_json_schema().get("properties", {})
        rows += [_row(f"{name}.{key}", field, shapes[key]) for key, field in step.model_fields.items()]
    return rows


def _allowed(shape: dict[str, Any]) -> str:
    """A JSON schema's type and limits in words."""
    if "anyOf" in shape:
        return " or ".join(_allowed(option) for option in shape["anyOf"])
    if "$ref" in shape:
        return "settings"
    if "enum" in shape or "const" in shape:
        return ", ".join(f"`{value}`" for value in shape.get("enum", [shape.get("const")]))
    if shape.get("type") == "array":
        return f"list of {_allowed(shape['items'])}"
    words = {
        "null": "null",
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "boolean": "true or false",
    }
    if shape.get("type") == "object":
        return "settings by name"
    limits = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    found = [f"{sign} {shape[name]:g}" for name, sign in limits.items() if name in shape]
    return " ".join([words[shape["type"]], *found])


def _backends() -> list[dict[str, str]]:
    """A row for each loading backend: what it reads, and which axes of the sweep mean something to it."""
    rows = []
    for plugin in _plugins("", BACKENDS)["rows"]:
        kind = backend_class(plugin["name"])
        axes = {
            "workers": kind.parallel,
            "chunks": kind.chunked,
            "start_methods": kind.processes,
            "returns": kind.shares,
            "prefetch": kind.prefetches,
            "page_cache": not kind.ceiling,
        }
        needs = [kind.needs, f"the package {kind.package}" if kind.package else None]
        rows.append(
            plugin
            | {
                "reads": ", ".join(kind.sources),
                "axes": ", ".join(name for name, means_something in axes.items() if means_something),
                "needs": ", ".join(filter(None, needs)),
            }
        )
    return rows


def _plugins(title: str, package: str) -> dict[str, Any]:
    rows = []
    for name in registry.names(package):
        doc = importlib.import_module(registry.module(package, name)).__doc__ or ""
        rows.append({"name": name, "doc": doc.strip().partition("\n\n")[0].replace("\n", " ")})
    return {"title": title, "rows": rows}


def _columns(name: str, row: type[BaseModel]) -> dict[str, Any]:
    rows = [{"name": column, "meaning": field.description} for column, field in row.model_fields.items()]
    title = f"`results/<study>/scaling/{name}.csv`"
    return {"title": title, "doc": (row.__doc__ or "").strip(), "rows": rows}


def main() -> None:
    parser = cli.parser(__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file is out of date")
    args = parser.parse_args()
    schemas = ROOT / "workflow" / "schemas"
    wanted = {schemas / "config.schema.json": schema(), ROOT / "config" / "README.md": readme()}
    wanted |= {schemas / f"{name}.schema.json": answer_schema(name) for name in ANSWERS}
    for path, text in wanted.items():
        if args.check:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                raise UserError(f"{path.relative_to(ROOT)} is out of date: run `make docs`")
        else:
            write_text(path, text)


if __name__ == "__main__":
    cli.run(main)
