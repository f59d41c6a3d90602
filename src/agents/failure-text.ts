/** What kind of failure a sentence of an agent or its provider means. Wording differs from release to release. */
import type { FailureClass } from "./adapter.ts";

// First match wins. A usage limit stands before the rate limit: both are answered with status 429.
const WORDINGS: readonly (readonly [FailureClass, RegExp])[] = [
  [
    "out-of-credit",
    /credit balance|quota exceeded|insufficient.quota|exceeded your current quota|spending cap/i,
  ],
  ["rate-limited", /not your usage limit|request rejected \(429\)|rate limit|429 too many requests/i],
  [
    "quota-exhausted",
    /hit your [\w\s-]{0,40}limit|usage limit|exhausted your (?:\w+ )?quota|limit reached\b(?!.*\/compact)/i,
  ],
  [
    "not-logged-in",
    /not logged in|please run \/login|invalid (?:x-)?api.key|api key not valid|incorrect api key|401 unauthorized|oauth/i,
  ],
  [
    "overloaded",
    /overloaded|at capacity|high demand|internal server error|\b5\d\d\b|stream disconnected|server is busy/i,
  ],
  [
    "invalid-request",
    /context (?:limit|window)|prompt is too long|token count exceeds|invalid.request|ran out of room|model.{0,20}not (?:found|exist|support)/i,
  ],
  ["interrupted", /interrupted/i],
];

/** The class of a failure text; `unknown` when no wording is known. */
export function failureOfText(text: string): FailureClass {
  return WORDINGS.find(([, wording]) => wording.test(text))?.[0] ?? "unknown";
}
