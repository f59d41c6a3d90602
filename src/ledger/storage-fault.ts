/** When the database cannot be written: what that means, in words, and whether waiting can mend it. */
import { CtmError } from "../base/errors.ts";
import { faultPoint, type FaultPoint } from "../faults/fault-point.ts";

/**
 * full, busy: nothing was written, and the same write may do later. broken: nobody can say what became of the write
 * (after a failed sync it may be on the disk, or not), so only a new start, which reads the file again, can tell.
 */
export interface StorageFault {
  readonly kind: "full" | "busy" | "broken";
  /** A clause without a full stop. */
  readonly message: string;
}

/** What of an error (or of its causes) is the storage's fault; null: nothing is. */
export function storageFaultOf(error: unknown): StorageFault | null {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    const fault = "code" in inner ? faultOfCode(String(inner.code)) : null;
    if (fault !== null) return fault;
  }
  return null;
}

/** Whatever SQLite threw as CtmError `ledger`; a CtmError stays what it is. */
export function ledgerError(error: unknown): CtmError {
  if (error instanceof CtmError) return error;
  const words = storageFaultOf(error)?.message ?? String(error);
  return new CtmError("ledger", `the ledger did not take the change: ${words}`, [], { cause: error });
}

/** What is to be told of anything thrown: a fault of the storage as CtmError `ledger`, the rest as it is. */
export function named(error: unknown): unknown {
  const fault = error instanceof CtmError ? null : storageFaultOf(error);
  return fault === null ? error : new CtmError("ledger", fault.message, [], { cause: error });
}

/** A named commit: what a test lets fail there is a failed sync, after which nobody knows what is on the disk. */
export function commitPoint(name: string): FaultPoint {
  return faultPoint(name, "SQLITE_IOERR_FSYNC");
}

/** Runs a single write; what SQLite throws comes out as CtmError `ledger`. */
export function written<T>(commit: FaultPoint, write: () => T): T {
  try {
    return commit.pass(write);
  } catch (error) {
    throw ledgerError(error);
  }
}

function faultOfCode(code: string): StorageFault | null {
  if (code === "SQLITE_FULL") return { kind: "full", message: "the disk is full" };
  if (/^SQLITE_(?:BUSY|LOCKED)/.test(code))
    return { kind: "busy", message: "another program keeps the database locked" };
  if (/^SQLITE_(?:IOERR|CORRUPT|NOTADB|READONLY|CANTOPEN|PROTOCOL|NOMEM|PERM|AUTH)/.test(code))
    return { kind: "broken", message: `the database cannot be read or written (${code})` };
  return null;
}
