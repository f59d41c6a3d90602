/** A report on its way to paper: titles, sentences, lists and tables of plain text, not yet in any format. */

export interface DocumentColumn {
  readonly head: string;
  readonly align: "left" | "right";
  /** Cut first where a line is too short; of one table at most one. */
  readonly flexible?: boolean;
  /** Lower numbers leave first when the line is too short; a column without one stays. */
  readonly leaves?: number;
}

export interface DocumentTable {
  readonly columns: readonly DocumentColumn[];
  readonly rows: readonly (readonly string[])[];
  /** A bar a row, 0 to 1, where bars can be drawn. */
  readonly bars?: readonly number[];
}

export interface DocumentSection {
  readonly title: string;
  readonly sentences: readonly string[];
  readonly table: DocumentTable | null;
  readonly items: readonly string[];
}

export interface ReportDocument {
  readonly title: string;
  readonly facts: readonly string[];
  /** To be seen before any figure is. */
  readonly notices: readonly string[];
  readonly sections: readonly DocumentSection[];
}

export function section(title: string, parts: Partial<Omit<DocumentSection, "title">>): DocumentSection {
  return { title, sentences: [], table: null, items: [], ...parts };
}
