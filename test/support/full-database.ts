/** A database that is really full, as SQLite sees it: it may not grow, and its last pages are taken. */
import type { Db } from "../../src/ledger/database.ts";

/** Fills it until SQLite says SQLITE_FULL. Returns how to give it room again. */
export function fill(db: Db): () => void {
  db.exec("CREATE TABLE IF NOT EXISTS filling (bytes BLOB)");
  const pages = Number(db.pragma("page_count", { simple: true }));
  db.pragma(`max_page_count = ${pages + 2}`);
  const insert = db.prepare("INSERT INTO filling VALUES (zeroblob(?))");
  for (const size of [4_000, 1_000, 100, 1]) while (fits(() => insert.run(size)));
  return () => void db.pragma("max_page_count = 1073741823");
}

function fits(insert: () => unknown): boolean {
  try {
    insert();
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "SQLITE_FULL") return false;
    throw error;
  }
}
