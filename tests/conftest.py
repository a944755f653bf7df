"""Checks every annotated type and shape while tests run; training itself pays nothing for it."""

import os

os.environ["TQDM_DISABLE"] = "1"  # read when tqdm is imported

import torch
from jaxtyping import install_import_hook

torch.set_num_threads(1)
# all but config, whose own errors name the value and what is allowed
CHECKED = ["agents", "analysis", "envs", "learner", "methods", "nets", "theory", "training", "types", "vae"]
install_import_hook([f"na2q.{name}" for name in CHECKED], "typecheck.check")
