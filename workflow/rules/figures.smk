"""Every figure, as SVG and PNG, from the study's tables and image sets."""

# A contact sheet of each translator and real count.
SHEETS = [
    f"results/{STUDY}/figures/translations/{cell.translator}/n{cell.n_real}"
    for cell in TRANSLATOR_CELLS
    if cell.replicate == 1
]
# A study need not have a mix of rendered images alone, nor a translator.
FIGURES = ["error", "rendered"]
FIGURES += ["rendered_error"] * any(cell.mix == "rendered" for cell in CELLS)
FIGURES += ["gain"] * bool(TRANSLATOR_CELLS)


rule plot_error:
    """The final figure: error against real images, for all mixes."""
    input:
        metrics="results/{study}/metrics.csv",
    output:
        svg=shown("results/{study}/figures/error.svg", "Figures"),
        png="results/{study}/figures/error.png",
    log:
        "results/{study}/logs/plot_error.log",
    benchmark:
        "results/{study}/benchmarks/plot_error.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        **call("plot_error", counts=config["counts"], total=config["total"]),
    shell:
        RUN


rule plot_rendered_error:
    """The distribution gap: error of rendered images alone against their number."""
    input:
        metrics="results/{study}/metrics.csv",
    output:
        svg=shown("results/{study}/figures/rendered_error.svg", "Figures"),
        png="results/{study}/figures/rendered_error.png",
    log:
        "results/{study}/logs/plot_rendered_error.log",
    benchmark:
        "results/{study}/benchmarks/plot_rendered_error.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        **call("plot_rendered_error"),
    shell:
        RUN


rule plot_gain:
    """What translated images gain, against the labels they kept and their gap."""
    input:
        metrics="results/{study}/metrics.csv",
        translators="results/{study}/translators.csv",
        gaps="results/{study}/gap.csv",
    output:
        svg=shown("results/{study}/figures/gain.svg", "Figures"),
        png="results/{study}/figures/gain.png",
    log:
        "results/{study}/logs/plot_gain.log",
    benchmark:
        "results/{study}/benchmarks/plot_gain.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        **call("plot_gain"),
    shell:
        RUN


rule plot_rendered:
    """Contact sheet of the rendered images."""
    input:
        rendered="results/{study}/rendered/images.safetensors",
    output:
        svg=shown("results/{study}/figures/rendered.svg", "Images"),
        png="results/{study}/figures/rendered.png",
    log:
        "results/{study}/logs/plot_rendered.log",
    benchmark:
        "results/{study}/benchmarks/plot_rendered.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        **call("plot_rendered", invert=sources.is_mnist(config["real"])),
    shell:
        RUN


rule plot_translations:
    """Rendered images above their translations, for one real count and the first replicate."""
    input:
        rendered="results/{study}/rendered/images.safetensors",
        translated="results/{study}/translated/{translator}/n{n}/rep1/images.safetensors",
        read="results/{study}/translated/{translator}/n{n}/rep1/read.safetensors",
        real="results/{study}/real/n{n}/rep1/images.safetensors",
    output:
        svg=report(
            "results/{study}/figures/translations/{translator}/n{n}.svg",
            caption="../report/translations.rst",
            category="Images",
            labels={"translator": "{translator}", "real images": "{n}"},
        ),
        png="results/{study}/figures/translations/{translator}/n{n}.png",
    log:
        "results/{study}/logs/plot_translations/{translator}/n{n}.log",
    benchmark:
        "results/{study}/benchmarks/plot_translations/{translator}/n{n}.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        **call("plot_translations", replicate=1, invert=sources.is_mnist(config["real"])),
    shell:
        RUN


rule figures:
    """Every figure, as SVG and PNG."""
    input:
        expand(
            "{figure}.{suffix}",
            figure=[*(f"results/{STUDY}/figures/{name}" for name in FIGURES), *SHEETS],
            suffix=["svg", "png"],
        ),
