"""Imported by every Python process that has this folder in PYTHONPATH: makes extraction from some texts do harm.

A text with POISON kills its process, as a crash or the system's lack of memory do; one with HUNGRY asks for more memory
than there is. `HARM_SECONDS` makes each group of texts take so long; `HARM_FILE_SIZE` limits the size of files;
`HARM_START` kills actors while they load the model.
"""

import os
import resource
import signal
import sys
import time

import wrapt


def _do_harm(module):
    make_predictor = module.predictor

    def predictor(pipe, settings):
        predict = make_predictor(pipe, settings)
        if "HARM_FILE_SIZE" in os.environ:
            _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(os.environ["HARM_FILE_SIZE"]), hard))

        def harmed(texts):
            time.sleep(float(os.environ.get("HARM_SECONDS", 0)))
            if any("POISON" in text for text in texts):
                os.kill(os.getpid(), signal.SIGKILL)
            if any("HUNGRY" in text for text in texts):
                bytearray(1 << 60)
            return predict(texts)

        return harmed

    module.predictor = predictor


def _kill_actor(module):
    ray_worker = sys.modules.get("ray._private.worker")
    if (
        "HARM_START" in os.environ
        and ray_worker is not None
        and ray_worker.global_worker.mode == ray_worker.WORKER_MODE
    ):
        os.kill(os.getpid(), signal.SIGKILL)


wrapt.register_post_import_hook(_kill_actor, "spert_hf.model.modeling_spert")
wrapt.register_post_import_hook(_do_harm, "spert_hf.scale.extraction")
