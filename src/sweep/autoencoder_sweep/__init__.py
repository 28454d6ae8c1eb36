"""Runs many experiments on a Dask cluster, each as one Node process, and keeps every result as one line of JSON."""


class SweepError(Exception):
    """Something a reader can cure: the message is one sentence with the cure."""
