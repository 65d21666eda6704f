"""Colours of types, the same as in the demo.

The demo's style sheet gives them in OKLCH, which programs other than browsers can't read, so they are converted to sRGB
here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

FIRST_HUE = 255.0
GOLDEN_ANGLE = 137.508
"""Each next hue lies in the largest gap between those before."""

TINT = (0.93, 0.05)
"""Lightness and chroma of the background of mentions."""
INK = (0.42, 0.13)
"""The same for names of types."""
LINE = (0.58, 0.15)
"""The same for arcs and bars."""


def type_hues(entity_types: Sequence[str], relation_types: Sequence[str]) -> tuple[dict[str, float], dict[str, float]]:
    """Return the hues of entity and relation types in degrees; they depend only on the order of the types."""
    hues = [(FIRST_HUE + index * GOLDEN_ANGLE) % 360 for index in range(len(entity_types) + len(relation_types))]
    return (
        dict(zip(entity_types, hues, strict=False)),
        dict(zip(relation_types, hues[len(entity_types) :], strict=True)),
    )


def colour(shade: tuple[float, float], hue: float) -> str:
    """Return a shade of a hue as `#rrggbb`, with less chroma if sRGB does not have the colour."""
    lightness, chroma = shade
    for strength in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.0):
        channels = _linear_rgb(lightness, chroma * strength, math.radians(hue))
        if all(-0.001 <= channel <= 1.001 for channel in channels):
            break
    return "#" + "".join(f"{round(255 * _gamma(min(max(channel, 0.0), 1.0))):02x}" for channel in channels)


def _linear_rgb(lightness: float, chroma: float, angle: float) -> tuple[float, float, float]:
    """Convert OKLCH to linear sRGB with the matrices of CSS Color 4."""
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
