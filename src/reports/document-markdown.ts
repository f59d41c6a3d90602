/** A document as Markdown that also reads well as it stands: tables are aligned, and fit a terminal where there is one. */
import { cellWidth, cut, oneLine, padLeft, padRight } from "./cells.ts";
import { wrapWords } from "./lines.ts";
import { lineWidth, type Paper } from "./paper.ts";
import type { DocumentColumn, DocumentTable, ReportDocument } from "./report-document.ts";

/** A flexible column is not cut below this. */
const flexibleMin = 10;

/**
 * `paper` null: for a file, where nothing has to be cut. On a coloured paper a person reads it: there no mark of a text is
 * escaped. Everything else may become a document.
 */
export function documentMarkdown(document: ReportDocument, paper: Paper | null): string[] {
  const inline = inlineOn(paper);
  const lines = [
    `# ${inline(document.title)}`,
    "",
    ...document.facts.flatMap((fact) => sentence("", fact, paper)),
    ...document.notices.flatMap((notice) => ["", ...sentence("> ", notice, paper)]),
  ];
  for (const { title, sentences, table, items } of document.sections) {
    lines.push("", `## ${inline(title)}`, "");
    if (table !== null) lines.push(...tableMarkdown(table, paper));
    if (table !== null && sentences.length > 0) lines.push("");
    for (const text of sentences) lines.push(...sentence("", text, paper));
    if (items.length > 0 && sentences.length > 0) lines.push("");
    for (const item of items) lines.push(...sentence("- ", item, paper));
  }
  return lines;
}

function sentence(lead: string, text: string, paper: Paper | null): string[] {
  const written = inlineOn(paper)(text);
  return paper === null ? [lead + written] : wrapWords(lead, written, paper).map((line) => line.trimEnd());
}

function tableMarkdown({ columns, rows }: DocumentTable, paper: Paper | null): string[] {
  const inline = inlineOn(paper);
  const heads = columns.map(({ head }) => inline(head));
  const cells = rows.map((row) => row.map(inline));
  const widest = heads.map((head, at) =>
    Math.max(3, cellWidth(head), ...cells.map((row) => cellWidth(row[at] ?? ""))),
  );
  const shown = paper === null ? columns.map((_, at) => at) : fitting(columns, widest, lineWidth(paper));
  const widths = shown.map((at) => widest[at] ?? 3);
  if (paper !== null) {
    const flexible = shown.findIndex((at) => columns[at]?.flexible === true);
    const over = lineCells(widths) - lineWidth(paper);
    if (flexible >= 0 && over > 0)
      widths[flexible] = Math.max(flexibleMin, (widths[flexible] ?? flexibleMin) - over);
  }
  const line = (texts: readonly string[]): string =>
    `| ${shown.map((at, n) => padded(texts[at] ?? "", widths[n] ?? 3, columns[at], paper)).join(" | ")} |`;
  const rule = shown.map((at, n) => {
    const dashes = "-".repeat((widths[n] ?? 3) + 1);
    return columns[at]?.align === "right" ? `${dashes}:` : `-${dashes}`;
  });
  return [line(heads), `|${rule.join("|")}|`, ...cells.map(line)];
}

function padded(
  text: string,
  width: number,
  column: DocumentColumn | undefined,
  paper: Paper | null,
): string {
  const fitted = paper === null || cellWidth(text) <= width ? text : wholeCut(text, width, paper);
  return column?.align === "right" ? padLeft(fitted, width) : padRight(fitted, width);
}

function wholeCut(text: string, width: number, paper: Paper): string {
  const short = cut(text, width, paper);
  return paper.colour ? short : wholeMarks(short);
}

/** A cut must not leave half of an escape behind, which would take the cell's end for text. */
function wholeMarks(text: string): string {
  return text.replace(/(?<!\\)((?:\\\\)*)\\([…~]?)$/u, "$1$2");
}

/** Columns that find room, those that leave gone in their order. */
function fitting(columns: readonly DocumentColumn[], widths: readonly number[], width: number): number[] {
  let shown = columns.map((_, at) => at);
  for (;;) {
    const least = lineCells(
      shown.map((at) =>
        columns[at]?.flexible === true ? Math.min(flexibleMin, widths[at] ?? 0) : (widths[at] ?? 0),
      ),
    );
    const leaving = shown
      .filter((at) => columns[at]?.leaves !== undefined)
      .sort((a, b) => (columns[a]?.leaves ?? 0) - (columns[b]?.leaves ?? 0))[0];
    if (least <= width || leaving === undefined) return shown;
    shown = shown.filter((at) => at !== leaving);
  }
}

function lineCells(widths: readonly number[]): number {
  return widths.reduce((sum, one) => sum + one + 3, 1);
}

function inlineOn(paper: Paper | null): (text: string) => string {
  return paper?.colour === true ? oneLine : escaped;
}

/** Foreign text in a line of Markdown: it opens no tag, link, code, table cell or emphasis. */
function escaped(text: string): string {
  return oneLine(text)
    .replace(/[\\`*[\]<>|]|~~/gu, (mark) => `\\${mark}`)
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, "\\_")
    .replace(/&(?=#?\w+;)/gu, "\\&");
}
