/** What the throttle is rebuilt from at a start: usage as it was booked, and the reservations that are still open. */
import type { Ledger } from "./ledger/ledger.ts";
import { historyMs } from "./throttle/booking-log.ts";
import type { Booking, Reservation } from "./throttle/throttle.ts";

export function durableRows(
  { spend }: Ledger,
  nowMs: number,
  traits: (agent: string) => { readonly simulated: boolean },
): { readonly bookings: readonly Booking[]; readonly reservations: readonly Reservation[] } {
  return {
    bookings: spend.bookingsSince(nowMs - historyMs).map((row) => ({
      atMs: row.at_ms,
      subject: { worker: row.worker, agent: row.agent, model: row.model },
      spend: { tokens: row.booked_tokens, nanoUsd: row.booked_nano },
      attemptId: row.attempt_id,
      simulated: row.source === "simulated",
    })),
    reservations: spend.openReservations().map((row) => ({
      attemptId: row.attempt_id,
      subject: { worker: row.worker, agent: row.agent, model: row.model },
      spend: { tokens: row.tokens, nanoUsd: row.nano },
      owed: { tokens: row.owed_tokens, nanoUsd: row.owed_nano },
      oversized: row.oversized === 1,
      sinceMs: row.since_ms,
      simulated: traits(row.agent).simulated,
    })),
  };
}
