"""Checks of request bodies: Gradio does not check that what a body refers to exists, and would write a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spert_hf.model.messages import must_be
from spert_hf.serving.bodies import Check, check_object, json_type
from spert_hf.serving.parameters import check_names

if TYPE_CHECKING:
    from gradio import Blocks
    from gradio.block_function import BlockFunction

LONGEST_SESSION = 100


def body_checks(page: Blocks) -> dict[str, Check]:
    """Return the checks of all paths that take JSON.

    Args:
        page: the page whose functions the requests call.

    Returns:
        Checks by path.
    """

    def check_join(body: Any) -> None:
        check_object(body)
        number, session = body.get("fn_index"), body.get("session_hash")
        function = page.fns.get(number) if type(number) is int else None
        if function is None or function.fn is None:
            raise ValueError(must_be("fn_index", "the number of a function in /config"))
        if not isinstance(session, str) or not 0 < len(session) <= LONGEST_SESSION:
            raise ValueError(must_be("session_hash", f"a string of 1 to {LONGEST_SESSION} characters"))
        _check_data(body.get("data"), function)

    def check_call(body: Any) -> None:
        check_object(body)
        _check_data(body.get("data"), next(f for f in page.fns.values() if f.api_name == "extract"))

    return {
        "/extract": check_names,
        "/gradio_api/call/v2/extract": check_names,
        "/gradio_api/call/extract": check_call,
        "/gradio_api/queue/join": check_join,
        "/gradio_api/cancel": check_object,
    }


def _check_data(data: Any, function: BlockFunction) -> None:
    wanted = len(function.inputs)
    if not isinstance(data, list) or len(data) != wanted:
        given = f"{len(data)} values" if isinstance(data, list) else json_type(data)
        raise ValueError(must_be("data", f"an array of {wanted}", given))
