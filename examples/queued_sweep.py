"""Run a sweep on a cluster with a queue: each job is a worker that does run after run.

python examples/queued_sweep.py smoke --root runs --jobs 2 --local  # on this machine
python examples/queued_sweep.py figure3 --root runs --jobs 50  # on SLURM

All nodes must see the folder.
"""

import argparse
from pathlib import Path

from dask_jobqueue import SLURMCluster
from dask_jobqueue.local import LocalCluster

from na2q.campaign import sweeps
from na2q.campaign.execute import Sweep
from na2q.campaign.workers import dask

parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument("sweep")
parser.add_argument("--root", type=Path, default=Path("runs"))
parser.add_argument("--jobs", type=int, default=2, help="jobs in the queue at once")
parser.add_argument(
    "--methods", nargs="*", default=(), help="only these methods of the sweep"
)
parser.add_argument(
    "--local",
    action="store_true",
    help="processes of this machine in the place of a queue",
)

JOB = {"cores": 1, "processes": 1, "memory": "4GB"}
ENVIRONMENT = [
    "export OMP_NUM_THREADS=1 TQDM_DISABLE=1"
]  # and what loads your environment, such as source .venv/bin/activate


def main() -> None:
    """Queue the jobs, run what is missing of the sweep on them, and end them."""
    given = parser.parse_args()
    runs = sweeps.selection(given.sweep, method=given.methods)
    if given.local:
        cluster = LocalCluster(
            **JOB
        )  # which takes no further lines, and the environment of this process
    else:
        cluster = SLURMCluster(
            **JOB, job_script_prologue=ENVIRONMENT, walltime="24:00:00"
        )
    with cluster:
        cluster.scale(jobs=given.jobs)
        with dask(cluster.scheduler_address) as workers:
            report = Sweep(runs, given.root, workers, shared=True).execute()
    print(f"{len(report.done)} of {len(runs)} runs complete")


if __name__ == "__main__":
    main()
