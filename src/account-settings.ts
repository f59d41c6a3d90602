/**
 * What the configuration says of accounts. Every agent kind has an account of its own name: the credentials it finds by
 * itself. A person names further ones, each with an environment that leads the agent to other credentials.
 */
import { CtmError } from "./base/errors.ts";
import { nearest } from "./base/suggest.ts";
import type { Config } from "./config.ts";

/** Percent of the provider's windows that is kept for the person. `said`: what a command set over the file; null = nothing. */
export function reservePercentOf(
  account: string,
  accounts: Config["accounts"],
  said: string | null = null,
): number {
  if (said !== null) return Number(said);
  return accounts.named[account]?.reservePercent ?? accounts.reservePercent;
}

/** Where the ledger keeps what a command set over the file. */
export function reserveKey(account: string): string {
  return `reserve:${account}`;
}

/** Environment that leads an agent to this account's credentials. Values may be secret. */
export function accountEnvironment(
  account: string,
  accounts: Config["accounts"],
): Readonly<Record<string, string>> {
  return accounts.named[account]?.env ?? {};
}

/** The account of this name for an agent of this kind; null = the agent's own. CtmError `usage` for any other. */
export function accountFor(name: string | null, agent: string, accounts: Config["accounts"]): string {
  if (name === null || name === agent) return agent;
  const named = accounts.named[name];
  if (named?.agent === agent) return name;
  if (named !== undefined)
    throw new CtmError("usage", `account ${name} is one of ${named.agent}, not of ${agent}`);
  const near = nearest(name, Object.keys(accounts.named));
  throw new CtmError("usage", `there is no account named ${JSON.stringify(name.slice(0, 60))}`, [
    near === null ? "Accounts are named in the configuration under accounts.named." : `Did you mean ${near}?`,
  ]);
}

/** Agent kind of a named account; null = there is none of this name. */
export function agentOfAccount(name: string, accounts: Config["accounts"]): string | null {
  return accounts.named[name]?.agent ?? null;
}
