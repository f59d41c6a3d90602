/** The prices in force: `prices show`, and what `prices update` brought. */
import type { ModelPrice, Rates } from "../metering/model-price.ts";
import { cut, fitLines, oneLine } from "./cells.ts";
import { heading, labelled, noticeLines, wrapWords } from "./lines.ts";
import { count, roundCount } from "./numbers.ts";
import { paintFor } from "./paint.ts";
import { isWide, lineWidth, type Paper } from "./paper.ts";
import { tableLines } from "./table.ts";

export interface PricesModel {
  readonly tableId: string;
  readonly profile: string;
  readonly asOf: string;
  readonly sources: readonly string[];
  /** Day of the newest prices a person has brought; null = the shipped ones count alone. */
  readonly updatedAsOf: string | null;
  readonly notices: readonly string[];
  /** The prices asked for, newest of a model first. */
  readonly rows: readonly PriceRow[];
  /** Models there are beside those shown. */
  readonly notShown: number;
  /** Ids of the tables that priced what is booked. */
  readonly bookedBy: readonly string[];
}

export interface PriceRow {
  readonly price: ModelPrice;
  /** False: an earlier price, which counts for what was used before. */
  readonly newest: boolean;
  /** Short names that mean this model. */
  readonly aliases: readonly string[];
}

export interface PricesBrought {
  readonly tableId: string;
  readonly asOf: string;
  readonly models: number;
  /** Models the shipped list has too, and that cost otherwise from that day on. */
  readonly changed: readonly {
    readonly model: string;
    readonly before: ModelPrice;
    readonly after: ModelPrice;
  }[];
  readonly passedOver: readonly {
    readonly reason: string;
    readonly count: number;
    readonly examples: readonly string[];
  }[];
}

const MODEL_CELLS_MAX = 32;

/** Draws a price table. */
export function renderPrices(model: PricesModel, paper: Paper): string[] {
  const lines = [
    ...heading("PRICES", ["dollars per million tokens", `as of ${model.asOf}`], "  ", paper),
    ...noticeLines(model.notices, paper),
    ...labelled("Table:", oneLine(model.tableId), paper),
    ...labelled("Sources:", model.sources.map(oneLine).join("; "), paper),
    ...labelled("Updated:", updatedWords(model), paper),
    ...(model.bookedBy.length === 0 ? [] : labelled("Booked by:", bookedWords(model), paper)),
    "",
    ...(model.rows.length === 0 ? ["  No such model has a price."] : rowLines(model.rows, paper)),
    ...(model.notShown > 0
      ? [
          "",
          ...wrapWords(
            "  ",
            `${count(model.notShown)} more models; \`prices show WORD\` shows those with that word.`,
            paper,
          ),
        ]
      : []),
  ];
  return fitLines(lines, paper);
}

function updatedWords({ updatedAsOf, profile }: PricesModel): string {
  if (updatedAsOf === null) return "no, these are the shipped ones";
  const unused = profile === "list" ? "" : " (not used: they belong to the profile list)";
  return `with prices of ${updatedAsOf}${unused}`;
}

function bookedWords({ bookedBy, tableId }: PricesModel): string {
  const others = bookedBy.filter((id) => id !== tableId).map(oneLine);
  if (others.length === 0) return "this table";
  return `${others.join(", ")}${bookedBy.includes(tableId) ? " and this table" : ""}; \`reprice\` computes the costs again`;
}

function rowLines(rows: readonly PriceRow[], paper: Paper): string[] {
  const cells = (of: (price: ModelPrice) => string): string[] => rows.map(({ price }) => of(price));
  const right = (head: string, of: (price: ModelPrice) => string, leaves?: number) => ({
    head,
    before: "  ",
    align: "right" as const,
    cells: cells(of),
    ...(leaves === undefined ? {} : { leaves }),
  });
  const wide = isWide(paper)
    ? [
        {
          head: "source",
          before: "  ",
          align: "left" as const,
          leaves: 0,
          cells: cells(({ source }) => cut(oneLine(source), 30, paper)),
        },
      ]
    : [];
  return tableLines(
    [
      { head: "model", before: "  ", align: "left", cells: rows.map((row) => nameOf(row, paper)) },
      right("in", ({ inputNano }) => perMillion(inputNano)),
      right("out", ({ outputNano }) => perMillion(outputNano)),
      right("w 5m", ({ cacheWrite5mNano }) => perMillion(cacheWrite5mNano)),
      right("w 1h", ({ cacheWrite1hNano }) => perMillion(cacheWrite1hNano)),
      right("read", ({ cacheReadNano }) => perMillion(cacheReadNano)),
      right("fast", ({ fastPermille }) => (fastPermille === null ? "-" : `x${fastPermille / 1000}`), 2),
      right("long", ({ longPrompt }) => (longPrompt === null ? "-" : longWords(longPrompt)), 1),
      right("since", ({ effectiveFrom }) => effectiveFrom, 3),
      ...wide,
    ],
    { width: lineWidth(paper), rows: rows.length, heading: true, paintHeading: paintFor(paper).faint },
  );
}

function nameOf({ price, newest, aliases }: PriceRow, paper: Paper): string {
  const name = cut(oneLine(price.model), MODEL_CELLS_MAX, paper);
  if (!newest) return `  ${name}`;
  const short = aliases.find((alias) => !/\d/.test(alias));
  return short === undefined ? name : cut(`${name} (${oneLine(short)})`, MODEL_CELLS_MAX, paper);
}

/** `>200K 6/22.5`: input and output beyond so many tokens of prompt. */
function longWords({ aboveTokens, rates }: { readonly aboveTokens: number; readonly rates: Rates }): string {
  return `>${roundCount(aboveTokens)} ${perMillion(rates.inputNano)}/${perMillion(rates.outputNano)}`;
}

/** Nano-dollars a token as dollars a million: 3, 0.125, 22.5. */
function perMillion(nano: number): string {
  return String(nano / 1000);
}

function modelCount(number: number): string {
  return number === 1 ? "1 model" : `${count(number)} models`;
}

/** Draws what an update did. */
export function renderPricesBrought(brought: PricesBrought, paper: Paper): string[] {
  const changed = brought.changed.map(
    ({ model, before, after }) =>
      `${model}: ${perMillion(before.inputNano)}/${perMillion(before.outputNano)} -> ${perMillion(after.inputNano)}/${perMillion(after.outputNano)}`,
  );
  const passed = brought.passedOver.map(({ reason, count: number, examples }) => {
    const names = [...examples.map(oneLine), ...(number > examples.length ? ["..."] : [])].join(", ");
    return `${count(number)} passed over (${names}): ${reason}`;
  });
  const lines = [
    ...wrapWords("", `Prices of ${modelCount(brought.models)} count from ${brought.asOf} on.`, paper),
    ...labelled("Table:", oneLine(brought.tableId), paper),
    ...changed.flatMap((line, at) => labelled(at === 0 ? "In and out:" : "", line, paper)),
    ...passed.flatMap((line) => labelled("", line, paper)),
    ...wrapWords("", "What is booked keeps its cost; `reprice` computes it again.", paper),
  ];
  return fitLines(lines, paper);
}
