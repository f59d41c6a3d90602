/** Weeks of made-up work written straight into a ledger: tasks, their attempts and what they used. */
import type { Ledger } from "../../src/ledger/ledger.ts";
import { assignmentOf, draftOf } from "./drafts.ts";
import { generator } from "./random.ts";

export interface SpentHistory {
  readonly tasks: number;
  /** Responses of one task. */
  readonly responses: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly seed: number;
  /** Every response of another model and source than the one before; else they are those of its task. */
  readonly mixed: boolean;
  /** Agents of a roster that tasks are given to, with tier and departments; none = there is no roster. */
  readonly members: readonly { id: string; tier: string; departments: readonly string[] }[];
}

const TYPES = ["ui", "coding", "documentation", "analysis"] as const;
const MODELS = ["claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-1", "nobody-knows-1", null] as const;
const SOURCES = [
  "actual",
  "actual",
  "actual",
  "actual",
  "actual",
  "estimated",
  "unknown",
  "simulated",
] as const;
const OUTCOMES = [
  "completed",
  "completed",
  "completed",
  "completed",
  "failed",
  "lost",
  "cancelled",
  "not typed",
];

/** The same seed gives the same history. A tenth of the usage belongs to no task. */
export function fillSpent(ledger: Ledger, history: SpentHistory): void {
  const db = ledger.database;
  const random = generator(history.seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const whole = (most: number): number => Math.floor(random() * most);
  const [added] = ledger.add([{ draft: draftOf("the first"), assignment: assignmentOf() }], history.fromMs);
  if (added === undefined) throw new Error("nothing was added");
  const task = db.prepare(
    `INSERT INTO task SELECT ${columns(db, "task", { id: "@id", text: "@text", type: "@type", member: "@member", state: "'completed'" })} FROM task WHERE id = ${added.task.id}`,
  );
  const attempt = db.prepare(
    `INSERT INTO attempt (id, task_id, n, worker, agent, model, reserved_at_ms, typed_at_ms, ended_at_ms, outcome, member)
     VALUES (@attemptId, @id, 1, @worker, @agent, 'sonnet', @startMs, @typedMs, @endMs, @outcome, @member)`,
  );
  const invocation = db.prepare(
    `INSERT INTO invocation (attempt_id, task_id, member, tier, departments, outcome, started_at_ms, ended_at_ms, escalation)
     VALUES (@attemptId, @id, @member, @tier, @departments, @outcome, @startMs, @endMs, 0)`,
  );
  const usage = db.prepare(
    `INSERT INTO usage (key, attempt_id, task_id, worker, agent, model, limit_model, type, at_ms, source, input, cache_read,
      cache_write_5m, cache_write_1h, output, reasoning, web_searches, booked_tokens, booked_nano, cost_nano, price_table, flags, member)
     VALUES (@key, @attemptId, @taskId, @worker, @agent, @model, 'sonnet', @type, @atMs, @source, @input, @cacheRead,
      @write5m, @write1h, @output, 0, @searches, @tokens, @nano, @cost, 'list', '', @member)`,
  );
  db.transaction(() => {
    for (let n = 0; n < history.tasks; n += 1) {
      const id = added.task.id + 1 + n;
      const stepMs = (history.toMs - history.fromMs) / history.tasks;
      const startMs = Math.floor(history.fromMs + n * stepMs + random() * stepMs);
      const endMs = startMs + 1_000 + whole(600_000);
      const member = history.members.length === 0 ? null : pick(history.members);
      const one = {
        ...{
          id,
          startMs,
          endMs,
          attemptId: `a${history.seed}-${n}`,
          type: pick(TYPES),
          agent: pick(["claude", "codex"]),
        },
        ...{
          worker: `concurrent_worker${1 + whole(3)}`,
          member: member?.id ?? null,
          outcome: pick(OUTCOMES),
        },
        ...{ typedMs: random() < 0.05 ? null : startMs + 500, text: `Do the ${n}th thing` },
      };
      task.run({ id, text: one.text, type: one.type, member: one.member });
      const { text: _, type: __, ...ofAttempt } = one;
      attempt.run(ofAttempt);
      if (member !== null && one.outcome !== "not typed")
        invocation.run({
          ...{ attemptId: one.attemptId, id, outcome: one.outcome, startMs, endMs },
          ...{ member: member.id, tier: member.tier, departments: JSON.stringify(member.departments) },
        });
      const ofTask = { model: pick(MODELS), source: pick(SOURCES) };
      for (let r = 0; r < history.responses; r += 1) {
        const own = random() < 0.9;
        const counters = {
          input: whole(900),
          cacheRead: whole(9_000),
          write5m: whole(500),
          write1h: whole(200),
        };
        const output = whole(400);
        const tokens = counters.input + counters.write5m + counters.write1h + output;
        const cost = random() < 0.1 ? null : tokens * (1_000 + whole(9_000));
        usage.run({
          ...counters,
          ...{
            key: `u${history.seed}-${n}-${r}`,
            output,
            tokens,
            cost,
            nano: cost ?? tokens * 15_000,
            searches: whole(2),
          },
          ...{
            attemptId: own ? one.attemptId : null,
            taskId: own ? id : null,
            member: own ? one.member : null,
          },
          ...{ worker: one.worker, agent: one.agent, type: own ? one.type : null },
          ...(history.mixed ? { model: pick(MODELS), source: pick(SOURCES) } : ofTask),
          ...{ atMs: startMs + whole(endMs - startMs) },
        });
      }
    }
  })();
}

/** All columns of a table, some of them replaced. */
function columns(db: Ledger["database"], table: string, replaced: Readonly<Record<string, string>>): string {
  return db
    .prepare<[], { name: string }>(`SELECT name FROM pragma_table_info('${table}')`)
    .all()
    .map(({ name }) => replaced[name] ?? name)
    .join(", ");
}
