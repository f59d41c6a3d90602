/**
 * What the throttle is rebuilt from at a start: usage as it was booked, and the reservations that are still open. Only
 * windows that roll need each usage by itself; what calendar windows hold before that is read as sums.
 */
import type { Ledger } from "./ledger/ledger.ts";
import type { HistoryNeeds } from "./throttle/history-needs.ts";
import type { Booking, OpenReservation } from "./throttle/throttle.ts";

export function durableRows(
  { spend, external }: Ledger,
  { exactFromMs, cutsMs }: HistoryNeeds,
  traits: (agent: string) => { readonly simulated: boolean },
): { readonly bookings: readonly Booking[]; readonly reservations: readonly OpenReservation[] } {
  const sums = cutsMs.flatMap((fromMs, index) =>
    spend.spentBetween(fromMs, cutsMs[index + 1] ?? exactFromMs).map((row) => ({
      atMs: fromMs,
      subject: { worker: row.worker, agent: row.agent, model: row.model, member: row.member },
      spend: { tokens: row.tokens, nanoUsd: row.nano },
      attemptId: null,
      simulated: row.simulated === 1,
    })),
  );
  const each = spend.bookingsSince(exactFromMs).map((row) => ({
    atMs: row.at_ms,
    subject: { worker: row.worker, agent: row.agent, model: row.model, member: row.member },
    spend: { tokens: row.booked_tokens, nanoUsd: row.booked_nano },
    attemptId: row.attempt_id,
    simulated: row.source === "simulated",
  }));
  // Few, and each at its own time: what a person's sessions used since the longest window began.
  const others = external.since(cutsMs[0] ?? exactFromMs).map(({ atMs, agent, model, tokens, nanoUsd }) => ({
    atMs,
    subject: { worker: "", agent, model, external: true } as const,
    spend: { tokens, nanoUsd },
    attemptId: null,
    simulated: false,
  }));
  return {
    bookings: [...sums, ...each, ...others],
    reservations: spend.openReservations(exactFromMs).map((row) => ({
      attemptId: row.attempt_id,
      subject: { worker: row.worker, agent: row.agent, model: row.model, member: row.member },
      spend: { tokens: row.tokens, nanoUsd: row.nano },
      owed: { tokens: row.owed_tokens, nanoUsd: row.owed_nano },
      oversized: row.oversized === 1,
      sinceMs: row.since_ms,
      simulated: traits(row.agent).simulated,
      used: { tokens: row.used_tokens, nanoUsd: row.used_nano },
    })),
  };
}
