"""Images put side by side, as SVG and PNG: contact sheets, the domains, test images told apart."""

# Figures that show pictures: a contact sheet of each translator and real count, and three more.
PICTURED = config["page"]["pictures"]
SHEETS = [
    f"results/{STUDY}/figures/translations/{cell.translator}/n{cell.n_real}"
    for cell in TRANSLATOR_CELLS
    if cell.replicate == 1 and PICTURED
]
# What is shown of few translators only: of the first replicate, those that saw fewest real images.
FEWEST = min((cell.n_real for cell in TRANSLATOR_CELLS), default=min(config["counts"]))
FEWEST_LABELLED = min((n for n in config["counts"] if n), default=FEWEST)
FIRST = [cell for cell in TRANSLATOR_CELLS if cell.replicate == 1]
OF_FEWEST = [cell for cell in FIRST if cell.n_real == FEWEST]


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
        predicted="results/{study}/translated/{translator}/n{n}/rep1/predicted.safetensors",
        real=real_shown_of,
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
        **call(
            "plot_translations",
            replicate=1,
            invert=sources.is_mnist(config["real"]),
            unlabelled=n_unlabelled_seen_of,
        ),
    shell:
        RUN


rule plot_triptych:
    """Rendered, translated and real images side by side, and what augmentation does to them."""
    input:
        metrics="results/{study}/metrics.csv",
        rendered="results/{study}/rendered/images.safetensors",
        real=real_shown(FEWEST),
        translated=grid.paths(
            "results/{study}/translated/{translator}/n{n}/rep1/images.safetensors",
            OF_FEWEST,
            study=STUDY,
        ),
    output:
        report(
            "results/{study}/figures/triptych.png",
            caption="../report/triptych.rst",
            category="Images",
        ),
    log:
        "results/{study}/logs/plot_triptych.log",
    benchmark:
        "results/{study}/benchmarks/plot_triptych.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        **call(
            "plot_triptych",
            n=FEWEST,
            translators=[cell.translator for cell in OF_FEWEST],
            saw=[n_unlabelled_seen(cell.translator) or FEWEST for cell in OF_FEWEST],
            augmentation=config["augmentation"],
            seed=config["seed"],
            invert=sources.is_mnist(config["real"]),
        ),
    shell:
        RUN


rule plot_examples:
    """Test images that the recommended mix gets right and real images alone do not; the reverse."""
    input:
        metrics="results/{study}/metrics.csv",
        predictions="results/{study}/predictions.safetensors",
        answer="results/{study}/answer/answer.json",
        test=TESTED,
    output:
        report(
            "results/{study}/figures/examples.png",
            caption="../report/examples.rst",
            category="Images",
        ),
    log:
        "results/{study}/logs/plot_examples.log",
    benchmark:
        "results/{study}/benchmarks/plot_examples.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        **call("plot_examples", n=FEWEST_LABELLED, invert=sources.is_mnist(config["real"])),
    shell:
        RUN
