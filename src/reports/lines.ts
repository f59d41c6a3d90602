/** Lines that are no table: a heading with its rule, parts at stops, parts and sentences that wrap. */
import { cellWidth, cut, fitLines, oneLine, padRight } from "./cells.ts";
import { paintFor } from "./paint.ts";
import { lineWidth, type Paper } from "./paper.ts";

const LABEL_CELLS = 14;

/** A title with facts at the right edge, and the rule below. Facts that find no room are left out from the left. */
export function heading(title: string, facts: readonly string[], gap: string, paper: Paper): string[] {
  const width = lineWidth(paper);
  let shown = [...facts];
  while (shown.length > 0 && cellWidth(title) + 2 + cellWidth(shown.join(gap)) > width)
    shown = shown.slice(1);
  const right = shown.join(gap);
  const space = " ".repeat(Math.max(0, width - cellWidth(title) - cellWidth(right)));
  const paint = paintFor(paper);
  return [`${paint.title(title)}${right === "" ? "" : space + right}`, paint.faint("=".repeat(width))];
}

/** Parts begun at fixed columns (two cells apart at least), going on below where the line is full. */
export function atStops(parts: readonly string[], stops: readonly number[], paper: Paper): string[] {
  const lines: string[] = [];
  let line = "";
  for (const [index, part] of parts.entries()) {
    const stop = stops[index] ?? 0;
    const start = line === "" ? (index === 0 ? stop : (stops[0] ?? 0)) : Math.max(stop, cellWidth(line) + 2);
    if (line !== "" && start + cellWidth(part) > lineWidth(paper)) {
      lines.push(line);
      line = " ".repeat(stops[0] ?? 0) + part;
    } else {
      line = padRight(line, start) + part;
    }
  }
  return line === "" ? lines : [...lines, line];
}

/** Parts in a row after a lead word, wrapped between parts; a further line is indented to the lead's end. */
export function wrapParts(lead: string, parts: readonly string[], separator: string, paper: Paper): string[] {
  const width = lineWidth(paper);
  const indent = " ".repeat(Math.min(cellWidth(lead), 20));
  const lines: string[] = [];
  let line = lead;
  let between = "";
  for (const part of parts) {
    if (cellWidth(line + between + part) > width && line.trim() !== "") {
      lines.push(line.trimEnd());
      line = indent + part;
    } else {
      line += between + part;
    }
    between = separator;
  }
  return fitLines([...lines, line.trimEnd()], paper);
}

/** A sentence wrapped between words; a word longer than the line is cut. */
export function wrapWords(lead: string, text: string, paper: Paper): string[] {
  const room = lineWidth(paper) - Math.min(cellWidth(lead), 20);
  const words = text.split(" ").map((word) => cut(word, room, paper));
  return wrapParts(lead, words, " ", paper);
}

/** `  label       text`, the text wrapped under its beginning. */
export function labelled(label: string, text: string, paper: Paper): string[] {
  return wrapWords(`  ${label.padEnd(LABEL_CELLS)}`, text, paper);
}

/** Notices above a view, each loud and on lines of its own. */
export function noticeLines(notices: readonly string[], paper: Paper): string[] {
  const paint = paintFor(paper);
  return notices.flatMap((notice) => wrapWords("! ", oneLine(notice), paper)).map((line) => paint.loud(line));
}
