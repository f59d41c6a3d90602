/**
 * Log records as OpenTelemetry's exporters send them over HTTP as JSON: text in, events out. Whoever sends them is not
 * trusted: what is no such document is refused whole, a record that cannot be read is counted and passed over.
 */
import * as z from "zod";

/** Most log records of one document that are looked at. */
export const logRecordsMax = 10_000;
/** Most attributes of one record that are looked at. */
const attributesMax = 200;

export type OtlpValue = string | number | boolean;

/** One log record: what it is called, when it was written, and its plain attributes. */
export interface OtlpEvent {
  /** Name of the library that wrote it. */
  readonly scope: string;
  /** Nanoseconds since 1970, as decimal digits. */
  readonly timeNano: string;
  readonly attributes: Readonly<Record<string, OtlpValue>>;
}

export type OtlpReading =
  | { readonly kind: "faulty"; readonly why: string }
  | { readonly kind: "read"; readonly events: readonly OtlpEvent[]; readonly rejected: number };

const list = z.array(z.unknown());
const document = z.object({ resourceLogs: list });
const resourceLogs = z.object({ scopeLogs: list });
const scopeLogs = z.object({
  scope: z.object({ name: z.string().max(200).optional() }).optional(),
  logRecords: list,
});

/** 64-bit numbers stand as numbers or as decimal text. */
const digits = z.union([
  z.string().regex(/^\d{1,20}$/),
  z
    .number()
    .int()
    .nonnegative()
    .transform((value) => BigInt(value).toString()),
]);
const integer = z.union([
  z.number().int(),
  z
    .string()
    .regex(/^-?\d{1,15}$/)
    .transform(Number),
]);
const logRecord = z.object({
  timeUnixNano: digits.optional(),
  observedTimeUnixNano: digits.optional(),
  attributes: list,
});
const attribute = z.object({ key: z.string().min(1).max(200), value: z.record(z.string(), z.unknown()) });

/** Reads one document. Never throws. */
export function readOtlpLogs(text: string): OtlpReading {
  const parsed = document.safeParse(jsonOf(text));
  if (!parsed.success) return { kind: "faulty", why: "this is no JSON document with resourceLogs" };
  let rejected = 0;
  const within = <T>(rule: z.ZodType<T>, item: unknown): T[] => {
    const found = rule.safeParse(item);
    if (!found.success) rejected += 1;
    return found.success ? [found.data] : [];
  };
  const events: OtlpEvent[] = [];
  const scopes = parsed.data.resourceLogs
    .flatMap((item) => within(resourceLogs, item))
    .flatMap((resource) => resource.scopeLogs)
    .flatMap((item) => within(scopeLogs, item));
  for (const { scope, logRecords } of scopes) {
    const room = logRecordsMax - events.length;
    rejected += Math.max(0, logRecords.length - room);
    const read = logRecords.slice(0, room).flatMap((item) => within(logRecord, item));
    events.push(...read.map((record) => eventOf(scope?.name ?? "", record)));
  }
  return { kind: "read", events, rejected };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function eventOf(scope: string, record: z.output<typeof logRecord>): OtlpEvent {
  // Without a prototype: an attribute may be called __proto__.
  const attributes = Object.create(null) as Record<string, OtlpValue>;
  for (const item of record.attributes.slice(0, attributesMax)) {
    const found = attribute.safeParse(item);
    const value = found.success ? valueOf(found.data.value) : null;
    if (found.success && value !== null) attributes[found.data.key] = value;
  }
  const times = [record.timeUnixNano, record.observedTimeUnixNano];
  return {
    scope,
    timeNano: times.find((time) => time !== undefined && /[1-9]/.test(time)) ?? "0",
    attributes,
  };
}

/** Lists, maps and bytes are none of ours. */
function valueOf(value: Readonly<Record<string, unknown>>): OtlpValue | null {
  if (typeof value["stringValue"] === "string") return value["stringValue"];
  if (typeof value["boolValue"] === "boolean") return value["boolValue"];
  if (typeof value["doubleValue"] === "number") return value["doubleValue"];
  const number = integer.safeParse(value["intValue"]);
  return number.success ? number.data : null;
}
