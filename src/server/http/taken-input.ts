/** What a call brings: the words of its address and its JSON, held against what its route takes. */
import type { IncomingMessage } from "node:http";
import type * as z from "zod";
import { CtmError } from "../../base/errors.ts";
import type { Refusal } from "./guard.ts";
import { bodyMaxBytes, readBody } from "./request-body.ts";
import type { Route } from "./route.ts";

interface Input {
  readonly query: unknown;
  readonly body: unknown;
  readonly raw: Buffer;
}

/** Reads and checks what a route takes. Throws CtmError `usage` for what has not its shape. */
export async function takenInput(
  request: IncomingMessage,
  route: Route,
  words: URLSearchParams,
): Promise<Input | Refusal> {
  const query = checkedQuery(route, words);
  if (route.method === "GET") return { query, body: null, raw: Buffer.alloc(0) };
  const type = request.headers["content-type"] ?? "";
  if (route.body !== undefined && !/^application\/json\s*(?:;|$)/i.test(type))
    return { status: 415, why: "it is taken as JSON (content-type: application/json)" };
  const raw = await readBody(request, route.bodyMaxBytes ?? bodyMaxBytes);
  if (!Buffer.isBuffer(raw)) return raw;
  const body = route.body === undefined ? null : checked(route.body, parsed(raw), "the body");
  return { query, body, raw };
}

/** What stands behind the question mark, as the route takes it. Throws CtmError `usage`. */
export function checkedQuery(route: Route, words: URLSearchParams): unknown {
  return checked(route.query, queryOf(words), "the address");
}

function queryOf(words: URLSearchParams): Record<string, string> {
  const query = Object.create(null) as Record<string, string>;
  for (const [name, value] of words) {
    if (name in query) throw new CtmError("usage", `${JSON.stringify(name.slice(0, 40))} stands there twice`);
    query[name] = value;
  }
  return { ...query };
}

function parsed(raw: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(raw));
  } catch (error) {
    throw new CtmError("usage", "the body is not JSON", [], { cause: error });
  }
}

/** Most faults of one input that are listed. */
const faultsShownMax = 20;

function checked(schema: z.ZodType | undefined, input: unknown, what: string): unknown {
  if (schema === undefined) {
    if (typeof input === "object" && input !== null && Object.keys(input).length === 0) return input;
    throw new CtmError("usage", `${what} takes nothing behind a question mark`);
  }
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const faults = result.error.issues.slice(0, faultsShownMax).map(({ path, message }) => {
    const where = path.map(String).join(".");
    return where === "" ? message : `${where}: ${message}`;
  });
  throw new CtmError("usage", `${what}: ${faults[0] ?? "is not valid"}`, faults.slice(1));
}
