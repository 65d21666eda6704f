"""Assignment of intervals to stacked lanes, so that none covers another."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence


def assign_lanes(intervals: Sequence[tuple[float, float]], gap: float) -> list[int]:
    """Assign intervals to lanes; short ones get the lowest lanes, so that nested intervals are inside.

    Args:
        intervals: the left and right ends.
        gap: the distance between neighbours in a lane.

    Returns:
        The index of each interval's lane; 0 is the lowest.
    """
    order = sorted(range(len(intervals)), key=lambda i: (intervals[i][1] - intervals[i][0], intervals[i][0]))
    lanes: list[list[tuple[float, float]]] = []
    chosen = [0] * len(intervals)
    for index in order:
        interval = intervals[index]
        number = next((n for n, lane in enumerate(lanes) if _is_free(lane, interval, gap)), len(lanes))
        if number == len(lanes):
            lanes.append([])
        lanes[number].insert(bisect_left(lanes[number], interval), interval)
        chosen[index] = number
    return chosen


def _is_free(lane: list[tuple[float, float]], interval: tuple[float, float], gap: float) -> bool:
    """Return whether an interval fits into a lane, whose intervals are sorted and do not overlap."""
    place = bisect_left(lane, interval)
    before = place == 0 or lane[place - 1][1] + gap <= interval[0]
    return before and (place == len(lane) or interval[1] + gap <= lane[place][0])
