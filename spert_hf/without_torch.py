"""What to say where the package was installed without torch."""

HOW_TO_GET_TORCH = (
    "which spert-hf installs and spert-hf-onnx does not; without it, `spert-hf extract` and `serve` work with "
    "`--backend onnx`, and `spert_hf.onnx.load_onnx` in Python"
)
"""Goes on behind the name of what needs torch."""
