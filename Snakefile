"""realink: do rendered images, made to look real, train a better classifier?"""

from snakemake.utils import min_version

min_version("9.27")


configfile: "config/config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/running.smk"
include: "workflow/rules/cells.smk"
include: "workflow/rules/real.smk"
include: "workflow/rules/rendered.smk"
include: "workflow/rules/translator.smk"
include: "workflow/rules/judge.smk"
include: "workflow/rules/gap.smk"
include: "workflow/rules/encode.smk"
include: "workflow/rules/classifier.smk"
include: "workflow/rules/doses.smk"
include: "workflow/rules/sheets.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/doubted.smk"
include: "workflow/rules/alike.smk"
include: "workflow/rules/harm.smk"
include: "workflow/rules/answer.smk"
include: "workflow/rules/trust.smk"
include: "workflow/rules/takeaway.smk"


# The tables of the study, its figures, its answer page, and a classifier to use.
rule all:
    default_target: True
    input:
        expand(rules.collect.output, study=STUDY),
        expand(rules.report.output, study=STUDY),
        rules.figures.input,
        expand(rules.export_classifier.output, study=STUDY) if LAST else [],
