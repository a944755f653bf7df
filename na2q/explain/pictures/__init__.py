"""The paper's pictures of what was learned (Figures 5, 6, 7, 10 and 11), from recorded episodes."""

from na2q.explain.pictures.battle import battle_keyframes, contribution_map, health_and_masks
from na2q.explain.pictures.foraging import foraging_masks
from na2q.explain.pictures.shapes import shape_functions

__all__ = ["battle_keyframes", "contribution_map", "foraging_masks", "health_and_masks", "shape_functions"]
