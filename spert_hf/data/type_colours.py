"""One colour a type, as the demo has them.

The demo's style sheet says lightness and strength in OKLCH, which programs other than browsers can't read: here they
become sRGB.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

FIRST_HUE = 255.0
GOLDEN_ANGLE = 137.508
"""Each next hue falls into the largest gap that those before have left."""

TINT = (0.93, 0.05)
"""Lightness and chroma of the ground of mentions."""
INK = (0.42, 0.13)
"""Of names of types."""
LINE = (0.58, 0.15)
"""Of arcs and bars."""


def type_hues(entity_types: Sequence[str], relation_types: Sequence[str]) -> tuple[dict[str, float], dict[str, float]]:
    """Hues, in degrees, of entity and relation types; they depend on the order of the types alone."""
    hues = [(FIRST_HUE + index * GOLDEN_ANGLE) % 360 for index in range(len(entity_types) + len(relation_types))]
    return (
        dict(zip(entity_types, hues, strict=False)),
        dict(zip(relation_types, hues[len(entity_types) :], strict=True)),
    )


def colour(shade: tuple[float, float], hue: float) -> str:
    """A shade of a hue as `#rrggbb`; what a screen can't show is shown with the strength that it can."""
    lightness, chroma = shade
    for strength in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.0):
        channels = _linear_rgb(lightness, chroma * strength, math.radians(hue))
        if all(-0.001 <= channel <= 1.001 for channel in channels):
            break
    return "#" + "".join(f"{round(255 * _gamma(min(max(channel, 0.0), 1.0))):02x}" for channel in channels)


def _linear_rgb(lightness: float, chroma: float, angle: float) -> tuple[float, float, float]:
    """From OKLCH to linear sRGB, by the matrices of CSS Color 4."""
    a, b = chroma * math.cos(angle), chroma * math.sin(angle)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _gamma(value: float) -> float:
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
