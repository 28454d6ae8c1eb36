"""Gives experiments to a Dask cluster and hands every result to the file as it comes."""

import asyncio
import logging
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager

import dask
from distributed import Client, LocalCluster, as_completed
from distributed.comm import CommClosedError

from . import SweepError
from .task import experiment_runner

_LOST = (
    CommClosedError,
    OSError,
    TimeoutError,
    asyncio.TimeoutError,
    CancelledError,
    asyncio.CancelledError,
)
_RETRIES = 2


@contextmanager
def local_cluster(workers: int) -> Iterator[str]:
    """A cluster on this machine, each worker a process that runs one experiment at a time; answers its scheduler's address."""
    on_interrupt = signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # a worker inherits it: Ctrl-C reaches every process of a terminal, and is ours to answer
    try:
        with dask.config.set(
            {"distributed.worker.daemon": True, "distributed.scheduler.allowed-failures": 10}
        ):
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address="127.0.0.1:0",
                host="127.0.0.1",
                silence_logs=logging.CRITICAL,
            )
    finally:
        signal.signal(signal.SIGINT, on_interrupt)
    with cluster:
        print(f"dashboard: {cluster.dashboard_link}", flush=True)
        yield cluster.scheduler_address


def _collect(
    client: Client,
    todo: dict[str, dict],
    command: list[str],
    keep: Callable[[dict], None],
    failed: dict[str, str],
) -> None:
    """Run what is in `todo` and take it out as it ends. Throws one of `_LOST` where the scheduler goes away."""
    run = experiment_runner()
    futures = {
        client.submit(
            run, document, command, key=id, retries=_RETRIES, pure=False, priority=-position
        ): id
        for position, (id, document) in enumerate(todo.items())
    }
    for future in as_completed(futures):
        id = futures[future]
        if future.status == "cancelled" or future.status == "lost":
            raise CommClosedError("the scheduler forgot an experiment")
        error = future.exception()
        if error is None:
            keep({"id": id, **future.result()})
        else:
            failed[id] = str(error)
        todo.pop(id)
        future.release()


def drive(
    address: str,
    todo: dict[str, dict],
    command: list[str],
    keep: Callable[[dict], None],
    *,
    patience: float = 120,
) -> dict[str, str]:
    """Run every experiment of `todo`, by id, on the cluster at `address`; `keep` gets each result once. The failed ones, with their errors.

    A worker that dies has its experiment run again on another. Where the scheduler goes away, wait up to `patience` seconds for one at the same address and
    give it what is not done. Throws SweepError where none comes.
    """
    failed: dict[str, str] = {}
    lost_at: float | None = None
    while todo:
        before = len(todo)
        try:
            with Client(address, timeout=5) as client:
                lost_at = None
                _collect(client, todo, command, keep, failed)
        except _LOST as error:
            now = time.monotonic()
            lost_at = now if lost_at is None or len(todo) < before else lost_at
            if now - lost_at > patience:
                raise SweepError(
                    f"a Dask scheduler must answer at {address}, got {type(error).__name__} for {patience:.0f} s; start it and run the same command again: what is done is kept"
                ) from None
            print(
                f"the scheduler at {address} is away ({type(error).__name__}); trying again",
                flush=True,
            )
            time.sleep(1)
    return failed
