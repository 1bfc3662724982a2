"""Parts of the images."""

import numpy as np

from study.data.split import sample


def test_a_sample_is_spread_evenly_over_all_images() -> None:
    labels = np.arange(11, dtype=np.uint8)
    images = np.repeat(labels, 4).reshape(11, 2, 2, 1)
    for most, expected in ((3, [0, 5, 10]), (6, [0, 2, 4, 6, 8, 10]), (11, [*labels])):
        chosen, of = sample((images, labels), most)
        assert of.tolist() == expected
        assert chosen[:, 1, 1, 0].tolist() == expected
    assert len(sample((images, labels), 5000)[1]) == 11
