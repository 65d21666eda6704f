"""`spert-hf label-studio`: a backend that predicts for Label Studio while people annotate."""

import argparse
import sys
from pathlib import Path

from ..model.selection import check_selection
from ..model.words import import_extra
from .options import load_pipeline, reading_settings, selection_settings


def run(options: argparse.Namespace) -> int:
    """Run the command, until it is interrupted."""
    uvicorn = import_extra("uvicorn", "the backend", "serve")
    import_extra("starlette", "the backend", "serve")
    from ..annotation.label_studio_backend import Backend, make_app

    wanted = selection_settings(options)
    pipe = load_pipeline(options, reading_settings(options))
    settings = {"batch_size": options.batch_size, **check_selection(pipe.model.config, wanted)}
    backend = Backend(pipe, options.model_version or Path(options.model).name, settings)
    sys.stdout.write(
        f"Backend for Label Studio at http://{options.host}:{options.port} (Settings, Model, Connect Model)\n"
        f"A labelling interface with the model's types:\n{backend.interface}"
    )
    sys.stdout.flush()
    uvicorn.run(make_app(backend), host=options.host, port=options.port, log_level="warning")
    return 0
