"""The connection to Ray: a cluster, or a local instance that comes and goes with the run."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..cores import usable_cores
from ..data.faults import short_repr
from ..model.messages import must_be
from ..model.words import import_extra
from ..termination import sigterm_raises

_OBJECT_STORE = 80 << 20
"""Bytes for objects that do not fit into a message, of which there are none: the least that Ray takes."""

_LONGEST_FOLDER = 40
"""Characters of the folder for temporary files: sockets lie in it, whose paths are limited to about a hundred."""

_SECONDS_TO_CONNECT = 5.0
_LOCAL = {"RAY_USAGE_STATS_ENABLED": "0"}
_QUIET: Any = {"log_to_driver": False, "logging_level": "error", "configure_logging": False}


def import_ray() -> Any:
    """Import Ray, without its reports of processes that died, which are told of in a line instead.

    Raises:
        ValueError: It is not installed; the message says how to.
    """
    with _environment({"RAY_DEDUP_LOGS_SKIP_REGEX": ".*"}):
        return import_extra("ray", "--engine ray", "ray")


def check_local_actors(actors: int | None) -> None:
    """See that so many actors fit on this machine.

    Raises:
        ValueError: They do not.
    """
    if actors is not None and actors > usable_cores():
        raise ValueError(must_be("--actors", f"at most {usable_cores()}, the cores of this machine", actors))


def check_address(address: str) -> None:
    """See that something answers at the address of a cluster: Ray itself would ask for minutes.

    Raises:
        ValueError: Nothing does.
    """
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not host and not port.isdecimal():
        if address != "auto":
            raise ValueError(must_be("--address", "auto or HOST:PORT of a running cluster", short_repr(address)))
        return
    try:
        socket.create_connection((host, int(port)), _SECONDS_TO_CONNECT).close()
    except (OSError, ValueError, OverflowError) as error:
        allowed = "auto or HOST:PORT of a running cluster"
        raise ValueError(must_be("--address", allowed, f"{short_repr(address)}: {error}")) from error


@contextmanager
def connected(ray: Any, address: str | None) -> Iterator[None]:
    """Be connected to a cluster, or to a local instance of our own; a connection that is there is used.

    Args:
        ray: The library.
        address: Of the cluster; `None` for a local instance, which ends with the block.

    Raises:
        ValueError: There is no such cluster, or it has other versions of Python and Ray.
    """
    if ray.is_initialized():
        yield
        return
    with sigterm_raises() as renew, _quiet_logging():
        try:
            if address is None:
                with _folder() as folder, _environment(_LOCAL):
                    _start(ray, folder)
                    renew()
                    yield
                    ray.shutdown()  # before its folder goes
            else:
                _connect(ray, address)
                renew()
                yield
        finally:
            ray.shutdown()


def _start(ray: Any, folder: str) -> None:
    ray.init(
        "local",  # without it, Ray would join whatever cluster this machine has
        include_dashboard=False,
        num_cpus=usable_cores(),
        object_store_memory=_OBJECT_STORE,
        _temp_dir=folder,
        **_QUIET,
    )


def _connect(ray: Any, address: str) -> None:
    check_address(address)
    try:
        ray.init(address, **_QUIET)
    except (ConnectionError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            must_be("--address", "that of a running cluster", f"{short_repr(address)}: {reason}")
        ) from error


@contextmanager
def _folder() -> Iterator[str]:
    """A folder for the sockets and logs of a local instance."""
    place = tempfile.gettempdir()
    folder = tempfile.mkdtemp(prefix="spert-hf-ray-", dir=place if len(place) <= _LONGEST_FOLDER else "/tmp")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    """Have environment variables, those that are set by the user excepted."""
    ours = {name: value for name, value in settings.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)


@contextmanager
def _quiet_logging() -> Iterator[None]:
    logger = logging.getLogger("ray")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
