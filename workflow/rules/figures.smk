"""Every figure, as SVG and PNG, from the study's tables, and what the page draws by itself."""

# Of some counts the training is shown, of the first replicate.
TOLD = sorted({cell.n_real for cell in FIRST})
TOLD = {TOLD[place] for place in (0, len(TOLD) // 2, -1)} if TOLD else set()
HISTORIES = [cell for cell in FIRST if cell.n_real in TOLD]
# A study need not have a mix of rendered images alone, nor a translator.
FIGURES = ["error", *["rendered"] * PICTURED]
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
        checkpoint=of_first(f"{JUDGE}/model.safetensors"),
        pool=of_first(f"{SPLIT}/pool.safetensors"),
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
        [f"results/{STUDY}/figures/{name}.png" for name in ("triptych", "examples") if PICTURED],
