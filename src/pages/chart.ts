/** Charts, drawn by uPlot: the one place that knows it, so that another library could take its place. */
import uPlot from "uplot";
import type { TrendPoint } from "../reports/cost-trend.ts";

const heightPx = 220;
const nanoPerUsd = 1e9;

const plots = new Map<HTMLElement, { readonly plot: uPlot; readonly shown: string }>();

const observer = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries)
    if (contentRect.width > 0)
      plots.get(target as HTMLElement)?.plot.setSize({ width: contentRect.width, height: heightPx });
});

/** Dollars by model, one bar a span; what is not named is one part of its own. */
export function stackedBars(
  place: HTMLElement,
  points: readonly TrendPoint[],
  named: readonly string[],
): void {
  const names = [...named, "others"];
  const parts = names.map((name) =>
    points.map(({ models }) =>
      models
        .filter(({ model }) => (name === "others" ? !named.includes(model) : model === name))
        .reduce((sum, { nanoUsd }) => sum + nanoUsd / nanoPerUsd, 0),
    ),
  );
  // Each bar reaches to the sum of its own and all below it; the highest is drawn first, the others over it.
  const sums = parts.map((_, at) =>
    points.map((_, x) => parts.slice(0, at + 1).reduce((sum, part) => sum + (part[x] ?? 0), 0)),
  );
  const bars = uPlot.paths.bars?.({ size: [0.7, 48] });
  draw(
    place,
    points,
    sums.toReversed(),
    names.toReversed().map((_, index) => {
      const at = names.length - 1 - index;
      const colour = colourOf(at === names.length - 1 ? "rest" : String(at));
      return {
        fill: colour,
        stroke: colour,
        width: 0,
        points: { show: false },
        ...(bars === undefined ? {} : { paths: bars }),
      };
    }),
  );
}

/** Dollars of one completed task; a span without one is a gap. */
export function line(place: HTMLElement, points: readonly TrendPoint[]): void {
  const values = points.map(({ nanoUsdPerTask }) =>
    nanoUsdPerTask === null ? null : nanoUsdPerTask / nanoPerUsd,
  );
  draw(place, points, [values], [{ stroke: colourOf("0"), width: 2, points: { show: true, size: 6 } }]);
}

function draw(
  place: HTMLElement,
  points: readonly TrendPoint[],
  rows: readonly (readonly (number | null)[])[],
  series: readonly uPlot.Series[],
): void {
  const shown = JSON.stringify([
    rows,
    points.map(({ day }) => day),
    document.documentElement.dataset["theme"] ?? "",
  ]);
  const before = plots.get(place);
  if (before?.shown === shown && place.childElementCount > 0) return;
  before?.plot.destroy();
  place.replaceChildren();
  const days = points.map(({ day }) => day.slice(5));
  const [text, faint] = [styleOf("--ink-2"), styleOf("--line")];
  const axis = {
    stroke: text,
    grid: { stroke: faint, width: 1 },
    ticks: { stroke: faint, width: 1 },
    font: "12px system-ui, sans-serif",
  };
  const plot = new uPlot(
    {
      width: Math.max(240, place.clientWidth),
      height: heightPx,
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: [-0.6, Math.max(0.6, points.length - 0.4)] },
        y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          values: (_plot, ticks) => ticks.map((at) => (Number.isInteger(at) ? (days[at] ?? "") : "")),
        },
        {
          ...axis,
          size: 64,
          values: (_plot, ticks) =>
            ticks.map((usd) => `$${usd.toFixed(ticks.some((one) => one % 1 !== 0) ? 2 : 0)}`),
        },
      ],
      series: [{}, ...series],
    },
    [points.map((_, at) => at), ...rows.map((row) => [...row])],
    place,
  );
  plots.set(place, { plot, shown });
  observer.observe(place);
}

function colourOf(name: string): string {
  return styleOf(`--colour-${name}`);
}

function styleOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
