/** The time zone of calendar windows, kept in the ledger, so that another zone in the configuration opens none early. */
import * as z from "zod";
import type { Ledger } from "./ledger/ledger.ts";
import { Calendar } from "./throttle/calendar.ts";

const settingName = "calendar";
const Window = z.object({ startMs: z.number(), endMs: z.number() });
const KeptCalendar = z.object({
  zone: z.string(),
  carried: z.object({
    hour: Window.optional(),
    day: Window.optional(),
    week: Window.optional(),
    month: Window.optional(),
  }),
});

/** The calendar of this zone, with the windows that are still open under the one used before. Kept when it is new. */
export function keptCalendar(ledger: Ledger, zone: string, nowMs: number): Calendar {
  const before = calendarBefore(ledger);
  const calendar = before === null ? new Calendar(zone) : before.movedTo(zone, nowMs);
  if (calendar !== before) {
    const { carried } = calendar;
    ledger.settings.set(settingName, JSON.stringify({ zone, carried }));
  }
  return calendar;
}

function calendarBefore(ledger: Ledger): Calendar | null {
  const text = ledger.settings.get(settingName);
  if (text === null) return null;
  try {
    const { zone, carried } = KeptCalendar.parse(JSON.parse(text));
    const { hour, day, week, month } = carried;
    return new Calendar(zone, {
      ...(hour === undefined ? {} : { hour }),
      ...(day === undefined ? {} : { day }),
      ...(week === undefined ? {} : { week }),
      ...(month === undefined ? {} : { month }),
    });
  } catch {
    return null; // Written by nobody of ours: as at the first start.
  }
}
