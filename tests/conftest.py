"""Checks every annotated type and shape while tests run; training itself pays nothing for it."""

import os

os.environ["TQDM_DISABLE"] = "1"  # read when tqdm is imported

import torch
from jaxtyping import install_import_hook

torch.set_num_threads(1)
install_import_hook("na2q", "typecheck.check")
