"""Data sets in netCDF files that carry a checksum, so that damage is found on reading."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import xarray as xr

from na2q.files import replacing

CHECKSUM = "checksum"  # attribute of files


class UnsignedError(ValueError):
    """A file that cannot be read, holds something else, or does not fit its checksum."""


def write_signed(data: xr.Dataset, path: Path) -> None:
    """Write a data set, compressed and with a checksum, whole or not at all."""
    # in memory first, since HDF5 does not survive a disk that is full
    whole = io.BytesIO()
    packed = {name: {"zlib": True, "complevel": 4} for name, x in data.items() if x.ndim and x.dtype.kind in "bif"}
    data.assign_attrs({CHECKSUM: checksum(data)}).to_netcdf(whole, engine="h5netcdf", encoding=packed)
    with replacing(path) as part:
        part.write_bytes(whole.getbuffer())


def read_signed(path: Path, validate: Callable[[xr.Dataset], xr.Dataset]) -> xr.Dataset:
    """Read a data set into memory.

    Args:
        path: netCDF file.
        validate: returns what holds what is expected, or raises a ValueError.

    Raises:
        UnsignedError: the file is damaged, or holds something else.
    """
    try:
        found = xr.load_dataset(path, engine="h5netcdf")
    except Exception as error:  # whatever the library makes of a damaged file
        raise UnsignedError(f"{path} cannot be read: {error}") from error
    expected = found.attrs.pop(CHECKSUM, None)
    try:
        validate(found)
    except ValueError as error:
        raise UnsignedError(f"{path}: {error}") from error
    if expected != checksum(found):
        raise UnsignedError(f"{path}: its contents do not fit its checksum")
    return found


def checksum(data: xr.Dataset) -> str:
    """Return the SHA-256 of all names, axes, types and values, and of the attributes."""
    total = hashlib.sha256()
    for name, value in sorted(data.attrs.items()):
        total.update(repr((name, value.item() if isinstance(value, np.generic) else value)).encode())
    for name, x in sorted(data.variables.items(), key=lambda item: str(item[0])):
        values = x.values
        kind = values.dtype.kind if values.dtype.kind in "biuf" else "text"
        total.update(repr((name, x.dims, values.shape, kind)).encode())
        if kind == "f":  # a file may hold another of the many bit patterns that mean NaN
            values = np.where(np.isnan(values), values.dtype.type(np.nan), values)
        total.update(repr(values.tolist()).encode() if kind == "text" else values.tobytes())
    return total.hexdigest()
