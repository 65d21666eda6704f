"""Loading scripts under test: imported as they are, built in a folder of the test, fed by a server on this machine."""

import contextlib
import hashlib
import importlib.util
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "dataset_scripts"

# What a loading script tells of an address that the server does not know.
NOT_FOUND = "ClientResponseError: 404, message='File not found'"


def import_script(name):
    """The module of a loading script, freshly imported under a name of its own."""
    spec = importlib.util.spec_from_file_location(f"script_under_test_{name}", SCRIPTS / name / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module  # `datasets` looks its builders' modules up
    spec.loader.exec_module(module)
    return module


def build(builder_class, cache, config_name=None, data_dir=None):
    """Split name to rows."""
    import datasets

    builder = builder_class(
        cache_dir=str(cache / "built"), config_name=config_name, data_dir=None if data_dir is None else str(data_dir)
    )
    downloads = datasets.DownloadConfig(cache_dir=str(cache / "downloads"))
    builder.download_and_prepare(download_config=downloads, download_mode="reuse_cache_if_exists")
    return {split: rows.to_list() for split, rows in builder.as_dataset().items()}


def digest_of(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def serve(folder):
    """The address of a server of a folder's files on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_QuietHandler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def card_rows(name):
    """The rows of the tables of a data card, as tuples of cells."""
    lines = (SCRIPTS / name / "README.md").read_text(encoding="utf-8").splitlines()
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines if line.startswith("|")]


def counted(names, items):
    """Counts of the items of each type, as a data card writes them."""
    found = [item["type"] for item in items]
    return " / ".join(f"{found.count(name):,}" for name in names)
