/**
 * What lets an agent report on its own task and on nothing else: a word in its environment, made for the launch it runs
 * in and signed with a secret of this ledger. Whoever holds it names no task: it is the one this launch was given last.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Ledger } from "./ledger/ledger.ts";

const SETTING = "report-secret";

/** The word for a launch. The ledger's secret is made at the first call. */
export function reportKey(ledger: Ledger, launchId: string): string {
  let secret = ledger.settings.get(SETTING);
  if (secret === null) {
    secret = randomBytes(32).toString("hex");
    ledger.settings.set(SETTING, secret);
  }
  return `${launchId}.${signature(secret, launchId)}`;
}

/** The launch a word was made for; null: nobody here made it. */
export function launchOfKey(ledger: Ledger, key: string): string | null {
  const secret = ledger.settings.get(SETTING);
  const at = key.lastIndexOf(".");
  if (secret === null || at < 1) return null;
  const launchId = key.slice(0, at);
  const told = Buffer.from(key.slice(at + 1));
  const right = Buffer.from(signature(secret, launchId));
  return told.length === right.length && timingSafeEqual(told, right) ? launchId : null;
}

function signature(secret: string, launchId: string): string {
  return createHmac("sha256", secret).update(`report ${launchId}`).digest("hex").slice(0, 40);
}
