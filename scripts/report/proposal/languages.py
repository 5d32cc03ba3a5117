"""A proposal in Markdown and LaTeX, and what other programs make of these: PDF by latexmk, docx by pandoc."""

import re
import shutil
import subprocess
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import jinja2

from scripts.errors import UserError
from scripts.report.proposal.content import Content, Table

HERE = Path(__file__).parent
SPECIAL = {character: f"\\{character}" for character in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "≤": r"$\le$",
    "≥": r"$\ge$",
}
KNOWN = "–—×±€‘’“”…"  # to fonts in T1 and TS1, beyond Latin letters
LATIN = 0x17F  # the last of Latin Extended-A
APT = "texlive-latex-base texlive-latex-recommended lmodern latexmk"


class Safe(str):
    """LaTeX already."""


def escaped(value: Any) -> str:
    """LaTeX that shows a text as it is, what stands in backticks as code; `?` for a character that its fonts lack."""
    if isinstance(value, Safe):
        return value
    shown = (one if one in SPECIAL or one in KNOWN or ord(one) <= LATIN else "?" for one in f"{value}")
    text = "".join(SPECIAL.get(one, one) for one in shown if one.isprintable())
    return re.sub(r"`([^`]+)`", r"\\texttt{\1}", text)


def markdown_of(content: Content) -> str:
    """In Markdown, figures as PNG."""
    loader = jinja2.FileSystemLoader(HERE)
    made = jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True, autoescape=False)
    made.globals["table"] = _markdown_table
    text = made.get_template("proposal.md.jinja").render(**_parts(content))
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _markdown_table(table: Table) -> str:
    lines = [table.titles, [":---", *["---:"] * (len(table.titles) - 1)], *table.rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines) + (
        f"\n\n{table.caption}\n"
    )


def latex_of(content: Content) -> str:
    """In LaTeX, figures as PDF; every text that is put in is escaped."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        autoescape=False,
        finalize=escaped,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
    )
    made.filters["safe"] = Safe
    made.filters["url"] = lambda address: Safe(address.replace("%", "\\%").replace("#", "\\#"))
    return made.get_template("proposal.tex.jinja").render(**_parts(content))


def _parts(content: Content) -> dict[str, Any]:
    return {field.name: getattr(content, field.name) for field in fields(content)}


def make_pdf(tex: Path) -> Path | None:
    """`proposal.pdf` beside the LaTeX file, by latexmk; None where that is not installed.

    Raises:
        UserError: LaTeX does not take the file.
    """
    pdf = tex.with_suffix(".pdf")
    pdf.unlink(missing_ok=True)
    if shutil.which("latexmk") is None or shutil.which("pdflatex") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        flags = ["-pdf", "-interaction=nonstopmode", "-halt-on-error", f"-outdir={folder}"]
        done = subprocess.run(
            ["latexmk", *flags, tex.name], cwd=tex.parent, capture_output=True, text=True, errors="replace", check=False
        )
        if done.returncode:
            said = next((line for line in done.stdout.splitlines() if line.startswith("!")), done.stderr[-200:])
            raise UserError(f"{tex}: latexmk makes no PDF of it: {' '.join(said.split())}; see apt-get install {APT}")
        shutil.copyfile(Path(folder, pdf.name), pdf)
    return pdf


def make_docx(markdown: Path) -> Path | None:
    """`proposal.docx` beside the Markdown file, by pandoc; None where that is not installed.

    Raises:
        UserError: pandoc does not take the file.
    """
    docx = markdown.with_suffix(".docx")
    docx.unlink(missing_ok=True)
    if shutil.which("pandoc") is None:
        return None
    done = subprocess.run(
        ["pandoc", "--from", "gfm", markdown.name, "--output", docx.name],
        cwd=markdown.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise UserError(f"{markdown}: pandoc makes no docx of it: {' '.join(done.stderr.split())}")
    return docx
