"""Run experiments on a Dask cluster, each as one Node process; a result is one line of JSON."""


class SweepError(Exception):
    """Something a reader can cure: the message is one sentence with the cure."""
