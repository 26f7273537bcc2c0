"""Real images: checked, split, and drawn."""


rule prepare_real:
    """Split the real images into pool, validation and test."""
    output:
        pool="results/{study}/real/pool.safetensors",
        validation="results/{study}/real/validation.safetensors",
        test="results/{study}/real/test.safetensors",
    log:
        "results/{study}/logs/prepare_real.log",
    benchmark:
        "results/{study}/benchmarks/prepare_real.tsv"
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        source=config["real"]["source"],
        directory=config["real"]["directory"],
        code=code_hash("prepare_real"),
    shell:
        r"""
        python -m realink prepare-real \
            --source {params.source} \
            --directory={params.directory:q} \
            --pool {output.pool:q} \
            --validation {output.validation:q} \
            --test {output.test:q} \
            >{log:q} 2>&1
        """


rule draw_real:
    """Draw the N real images of one replicate."""
    input:
        pool="results/{study}/real/pool.safetensors",
    output:
        "results/{study}/real/n{n}/rep{replicate}/digits.safetensors",
    log:
        "results/{study}/logs/draw_real/n{n}/rep{replicate}.log",
    benchmark:
        "results/{study}/benchmarks/draw_real/n{n}/rep{replicate}.tsv"
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        seed=config["seed"],
        code=code_hash("draw_real"),
    shell:
        r"""
        python -m realink draw-real \
            --pool {input.pool:q} \
            --n-real {wildcards.n} \
            --replicate {wildcards.replicate} \
            --seed {params.seed} \
            --output {output:q} \
            >{log:q} 2>&1
        """
