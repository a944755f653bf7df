"""Every method has as many parameters as the released code."""

import pytest
from random_task import Variant

from na2q.spec import EnvSpec

COUNTED = EnvSpec(n_agents=3, n_actions=6, obs_dim=10, state_dim=24, episode_limit=8, unit_dim=8)
ONE_HEAD, TWO_HEAD, QMIX_MIXER, QPLEX_MIXER, VAE = 26_630, 27_608, 13_153, 192_460, 10_826
COUNTS = [
    (Variant("vdn"), ONE_HEAD),
    (Variant("iql"), ONE_HEAD),
    (Variant("qmix"), ONE_HEAD + QMIX_MIXER),
    (Variant("qtran"), ONE_HEAD + 26_070),
    (Variant("qatten"), 26_054 + 17_669),
    (Variant("qatten", settings={"options.unit_dim": 8}), 26_054 + 18_565),
    (Variant("qplex"), ONE_HEAD + QPLEX_MIXER),
    (Variant("wqmix"), ONE_HEAD + QMIX_MIXER + ONE_HEAD + 145_666),
    (Variant("cds"), TWO_HEAD + QPLEX_MIXER + 28_170 + 28_938),
    (Variant("dvd"), ONE_HEAD + 10_225),
    (Variant("shaq"), ONE_HEAD + 11_073),
    (Variant("na2q", settings={"options.orders": (1,)}), TWO_HEAD + 18_604 + VAE),
    (Variant("na2q"), TWO_HEAD + 20_719 + VAE),
    (Variant("na2q", settings={"options.orders": (1, 2, 3)}), TWO_HEAD + 21_688 + VAE),
]


@pytest.mark.parametrize(("variant", "count"), COUNTS, ids=str)
def test_number_of_parameters_is_that_of_the_released_code(variant: Variant, count: int) -> None:
    assert sum(p.numel() for p in variant.learner(spec=COUNTED).online.parameters()) == count
