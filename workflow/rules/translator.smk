"""Translators: trained on few real images, they make rendered digits look real."""


rule train_translator:
    """Train a translator on the font dataset and N real images."""
    input:
        fonts="results/{study}/fonts/digits.safetensors",
        real="results/{study}/real/n{n}/rep{replicate}/digits.safetensors",
    output:
        checkpoint="results/{study}/translator/{translator}/n{n}/rep{replicate}/model.safetensors",
        history="results/{study}/translator/{translator}/n{n}/rep{replicate}/history.csv",
        metrics="results/{study}/translator/{translator}/n{n}/rep{replicate}/metrics.json",
    log:
        "results/{study}/logs/train_translator/{translator}/n{n}/rep{replicate}.log",
    benchmark:
        "results/{study}/benchmarks/train_translator/{translator}/n{n}/rep{replicate}.tsv"
    priority: 1  # the longest jobs, and others wait for them
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(30),
        gpu=GPU,
    params:
        settings=lambda wildcards: json.dumps(
            config["translators"][wildcards.translator], sort_keys=True
        ),
        seed=config["seed"],
        device=config["device"],
        code=translator_code("train_translator"),
        # No output: Snakemake deletes those of a job that starts anew.
        state="results/{study}/states/{translator}/n{n}/rep{replicate}.safetensors",
    shell:
        r"""
        python -m realink train-translator \
            --translator {wildcards.translator} \
            --settings {params.settings:q} \
            --fonts {input.fonts:q} \
            --real {input.real:q} \
            --study {wildcards.study:q} \
            --n-real {wildcards.n} \
            --replicate {wildcards.replicate} \
            --seed {params.seed} \
            --device {params.device} \
            --code {params.code} \
            --state {params.state:q} \
            --checkpoint {output.checkpoint:q} \
            --history {output.history:q} \
            --metrics {output.metrics:q} \
            >{log:q} 2>&1
        """


rule translate:
    """Translate the whole font dataset; the labels are carried over."""
    input:
        checkpoint="results/{study}/translator/{translator}/n{n}/rep{replicate}/model.safetensors",
        fonts="results/{study}/fonts/digits.safetensors",
        real="results/{study}/real/n{n}/rep{replicate}/digits.safetensors",
    output:
        "results/{study}/translated/{translator}/n{n}/rep{replicate}/digits.safetensors",
    log:
        "results/{study}/logs/translate/{translator}/n{n}/rep{replicate}.log",
    benchmark:
        "results/{study}/benchmarks/translate/{translator}/n{n}/rep{replicate}.tsv"
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(10),
        gpu=GPU,
    params:
        seed=config["seed"],
        device=config["device"],
        code=translator_code("translate"),
    shell:
        r"""
        python -m realink translate \
            --translator {wildcards.translator} \
            --checkpoint {input.checkpoint:q} \
            --fonts {input.fonts:q} \
            --real {input.real:q} \
            --n-real {wildcards.n} \
            --replicate {wildcards.replicate} \
            --seed {params.seed} \
            --device {params.device} \
            --output {output:q} \
            >{log:q} 2>&1
        """


rule train_judge:
    """Train the network that reads translated digits, on all real training images."""
    input:
        pool="results/{study}/real/pool.safetensors",
        validation="results/{study}/real/validation.safetensors",
    output:
        checkpoint="results/{study}/judge/model.safetensors",
        metrics="results/{study}/judge/metrics.json",
    log:
        "results/{study}/logs/train_judge.log",
    benchmark:
        "results/{study}/benchmarks/train_judge.tsv"
    priority: 1  # the longest jobs, and others wait for them
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(15),
        gpu=GPU,
    params:
        settings=json.dumps(config["classifier"], sort_keys=True),
        seed=config["seed"],
        device=config["device"],
        code=code_hash("train_judge"),
    shell:
        r"""
        python -m realink train-judge \
            --settings {params.settings:q} \
            --pool {input.pool:q} \
            --validation {input.validation:q} \
            --seed {params.seed} \
            --device {params.device} \
            --checkpoint {output.checkpoint:q} \
            --metrics {output.metrics:q} \
            >{log:q} 2>&1
        """


rule judge:
    """Count the labels that survived translation; evaluation only, nothing trains on it."""
    input:
        checkpoint="results/{study}/judge/model.safetensors",
        translated="results/{study}/translated/{translator}/n{n}/rep{replicate}/digits.safetensors",
    output:
        retention="results/{study}/translated/{translator}/n{n}/rep{replicate}/retention.json",
        read="results/{study}/translated/{translator}/n{n}/rep{replicate}/read.safetensors",
    log:
        "results/{study}/logs/judge/{translator}/n{n}/rep{replicate}.log",
    benchmark:
        "results/{study}/benchmarks/judge/{translator}/n{n}/rep{replicate}.tsv"
    conda:
        "../../envs/realink.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(10),
        gpu=GPU,
    params:
        device=config["device"],
        code=code_hash("judge"),
    shell:
        r"""
        python -m realink judge \
            --translator {wildcards.translator} \
            --n-real {wildcards.n} \
            --replicate {wildcards.replicate} \
            --checkpoint {input.checkpoint:q} \
            --translated {input.translated:q} \
            --device {params.device} \
            --retention {output.retention:q} \
            --read {output.read:q} \
            >{log:q} 2>&1
        """


rule all_translators:
    """Every translated set of the grid, and what the judge read in it."""
    input:
        of_translators("results/{study}/translated/{translator}/n{n}/rep{replicate}/retention.json"),
