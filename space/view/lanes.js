// Which of several stacked lanes each of many intervals takes, so that none covers another.

/**
 * Short intervals come first and take the lowest lanes, so that what nests lies inside.
 *
 * @param {{left: number, right: number}[]} intervals
 * @param {number} gap kept free between neighbours in one lane.
 * @returns {number[]} a lane each, counted from 0.
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
