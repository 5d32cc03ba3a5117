"""What a newcomer is told: one version in every file, and nothing named in CONTRIBUTING.md that is not there."""

import re
import tomllib
from pathlib import Path

import yaml
from helping import ROOT

STAGES = ("images", "loading", "training", "scaling", "report")
# What a reader makes by following the text, or by running a study.
MADE = ("scripts/loading/backends/plain/my_way.py", "results/", "logs/", ".venv/")


def project() -> dict[str, str]:
    found: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return found


def test_the_version_is_the_same_everywhere() -> None:
    version = project()["version"]
    cited = re.search(r"^version: (.*)$", (ROOT / "CITATION.cff").read_text(), flags=re.MULTILINE)
    newest = re.search(r"^## \[(.*?)\]", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)
    assert cited is not None
    assert newest is not None
    assert (cited[1], newest[1]) == (version, version)


def test_the_licence_is_the_same_everywhere() -> None:
    cited = re.search(r"^license: (.*)$", (ROOT / "CITATION.cff").read_text(), flags=re.MULTILINE)
    assert cited is not None
    assert cited[1] == project()["license"] == (ROOT / "LICENSE").read_text().partition(" ")[0]


def test_what_the_catalog_of_workflows_asks_for_is_there() -> None:
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    flag, profile = usage["mandatory-flags"]["flags"]
    assert flag == "--profile"
    assert (ROOT / profile / "config.yaml").is_file()
    assert usage["report"] is True
    assert {"conda", "apptainer", "apptainer+conda"} == usage["software-stack-deployment"].keys()
    assert all((ROOT / name).is_file() for name in ("workflow/Snakefile", "config/README.md"))
    assert {path.suffix for path in (ROOT / "workflow/rules").iterdir()} == {".smk"}


def words_of_code(text: str) -> set[str]:
    """The words of `code` and of code blocks, those with <stage> once for each stage."""
    code = re.findall(r"```.*?\n(.*?)```", text, flags=re.DOTALL)
    code += re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    code += re.findall(r"\]\((?!https?:)([^)#]+)", text)
    words = {word for part in code for word in re.findall(r"[\w./<>-]+", part)}
    return {word.replace("<stage>", stage) for word in words for stage in STAGES}


def test_every_path_that_contributing_names_is_there() -> None:
    words = words_of_code((ROOT / "CONTRIBUTING.md").read_text())
    named = {word for word in words if "/" in word or word.endswith((".md", ".py", ".toml"))}
    assert len(named) > 20
    assert {word for word in named if not word.startswith(MADE) and not (ROOT / word).exists()} == set()


def test_every_make_target_and_program_that_contributing_names_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    targets = {word for found in re.findall(r"`make ([a-z -]+)`", text) for word in found.split()}
    offered = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert "lint" in targets
    assert targets <= offered
    programs = set(re.findall(r"python -m (scripts[\w.]+)", text))
    assert programs
    assert all(ROOT.joinpath(*program.split(".")).with_suffix(".py").is_file() for program in programs)


def test_links_in_the_documents_lead_somewhere() -> None:
    documents = [*ROOT.glob("*.md"), ROOT / "config/README.md", *(ROOT / "docs").glob("*.md")]
    for document in documents:
        for to in re.findall(r"\[[^\]]+\]\(([^)\s]+)\)", document.read_text()):
            if not re.match(r"https?:|mailto:", to):
                path, _, anchor = to.partition("#")
                there = document.parent / path if path else document
                assert there.exists(), f"{document.name}: {to}"
                assert not anchor or anchor in anchors(there), f"{document.name}: {to}"


def anchors(document: Path) -> set[str]:
    """What headings of a document can be linked by, as GitHub makes it of them."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_readme_is_read_in_one_go() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 130
