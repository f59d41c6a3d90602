/** Which events a trigger takes: conditions on attributes and on `data.*`, joined by all, any and not. No code. */
import type { Envelope, Json } from "./envelope.ts";

export type Filter =
  | { readonly kind: "all"; readonly of: readonly Filter[] }
  | { readonly kind: "any"; readonly of: readonly Filter[] }
  | { readonly kind: "not"; readonly of: Filter }
  | { readonly kind: "field"; readonly field: string; readonly test: FieldTest };

/** A list in the event passes where one of its members does. */
export type FieldTest =
  | { readonly kind: "exact"; readonly values: readonly (string | number | boolean)[] }
  | { readonly kind: "prefix"; readonly value: string }
  | { readonly kind: "suffix"; readonly value: string }
  | { readonly kind: "exists"; readonly value: boolean };

/** Fields of an event that are not in its data. */
export const FIELDS = ["id", "source", "type", "subject", "priority", "correlationid", "target"] as const;

/** Does the event pass? */
export function passes(filter: Filter, event: Envelope): boolean {
  return failing(filter, event) === null;
}

/** What it does not pass at, in words; null: it passes. */
export function failing(filter: Filter, event: Envelope): string | null {
  switch (filter.kind) {
    case "all":
      for (const one of filter.of) {
        const why = failing(one, event);
        if (why !== null) return why;
      }
      return null;
    case "any":
      return filter.of.some((one) => passes(one, event))
        ? null
        : `none of ${filter.of.length} conditions holds`;
    case "not":
      return passes(filter.of, event) ? "a condition holds that must not" : null;
    case "field":
      return fieldPasses(filter.test, fieldOf(event, filter.field))
        ? null
        : `${filter.field} is not ${testWords(filter.test)}`;
    default:
      return filter satisfies never;
  }
}

/** The value of an attribute, or of a path in the data such as `data.repository.name`; undefined: there is none. */
export function fieldOf(event: Envelope, field: string): Json | undefined {
  const [head = "", ...path] = field.split(".");
  if (head === "data") return valueAt(event.data, path);
  if (path.length > 0) return undefined;
  if (head === "correlationid") return event.correlation ?? undefined;
  if (head === "id" || head === "source" || head === "type" || head === "priority") return event[head];
  if (head === "subject" || head === "target") return event[head] ?? undefined;
  return Object.hasOwn(event.extensions, head) ? event.extensions[head] : undefined;
}

/** `git.push` is matched by itself, by `git.*` and by `*`. */
export function typeMatches(pattern: string, type: string): boolean {
  if (pattern === "*") return true;
  return pattern.endsWith(".*") ? type.startsWith(pattern.slice(0, -1)) : pattern === type;
}

function valueAt(data: Json, path: readonly string[]): Json | undefined {
  let value: Json | undefined = data;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Readonly<Record<string, Json>>)[key];
  }
  return value;
}

function fieldPasses(test: FieldTest, value: Json | undefined): boolean {
  if (test.kind === "exists") return (value !== undefined && value !== null) === test.value;
  if (Array.isArray(value)) return value.some((one: Json) => valuePasses(test, one));
  return value !== undefined && valuePasses(test, value);
}

function valuePasses(test: Exclude<FieldTest, { kind: "exists" }>, value: Json): boolean {
  switch (test.kind) {
    case "exact":
      return test.values.some((wanted) => wanted === value || String(wanted) === value);
    case "prefix":
      return typeof value === "string" && value.startsWith(test.value);
    case "suffix":
      return typeof value === "string" && value.endsWith(test.value);
    default:
      return test satisfies never;
  }
}

function testWords(test: FieldTest): string {
  switch (test.kind) {
    case "exact":
      return test.values.map(String).join(" or ");
    case "prefix":
      return `begun with ${test.value}`;
    case "suffix":
      return `ended with ${test.value}`;
    case "exists":
      return test.value ? "there" : "missing";
    default:
      return test satisfies never;
  }
}
