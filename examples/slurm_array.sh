#!/bin/bash
# One seed of a run for each task of a SLURM array:
# sbatch --array=1-5 examples/slurm_array.sh qmix lbf-4p-2f
#SBATCH --cpus-per-task=1
#SBATCH --mem=4G
#SBATCH --time=24:00:00
#SBATCH --requeue
#SBATCH --signal=TERM@300
# Five minutes before its time is over the run is told to stop: it saves its state, and
# the same command goes on.
set -eu
method=$1 env=$2
shift 2 # further words are settings, such as --preset fair
export OMP_NUM_THREADS=1 TQDM_DISABLE=1
exec na2q train --method "$method" --env "$env" --seed "$SLURM_ARRAY_TASK_ID" "$@" \
  --run-dir "runs/$env/$method/seed-$SLURM_ARRAY_TASK_ID"
