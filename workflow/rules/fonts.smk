"""Fonts to rendered digits."""


rule catalogue_fonts:
    """List every face, and why one is left out."""
    input:
        families=config["fonts"]["families"],
        own=sorted(
            str(path)
            for path in Path(config["fonts"]["folder"]).rglob("*")
            if path.suffix.lower() in (".ttf", ".otf")
        ),
    output:
        "results/{study}/fonts/faces.csv",
    log:
        "results/{study}/logs/catalogue_fonts.log",
    benchmark:
        "results/{study}/benchmarks/catalogue_fonts.tsv"
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        folder=lambda wildcards: config["fonts"]["folder"],
        code=code_hash("catalogue_fonts"),
    shell:
        r"""
        python -m realink catalogue-fonts \
            --families {input.families:q} \
            --folder {params.folder:q} \
            --output {output:q} \
            >{log:q} 2>&1
        """


rule render_fonts:
    """Render and normalise the font dataset."""
    input:
        faces="results/{study}/fonts/faces.csv",
    output:
        "results/{study}/fonts/digits.safetensors",
    log:
        "results/{study}/logs/render_fonts.log",
    benchmark:
        "results/{study}/benchmarks/render_fonts.tsv"
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        total=config["total"],
        seed=config["seed"],
        code=code_hash("render_fonts"),
    shell:
        r"""
        python -m realink render-fonts \
            --faces {input.faces:q} \
            --total {params.total} \
            --seed {params.seed} \
            --output {output:q} \
            >{log:q} 2>&1
        """
