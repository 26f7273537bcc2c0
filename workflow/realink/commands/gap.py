"""Command of rules/gap.smk: how far images are from real ones."""

from pathlib import Path

from realink.commands.support import Device


def measure_gap(
    *,
    images_of: str,
    pool: Path,
    checkpoint: Path,
    replicate: int,
    seed: int,
    output: Path,
    images: Path | None = None,
    n: int | None = None,
    device: Device = "auto",
) -> None:
    """Measure how far images are from real ones.

    Without images, it is the real ones: how far from one another they are.
    """
    from realink.commands.support import device_for
    from realink.images.resized import sized
    from realink.learners.small.network import Network, Settings
    from realink.scores.gap import measure, split
    from realink.seeds import seed_for
    from realink.store.checkpoints import load
    from realink.store.files import read_images, write_json

    device = device_for(device)
    judge = load(checkpoint, "small", Network, Settings).to(device)
    real = sized(read_images(pool), judge.side)
    seen, unseen, floor = split(real, n or 0, seed_for(seed, "draw", replicate))
    identity = {"images": images_of, "n_real": n, "replicate": replicate}
    measures = measure(
        sized(read_images(images), judge.side).images if images else floor,
        unseen,
        seen if n else None,
        judge,
        # The same draws for all sets of a replicate: they differ by their images alone.
        seed=seed_for(seed, "gap", replicate),
        device=device,
    )
    write_json(output, identity | measures)
