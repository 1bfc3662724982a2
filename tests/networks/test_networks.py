"""The twelve networks are the notebook's, layer by layer."""

from typing import Any

import pytest

from study.config.study import load_study
from study.errors import StudyError
from study.networks.costs import count_parameters, multiply_adds
from study.networks.fourier import multiply_adds_as_done
from study.networks.layers import canonical_layers, layer_names, layer_seed
from study.networks.shapes import check_network, feature_shapes, placed_layers

SHAPE, CLASSES = (28, 28, 1), 10


def conv(filters: int, kernel: int, stride: int = 1, padding: str = "same") -> tuple[Any, ...]:
    return ("conv", filters, kernel, stride, padding)


POOL, FLAT, DENSE, BN = ("max_pool", 2), ("flatten",), ("dense", 128), ("batch_norm",)
QUARTER, HALF = ("dropout", 0.25), ("dropout", 0.5)
HEAD = [FLAT, DENSE, HALF, BN]

# Read off the notebook's cells, in their order. Repetition is written out as a product.
K3_POOLED = [conv(64, 3), POOL, QUARTER, BN]
K3 = [conv(64, 3), QUARTER, BN]
K3_START = [conv(32, 3), POOL, QUARTER, BN]
K5_START = [conv(32, 5, 2, "valid"), POOL, QUARTER, BN, conv(64, 5, 2, "valid"), QUARTER, BN]
K5 = [conv(64, 5), QUARTER, BN]
NO_BN_START = [conv(32, 7, 2, "valid"), POOL, QUARTER]
NO_BN = [conv(64, 7), QUARTER]
NO_DROPOUT_START = [conv(32, 5, 2, "valid"), POOL, BN, conv(64, 3), BN]
NO_DROPOUT = [conv(64, 7), BN]
NO_DROPOUT_HEAD = [FLAT, DENSE, BN]

NOTEBOOK = {
    "conv3-k3": (132_042, K3_START + K3_POOLED * 2 + HEAD),
    "conv3-k5": (165_322, K5_START + K5 + HEAD),
    "conv3-no-dropout": (517_578, NO_DROPOUT_START + NO_DROPOUT + NO_DROPOUT_HEAD),
    # the one network without a batch normalization before the softmax
    "conv3-no-bn": (509_002, NO_BN_START + NO_BN * 2 + [FLAT, DENSE, HALF]),
    "conv5-k3": (534_090, K3_START + K3_POOLED + K3 * 3 + HEAD),
    "conv5-k5": (370_762, K5_START + K5 * 3 + HEAD),
    "conv5-no-dropout": (919_626, NO_DROPOUT_START + NO_DROPOUT * 3 + NO_DROPOUT_HEAD),
    "conv5-no-bn": (911_050, NO_BN_START + NO_BN * 4 + HEAD),
    "conv7-k3": (608_458, K3_START + K3_POOLED + K3 * 5 + HEAD),
    "conv7-k5": (576_202, K5_START + K5 * 5 + HEAD),
    "conv7-no-dropout": (
        1_353_930,
        [conv(32, 3, 2, "valid"), POOL, BN, conv(64, 5), BN, *NO_DROPOUT * 5, *NO_DROPOUT_HEAD],
    ),
    "conv7-no-bn": (1_312_586, NO_BN_START + NO_BN * 6 + HEAD),
}


def test_the_study_has_the_twelve_networks_in_the_notebooks_order(default_config) -> None:
    assert [variant.id for variant in load_study(default_config).variants] == list(NOTEBOOK)


def test_the_studys_arithmetic_is_660_tflop(default_config) -> None:
    """As counted by hand: two operations a multiply-add, one pass forward and two back."""
    variants = load_study(default_config).variants
    once = sum(multiply_adds(variant.layers, (28, 28, 1), 10) for variant in variants)
    assert 2 * 3 * once * 60_000 * 12 == pytest.approx(660e12, rel=0.02)


def test_arithmetic_is_counted_as_done(default_config) -> None:
    """Of the network without dropout over that without batch normalization, by depth: Fourier
    transforms save more in the second.
    """
    study = load_study(default_config)
    layers = {variant.id: variant.layers for variant in study.variants}
    for depth, on_cpu, on_gpu in ((3, 1.198, 1.048), (5, 1.342, 1.267), (7, 1.406, 1.369)):
        for is_gpu, expected in ((False, on_cpu), (True, on_gpu)):
            norm, dropout = (
                multiply_adds_as_done(layers[f"conv{depth}-{name}"], SHAPE, CLASSES, 120, is_gpu)
                for name in ("no-dropout", "no-bn")
            )
            assert norm / dropout == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize("network", NOTEBOOK)
def test_layers_are_the_notebooks(default_config, network: str) -> None:
    variants = {variant.id: variant for variant in load_study(default_config).variants}
    layers = [
        tuple(value for key, value in layer.items() if key not in ("bias", "activation"))
        for layer in variants[network].layers
    ]
    assert layers == NOTEBOOK[network][1]
    for layer in variants[network].layers:
        assert layer.get("bias", True)
        assert layer.get("activation") is None  # that of the settings
    assert variants[network].depth == int(network[4])


@pytest.mark.parametrize("network", NOTEBOOK)
def test_keras_builds_that_network_with_that_many_parameters(default_config, network: str) -> None:
    from study.training.model import build_model

    variants = {variant.id: variant for variant in load_study(default_config).variants}
    variant = variants[network]
    model = build_model(variant.layers, SHAPE, CLASSES, variant.settings, seed=1)
    parameters, declared = NOTEBOOK[network]

    assert model.count_params() == parameters
    assert count_parameters(variant.layers, SHAPE, CLASSES) == parameters
    assert [tuple(layer.output.shape[1:]) for layer in model.layers[:-1]] == feature_shapes(
        variant.layers, SHAPE
    )
    keras_names = {
        "Conv2D": "conv",
        "MaxPooling2D": "max_pool",
        "Dropout": "dropout",
        "BatchNormalization": "batch_norm",
        "Flatten": "flatten",
        "Dense": "dense",
    }
    *hidden, output = model.layers
    assert [keras_names[type(layer).__name__] for layer in hidden] == [
        layer[0] for layer in declared
    ]
    for layer, (kind, *values) in zip(hidden, declared, strict=True):
        if kind == "conv":
            found = [layer.filters, layer.kernel_size, layer.strides, layer.padding]
            filters, kernel, stride, padding = values
            assert found == [filters, (kernel, kernel), (stride, stride), padding]
        if kind in ("conv", "dense"):
            assert layer.activation.__name__ == "relu"
            assert type(layer.kernel_initializer).__name__ == "HeNormal"
        if kind == "dropout":
            assert layer.rate == values[0]
        if kind == "max_pool":
            assert (layer.pool_size, layer.strides) == ((2, 2), (2, 2))
        if kind == "batch_norm":
            assert (layer.momentum, layer.epsilon) == (0.99, 1e-3)
    assert (output.units, output.activation.__name__) == (CLASSES, "softmax")
    assert type(output.kernel_initializer).__name__ == "GlorotUniform"


def test_layers_are_named_by_type_and_number() -> None:
    layers = canonical_layers([["batch_norm", "flatten"], {"dense": 3}, "batch_norm"])
    assert layer_names(layers) == ["batch_norm_1", "flatten_1", "dense_1", "batch_norm_2"]


def test_the_seed_of_a_layer_is_of_64_bits_of_its_own() -> None:
    """The first eight bytes of a SHA-256, the lowest first; others would train other networks."""
    assert layer_seed(1, "conv_1") == 13_577_554_317_570_884_221
    seeds = {layer_seed(seed, name) for seed in range(50) for name in ("conv_1", "conv_2")}
    assert len(seeds) == 100
    assert 2**63 < max(seeds) < 2**64


def test_layers_inside_others_are_named_in_their_place() -> None:
    inside = ["batch_norm", {"residual": ["batch_norm"]}]
    layers = canonical_layers(["batch_norm", [{"residual": inside}], "batch_norm", "flatten"])
    names = ["batch_norm_1", "residual_1", "batch_norm_2", "residual_2", "batch_norm_3"]
    assert layer_names(layers) == [*names, "batch_norm_4", "flatten_1"]


def test_a_projection_has_the_stride_that_fits_and_a_batch_norm_where_there_is_one() -> None:
    conv = {"conv": {"filters": 5, "kernel": 3, "stride": 2, "padding": "same"}}
    for inside, side, parts in (([conv], 4, 1), ([conv, {"max_pool": 2}, "batch_norm"], 2, 2)):
        layers = canonical_layers([{"residual": inside}])
        found = [each for each in placed_layers(layers, (7, 7, 2)) if "proj" in each.name]
        assert [each.name for each in found] == ["projection_1", "projection_norm_1"][:parts]
        assert found[-1].after == (side, side, 5)
        assert found[0].layer["stride"] == 8 // side
        assert not found[0].layer["bias"]


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ([{"conv": {"filters": 1, "kernel": 9, "stride": 1, "padding": "valid"}}], "9x9 is larger"),
        ([{"max_pool": 9}], "max_pool_1: pooling over 9x9 shrinks its input of 8x8 below 1x1"),
        ([{"max_pool": 4}, {"max_pool": 4}], "max_pool_2: pooling over 4x4 shrinks its input of 2"),
        ([{"avg_pool": 9}], "avg_pool_1: pooling over 9x9 shrinks its input of 8x8 below 1x1"),
        (["flatten", "global_avg_pool"], "global_avg_pool_1 comes after `flatten` or `global_avg"),
        (["global_avg_pool", "flatten"], "flatten_1 comes after another"),
        (["softmax"], "softmax_1 needs a `flatten` before it"),
        (["flatten", "softmax", {"dense": 3}], "softmax_1 is not the last layer"),
        (["flatten", {"dense": 5}, "softmax"], "softmax_1 has 5 values before it, and the data h"),
        ([{"residual": ["flatten"]}], "residual_1: makes 192 units of feature maps of 8x8x3, whi"),
        (["flatten", {"residual": [{"dense": 4}]}], "residual_1: makes 4 units of 192 units"),
        (
            [
                {
                    "residual": [
                        {"conv": {"filters": 3, "kernel": 3, "stride": 1, "padding": "valid"}}
                    ]
                }
            ],
            "residual_1: makes feature maps of 6x6x3 of feature maps of 8x8x3, and no stride of a ",
        ),
        ([{"residual": ["flatten", {"residual": ["softmax"]}]}], "residual_1: makes 192 units"),
        (["flatten", {"residual": ["softmax"]}], "softmax_1 is not the last layer"),
        ([{"residual": [{"max_pool": 9}]}], "max_pool_1: pooling over 9x9 shrinks its input of 8"),
        ([{"dense": 4}], "dense_1 needs a `flatten` before it"),
        (["flatten", "flatten"], "flatten_2 comes after another"),
        (["flatten", {"max_pool": 2}], "max_pool_1 comes after `flatten`"),
        (["batch_norm"], "ends with a feature map of 8x8"),
    ],
)
def test_a_network_that_does_not_fit_is_refused(declared: list[Any], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        check_network(canonical_layers(declared), (8, 8, 3), classes=4)


@pytest.mark.parametrize("shape", [(4, 9, 1), (9, 4, 1)])
def test_on_an_oblong_map_the_shorter_side_limits(shape: tuple[int, int, int]) -> None:
    conv = {"filters": 1, "kernel": 5, "stride": 1, "padding": "valid"}
    for layer in ({"conv": conv}, {"max_pool": 5}):
        with pytest.raises(StudyError, match="at most 4 is possible there"):
            feature_shapes(canonical_layers([layer, "flatten"]), shape)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 2, 5])
def test_feature_maps_have_the_size_that_keras_gives(
    default_config, padding: str, stride: int, kernel: int
) -> None:
    from study.training.model import build_model

    layers = canonical_layers(
        [
            {"conv": {"filters": 3, "kernel": kernel, "stride": stride, "padding": padding}},
            {"max_pool": 2},
            "flatten",
        ]
    )
    settings = load_study(default_config).variants[0].settings
    model = build_model(layers, (11, 8, 2), 4, settings, seed=1)
    assert [tuple(layer.output.shape[1:]) for layer in model.layers[:-1]] == feature_shapes(
        layers, (11, 8, 2)
    )
    assert model.count_params() == count_parameters(layers, (11, 8, 2), 4)
