/**
 * What an agent itself says its sessions used in all, held against what was read of them. The difference is told and
 * never added: no line says when it was, or of which request.
 */
import type { StatedTotals } from "../metering/record-format.ts";
import type { UsageCell } from "../metering/usage-cells.ts";
import { totalTokens } from "../metering/usage.ts";

interface Session {
  /** Responses its files hold. */
  read: number;
  /** Those that were counted as its own, and their tokens. */
  counted: number;
  tokens: number;
}

export class SessionTotals {
  readonly #stated = new Map<string, number>();
  readonly #sessions = new Map<string, Session>();

  /** What one file says, and the session of each response it holds. */
  read(sessions: Iterable<string | null>, stated: StatedTotals): void {
    for (const [session, tokens] of Object.entries(stated)) this.#stated.set(session, tokens);
    for (const session of sessions) this.#sessionOf(session).read += 1;
  }

  /** What all files together come to. */
  counted(cells: readonly UsageCell[]): void {
    for (const { session: id, responses, usage } of cells) {
      const session = this.#sessionOf(id);
      session.counted += responses;
      session.tokens += totalTokens(usage);
    }
  }

  /** One sentence, or none. */
  notices(): string[] {
    let [tokens, sessions] = [0, 0];
    for (const [id, stated] of this.#stated) {
      const { read, counted, tokens: own } = this.#sessionOf(id);
      // Forks and resumed copies hold responses of another session, whose total theirs starts from.
      if (read !== counted || stated <= own) continue;
      tokens += stated - own;
      sessions += 1;
    }
    if (sessions === 0) return [];
    const where = sessions === 1 ? "1 session" : `${sessions} sessions`;
    return [
      `Claude Code itself counts ${tokens} tokens more in ${where} (compactions, requests in between): they stand in no line of its records, and in no figure here`,
    ];
  }

  #sessionOf(id: string | null): Session {
    const known = this.#sessions.get(id ?? "");
    if (known !== undefined) return known;
    const fresh = { read: 0, counted: 0, tokens: 0 };
    this.#sessions.set(id ?? "", fresh);
    return fresh;
  }
}
