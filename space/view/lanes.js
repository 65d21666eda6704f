// Assigns intervals to stacked lanes, so that they do not cover each other.

/**
 * Short intervals are assigned first and take the lowest lanes, so that nested intervals are inside.
 *
 * @param {{left: number, right: number}[]} intervals
 * @param {number} gap minimum distance between neighbours in a lane.
 * @returns {number[]} the lane of each interval, starting at 0.
 */
export function assignLanes(intervals, gap) {
  const order = intervals
    .map((_, index) => index)
    .sort((a, b) => width(intervals[a]) - width(intervals[b]) || intervals[a].left - intervals[b].left);
  const lanes = [];
  const chosen = new Array(intervals.length);
  for (const index of order) {
    const { left, right } = intervals[index];
    const free = (lane) => lane.every((other) => other.right + gap <= left || right + gap <= other.left);
    let number = lanes.findIndex(free);
    if (number < 0) number = lanes.push([]) - 1;
    lanes[number].push(intervals[index]);
    chosen[index] = number;
  }
  return chosen;
}

function width(interval) {
  return interval.right - interval.left;
}
