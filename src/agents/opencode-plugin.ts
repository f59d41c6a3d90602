/**
 * The plugin by which OpenCode tells us, given to one session alone. It runs within OpenCode: it only listens, and
 * nothing that goes wrong in it may reach OpenCode. What it tells, and when, was tried on 1.18.33:
 *
 * - A prompt is told when it is taken in, its end when the session is idle again: with the answer, or with the error
 *   that stood last. A context that was too long is compacted and gone on with: that error is none in the end.
 * - At a used-up limit OpenCode tries again for ever. The session is stopped then, and waits in its conversation as
 *   others do; what the stop itself reports is not told.
 * - Sessions of subagents take in prompts and become idle too: of them only questions and usage are told.
 * - Each message is written down with its counters once it is complete, as it also stands in OpenCode's database.
 *
 * The agent's own commands inherit its environment: an OpenCode that one of them starts must not speak for this one.
 */

/** The name of the file it writes messages to, in the launch folder. */
export const OPENCODE_RECORD_NAME = "opencode.jsonl";

/** Source of the plugin (an ES module), for the launch that this hook script and record file belong to. */
export function opencodePlugin(hookScript: string, recordPath: string): string {
  const imported = Object.entries(NEEDS).map(
    ([name, from]) => `import { ${name} } from ${JSON.stringify(from)};`,
  );
  const fixed = [
    `const HOOK = ${JSON.stringify(hookScript)};`,
    `const RECORD = ${JSON.stringify(recordPath)};`,
  ];
  return [...imported, ...fixed, PLUGIN].join("\n");
}

/** What OpenCode's own process gives it. */
const NEEDS = { spawn: "node:child_process", appendFileSync: "node:fs" };

const PLUGIN = String.raw`
const LIMIT = /usage limit|quota|credit|billing|spending cap/i;

export const Teller = async ({ client }) => {
  const own = String(process.pid);
  if ((process.env.CTM_OPENCODE ?? own) !== own) return {};
  process.env.CTM_OPENCODE = own;
  const parents = new Map();
  const turns = new Map();
  let told = Promise.resolve();

  const tell = (event, payload) => {
    const one = () =>
      new Promise((done) => {
        const hook = spawn(HOOK, [event], { stdio: ["pipe", "ignore", "ignore"] });
        hook.on("error", done);
        hook.on("close", done);
        hook.stdin.on("error", () => undefined);
        hook.stdin.end(JSON.stringify({ ...payload, transcript_path: RECORD }));
      });
    told = told.then(one, one);
  };
  const note = (line) => appendFileSync(RECORD, JSON.stringify(line) + "\n", { mode: 0o600 });
  const rootOf = (id) => (parents.has(id) ? rootOf(parents.get(id)) : id);
  const turnOf = (id) => turns.get(id);

  const ended = (sessionID, turn) => {
    turns.delete(sessionID);
    const answer = [...turn.texts.values()].join("\n");
    if (turn.failure === null) note({ type: "opencode-turn", sessionID, answer });
    if (turn.failure === null) tell("Stop", { session_id: sessionID, last_assistant_message: answer });
    else tell("StopFailure", { session_id: sessionID, ...turn.failure });
  };

  const on = {
    "session.created": ({ info }) => {
      if (info.parentID) parents.set(info.id, info.parentID);
    },
    "message.updated": ({ info }) => {
      if (info.role !== "assistant") return;
      const turn = turnOf(info.sessionID);
      if (turn && turn.message !== info.id) Object.assign(turn, { message: info.id, texts: new Map() });
      if (!info.time?.completed && !info.error) return;
      note({ type: "opencode-message", id: info.id, sessionID: info.sessionID, data: info });
      if (turn && !turn.stopped && !info.error) turn.failure = null;
    },
    "message.part.updated": ({ part }) => {
      const turn = turnOf(part.sessionID);
      if (turn && part.type === "text" && !part.synthetic && part.messageID === turn.message)
        turn.texts.set(part.id, part.text);
    },
    "session.error": ({ sessionID, error }) => {
      const turn = turnOf(sessionID);
      if (turn && !turn.stopped)
        turn.failure = { error: error?.name ?? "", message: error?.data?.message ?? error?.name ?? "" };
    },
    "session.status": ({ sessionID, status }) => {
      const root = rootOf(sessionID);
      const turn = turnOf(root);
      if (!turn || turn.stopped || status?.type !== "retry" || !LIMIT.test(status.message ?? "")) return;
      Object.assign(turn, { stopped: true, failure: { error: "limit", message: status.message } });
      return client.session.abort({ path: { id: root } });
    },
    "session.idle": ({ sessionID }) => {
      const turn = turnOf(sessionID);
      if (turn) ended(sessionID, turn);
    },
    "permission.asked": ({ permission, metadata, patterns }) =>
      tell("PermissionRequest", { tool_name: permission, subject: metadata?.command ?? patterns?.join(" ") }),
    "permission.replied": () => tell("Answered", {}),
    "question.asked": ({ questions }) => tell("Question", { question: questions?.[0]?.question }),
    "question.replied": () => tell("Answered", {}),
    "question.rejected": () => tell("Answered", {}),
  };

  const quietly = async (act) => {
    try {
      await act();
    } catch {
      // OpenCode goes on as if we were not there.
    }
  };

  return {
    event: ({ event }) => quietly(() => on[event.type]?.(event.properties)),
    "chat.message": ({ sessionID }, { parts }) =>
      quietly(() => {
        if (parents.has(sessionID)) return;
        turns.set(sessionID, { message: null, texts: new Map(), failure: null, stopped: false });
        const texts = parts.filter((part) => part.type === "text" && !part.synthetic);
        tell("UserPromptSubmit", { session_id: sessionID, prompt: texts.map(({ text }) => text).join("\n") });
      }),
  };
};
`;
