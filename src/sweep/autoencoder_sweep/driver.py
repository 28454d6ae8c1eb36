"""Gives experiments to a Dask cluster and hands every result to the file as it comes."""

import asyncio
import logging
import signal
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager

import dask
from distributed import Client, LocalCluster, as_completed
from distributed.comm import CommClosedError
from distributed.scheduler import KilledWorker
from distributed.security import Security

from . import SweepError
from .connection import Connection
from .results import result_of
from .task import experiment_runner

_LATE = (TimeoutError, asyncio.TimeoutError, CancelledError, asyncio.CancelledError)
_LOST = (CommClosedError, OSError, *_LATE)
_RETRIES = 2
_NO_PAGES = {"distributed.scheduler.http.routes": [], "distributed.worker.http.routes": []}
_LOCAL = {
    "distributed.worker.daemon": True,
    "distributed.scheduler.allowed-failures": _RETRIES,
    # Only the experiment that runs is blamed for the death of its worker, none that waits there.
    "distributed.scheduler.worker-saturation": 1.0,
}


@contextmanager
def local_cluster(workers: int, *, dashboard: bool = False) -> Iterator[Connection]:
    """A cluster on this machine; each worker is a process that runs one experiment at a time.

    Connections use TLS with a certificate that exists only in memory: another account on the
    machine can neither join nor read. A dashboard is a web page without a password.
    """
    security = Security.temporary()
    pages = {} if dashboard else _NO_PAGES
    # A worker inherits it: Ctrl-C reaches every process of a terminal, and is ours to answer.
    on_interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    with dask.config.set({**_LOCAL, **pages}):
        try:
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                security=security,
                host="127.0.0.1",
                scheduler_kwargs={"dashboard": dashboard, "dashboard_address": "127.0.0.1:0"},
                silence_logs=logging.CRITICAL,
            )
        finally:
            signal.signal(signal.SIGINT, on_interrupt)
        with cluster:
            if dashboard:
                who = "every account on this machine can read it"
                print(f"dashboard: {cluster.dashboard_link} ({who})", flush=True)
            yield Connection(cluster.scheduler_address, security)


def _failure(error: BaseException) -> str:
    """The sentence for an experiment without a result."""
    if isinstance(error, KilledWorker):
        return (
            "the experiment must leave its worker alive, got a worker that died each of "
            f"{error.allowed_failures + 1} times; give it more memory or run it alone"
        )
    return str(error)


def _collect(
    client: Client,
    todo: dict[str, dict],
    command: list[str],
    keep: Callable[[dict], None],
    failed: dict[str, str],
) -> None:
    """Run `todo` and take out each experiment as it ends.

    Throws one of `_LOST` when the scheduler goes away.
    """
    run = experiment_runner()
    how = {"retries": _RETRIES, "pure": False}
    futures = {
        client.submit(run, document, command, key=id, priority=-position, **how): id
        for position, (id, document) in enumerate(todo.items())
    }
    if not client.scheduler_info()["workers"]:
        address = client.scheduler.address
        print(f"the scheduler at {address} has no workers yet; waiting", flush=True)
    for future in as_completed(futures):
        id = futures[future]
        if future.status == "cancelled" or future.status == "lost":
            raise CommClosedError("the scheduler forgot an experiment")
        error = future.exception()
        try:
            if error is not None:
                failed[id] = _failure(error)
            else:
                keep(result_of(id, todo[id], future.result()))
        except ValueError as problem:
            failed[id] = f"the experiment must print a result, got {problem}"
        todo.pop(id)
        future.release()


def _refused(error: BaseException | None) -> str | None:
    """The reason why a scheduler will never take us: certificates that do not fit."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return error.reason or str(error)
        error = error.__cause__ or error.__context__
    return None


def drive(
    scheduler: Connection,
    todo: dict[str, dict],
    command: list[str],
    keep: Callable[[dict], None],
    *,
    patience: float = 120,
    first: float = 30,
) -> dict[str, str]:
    """Run every experiment of `todo`, by id; `keep` gets each result once.

    Returns the failed ones with their errors. An experiment whose worker dies runs again on
    another. When the scheduler goes away, waits up to `patience` seconds for one at the same
    address (`first` seconds for one that never answered) and gives it the rest. Throws SweepError
    when none comes, and at once when TLS refuses.
    """
    address = scheduler.address
    failed: dict[str, str] = {}
    lost_at: float | None = None
    limit = first
    while todo:
        before = len(todo)
        try:
            with Client(address, timeout=5, security=scheduler.security) as client:
                lost_at, limit = None, patience
                _collect(client, todo, command, keep, failed)
        except _LOST as error:
            reason = _refused(error)
            if reason:
                raise SweepError(
                    f"the scheduler at {address} must accept the certificates, got {reason}; "
                    "give --tls-ca, --tls-cert and --tls-key of that cluster"
                ) from None
            now = time.monotonic()
            lost_at = now if lost_at is None or len(todo) < before else lost_at
            if now - lost_at > limit:
                raise SweepError(
                    f"a Dask scheduler must answer at {address}, got {type(error).__name__} for "
                    f"{limit:.0f} s; start it and run the same command again: results are kept"
                ) from None
            why = type(error).__name__
            print(f"the scheduler at {address} does not answer ({why}); trying again", flush=True)
            time.sleep(1)
    return failed
