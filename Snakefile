# The front page is workflow/Snakefile. The directive `include:` would leave its `rule all` out as the target.
workflow.include("workflow/Snakefile", overwrite_default_target=True)
