"""The gap: how far rendered and translated digits are from real ones, in numbers."""


rule measure_gap:
    """Compare translated digits with real ones that their translator has not seen."""
    input:
        images="results/{study}/translated/{translator}/n{n}/rep{replicate}/digits.safetensors",
        pool="results/{study}/real/pool.safetensors",
        checkpoint="results/{study}/judge/model.safetensors",
    output:
        "results/{study}/gap/{translator}/n{n}/rep{replicate}.json",
    log:
        "results/{study}/logs/measure_gap/{translator}/n{n}/rep{replicate}.log",
    benchmark:
        "results/{study}/benchmarks/measure_gap/{translator}/n{n}/rep{replicate}.tsv"
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(10),
        gpu=GPU,
    params:
        seed=config["seed"],
        device=config["device"],
        code=code_hash("measure_gap"),
    shell:
        r"""
        python -m realink measure-gap \
            --images-of {wildcards.translator} \
            --images {input.images:q} \
            --pool {input.pool:q} \
            --checkpoint {input.checkpoint:q} \
            --n-real {wildcards.n} \
            --replicate {wildcards.replicate} \
            --seed {params.seed} \
            --device {params.device} \
            --output {output:q} \
            >{log:q} 2>&1
        """


rule measure_gap_reference:
    """Compare rendered digits, or further real ones, with the same real ones."""
    input:
        images=lambda wildcards: (
            "results/{study}/fonts/digits.safetensors" if wildcards.images == "font" else []
        ),
        pool="results/{study}/real/pool.safetensors",
        checkpoint="results/{study}/judge/model.safetensors",
    output:
        "results/{study}/gap/{images}/rep{replicate}.json",
    log:
        "results/{study}/logs/measure_gap_reference/{images}/rep{replicate}.log",
    benchmark:
        "results/{study}/benchmarks/measure_gap_reference/{images}/rep{replicate}.tsv"
    wildcard_constraints:
        images="font|real",
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(10),
        gpu=GPU,
    params:
        seed=config["seed"],
        device=config["device"],
        code=code_hash("measure_gap"),
    shell:
        r"""
        python -m realink measure-gap \
            --images-of {wildcards.images} \
            --images {input.images:q} \
            --pool {input.pool:q} \
            --checkpoint {input.checkpoint:q} \
            --replicate {wildcards.replicate} \
            --seed {params.seed} \
            --device {params.device} \
            --output {output:q} \
            >{log:q} 2>&1
        """
