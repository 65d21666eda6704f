"""The file of onnxruntime-web that is too large for a repository: taken from npm's registry, checked, and kept."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import urllib.error
import urllib.request
from pathlib import Path

VERSION = "1.30.0"
"""The version of onnxruntime-web, as that of the files in `space/browser/vendor`."""

FILE = "ort-wasm-simd-threaded.wasm"
SHA256 = "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2"

_MEMBER = f"package/dist/{FILE}"
_REGISTRY_VARIABLE = "NPM_CONFIG_REGISTRY"
_REGISTRY = "https://registry.npmjs.org"
_CACHE_VARIABLE = "XDG_CACHE_HOME"
_SECONDS = 60
"""The time limit for each part of the download that comes."""


def runtime_file() -> Path:
    """Return the file, kept from an earlier call or downloaded (33 MB).

    Raises:
        ValueError: npm's registry can't be reached, or has another file.
    """
    cache = Path(os.environ.get(_CACHE_VARIABLE) or Path.home() / ".cache", "spert-hf", "browser")
    kept = cache / f"{SHA256[:16]}-{FILE}"
    if kept.is_file() and hashlib.sha256(kept.read_bytes()).hexdigest() == SHA256:
        return kept
    content = _download()
    cache.mkdir(parents=True, exist_ok=True)
    unfinished = kept.with_name(f"{kept.name}.{os.getpid()}")
    unfinished.write_bytes(content)
    unfinished.replace(kept)
    return kept


def _download() -> bytes:
    registry = (os.environ.get(_REGISTRY_VARIABLE) or _REGISTRY).rstrip("/")
    url = f"{registry}/onnxruntime-web/-/onnxruntime-web-{VERSION}.tgz"
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"{_REGISTRY_VARIABLE} must be an address that begins with https://, got {registry!r}")
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as response:
            package = response.read()
        with tarfile.open(fileobj=io.BytesIO(package), mode="r:gz") as archive:
            member = archive.extractfile(_MEMBER)
            content = b"" if member is None else member.read()
    except (urllib.error.URLError, OSError, tarfile.TarError, KeyError, EOFError) as error:
        raise ValueError(f"{url}, which the page needs, can't be loaded: {error}") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != SHA256:
        raise ValueError(f"{url}: {_MEMBER} must have the SHA-256 {SHA256}, got {digest}")
    return content
