"""Every figure, as SVG and PNG, from the study's tables and image sets."""

# A contact sheet of each translator and real count.
SHEETS = [
    f"results/{STUDY}/figures/translations/{cell.translator}/n{cell.n_real}"
    for cell in TRANSLATOR_CELLS
    if cell.replicate == 1
]
# What is shown of few translators only: of the first replicate, those that saw fewest real images,
# and of some counts the training.
FEWEST = min((cell.n_real for cell in TRANSLATOR_CELLS), default=min(config["counts"]))
FEWEST_LABELLED = min((n for n in config["counts"] if n), default=FEWEST)
FIRST = [cell for cell in TRANSLATOR_CELLS if cell.replicate == 1]
OF_FEWEST = [cell for cell in FIRST if cell.n_real == FEWEST]
TOLD = sorted({cell.n_real for cell in FIRST})
TOLD = {TOLD[place] for place in (0, len(TOLD) // 2, -1)} if TOLD else set()
HISTORIES = [cell for cell in FIRST if cell.n_real in TOLD]
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
        **call("plot_error", counts=config["counts"]),
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
        test="results/{study}/real/test.safetensors",
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


rule collect_training:
    """Training histories of the first replicate at the fewest, a middle and the most real images."""
    input:
        histories=grid.paths(
            "results/{study}/translator/{translator}/n{n}/rep1/history.csv",
            HISTORIES,
            study=STUDY,
        ),
    output:
        "results/{study}/training.csv",
    log:
        "results/{study}/logs/collect_training.log",
    benchmark:
        "results/{study}/benchmarks/collect_training.tsv"
    localrule: True
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        **call(
            "collect_training",
            translators=[cell.translator for cell in HISTORIES],
            counts=[cell.n_real for cell in HISTORIES],
        ),
    shell:
        RUN


rule map_domains:
    """Real, rendered and translated images on a plane, by what the judge sees in them."""
    input:
        checkpoint="results/{study}/judge/model.safetensors",
        pool="results/{study}/real/pool.safetensors",
        rendered="results/{study}/rendered/images.safetensors",
        translated=grid.paths(
            "results/{study}/translated/{translator}/n{n}/rep1/images.safetensors",
            OF_FEWEST,
            study=STUDY,
        ),
    output:
        "results/{study}/map.csv",
    log:
        "results/{study}/logs/map_domains.log",
    benchmark:
        "results/{study}/benchmarks/map_domains.tsv"
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        **call(
            "map_domains",
            translators=[cell.translator for cell in OF_FEWEST],
            seed=config["seed"],
            device=config["device"],
        ),
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
        f"results/{STUDY}/figures/triptych.png",
        f"results/{STUDY}/figures/examples.png",
