/** A connection that changes nothing: for looking at a ledger or a backup, whoever works on it. */
import Database from "better-sqlite3";
import { faultPoint } from "../faults/fault-point.ts";
import type { Db } from "./database.ts";

const LOOK = faultPoint("database.look");

/** Runs `act` on a connection that only reads. Throws what SQLite throws. */
export function reading<T>(file: string, act: (db: Db) => T): T {
  const db = LOOK.pass(() => new Database(file, { readonly: true, fileMustExist: true, timeout: 5_000 }));
  try {
    return act(db);
  } finally {
    db.close();
  }
}
