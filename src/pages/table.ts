/** A table with a caption for those who hear it, figures to the right, and a row of sums where there is one. */
import { h, svg, type Child } from "./dom.ts";

export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => Child;
  /** A figure: to the right, digits below digits. */
  readonly figure?: boolean;
  /** Left out where the page is narrow. */
  readonly wide?: boolean;
  readonly foot?: Child;
}

export function table<Row>(
  caption: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  options: { readonly empty?: string; readonly key?: (row: Row) => string } = {},
): HTMLElement {
  const classOf = ({ figure, wide }: Column<Row>): string | null =>
    [figure === true ? "figure" : "", wide === true ? "wide" : ""].join(" ").trim() || null;
  const hasFoot = columns.some(({ foot }) => foot !== undefined);
  return h(
    "div",
    { class: "scroll", role: "region", "aria-label": caption, tabindex: 0 },
    h(
      "table",
      {},
      h("caption", { class: "heard" }, caption),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          columns.map((column) => h("th", { scope: "col", class: classOf(column) }, column.head)),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map((row) =>
          h(
            "tr",
            { "data-key": options.key?.(row) ?? null },
            columns.map((column, at) =>
              h(
                at === 0 ? "th" : "td",
                { scope: at === 0 ? "row" : null, class: classOf(column) },
                column.cell(row),
              ),
            ),
          ),
        ),
        rows.length === 0 &&
          h("tr", {}, h("td", { colspan: columns.length, class: "quiet" }, options.empty ?? "Nothing yet.")),
      ),
      hasFoot &&
        rows.length > 0 &&
        h(
          "tfoot",
          {},
          h(
            "tr",
            {},
            columns.map((column, at) =>
              h(
                at === 0 ? "th" : "td",
                { scope: at === 0 ? "row" : null, class: classOf(column) },
                column.foot ?? "",
              ),
            ),
          ),
        ),
    ),
  );
}

/** A heading with what belongs under it. */
export function section(title: string, ...children: readonly Child[]): HTMLElement {
  return h("section", { "aria-label": title }, h("h2", {}, title), ...children);
}

/** Figures side by side, each under its name. */
export function figures(
  parts: readonly (readonly [name: string, value: Child, note?: Child])[],
): HTMLElement {
  return h(
    "dl",
    { class: "figures" },
    parts.map(([name, value, note]) =>
      h("div", {}, h("dt", {}, name), h("dd", {}, value, note !== undefined && h("small", {}, note))),
    ),
  );
}

/** A bar of what is used and held of a limit; the figures beside it say the same. */
export function bar(used: number, held: number, limit: number | null, level: string): Element {
  const share = (amount: number): number =>
    limit === null ? 0 : limit <= 0 ? 100 : Math.max(0, Math.min(100, (amount / limit) * 100));
  const usedShare = share(used);
  const box = { viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" };
  return svg(
    "svg",
    { ...box, class: `bar level-${level.toLowerCase()}` },
    svg("rect", { class: "free", width: 100, height: 8 }),
    svg("rect", {
      class: "held",
      x: usedShare.toFixed(2),
      width: (share(used + held) - usedShare).toFixed(2),
      height: 8,
    }),
    svg("rect", { class: "used", width: usedShare.toFixed(2), height: 8 }),
  );
}
