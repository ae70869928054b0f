// A rolling chart. The crosshair of all charts moves together.

import { clock } from "./format.js";

/* global uPlot */

const AXIS_WIDTH = 68;
const TIME_AXIS_HEIGHT = 22;
const SYNC = "bwusage";

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** From the line's colour at the top to almost nothing at the bottom. */
function shade(line) {
  return (plot) => {
    const { top, height } = plot.bbox;
    const gradient = plot.ctx.createLinearGradient(0, top, 0, top + height);
    gradient.addColorStop(0, `${line}66`);
    gradient.addColorStop(1, `${line}08`);
    return gradient;
  };
}

export class Chart {
  #plot;
  #element;
  #names;

  /**
   * `series` names a column and the style variable of its colour each. `label` writes an axis mark, `steps` gives the
   * distances that marks may have, `top` the least upper end of the scale. `pointed` is called with the index of
   * the point under the crosshair, or null.
   */
  constructor(element, { series, label, steps, top, pointed }) {
    this.#element = element;
    this.#names = series.map(({ column }) => column);
    const axis = { stroke: colour("muted"), font: `11px ${getComputedStyle(element).fontFamily}` };
    const lines = { stroke: colour("line"), width: 1 };
    this.#plot = new uPlot(
      {
        ...this.#size(),
        ms: 1,
        legend: { show: false },
        padding: [10, 8, 0, 0],
        cursor: { sync: { key: SYNC }, drag: { x: false, y: false }, points: { size: 6 }, y: false },
        scales: {
          x: { time: true },
          y: { range: (_plot, _least, most) => [0, Math.max(top(), (most ?? 0) * 1.08)] },
        },
        axes: [
          {
            ...axis,
            size: TIME_AXIS_HEIGHT,
            space: 70,
            grid: { show: false },
            ticks: { ...lines, size: 4 },
            values: (_plot, marks) => marks.map(clock),
          },
          {
            ...axis,
            size: AXIS_WIDTH,
            space: 28,
            gap: 4,
            grid: lines,
            ticks: { show: false },
            incrs: () => steps(),
            values: (_plot, marks) => marks.map(label),
          },
        ],
        series: [
          {},
          ...series.map(({ style }) => ({
            stroke: colour(style),
            fill: shade(colour(style)),
            width: 1.5,
            points: { show: false },
          })),
        ],
        hooks: { setCursor: [(plot) => pointed(plot.cursor.idx ?? null)] },
      },
      [[], ...series.map(() => [])],
      element,
    );
    new ResizeObserver(() => this.#plot.setSize(this.#size())).observe(element);
  }

  /** Shows what `history` holds now. */
  draw(history) {
    const [min, max] = history.span;
    const columns = this.#names.map((name) => history.columns[name]);
    this.#plot.batch(() => {
      this.#plot.setData([history.times, ...columns], false);
      this.#plot.setScale("x", { min, max });
    });
  }

  #size() {
    return { width: this.#element.clientWidth, height: this.#element.clientHeight };
  }
}
