/**
 * Text in display cells: how wide it is, cut and padded to a width, and foreign text made harmless first.
 * Widths are those of a terminal multiplexer: what terminals disagree about (variation selectors, joiners,
 * skin tones) is taken out of foreign text before it is measured.
 */
import stringWidth from "string-width";
import { plainText, plainWords } from "../base/plain-text.ts";
import { lineWidth, type Paper } from "./paper.ts";

/** Characters of foreign text looked at for one line; the rest could not be shown anyway. */
const LINE_CHARS_MAX = 2_000;
const WIDTHS_KEPT_MAX = 10_000;
/** Marks stacked on one letter beyond these are dropped. */
const STACKED_MARKS = /(\p{M}{3})\p{M}+/gu;
/** The one good use of tags: they name the region of a flag. */
const FLAG_OF_REGION = /(\u{1F3F4})[\u{E0030}-\u{E0039}\u{E0061}-\u{E007A}]{1,6}\u{E007F}/gu;
/**
 * What is there and not seen, or turns around what is seen: zero-width blanks, direction overrides, tags, fillers,
 * and rows of variation selectors (one alone is how an emoji is written). A text can hide orders in them.
 */
const HIDDEN =
  /[\u200B\u2060-\u206F\u202A-\u202E\u180E\u115F\u1160\u3164\uFFA0\uFEFF\u{E0000}-\u{E007F}]+|[\uFE00-\uFE0F\u{E0100}-\u{E01EF}]{2,}/gu;
const DISPUTED = /[\p{Cf}\u{FE00}-\u{FE0F}\u{E0100}-\u{E01EF}\u{1F3FB}-\u{1F3FF}\u{20E3}]/gu;
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;
const LONE_SURROGATES = /\p{Cs}/gu;
const PRINTABLE_ASCII = /^[ -~]*$/;

/** Made when it is needed first: it takes long to make. */
let segmenter: Intl.Segmenter | null = null;
const widths = new Map<string, number>();

/** Display cells of a text; escape sequences of our own painting count nothing. */
export function cellWidth(text: string): number {
  if (PRINTABLE_ASCII.test(text)) return text.length;
  const known = widths.get(text);
  if (known !== undefined) return known;
  const width = stringWidth(text);
  if (widths.size >= WIDTHS_KEPT_MAX) widths.clear();
  widths.set(text, width);
  return width;
}

/**
 * Foreign text as one harmless line: no control character, no escape sequence, nothing that reorders it. Hidden
 * characters show as `[hidden]`: whoever reads it shall know that an agent reads more.
 */
export function oneLine(text: string): string {
  return harmless(text.length > LINE_CHARS_MAX ? text.slice(0, LINE_CHARS_MAX) : text)
    .replace(/\s+/gu, " ")
    .trim();
}

/** Foreign text as harmless lines, its own line breaks kept; at most `linesMax` of them. */
export function harmlessLines(text: string, linesMax: number): string[] {
  const lines = text.slice(0, linesMax * LINE_CHARS_MAX).split(/\r\n|\n|\r/u, linesMax + 1);
  const shown = lines.slice(0, linesMax).map((line) => harmless(line.slice(0, LINE_CHARS_MAX)).trimEnd());
  return lines.length > linesMax || text.length > linesMax * LINE_CHARS_MAX
    ? [...shown, "[more not shown]"]
    : shown;
}

function harmless(text: string): string {
  return plainWords(text)
    .replace(CONTROLS, " ")
    .replace(FLAG_OF_REGION, "$1")
    .replace(HIDDEN, "[hidden]")
    .replace(DISPUTED, "")
    .replace(LONE_SURROGATES, "\u{FFFD}")
    .replace(STACKED_MARKS, "$1");
}

/** At most `width` cells of a text; what was cut shows as `…` (`~` on ASCII paper). Never splits a character. */
export function cut(text: string, width: number, paper: Paper): string {
  if (cellWidth(text) <= width) return text;
  if (width <= 0) return "";
  let kept = "";
  let used = 0;
  segmenter ??= new Intl.Segmenter();
  for (const { segment } of segmenter.segment(text)) {
    const next = used + cellWidth(segment);
    if (next > width - 1) break;
    kept += segment;
    used = next;
  }
  return kept + (paper.unicode ? "…" : "~");
}

export function padRight(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - cellWidth(text)));
}

export function padLeft(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - cellWidth(text))) + text;
}

/** The last guard of every view: a line that is still too wide loses its colours and its end. */
export function fitLines(lines: readonly string[], paper: Paper): string[] {
  const width = lineWidth(paper);
  return lines.map((line) => (cellWidth(line) <= width ? line : cut(plainText(line), width, paper)));
}
