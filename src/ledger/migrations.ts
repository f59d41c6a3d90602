/**
 * The shape of the ledger, one migration a step, each in one transaction together with its version number.
 * A database newer than this program is refused and left untouched.
 */
import { CtmError } from "../base/errors.ts";
import type { Db } from "./database.ts";
import { commitPoint } from "./storage-fault.ts";

const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE task (
    id              INTEGER PRIMARY KEY,
    text            TEXT    NOT NULL,
    priority        INTEGER NOT NULL,
    cwd             TEXT    NOT NULL,
    forced_type     TEXT, forced_model TEXT, forced_agent TEXT, forced_worker TEXT,
    key             TEXT,
    retry_lost      INTEGER NOT NULL,
    origin          TEXT    NOT NULL,
    type            TEXT    NOT NULL,
    complexity      TEXT    NOT NULL,
    route           TEXT    NOT NULL,
    agent           TEXT    NOT NULL,
    model           TEXT,
    estimate_tokens INTEGER NOT NULL,
    reserve_tokens  INTEGER NOT NULL,
    reserve_nano    INTEGER NOT NULL,
    reserve_basis   TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    hold_reason     TEXT,
    not_before_ms   INTEGER,
    attempts        INTEGER NOT NULL DEFAULT 0,
    attempt_id      TEXT,
    worker          TEXT,
    since_ms        INTEGER NOT NULL,
    question        TEXT,
    reason          TEXT,
    exit_code       INTEGER,
    created_at_ms   INTEGER NOT NULL,
    cleared         INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE UNIQUE INDEX task_key   ON task (key) WHERE key IS NOT NULL;
  CREATE INDEX        task_ready ON task (priority DESC, id) WHERE state = 'queued' AND hold_reason IS NULL;
  CREATE INDEX        task_open  ON task (state, id) WHERE state NOT IN ('completed', 'failed', 'cancelled', 'lost', 'queued');

  CREATE TABLE task_count (state TEXT PRIMARY KEY, n INTEGER NOT NULL) STRICT;
  CREATE TRIGGER task_counted AFTER INSERT ON task BEGIN
    INSERT INTO task_count VALUES (new.state, 1) ON CONFLICT (state) DO UPDATE SET n = n + 1;
    UPDATE task_count SET n = n + (new.hold_reason IS NOT NULL) WHERE state = 'held';
  END;
  CREATE TRIGGER task_recounted AFTER UPDATE OF state, hold_reason, cleared ON task BEGIN
    UPDATE task_count SET n = n - 1 WHERE state = old.state AND old.cleared = 0;
    INSERT INTO task_count SELECT new.state, 1 WHERE new.cleared = 0 ON CONFLICT (state) DO UPDATE SET n = n + 1;
    UPDATE task_count SET n = n + (new.state = 'queued' AND new.hold_reason IS NOT NULL) - (old.state = 'queued' AND old.hold_reason IS NOT NULL)
      WHERE state = 'held';
  END;
  INSERT INTO task_count VALUES ('held', 0);

  CREATE TABLE attempt (
    id               TEXT    PRIMARY KEY,
    task_id          INTEGER NOT NULL REFERENCES task (id),
    n                INTEGER NOT NULL,
    worker           TEXT    NOT NULL,
    agent            TEXT    NOT NULL,
    model            TEXT,
    launch_id        TEXT,
    pane             TEXT,
    previous_attempt TEXT,
    text_sha256      TEXT,
    session_id       TEXT,
    record_path      TEXT,
    reserved_at_ms   INTEGER NOT NULL,
    intent_at_ms     INTEGER,
    typed_at_ms      INTEGER,
    accepted_at_ms   INTEGER,
    enter_again_at_ms INTEGER,
    ended_at_ms      INTEGER,
    outcome          TEXT,
    answer           TEXT
  ) STRICT;
  CREATE INDEX attempt_task ON attempt (task_id);

  CREATE TABLE reservation (
    attempt_id    TEXT PRIMARY KEY REFERENCES attempt (id),
    worker        TEXT NOT NULL, agent TEXT NOT NULL, model TEXT,
    tokens        INTEGER NOT NULL,
    nano          INTEGER NOT NULL,
    oversized     INTEGER NOT NULL,
    since_ms      INTEGER NOT NULL,
    settled_at_ms INTEGER
  ) STRICT;
  CREATE INDEX reservation_open ON reservation (attempt_id) WHERE settled_at_ms IS NULL;

  CREATE TABLE usage (
    key          TEXT PRIMARY KEY,
    attempt_id   TEXT, task_id INTEGER,
    worker       TEXT NOT NULL, agent TEXT NOT NULL, model TEXT, type TEXT,
    at_ms        INTEGER NOT NULL,
    source       TEXT NOT NULL,
    input        INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write_5m INTEGER NOT NULL,
    cache_write_1h INTEGER NOT NULL, output INTEGER NOT NULL, reasoning INTEGER NOT NULL,
    booked_tokens INTEGER NOT NULL,
    booked_nano   INTEGER NOT NULL,
    cost_nano     INTEGER,
    price_table   TEXT NOT NULL,
    session_id   TEXT, cli_version TEXT, flags TEXT NOT NULL
  ) STRICT;
  CREATE INDEX usage_time ON usage (at_ms);
  CREATE INDEX usage_attempt ON usage (attempt_id);

  CREATE TABLE spend_total (
    worker TEXT NOT NULL, model TEXT NOT NULL, type TEXT NOT NULL, source TEXT NOT NULL,
    input INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL, output INTEGER NOT NULL,
    tokens INTEGER NOT NULL, nano INTEGER NOT NULL, unpriced INTEGER NOT NULL,
    PRIMARY KEY (worker, model, type, source)
  ) STRICT;
  CREATE TABLE outcome_total (
    worker TEXT NOT NULL, type TEXT NOT NULL, outcome TEXT NOT NULL, source TEXT NOT NULL,
    n INTEGER NOT NULL, duration_ms INTEGER NOT NULL,
    PRIMARY KEY (worker, type, outcome, source)
  ) STRICT;

  CREATE TABLE sample (
    id INTEGER PRIMARY KEY, agent TEXT NOT NULL, model TEXT NOT NULL, type TEXT NOT NULL,
    tokens INTEGER NOT NULL, nano INTEGER NOT NULL, duration_ms INTEGER NOT NULL, worker TEXT NOT NULL
  ) STRICT;
  CREATE INDEX sample_class ON sample (agent, model, type, id);

  CREATE TABLE worker (
    name         TEXT PRIMARY KEY,
    agent        TEXT NOT NULL, model TEXT, cwd TEXT NOT NULL,
    adopted      INTEGER NOT NULL,
    tmux_socket  TEXT,
    session      TEXT NOT NULL,
    pane         TEXT,
    launch_id    TEXT, launch_dir TEXT,
    session_id   TEXT, record_path TEXT,
    last_attempt TEXT, last_type TEXT, last_cwd TEXT,
    draining     INTEGER NOT NULL DEFAULT 0,
    foreground   TEXT
  ) STRICT;

  CREATE TABLE limit_change (
    id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, limit_id TEXT NOT NULL, amount INTEGER,
    until_ms INTEGER, reason TEXT
  ) STRICT;
  CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE move (
    seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, task_id INTEGER NOT NULL,
    from_state TEXT NOT NULL, to_state TEXT NOT NULL, cause TEXT
  ) STRICT;
  CREATE INDEX move_task ON move (task_id, seq);
  `,
  // What limits on models count a usage for. Older rows go by the model their attempt was given.
  `
  ALTER TABLE usage ADD COLUMN limit_model TEXT;
  UPDATE usage SET limit_model = coalesce((SELECT model FROM attempt WHERE id = usage.attempt_id), model);
  `,
  // When a person asked for the end of an attempt: written before it is interrupted.
  "ALTER TABLE attempt ADD COLUMN cancel_at_ms INTEGER",
  // A fee of its own, so that a cost can be computed again from the row alone.
  `
  ALTER TABLE usage ADD COLUMN web_searches INTEGER NOT NULL DEFAULT 0;
  `,
  // What a running attempt needs beyond its reservation, because it did not fit into its windows.
  `
  ALTER TABLE reservation ADD COLUMN owed_tokens INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE reservation ADD COLUMN owed_nano   INTEGER NOT NULL DEFAULT 0;
  `,
  // Accounts that are parked, what their providers say of their own windows, and attempts that wait for them.
  `
  CREATE TABLE account (
    name TEXT PRIMARY KEY, cause TEXT NOT NULL, message TEXT NOT NULL, since_ms INTEGER NOT NULL, until_ms INTEGER,
    in_row INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE provider_window (
    account TEXT NOT NULL, window TEXT NOT NULL, used_permille INTEGER NOT NULL, resets_at_ms INTEGER, seen_at_ms INTEGER NOT NULL,
    PRIMARY KEY (account, window)
  ) STRICT;
  ALTER TABLE attempt ADD COLUMN resume_mark TEXT;
  ALTER TABLE worker ADD COLUMN account TEXT NOT NULL DEFAULT '';
  UPDATE worker SET account = agent;
  `,
  // Kept sums of what was booked, by quarter of an hour: what long windows are rebuilt from at a start. The triggers
  // keep them exact in the transaction that books, whoever books.
  `
  CREATE TABLE spend_quarter (
    from_ms INTEGER NOT NULL,
    worker TEXT NOT NULL, agent TEXT NOT NULL, model TEXT NOT NULL, simulated INTEGER NOT NULL,
    tokens INTEGER NOT NULL, nano INTEGER NOT NULL,
    PRIMARY KEY (from_ms, worker, agent, model, simulated)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO spend_quarter
    SELECT at_ms - (at_ms % 900000), worker, agent, coalesce(limit_model, ''), source = 'simulated', sum(booked_tokens), sum(booked_nano)
    FROM usage GROUP BY 1, 2, 3, 4, 5;
  CREATE TRIGGER usage_booked AFTER INSERT ON usage BEGIN
    INSERT INTO spend_quarter VALUES (new.at_ms - (new.at_ms % 900000), new.worker, new.agent, coalesce(new.limit_model, ''),
      new.source = 'simulated', new.booked_tokens, new.booked_nano)
    ON CONFLICT DO UPDATE SET tokens = tokens + excluded.tokens, nano = nano + excluded.nano;
  END;
  CREATE TRIGGER usage_rebooked AFTER UPDATE OF booked_tokens, booked_nano ON usage BEGIN
    UPDATE spend_quarter SET tokens = tokens + new.booked_tokens - old.booked_tokens, nano = nano + new.booked_nano - old.booked_nano
      WHERE from_ms = old.at_ms - (old.at_ms % 900000) AND worker = old.worker AND agent = old.agent
        AND model = coalesce(old.limit_model, '') AND simulated = (old.source = 'simulated');
  END;
  `,
  // Which price tables have priced what is booked, without reading all of it.
  "CREATE INDEX usage_price_table ON usage (price_table)",
  // Samples say what forecasts are learnt from. What was sampled before is sampled anew from the rows it came from.
  `
  ALTER TABLE sample ADD COLUMN attempt_id     TEXT;
  ALTER TABLE sample ADD COLUMN cwd            TEXT    NOT NULL DEFAULT '';
  ALTER TABLE sample ADD COLUMN prompt_chars   INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE sample ADD COLUMN formula_tokens INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE sample ADD COLUMN total_tokens   INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE sample ADD COLUMN priced         INTEGER NOT NULL DEFAULT 1;
  DELETE FROM sample;
  INSERT INTO sample (agent, model, type, tokens, nano, duration_ms, worker, attempt_id, cwd, prompt_chars,
    formula_tokens, total_tokens, priced)
  SELECT task.agent, coalesce(task.model, ''), task.type, coalesce(sum(booked_tokens), 0),
    coalesce(sum(coalesce(cost_nano, booked_nano)), 0),
    max(0, ended_at_ms - coalesce(typed_at_ms, ended_at_ms)), attempt.worker, attempt.id, task.cwd,
    length(task.text), task.estimate_tokens,
    coalesce(sum(input + cache_read + cache_write_5m + cache_write_1h + output), 0),
    count(usage.key) = count(cost_nano)
  FROM attempt JOIN task ON task.id = attempt.task_id LEFT JOIN usage ON usage.attempt_id = attempt.id
  WHERE attempt.outcome = 'completed'
  GROUP BY attempt.id HAVING count(usage.key) = 0 OR max(usage.source) IN ('actual', 'simulated')
  ORDER BY ended_at_ms, attempt.rowid;
  `,
  // A person's cap on a task, and whether an attempt waits at it.
  `
  ALTER TABLE task ADD COLUMN cap_tokens INTEGER;
  ALTER TABLE task ADD COLUMN cap_nano   INTEGER;
  ALTER TABLE attempt ADD COLUMN cap_state TEXT;
  `,
  // What a person's own sessions used on the same accounts: beside our sums, never in them.
  `
  CREATE TABLE external_usage (
    key TEXT PRIMARY KEY, agent TEXT NOT NULL, model TEXT, at_ms INTEGER NOT NULL, tokens INTEGER NOT NULL, nano INTEGER NOT NULL,
    cost_nano INTEGER
  ) STRICT;
  CREATE INDEX external_usage_at ON external_usage (at_ms);
  `,
  // Whom of the roster a task is given to, what is typed before its text, and how far up it was escalated.
  `
  ALTER TABLE task ADD COLUMN forced_member TEXT;
  ALTER TABLE task ADD COLUMN member        TEXT;
  ALTER TABLE task ADD COLUMN preamble      TEXT;
  ALTER TABLE task ADD COLUMN escalation    INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE escalation (
    id INTEGER PRIMARY KEY, task_id INTEGER NOT NULL, attempt_id TEXT, at_ms INTEGER NOT NULL, level INTEGER NOT NULL,
    member TEXT, reason TEXT NOT NULL
  ) STRICT;
  CREATE INDEX escalation_task ON escalation (task_id);
  `,
  // What agents tell by telemetry, beside what they record: launches that were asked to, and each response they told.
  `
  CREATE TABLE telemetry_launch (launch_id TEXT PRIMARY KEY, agent TEXT NOT NULL, responses INTEGER NOT NULL DEFAULT 0) STRICT;
  CREATE TABLE telemetry (
    launch_id TEXT NOT NULL, key TEXT NOT NULL, at_ms INTEGER NOT NULL, session_id TEXT, model TEXT, source TEXT,
    input INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write_5m INTEGER NOT NULL, cache_write_1h INTEGER NOT NULL,
    output INTEGER NOT NULL, reasoning INTEGER NOT NULL, cost_nano INTEGER,
    PRIMARY KEY (launch_id, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX telemetry_at ON telemetry (launch_id, at_ms);
  `,
  // Ended attempts as a roster counts them, and the sums and durations kept of them by agent, department, tier and system.
  `
  CREATE TABLE invocation (
    seq INTEGER PRIMARY KEY, attempt_id TEXT NOT NULL UNIQUE, task_id INTEGER NOT NULL,
    member TEXT, tier TEXT, departments TEXT NOT NULL, model TEXT, outcome TEXT NOT NULL,
    started_at_ms INTEGER NOT NULL, ended_at_ms INTEGER NOT NULL,
    input INTEGER, output INTEGER, cost_nano INTEGER, duration_ms INTEGER, escalation INTEGER NOT NULL, session_id TEXT
  ) STRICT;
  CREATE TABLE hierarchy_sums (
    kind TEXT NOT NULL, id TEXT NOT NULL, sums TEXT NOT NULL, PRIMARY KEY (kind, id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE hierarchy_duration (
    kind TEXT NOT NULL, id TEXT NOT NULL, width INTEGER NOT NULL, bucket INTEGER NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (kind, id, width, bucket)
  ) STRICT, WITHOUT ROWID;
  `,
  // What agents and persons report of attempts.
  `
  CREATE TABLE report (
    id INTEGER PRIMARY KEY, attempt_id TEXT NOT NULL, kind TEXT NOT NULL, value INTEGER NOT NULL, of_n INTEGER NOT NULL,
    at_ms INTEGER NOT NULL, source TEXT NOT NULL
  ) STRICT;
  CREATE INDEX report_attempt ON report (attempt_id);
  `,
  // Whose credentials a person's own sessions were had with; '' = the agent's own.
  `
  ALTER TABLE external_usage ADD COLUMN account TEXT NOT NULL DEFAULT '';
  `,
  // What the rules found in the figures of the hierarchy.
  `
  CREATE TABLE finding (
    id INTEGER PRIMARY KEY, rule TEXT NOT NULL, subject TEXT NOT NULL, evidence TEXT NOT NULL, suggestion TEXT NOT NULL,
    state TEXT NOT NULL, since_ms INTEGER NOT NULL, ended_at_ms INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX finding_standing ON finding (rule, subject) WHERE state <> 'resolved';
  CREATE INDEX invocation_started ON invocation (started_at_ms);
  `,
  // Kept sums of what was used, by quarter of an hour and by task: what reports are made from. The triggers keep them
  // exact in the transaction that books, whoever books. A usage keeps whose it was, for a task may be given to another.
  `
  ALTER TABLE usage ADD COLUMN member TEXT;
  UPDATE usage SET member = coalesce((SELECT member FROM invocation WHERE attempt_id = usage.attempt_id),
    (SELECT member FROM task WHERE id = usage.task_id)) WHERE EXISTS (SELECT 1 FROM task WHERE member IS NOT NULL);
  CREATE TABLE spend_slice (
    from_ms INTEGER NOT NULL,
    member TEXT NOT NULL, agent TEXT NOT NULL, model TEXT NOT NULL, type TEXT NOT NULL, source TEXT NOT NULL,
    input INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write_5m INTEGER NOT NULL, cache_write_1h INTEGER NOT NULL,
    output INTEGER NOT NULL, web_searches INTEGER NOT NULL,
    tokens INTEGER NOT NULL, nano INTEGER NOT NULL, unpriced INTEGER NOT NULL,
    PRIMARY KEY (from_ms, member, agent, model, type, source)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO spend_slice
    SELECT at_ms - (at_ms % 900000), coalesce(member, ''), agent, coalesce(model, ''), coalesce(type, ''), source,
      sum(input), sum(cache_read), sum(cache_write_5m), sum(cache_write_1h), sum(output), sum(web_searches),
      sum(booked_tokens), sum(coalesce(cost_nano, 0)), sum(iif(cost_nano IS NULL, booked_tokens, 0))
    FROM usage GROUP BY 1, 2, 3, 4, 5, 6;
  CREATE TABLE task_spend (
    task_id INTEGER PRIMARY KEY, tokens INTEGER NOT NULL, nano INTEGER NOT NULL, unpriced INTEGER NOT NULL,
    guessed INTEGER NOT NULL
  ) STRICT;
  INSERT INTO task_spend
    SELECT task_id, sum(booked_tokens), sum(coalesce(cost_nano, 0)), sum(iif(cost_nano IS NULL, booked_tokens, 0)),
      max(source IN ('estimated', 'unknown'))
    FROM usage WHERE task_id IS NOT NULL GROUP BY 1;
  CREATE TRIGGER usage_sliced AFTER INSERT ON usage BEGIN
    INSERT INTO spend_slice VALUES (new.at_ms - (new.at_ms % 900000), coalesce(new.member, ''), new.agent,
      coalesce(new.model, ''), coalesce(new.type, ''), new.source, new.input, new.cache_read, new.cache_write_5m,
      new.cache_write_1h, new.output, new.web_searches, new.booked_tokens, coalesce(new.cost_nano, 0),
      iif(new.cost_nano IS NULL, new.booked_tokens, 0))
    ON CONFLICT DO UPDATE SET input = input + excluded.input, cache_read = cache_read + excluded.cache_read,
      cache_write_5m = cache_write_5m + excluded.cache_write_5m, cache_write_1h = cache_write_1h + excluded.cache_write_1h,
      output = output + excluded.output, web_searches = web_searches + excluded.web_searches,
      tokens = tokens + excluded.tokens, nano = nano + excluded.nano, unpriced = unpriced + excluded.unpriced;
    INSERT INTO task_spend SELECT new.task_id, new.booked_tokens, coalesce(new.cost_nano, 0),
      iif(new.cost_nano IS NULL, new.booked_tokens, 0), new.source IN ('estimated', 'unknown') WHERE new.task_id IS NOT NULL
    ON CONFLICT DO UPDATE SET tokens = tokens + excluded.tokens, nano = nano + excluded.nano,
      unpriced = unpriced + excluded.unpriced, guessed = max(guessed, excluded.guessed);
  END;
  CREATE TRIGGER usage_resliced
    AFTER UPDATE OF input, cache_read, cache_write_5m, cache_write_1h, output, web_searches, booked_tokens, cost_nano ON usage
    WHEN (new.input, new.cache_read, new.cache_write_5m, new.cache_write_1h, new.output, new.web_searches, new.booked_tokens)
      <> (old.input, old.cache_read, old.cache_write_5m, old.cache_write_1h, old.output, old.web_searches, old.booked_tokens)
      OR new.cost_nano IS NOT old.cost_nano
  BEGIN
    UPDATE spend_slice SET input = input + new.input - old.input, cache_read = cache_read + new.cache_read - old.cache_read,
      cache_write_5m = cache_write_5m + new.cache_write_5m - old.cache_write_5m,
      cache_write_1h = cache_write_1h + new.cache_write_1h - old.cache_write_1h,
      output = output + new.output - old.output, web_searches = web_searches + new.web_searches - old.web_searches,
      tokens = tokens + new.booked_tokens - old.booked_tokens,
      nano = nano + coalesce(new.cost_nano, 0) - coalesce(old.cost_nano, 0),
      unpriced = unpriced + iif(new.cost_nano IS NULL, new.booked_tokens, 0) - iif(old.cost_nano IS NULL, old.booked_tokens, 0)
      WHERE from_ms = old.at_ms - (old.at_ms % 900000) AND member = coalesce(old.member, '') AND agent = old.agent
        AND model = coalesce(old.model, '') AND type = coalesce(old.type, '') AND source = old.source;
    UPDATE task_spend SET tokens = tokens + new.booked_tokens - old.booked_tokens,
      nano = nano + coalesce(new.cost_nano, 0) - coalesce(old.cost_nano, 0),
      unpriced = unpriced + iif(new.cost_nano IS NULL, new.booked_tokens, 0) - iif(old.cost_nano IS NULL, old.booked_tokens, 0)
      WHERE task_id = old.task_id;
  END;
  CREATE INDEX attempt_ended ON attempt (ended_at_ms) WHERE ended_at_ms IS NOT NULL;
  `,
  // For whom of a roster an attempt was, and quarters of an hour by it too: what budgets are counted by. What was kept
  // before is told by what was counted of ended attempts, and by the tasks at work.
  `
  ALTER TABLE attempt ADD COLUMN member TEXT;
  UPDATE attempt SET member = (SELECT member FROM invocation WHERE attempt_id = id)
    WHERE id IN (SELECT attempt_id FROM invocation WHERE member IS NOT NULL);
  UPDATE attempt SET member = (SELECT member FROM task WHERE attempt_id = attempt.id)
    WHERE id IN (SELECT attempt_id FROM task WHERE member IS NOT NULL);
  DROP TRIGGER usage_booked;
  DROP TRIGGER usage_rebooked;
  DROP TABLE spend_quarter;
  CREATE TABLE spend_quarter (
    from_ms INTEGER NOT NULL,
    worker TEXT NOT NULL, agent TEXT NOT NULL, model TEXT NOT NULL, member TEXT NOT NULL, simulated INTEGER NOT NULL,
    tokens INTEGER NOT NULL, nano INTEGER NOT NULL,
    PRIMARY KEY (from_ms, worker, agent, model, member, simulated)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO spend_quarter
    SELECT at_ms - (at_ms % 900000), worker, agent, coalesce(limit_model, ''), coalesce(member, ''), source = 'simulated',
      sum(booked_tokens), sum(booked_nano)
    FROM usage GROUP BY 1, 2, 3, 4, 5, 6;
  CREATE TRIGGER usage_booked AFTER INSERT ON usage BEGIN
    INSERT INTO spend_quarter VALUES (new.at_ms - (new.at_ms % 900000), new.worker, new.agent, coalesce(new.limit_model, ''),
      coalesce(new.member, ''), new.source = 'simulated', new.booked_tokens, new.booked_nano)
    ON CONFLICT DO UPDATE SET tokens = tokens + excluded.tokens, nano = nano + excluded.nano;
  END;
  CREATE TRIGGER usage_rebooked AFTER UPDATE OF booked_tokens, booked_nano ON usage BEGIN
    UPDATE spend_quarter SET tokens = tokens + new.booked_tokens - old.booked_tokens, nano = nano + new.booked_nano - old.booked_nano
      WHERE from_ms = old.at_ms - (old.at_ms % 900000) AND worker = old.worker AND agent = old.agent
        AND model = coalesce(old.limit_model, '') AND member = coalesce(old.member, '') AND simulated = (old.source = 'simulated');
  END;
  `,
  // What persons were alerted to: causes that stand, alerts, what became of each on each channel, messages to deliver.
  `
  CREATE TABLE alert_cause (
    key TEXT PRIMARY KEY, told INTEGER NOT NULL, grade INTEGER NOT NULL, better_since_ms INTEGER, words TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE alert (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, kind TEXT NOT NULL, severity TEXT NOT NULL, title TEXT NOT NULL,
    text TEXT NOT NULL, at_ms INTEGER NOT NULL, seen_at_ms INTEGER
  ) STRICT;
  CREATE TABLE alert_delivery (
    alert_id INTEGER NOT NULL, channel TEXT NOT NULL, state TEXT NOT NULL, due_ms INTEGER, message_id TEXT,
    PRIMARY KEY (alert_id, channel)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX alert_waiting ON alert_delivery (channel) WHERE message_id IS NULL AND state IN ('queued', 'held');
  CREATE INDEX alert_carried ON alert_delivery (message_id) WHERE message_id IS NOT NULL;
  CREATE TABLE alert_message (
    id TEXT PRIMARY KEY, channel TEXT NOT NULL, lead_id INTEGER NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
    next_ms INTEGER NOT NULL, fault TEXT, made_at_ms INTEGER NOT NULL, ended_at_ms INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX alert_message_made ON alert_message (channel, made_at_ms);
  `,
  // Conversations near or over the context budget of an agent of a roster, what came of them, and notes to coordinators.
  `
  CREATE TABLE context (
    worker TEXT PRIMARY KEY, session_id TEXT NOT NULL, member TEXT NOT NULL, name TEXT NOT NULL, task_id INTEGER NOT NULL,
    tokens INTEGER NOT NULL, max_tokens INTEGER NOT NULL, stage TEXT NOT NULL, record_bytes INTEGER NOT NULL, mark TEXT,
    asked_at_ms INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE context_event (
    id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, member TEXT NOT NULL, worker TEXT NOT NULL,
    session_id TEXT NOT NULL, task_id INTEGER NOT NULL, tokens INTEGER NOT NULL, max_tokens INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX context_event_member ON context_event (member, kind);
  CREATE TABLE member_note (
    id INTEGER PRIMARY KEY, member TEXT NOT NULL, at_ms INTEGER NOT NULL, text TEXT NOT NULL, told_attempt TEXT
  ) STRICT;
  CREATE INDEX member_note_untold ON member_note (member, id) WHERE told_attempt IS NULL;
  `,
  // Events that were taken, what became of each for each trigger, and the wakes they were put into.
  `
  CREATE TABLE event (
    seq INTEGER PRIMARY KEY, source TEXT NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL, envelope TEXT NOT NULL,
    depth INTEGER NOT NULL, foreign_text INTEGER NOT NULL, via TEXT NOT NULL, accepted_ms INTEGER NOT NULL,
    duplicates INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX event_id ON event (id);
  CREATE INDEX event_accepted ON event (accepted_ms);
  CREATE TABLE event_key (
    source TEXT NOT NULL, key TEXT NOT NULL, seq INTEGER NOT NULL, until_ms INTEGER NOT NULL, PRIMARY KEY (source, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE wake (
    id INTEGER PRIMARY KEY, trigger_name TEXT NOT NULL, lane TEXT NOT NULL, target TEXT, priority INTEGER NOT NULL,
    foreign_text INTEGER NOT NULL, depth INTEGER NOT NULL, state TEXT NOT NULL, events INTEGER NOT NULL,
    first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, since_ms INTEGER NOT NULL, gate TEXT, until_ms INTEGER, reason TEXT,
    not_before_ms INTEGER, attempts INTEGER NOT NULL DEFAULT 0, task_id INTEGER, claimed_ms INTEGER, acked_ms INTEGER,
    ended_ms INTEGER
  ) STRICT;
  CREATE INDEX wake_open  ON wake (trigger_name, lane, id) WHERE ended_ms IS NULL;
  CREATE INDEX wake_claim ON wake (trigger_name, claimed_ms) WHERE claimed_ms IS NOT NULL;
  CREATE INDEX wake_lane  ON wake (trigger_name, lane, claimed_ms) WHERE claimed_ms IS NOT NULL;
  CREATE INDEX wake_task  ON wake (task_id) WHERE task_id IS NOT NULL;
  CREATE TABLE event_fate (
    event_seq INTEGER NOT NULL, trigger_name TEXT NOT NULL, wake_id INTEGER, outcome TEXT NOT NULL, reason TEXT, expires_ms INTEGER,
    PRIMARY KEY (event_seq, trigger_name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX event_fate_wake    ON event_fate (wake_id, event_seq) WHERE wake_id IS NOT NULL;
  CREATE INDEX event_fate_expires ON event_fate (expires_ms) WHERE outcome = 'held' AND expires_ms IS NOT NULL;
  `,
  // Dispatch rounds with their tasks as runs of ids; who coordinated, and what each response of a coordinator used.
  `
  CREATE TABLE round (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, workspace TEXT NOT NULL, phase TEXT, notes TEXT, origin TEXT NOT NULL,
    started_at_ms INTEGER NOT NULL, ended_at_ms INTEGER, told TEXT
  ) STRICT;
  CREATE INDEX round_started ON round (started_at_ms);
  CREATE INDEX round_workspace ON round (workspace);
  CREATE TABLE round_tasks (
    first_id INTEGER PRIMARY KEY, last_id INTEGER NOT NULL, round_id INTEGER NOT NULL REFERENCES round (id)
  ) STRICT;
  CREATE INDEX round_tasks_of ON round_tasks (round_id);
  CREATE TABLE coordinator (
    name TEXT PRIMARY KEY, agent TEXT NOT NULL, session_id TEXT, record_path TEXT,
    since_ms INTEGER NOT NULL, until_ms INTEGER, was_read INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE coordination (
    key TEXT PRIMARY KEY, name TEXT NOT NULL, at_ms INTEGER NOT NULL, source TEXT NOT NULL, tokens INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX coordination_at ON coordination (at_ms);
  CREATE INDEX coordination_name ON coordination (name);
  `,
  // Tasks that agents submitted from inside their own.
  `
  CREATE TABLE child_task (
    task_id INTEGER PRIMARY KEY, parent_id INTEGER NOT NULL, root_id INTEGER NOT NULL, depth INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX child_task_parent ON child_task (parent_id);
  CREATE INDEX child_task_root ON child_task (root_id);
  `,
  // Which tasks may be alike, by hashes of their words. Tasks of before are not found by it: it begins empty.
  `
  CREATE TABLE task_likeness (key INTEGER NOT NULL, task_id INTEGER NOT NULL, PRIMARY KEY (key, task_id)) STRICT, WITHOUT ROWID;
  `,
  // A person asked for a compaction, however full the conversation is.
  "ALTER TABLE context ADD COLUMN wished INTEGER NOT NULL DEFAULT 0",
];

const MIGRATE = commitPoint("migrate.commit");

/** Version a database has after all migrations. */
export const LEDGER_VERSION = MIGRATIONS.length;

/**
 * Brings a database to `LEDGER_VERSION`, all steps in one transaction. Several programs may open a new one at the same
 * moment, so the version is read again inside it. Throws CtmError `ledger` for one written by a newer program.
 */
export function migrate(db: Db): void {
  const version = versionOf(db);
  if (version > LEDGER_VERSION) {
    throw new CtmError(
      "ledger",
      `the database was written by a newer ctm (version ${version}, this one knows ${LEDGER_VERSION}); it was left untouched`,
    );
  }
  MIGRATE.pass(() =>
    db
      .transaction(() => {
        for (let from = versionOf(db); from < LEDGER_VERSION; from += 1) {
          db.exec(MIGRATIONS[from] ?? "");
          db.pragma(`user_version = ${from + 1}`);
        }
      })
      .immediate(),
  );
  // This connection may have looked at the tables before another one changed them, and SQLite compiles statements
  // from what it remembers. Reading its own schema makes it notice.
  db.prepare("SELECT count(*) FROM sqlite_schema").get();
}

/** Version of an open database; 0: it is new. */
export function versionOf(db: Db): number {
  return Number(db.pragma("user_version", { simple: true }));
}
