"""Small networks of the families that people export, with random weights: what `families.py` exports and compares.

A family is a function that returns a `Family`. Sizes are small enough for the reference kernels, and large enough that
kernels, not their overhead, take the time.
"""

from dataclasses import dataclass, field

import torch
from torch import nn


@dataclass
class Family:
    """A network, the arguments it is exported with, and others it is run with afterwards.

    - dynamic: axes that stay free, by input: {"x": {0: "batch"}}.
    - run: arguments for the comparison; where axes are dynamic, of other sizes than those of the export.
    - since: the first opset in which the tracing exporter knows all it calls.
    """

    network: nn.Module
    example: dict
    outputs: list
    dynamic: dict = field(default_factory=dict)
    run: dict = None
    since: int = 9

    def __post_init__(self):
        self.network.eval()
        self.run = self.run or self.example
        for module in self.network.modules():
            # Statistics of an untrained network are 0 and 1: a mistake in their use would not show.
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                nn.init.normal_(module.running_mean, std=0.2)
                nn.init.uniform_(module.running_var, 0.5, 2)
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.normal_(module.bias, std=0.2)


class Call(nn.Module):
    """A network under a function of tensors alone, which both exporters take."""

    def __init__(self, network, function):
        super().__init__()
        self.network = network
        self.function = function

    def forward(self, *tensors):
        return self.function(self.network, *tensors)


def images(batch, extent):
    return {"image": torch.randn(batch, 3, extent, extent)}


def resnet():
    from torchvision.models import resnet18

    return Family(resnet18(num_classes=10), images(2, 64), ["logits"], {"image": {0: "batch"}}, images(1, 64))


def mobilenet():
    """The third: hard swish, squeeze and excitation, depthwise convolutions of 3 and 5."""
    from torchvision.models import mobilenet_v3_small

    return Family(mobilenet_v3_small(num_classes=10), images(2, 96), ["logits"], {"image": {0: "batch"}}, images(1, 96))


def vit():
    from torchvision.models import VisionTransformer

    network = VisionTransformer(image_size=64, patch_size=8, num_layers=4, num_heads=4, hidden_dim=192, mlp_dim=768,
                                num_classes=10)
    nn.init.normal_(network.heads.head.weight, std=0.1)
    # The tracing exporter knows no fused attention.
    torch.backends.mha.set_fastpath_enabled(False)
    return Family(network, images(2, 64), ["logits"], {"image": {0: "batch"}}, images(1, 64), since=14)


def bert():
    from transformers import BertConfig, BertModel

    network = BertModel(BertConfig(vocab_size=500, hidden_size=192, num_hidden_layers=4, num_attention_heads=4,
                                   intermediate_size=768, max_position_embeddings=128))

    def tokens(batch, length):
        mask = torch.ones(batch, length, dtype=torch.int64)
        mask[-1, length * 2 // 3:] = 0
        return {"input_ids": torch.randint(0, 500, (batch, length)), "attention_mask": mask}

    axes = {0: "batch", 1: "length"}
    return Family(Call(network, lambda bert, ids, mask: bert(ids, attention_mask=mask, return_dict=False)),
                  tokens(2, 48), ["hidden", "pooled"], {"input_ids": axes, "attention_mask": axes}, tokens(3, 64),
                  since=14)


def gpt2():
    """One more token after those of the cache: keys and values come in, and go out longer."""
    from transformers import DynamicCache, GPT2Config, GPT2LMHeadModel

    layers, heads, width = 4, 4, 192
    network = GPT2LMHeadModel(GPT2Config(vocab_size=500, n_positions=128, n_embd=width, n_layer=layers, n_head=heads))
    names = [f"{part}.{layer}" for layer in range(layers) for part in ("key", "value")]

    def step(gpt2, ids, mask, *past):
        cache = DynamicCache()
        for layer in range(layers):
            cache.update(past[2 * layer], past[2 * layer + 1], layer)
        result = gpt2(ids, attention_mask=mask, past_key_values=cache, use_cache=True)
        present = result.past_key_values
        return (result.logits, *(part for layer in present.layers for part in (layer.keys, layer.values)))

    def arguments(batch, length, past):
        values = {"input_ids": torch.randint(0, 500, (batch, length)),
                  "attention_mask": torch.ones(batch, past + length, dtype=torch.int64)}
        return values | {f"past_{name}": torch.randn(batch, heads, past, width // heads) for name in names}

    dynamic = {"input_ids": {0: "batch", 1: "length"}, "attention_mask": {0: "batch", 1: "total"}}
    dynamic |= {f"past_{name}": {0: "batch", 2: "past"} for name in names}
    return Family(Call(network, step), arguments(2, 3, 24), ["logits", *(f"present_{name}" for name in names)], dynamic,
                  arguments(1, 2, 64), since=14)


def whisper():
    from transformers import WhisperConfig
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    network = WhisperEncoder(WhisperConfig(d_model=192, encoder_layers=4, encoder_attention_heads=4, encoder_ffn_dim=768,
                                           num_mel_bins=80, max_source_positions=150))
    return Family(Call(network, lambda encoder, mel: encoder(mel, return_dict=False)[0]), {"mel": torch.randn(1, 80, 300)},
                  ["hidden"], since=14)


def unet():
    from diffusers import UNet2DConditionModel

    network = UNet2DConditionModel(
        sample_size=16, block_out_channels=(32, 64), layers_per_block=1, cross_attention_dim=64, attention_head_dim=4,
        norm_num_groups=8, down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"))

    def arguments(batch, length):
        return {"sample": torch.randn(batch, 4, 16, 16), "timestep": torch.tensor([801]),
                "context": torch.randn(batch, length, 64)}

    return Family(Call(network, lambda unet, *values: unet(*values, return_dict=False)[0]), arguments(2, 8), ["eps"],
                  {"sample": {0: "batch"}, "context": {0: "batch", 1: "tokens"}}, arguments(1, 12), since=14)


def vae():
    """There and back: the mean of the latent, and the picture made of it."""
    from diffusers import AutoencoderKL

    network = AutoencoderKL(block_out_channels=(16, 32), layers_per_block=1, norm_num_groups=8, latent_channels=4,
                            down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2)

    def there_and_back(vae, image):
        mean = vae.encode(image, return_dict=False)[0].mean
        return mean, vae.decode(mean, return_dict=False)[0]

    return Family(Call(network, there_and_back), images(2, 32), ["mean", "picture"], {"image": {0: "batch"}},
                  images(1, 32), since=14)


def recordings(batch, channels=32, samples=256):
    return {"eeg": torch.randn(batch, channels, samples)}


class Recurrent(nn.Module):
    """Two layers in both directions over the samples of a recording, [batch, channels, samples], and a class."""

    def __init__(self, kind, channels=32, width=64, classes=4):
        super().__init__()
        self.layers = kind(channels, width, num_layers=2, bidirectional=True, batch_first=True)
        self.head = nn.Linear(2 * width, classes)

    def forward(self, eeg):
        hidden, _ = self.layers(eeg.transpose(1, 2))
        return self.head(hidden[:, -1])


def lstm():
    return Family(Recurrent(nn.LSTM), recordings(2), ["logits"], {"eeg": {0: "batch"}}, recordings(4))


def gru():
    return Family(Recurrent(nn.GRU), recordings(2), ["logits"], {"eeg": {0: "batch"}}, recordings(4))


def eegnet():
    """EEGNet-8,2 of arXiv 1611.08024 at 128 Hz: temporal, spatial (depthwise) and separable convolutions."""
    channels, samples, classes, temporal, depth = 64, 256, 4, 8, 2
    spatial = temporal * depth
    layers = nn.Sequential(
        nn.Conv2d(1, temporal, (1, 64), padding="same", bias=False), nn.BatchNorm2d(temporal),
        nn.Conv2d(temporal, spatial, (channels, 1), groups=temporal, bias=False), nn.BatchNorm2d(spatial), nn.ELU(),
        nn.AvgPool2d((1, 4)), nn.Dropout(0.5),
        nn.Conv2d(spatial, spatial, (1, 16), padding="same", groups=spatial, bias=False),
        nn.Conv2d(spatial, spatial, 1, bias=False), nn.BatchNorm2d(spatial), nn.ELU(),
        nn.AvgPool2d((1, 8)), nn.Dropout(0.5), nn.Flatten(), nn.Linear(spatial * samples // 32, classes))
    return Family(Call(layers, lambda layers, eeg: layers(eeg.unsqueeze(1))), recordings(2, channels), ["logits"],
                  {"eeg": {0: "batch"}}, recordings(3, channels))


class Dilated(nn.Module):
    """A residual block of a temporal convolutional network."""

    def __init__(self, channels, dilation):
        super().__init__()
        self.inner = nn.Sequential(
            nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation), nn.BatchNorm1d(channels), nn.ReLU(),
            nn.Conv1d(channels, channels, 1))

    def forward(self, x):
        return nn.functional.relu(x + self.inner(x))


def conv1d():
    network = nn.Sequential(
        nn.Conv1d(32, 64, 7, stride=2, padding=3), nn.BatchNorm1d(64), nn.ReLU(), nn.MaxPool1d(3, 2, 1),
        *(Dilated(64, 2 ** level) for level in range(4)),
        nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(64, 4))
    return Family(network, recordings(2), ["logits"], {"eeg": {0: "batch"}}, recordings(4))


FAMILIES = {family.__name__: family for family in
            [resnet, mobilenet, vit, bert, gpt2, whisper, unet, vae, lstm, gru, eegnet, conv1d]}
