/** What a view is drawn on: the width, the glyphs and the clock of the person who reads it. */

export interface Paper {
  /** Display cells a line may take. Fewer than 60 are drawn as 60. */
  readonly columns: number;
  /** False for NO_COLOR and for anything that is not a terminal: no escape byte, words instead of icons. */
  readonly colour: boolean;
  /** False: bars, cuts and arrows in ASCII. */
  readonly unicode: boolean;
  /** Moment of drawing: ages and remaining times are counted from it. */
  readonly nowMs: number;
  /** IANA name of the zone dates and times are shown in. */
  readonly timeZone: string;
}

const COLUMNS_MIN = 60;
const COLUMNS_MAX = 400;
/** From here on the tables show their further columns. */
const WIDE_COLUMNS = 120;
/** Below this the bar goes first. */
const FULL_COLUMNS = 80;

/** Cells every line of a view fits into. */
export function lineWidth(paper: Paper): number {
  return Math.min(COLUMNS_MAX, Math.max(COLUMNS_MIN, Math.floor(paper.columns) || COLUMNS_MIN));
}

export function isWide(paper: Paper): boolean {
  return lineWidth(paper) >= WIDE_COLUMNS;
}

export function isNarrow(paper: Paper): boolean {
  return lineWidth(paper) < FULL_COLUMNS;
}

/** `icon word` where icons may be shown, else the word alone: the word always stands there. */
export function withIcon(icon: string, word: string, paper: Paper): string {
  return paper.colour && paper.unicode ? `${icon} ${word}` : word;
}

/** `✅` or `[ok]`. */
export function tick(paper: Paper): string {
  return paper.colour && paper.unicode ? "✅" : "[ok]";
}

export function arrow(paper: Paper): string {
  return paper.unicode ? "→" : "->";
}
