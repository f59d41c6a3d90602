/**
 * A typical day by events, against the same day by polling. The day's pattern is a given one; what polling costs is
 * counted from its two intervals. It says what follows from these assumptions, not what anybody's day costs.
 */

/** Tokens of the whole fleet in a part of the day. */
const PATTERN = [
  { fromHour: 0, toHour: 6, what: "dormant", tokens: 1_000 },
  { fromHour: 6, toHour: 9, what: "morning", tokens: 10_000 },
  { fromHour: 9, toHour: 12, what: "busy", tokens: 40_000 },
  { fromHour: 12, toHour: 13, what: "lunch", tokens: 500 },
  { fromHour: 13, toHour: 17, what: "busy", tokens: 35_000 },
  { fromHour: 17, toHour: 20, what: "evening", tokens: 15_000 },
  { fromHour: 20, toHour: 24, what: "night", tokens: 5_000 },
] as const;

const secondsADay = 86_400;
/** A look for messages, and a look for work. */
const pollSeconds = 15;
const workSeconds = 30;
/** Of one agent that polls, in a day. */
export const looksADay = Object.freeze({
  poll: secondsADay / pollSeconds,
  work: secondsADay / workSeconds,
  both: secondsADay / pollSeconds + secondsADay / workSeconds,
});
/** What one look is said to cost. */
export const tokensALook = { low: 100, high: 200 };
/** What one woken session is said to cost. */
const tokensASession = { low: 500, high: 2_000 };

export interface DaySimulated {
  readonly agents: number;
  readonly parts: readonly {
    readonly fromHour: number;
    readonly toHour: number;
    readonly what: string;
    readonly tokens: number;
    /** By polling, at the low and the high price of a look. */
    readonly polling: { readonly low: number; readonly high: number };
  }[];
  readonly looksAnAgent: { readonly poll: number; readonly work: number; readonly both: number };
  readonly tokensALook: { readonly low: number; readonly high: number };
  /** Sessions the day's tokens come to, at the high and the low price of one. */
  readonly sessions: { readonly fewest: number; readonly most: number };
  readonly eventTokens: number;
  readonly pollingTokens: { readonly low: number; readonly high: number };
  /** Share of the polling tokens that is spared, 0 to 1. */
  readonly spared: { readonly low: number; readonly high: number };
  /** A WebSocket's ping and pong are answered by programs. */
  readonly heartbeatTokens: 0;
}

export function simulateDay(agents: number): DaySimulated {
  const looks = agents * looksADay.both;
  const eventTokens = PATTERN.reduce((sum, { tokens }) => sum + tokens, 0);
  const pollingTokens = { low: looks * tokensALook.low, high: looks * tokensALook.high };
  return {
    agents,
    parts: PATTERN.map((part) => {
      const share = (part.toHour - part.fromHour) / 24;
      return { ...part, polling: { low: pollingTokens.low * share, high: pollingTokens.high * share } };
    }),
    looksAnAgent: looksADay,
    tokensALook,
    sessions: {
      fewest: Math.ceil(eventTokens / tokensASession.high),
      most: Math.floor(eventTokens / tokensASession.low),
    },
    eventTokens,
    pollingTokens,
    spared: { low: 1 - eventTokens / pollingTokens.low, high: 1 - eventTokens / pollingTokens.high },
    heartbeatTokens: 0,
  };
}
