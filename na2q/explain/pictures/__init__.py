"""The paper's pictures of what was learned (Figures 5, 6, 7, 10 and 11), and pictures of tests of explanations."""

from na2q.explain.pictures.battle import battle_keyframes, contribution_map, health_and_masks
from na2q.explain.pictures.faithfulness import deletion_curves, interval_rows, mask_quantiles, masks_by_size
from na2q.explain.pictures.foraging import foraging_masks
from na2q.explain.pictures.shapes import shape_functions

__all__ = [
    "battle_keyframes",
    "contribution_map",
    "deletion_curves",
    "foraging_masks",
    "health_and_masks",
    "interval_rows",
    "mask_quantiles",
    "masks_by_size",
    "shape_functions",
]
