"""From all jobs' records to tables and figures."""

# A study need not have a mix of rendered digits alone, nor a translator.
FONT_ERROR = [f"results/{STUDY}/figures/font_error"] if any(c.mix == "font" for c in CELLS) else []
SHEETS = list(
    dict.fromkeys(
        f"results/{STUDY}/figures/translations/{cell.translator}/n{cell.n_real}"
        for cell in TRANSLATOR_CELLS
    )
)


rule collect:
    """Collect all records into two tables."""
    input:
        classifier=of_classifiers(
            "results/{study}/classifier/{mix}/n{n}/rep{replicate}/metrics.json"
        ),
        translator=of_translators(
            "results/{study}/translator/{translator}/n{n}/rep{replicate}/metrics.json"
        ),
        retention=of_translators(
            "results/{study}/translated/{translator}/n{n}/rep{replicate}/retention.json"
        ),
    output:
        metrics=report(
            "results/{study}/metrics.csv", caption="../report/metrics.rst", category="Tables"
        ),
        translators=report(
            "results/{study}/translators.csv",
            caption="../report/translators.rst",
            category="Tables",
        ),
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
        code=code_hash("collect"),
    shell:
        r"""
        python -m realink collect \
            --classifier {input.classifier:q} \
            --translator {input.translator:q} \
            --retention {input.retention:q} \
            --metrics {output.metrics:q} \
            --translators {output.translators:q} \
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
                *SHEETS,
            ],
            suffix=["svg", "png"],
        ),
