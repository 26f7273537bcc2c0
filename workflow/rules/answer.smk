"""From all jobs' records to tables and figures."""

# A study need not have a mix of rendered digits alone, nor a translator.
FONT_ERROR = [f"results/{STUDY}/figures/font_error"] if any(c.mix == "font" for c in CELLS) else []
# A contact sheet each: its translator and real count.
SHEETS = {
    f"results/{STUDY}/figures/translations/{cell.translator}/n{cell.n_real}": [
        cell.translator,
        cell.n_real,
    ]
    for cell in TRANSLATOR_CELLS
}
GAIN = [f"results/{STUDY}/figures/gain"] if TRANSLATOR_CELLS else []
# What a page looks like is part of no module. Relative, so that a moved checkout reruns nothing.
TEMPLATES = [
    os.path.relpath(template)
    for template in sorted(Path(workflow.basedir, "realink/templates").glob("*.jinja"))
]


rule collect:
    """Collect all records into tables, and what all classifiers read into one file."""
    input:
        classifier=of_classifiers(
            "results/{study}/classifier/{mix}/n{n}/rep{replicate}/metrics.json"
        ),
        read=of_classifiers(
            "results/{study}/classifier/{mix}/n{n}/rep{replicate}/predictions.safetensors"
        ),
        test="results/{study}/real/test.safetensors",
        translator=of_translators(
            "results/{study}/translator/{translator}/n{n}/rep{replicate}/metrics.json"
        ),
        retention=of_translators(
            "results/{study}/translated/{translator}/n{n}/rep{replicate}/retention.json"
        ),
        gap=of_translators("results/{study}/gap/{translator}/n{n}/rep{replicate}.json"),
        reference=of_references("results/{study}/gap/{images}/rep{replicate}.json"),
    output:
        metrics=report(
            "results/{study}/metrics.csv", caption="../report/metrics.rst", category="Tables"
        ),
        predictions="results/{study}/predictions.safetensors",
        translators=report(
            "results/{study}/translators.csv",
            caption="../report/translators.rst",
            category="Tables",
        ),
        confusions="results/{study}/confusions.csv",
        gaps=report("results/{study}/gap.csv", caption="../report/gap.rst", category="Tables"),
    log:
        "results/{study}/logs/collect.log",
    benchmark:
        "results/{study}/benchmarks/collect.tsv"
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        # Thousands of paths do not fit into one command: it fills in the patterns by itself.
        folder=lambda wildcards, input: str(Path(input.test).parents[1]),
        config=json.dumps(config, sort_keys=True),
        code=code_hash("collect"),
    shell:
        r"""
        python -m realink collect \
            --config {params.config:q} \
            --classifier {params.folder}/'classifier/{{mix}}/n{{n}}/rep{{replicate}}/metrics.json' \
            --read {params.folder}/'classifier/{{mix}}/n{{n}}/rep{{replicate}}/predictions.safetensors' \
            --test {input.test:q} \
            --translator {params.folder}/'translator/{{translator}}/n{{n}}/rep{{replicate}}/metrics.json' \
            --retention {params.folder}/'translated/{{translator}}/n{{n}}/rep{{replicate}}/retention.json' \
            --gap {params.folder}/'gap/{{translator}}/n{{n}}/rep{{replicate}}.json' \
            --reference {params.folder}/'gap/{{images}}/rep{{replicate}}.json' \
            --metrics {output.metrics:q} \
            --predictions {output.predictions:q} \
            --translators {output.translators:q} \
            --confusions {output.confusions:q} \
            --gaps {output.gaps:q} \
            >{log:q} 2>&1
        """


rule analyse:
    """The answer in numbers: intervals, comparisons, break-even, worth, the talk's claims."""
    input:
        metrics="results/{study}/metrics.csv",
        predictions="results/{study}/predictions.safetensors",
        translators="results/{study}/translators.csv",
    output:
        summary=report(
            "results/{study}/answer/summary.csv",
            caption="../report/summary.rst",
            category="Answer",
        ),
        comparisons=report(
            "results/{study}/answer/comparisons.csv",
            caption="../report/comparisons.rst",
            category="Answer",
        ),
        break_even=report(
            "results/{study}/answer/break_even.csv",
            caption="../report/break_even.rst",
            category="Answer",
        ),
        worth=report(
            "results/{study}/answer/worth.csv",
            caption="../report/worth.rst",
            category="Answer",
        ),
        claims=report(
            "results/{study}/answer/claims.csv",
            caption="../report/claims.rst",
            category="Answer",
        ),
        answer="results/{study}/answer/answer.json",
    log:
        "results/{study}/logs/analyse.log",
    benchmark:
        "results/{study}/benchmarks/analyse.tsv"
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        seed=config["seed"],
        code=code_hash("analyse"),
    shell:
        r"""
        python -m realink analyse \
            --metrics {input.metrics:q} \
            --predictions {input.predictions:q} \
            --translators {input.translators:q} \
            --seed {params.seed} \
            --summary {output.summary:q} \
            --comparisons {output.comparisons:q} \
            --break-even {output.break_even:q} \
            --worth {output.worth:q} \
            --claims {output.claims:q} \
            --answer {output.answer:q} \
            >{log:q} 2>&1
        """


rule report:
    """The answer on one page, which needs no network."""
    input:
        tables=[
            f"results/{{study}}/{table}.csv"
            for table in ("metrics", "translators", "confusions", "gap")
        ],
        answers=rules.analyse.output,
        judge=["results/{study}/judge/metrics.json"] if TRANSLATOR_CELLS else [],
        sheets=[f"{sheet}.png" for sheet in SHEETS],
        fonts="results/{study}/figures/fonts.png",
        templates=TEMPLATES,
    output:
        report("results/{study}/report.html", caption="../report/report.rst", category="Answer"),
    log:
        "results/{study}/logs/report.log",
    benchmark:
        "results/{study}/benchmarks/report.tsv"
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        tables=lambda wildcards, input: str(Path(input.tables[0]).parent),
        answers=lambda wildcards, input: str(Path(input.answers[0]).parent),
        sheets=json.dumps([[*cell, f"{sheet}.png"] for sheet, cell in SHEETS.items()]),
        benchmarks="results/{study}/benchmarks",
        config=json.dumps(config, sort_keys=True),
        code=code_hash("report"),
    shell:
        r"""
        python -m realink report \
            --study {wildcards.study:q} \
            --config {params.config:q} \
            --tables {params.tables:q} \
            --answers {params.answers:q} \
            --judge {input.judge:q} \
            --sheets {params.sheets:q} \
            --fonts {input.fonts:q} \
            --benchmarks {params.benchmarks:q} \
            --output {output:q} \
            >{log:q} 2>&1
        """


rule plot_gain:
    """What translated digits gain, against the labels they kept and their gap."""
    input:
        metrics="results/{study}/metrics.csv",
        translators="results/{study}/translators.csv",
        gaps="results/{study}/gap.csv",
    output:
        svg=report(
            "results/{study}/figures/gain.svg",
            caption="../report/gain.rst",
            category="Figures",
        ),
        png="results/{study}/figures/gain.png",
    log:
        "results/{study}/logs/plot_gain.log",
    benchmark:
        "results/{study}/benchmarks/plot_gain.tsv"
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        code=code_hash("plot_gain"),
    shell:
        r"""
        python -m realink plot-gain \
            --metrics {input.metrics:q} \
            --translators {input.translators:q} \
            --gaps {input.gaps:q} \
            --output {output:q} \
            >{log:q} 2>&1
        """


rule plot_error:
    """The final figure: error against real images, for all mixes."""
    input:
        metrics="results/{study}/metrics.csv",
    output:
        svg=report(
            "results/{study}/figures/error.svg",
            caption="../report/error.rst",
            category="Figures",
        ),
        png="results/{study}/figures/error.png",
    log:
        "results/{study}/logs/plot_error.log",
    benchmark:
        "results/{study}/benchmarks/plot_error.tsv"
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        counts=config["counts"],
        total=config["total"],
        code=code_hash("plot_error"),
    shell:
        r"""
        python -m realink plot-error \
            --metrics {input.metrics:q} \
            --counts {params.counts} \
            --total {params.total} \
            --output {output:q} \
            >{log:q} 2>&1
        """


rule plot_font_error:
    """The distribution gap: font-only error against the number of rendered digits."""
    input:
        metrics="results/{study}/metrics.csv",
    output:
        svg=report(
            "results/{study}/figures/font_error.svg",
            caption="../report/font_error.rst",
            category="Figures",
        ),
        png="results/{study}/figures/font_error.png",
    log:
        "results/{study}/logs/plot_font_error.log",
    benchmark:
        "results/{study}/benchmarks/plot_font_error.tsv"
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        code=code_hash("plot_font_error"),
    shell:
        r"""
        python -m realink plot-font-error \
            --metrics {input.metrics:q} \
            --output {output:q} \
            >{log:q} 2>&1
        """


rule plot_fonts:
    """Contact sheet of the font dataset."""
    input:
        fonts="results/{study}/fonts/digits.safetensors",
    output:
        svg=report(
            "results/{study}/figures/fonts.svg",
            caption="../report/fonts.rst",
            category="Digits",
        ),
        png="results/{study}/figures/fonts.png",
    log:
        "results/{study}/logs/plot_fonts.log",
    benchmark:
        "results/{study}/benchmarks/plot_fonts.tsv"
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        code=code_hash("plot_fonts"),
    shell:
        r"""
        python -m realink plot-fonts \
            --fonts {input.fonts:q} \
            --output {output:q} \
            >{log:q} 2>&1
        """


rule plot_translations:
    """Rendered digits above their translations, for one real count."""
    input:
        fonts="results/{study}/fonts/digits.safetensors",
        translated="results/{study}/translated/{translator}/n{n}/rep1/digits.safetensors",
        read="results/{study}/translated/{translator}/n{n}/rep1/read.safetensors",
        real="results/{study}/real/n{n}/rep1/digits.safetensors",
    output:
        svg=report(
            "results/{study}/figures/translations/{translator}/n{n}.svg",
            caption="../report/translations.rst",
            category="Digits",
            labels={"translator": "{translator}", "real images": "{n}"},
        ),
        png="results/{study}/figures/translations/{translator}/n{n}.png",
    log:
        "results/{study}/logs/plot_translations/{translator}/n{n}.log",
    benchmark:
        "results/{study}/benchmarks/plot_translations/{translator}/n{n}.tsv"
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        code=code_hash("plot_translations"),
    shell:
        r"""
        python -m realink plot-translations \
            --translator {wildcards.translator} \
            --n-real {wildcards.n} \
            --replicate 1 \
            --fonts {input.fonts:q} \
            --translated {input.translated:q} \
            --read {input.read:q} \
            --real {input.real:q} \
            --output {output:q} \
            >{log:q} 2>&1
        """


rule figures:
    """Every figure, as SVG and PNG."""
    input:
        expand(
            "{figure}.{suffix}",
            figure=[
                f"results/{STUDY}/figures/error",
                f"results/{STUDY}/figures/fonts",
                *FONT_ERROR,
                *GAIN,
                *SHEETS,
            ],
            suffix=["svg", "png"],
        ),
