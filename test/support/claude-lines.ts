/** Lines of Claude Code's transcripts with known counts, for tests of whoever reads them. */

export interface ClaudeAnswer {
  readonly id: string;
  readonly input?: number;
  readonly output?: number;
  readonly session?: string;
  readonly at?: string;
  readonly model?: string;
  readonly text?: string;
  readonly cwd?: string;
}

/** One block of an answer, without its line end. */
export function claudeLine(answer: ClaudeAnswer): string {
  const { id, input = 10, output = 5, session = "s1", at = "2026-11-23T12:00:00.000Z" } = answer;
  const { model = "claude-sonnet-4-5-20250929", text = "x", cwd = "/home/dev/shop" } = answer;
  return JSON.stringify({
    isSidechain: false,
    message: {
      id,
      role: "assistant",
      model,
      content: [{ type: "text", text }],
      stop_reason: "end_turn",
      usage: { input_tokens: input, output_tokens: output },
    },
    requestId: `req_${id}`,
    type: "assistant",
    uuid: `u_${id}`,
    timestamp: at,
    cwd,
    sessionId: session,
    version: "2.1.330",
  });
}
