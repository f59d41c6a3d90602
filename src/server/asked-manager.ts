/** The API of the manager that runs, asked over its own server with the key that lets one look. */
import { CtmError } from "../base/errors.ts";
import type { DashboardFacts } from "../dashboard-file.ts";
import { errorOf, failure } from "./messages.ts";
import type { Ask } from "./page-answers.ts";

const answerWithinMs = 60_000;

/** Rejects with the manager's own CtmError, or with `io` where it goes away meanwhile. */
export function askManager({ url, read }: Pick<DashboardFacts, "read"> & { readonly url: string }): Ask {
  return async (path) => {
    let response: Response;
    let answer: unknown;
    try {
      response = await fetch(new URL(path, url), {
        headers: { authorization: `Bearer ${read}` },
        signal: AbortSignal.timeout(answerWithinMs),
        redirect: "error",
      });
      answer = await response.json();
    } catch (error) {
      throw new CtmError("io", "the manager broke off before everything was asked", [], { cause: error });
    }
    if (response.ok) return answer;
    const told = failure.safeParse((answer as { error?: unknown }).error);
    throw told.success
      ? errorOf(told.data)
      : new CtmError("io", `the manager answered with ${response.status}`);
  };
}
