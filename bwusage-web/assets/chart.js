// A chart over time. The crosshair of all charts moves together; drawing over a part of it looks closer.

import { colour, faded, onTheme } from "./colours.js";
import { axisTime } from "./format.js";
import { gaps } from "./series.js";

/* global uPlot */

const AXIS_WIDTH = 66;
const TIME_AXIS_HEIGHT = 22;
const SYNC = "bwusage";
/** Drawing over less than this is a click. */
const LEAST_PIXELS = 8;
const HATCH = 7;

/** From the line's colour at the top to almost nothing at the bottom. */
function shade(style) {
  return (plot) => {
    const { top, height } = plot.bbox;
    const gradient = plot.ctx.createLinearGradient(0, top, 0, top + height);
    gradient.addColorStop(0, faded(style, 0.38));
    gradient.addColorStop(1, faded(style, 0.02));
    return gradient;
  };
}

/** Nothing is known there: a pattern that no value looks like. */
function hatch(plot, [from, to]) {
  const { ctx } = plot;
  const { top, height } = plot.bbox;
  const [left, right] = [from, to].map((at) => plot.valToPos(at, "x", true));
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, right - left, height);
  ctx.clip();
  ctx.beginPath();
  ctx.strokeStyle = faded("muted", 0.22);
  ctx.lineWidth = 1;
  const step = HATCH * devicePixelRatio;
  for (let x = Math.floor((left - height) / step) * step; x < right; x += step) {
    ctx.moveTo(x, top + height);
    ctx.lineTo(x + height, top);
  }
  ctx.stroke();
  ctx.restore();
}

export class Chart {
  #plot;
  #element;
  #gaps = [];

  /**
   * `series` have the style variable of a colour each. `label` writes an axis mark, `steps` gives the distances that marks
   * may have, `top` the least upper end of the scale. `pointed` is called with the index of the point under the crosshair,
   * or null; `zoomed` with the two times that were drawn over, `reset` for a double click.
   */
  constructor(element, { series, label, steps, top, pointed, zoomed, reset }) {
    this.#element = element;
    const axis = { stroke: () => colour("muted"), font: `11px ${getComputedStyle(element).fontFamily}` };
    const lines = { stroke: () => colour("line"), width: 1 };
    this.#plot = new uPlot(
      {
        ...this.#size(),
        ms: 1,
        legend: { show: false },
        padding: [8, 8, 0, 0],
        cursor: {
          // Others follow the crosshair only: they have nothing drawn over them.
          sync: { key: SYNC, filters: { pub: (type) => !["mousedown", "mouseup", "dblclick"].includes(type) } },
          drag: { x: Boolean(zoomed), y: false, setScale: false, dist: LEAST_PIXELS },
          bind: { dblclick: () => () => reset?.() },
          points: { size: 6 },
          y: false,
        },
        scales: {
          x: { time: true },
          y: { range: (_plot, _least, most) => [0, Math.max(top(), (most ?? 0) * 1.08) || 1] },
        },
        axes: [
          {
            ...axis,
            size: TIME_AXIS_HEIGHT,
            space: 74,
            grid: { show: false },
            ticks: { ...lines, size: 4 },
            values: ({ scales: { x } }, marks) => marks.map((mark) => axisTime(mark, x.max - x.min)),
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
          ...series.map(({ style }) => ({ stroke: () => colour(style), fill: shade(style), width: 1.5, points: { show: false } })),
        ],
        hooks: {
          drawClear: [(plot) => this.#gaps.forEach((gap) => hatch(plot, gap))],
          setCursor: [(plot) => pointed?.(plot.cursor.idx ?? null)],
          setSelect: [(plot) => this.#select(plot, zoomed)],
        },
      },
      [[], ...series.map(() => [])],
      element,
    );
    new ResizeObserver(() => this.#plot.setSize(this.#size())).observe(element);
    onTheme(() => this.#plot.redraw());
  }

  /** Shows `columns` over `times` within `span`; `step` is the usual distance of two points. */
  draw({ times, columns, span, step }) {
    const [min, max] = span;
    this.#gaps = gaps(times, columns, span, step);
    this.#plot.batch(() => {
      this.#plot.setData([times, ...columns], false);
      this.#plot.setScale("x", { min, max });
    });
  }

  #select(plot, zoomed) {
    const { left, width } = plot.select;
    if (width < LEAST_PIXELS) return;
    plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    zoomed(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
  }

  #size() {
    return { width: this.#element.clientWidth, height: this.#element.clientHeight };
  }
}
