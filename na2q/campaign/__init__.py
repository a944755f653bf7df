"""Many runs: what a sweep consists of, how its runs are done, and how folders of runs are merged."""
