/** Comma-separated values that a spreadsheet takes for what they are: text never becomes a formula. */

export type CsvCell = string | number | null;

/** One line a row, heading first. Lines end as the format's own rules have it only where a cell holds a line break. */
export function csvLines(head: readonly string[], rows: readonly (readonly CsvCell[])[]): string[] {
  return [head, ...rows].map((row) => row.map(csvCell).join(","));
}

/** A text that begins like a formula gets an apostrophe in front, which spreadsheets take for "this is text". */
function csvCell(cell: CsvCell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  const text = /^[\s]*[=+\-@]|^[\t\r\n]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
