/**
 * What services send over HTTP, as events: who may send is checked over the bytes as they came, then the few fields
 * that matter are taken out of the payload. The rest of it is not kept.
 */
import { createHash } from "node:crypto";
import { CtmError } from "../base/errors.ts";
import { wellFormed } from "../base/typed-text.ts";
import { checkedData, parseEnvelope, parsedJson, type Envelope, type Json } from "./envelope.ts";
import { hexSignatureHolds, standardSignatureHolds, tokenHolds } from "./signature.ts";

export const HOOK_PROVIDERS = ["github", "gitlab", "git", "generic", "standard"] as const;
export type HookProvider = (typeof HOOK_PROVIDERS)[number];

export interface Hook {
  readonly provider: HookProvider;
  readonly secret: string;
  /** Only these may send; null = all that know the secret. */
  readonly repositories: readonly string[] | null;
}

export interface HookRequest {
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

/** Longest text of a payload that is kept: a title, a message. */
const textMaxChars = 500;
const listMax = 20;

/** Does the sender know the hook's secret? */
export function senderHolds({ provider, secret }: Hook, request: HookRequest, nowMs: number): boolean {
  const { headers, body } = request;
  switch (provider) {
    case "github":
    case "git":
    case "generic":
      return hexSignatureHolds(secret, body, headers["x-hub-signature-256"]);
    case "gitlab":
      return tokenHolds(secret, headers["x-gitlab-token"]);
    case "standard":
      return standardSignatureHolds(secret, body, standardHeaders(headers), nowMs);
    default:
      return provider satisfies never;
  }
}

export function standardHeaders(headers: HookRequest["headers"]) {
  return {
    id: headers["webhook-id"],
    timestamp: headers["webhook-timestamp"],
    signature: headers["webhook-signature"],
  };
}

/** What was sent, whoever redelivers it under another name: the same bytes are the same event. */
export function fingerprint({ headers, body }: HookRequest): string {
  const kind = headers["x-github-event"] ?? headers["x-gitlab-event"] ?? "";
  return createHash("sha256").update(kind).update("\0").update(body).digest("hex").slice(0, 40);
}

/**
 * By what it is known when somebody who kept it sends it much later: its bytes, where no time is signed. Null: its time is
 * signed, or nothing in it says which of several alike it is (any CI without an id).
 */
export function lastingMark(hook: Hook, request: HookRequest, event: Envelope): string | null {
  const own = fingerprint(request);
  switch (hook.provider) {
    case "github":
    case "gitlab":
    case "git":
      return own;
    case "generic":
      return event.id === own ? null : own;
    case "standard":
      return null;
    default:
      return hook.provider satisfies never;
  }
}

/** The event of a request whose sender is known. Throws CtmError `usage` for no payload, `refused` for a stranger's repository. */
export function hookEvent(name: string, hook: Hook, request: HookRequest): Envelope {
  const text = new TextDecoder("utf-8", { fatal: false }).decode(request.body);
  const payload = checkedData(parsedJson(text));
  const event = parseEnvelope(mapped(name, hook.provider, new Fields(payload), payload, request));
  if (hook.repositories !== null) {
    const repository = new Fields(event.data).text("repository");
    if (repository === null || !hook.repositories.includes(repository))
      throw new CtmError("refused", "this repository is not on the hook's list");
  }
  return event;
}

function mapped(
  name: string,
  provider: HookProvider,
  fields: Fields,
  payload: Json,
  request: HookRequest,
): unknown {
  const { headers } = request;
  const own = fingerprint(request);
  switch (provider) {
    case "github":
      return {
        ...frame(name, headers["x-github-delivery"] ?? own),
        ...github(headers["x-github-event"] ?? "", fields),
      };
    case "gitlab": {
      const id = headers["idempotency-key"] ?? headers["x-gitlab-event-uuid"] ?? own;
      return { ...frame(name, id), ...gitlab(headers["x-gitlab-event"] ?? "", fields) };
    }
    case "git":
      return { ...frame(name, own), ...gitPush(fields) };
    case "generic":
      return { ...frame(name, fields.text("id") ?? own), ...generic(fields) };
    case "standard":
      return fields.text("specversion") === null
        ? {
            ...frame(name, headers["webhook-id"] ?? own),
            type: fields.text("type") ?? "webhook",
            data: fields.at("data") ?? payload,
          }
        : payload;
    default:
      return provider satisfies never;
  }
}

function frame(name: string, id: string) {
  return { specversion: "1.0", source: `hooks/${name}`, id };
}

interface Told {
  readonly type: string;
  readonly subject?: string;
  readonly priority?: string;
  readonly data: Json;
}

// ── GitHub ────────────────────────────────────────────────────────────────────────────────────────

function github(kind: string, from: Fields): Told {
  const common = {
    repository: from.text("repository.full_name"),
    sender: from.text("sender.login"),
    bot: from.text("sender.type") === "Bot",
    action: from.text("action"),
  };
  switch (kind) {
    case "push":
      return { type: "git.push", ...subjectOf(from.text("ref")), data: { ...common, ...pushOf(from) } };
    case "pull_request": {
      const type = common.action === "review_requested" ? "git.review_requested" : "git.pull_request";
      return { type, ...subjectOf(from.text("number")), data: { ...common, ...pullRequestOf(from) } };
    }
    case "workflow_run":
    case "check_suite":
    case "check_run":
      return {
        type: ciType(from.text(`${kind}.conclusion`)),
        ...subjectOf(runName(from, kind)),
        data: { ...common, ...runOf(from, kind) },
      };
    case "deployment_status":
      return {
        type: "deploy.stage",
        ...subjectOf(from.text("deployment.environment")),
        data: {
          ...common,
          stage: from.text("deployment_status.state"),
          environment: from.text("deployment.environment"),
          commit: from.text("deployment.sha"),
          description: from.text("deployment_status.description"),
        },
      };
    default:
      return {
        type: /^[a-z_]{1,60}$/.test(kind) ? `github.${kind}` : "github.unknown",
        data: {
          ...common,
          title: from.text("issue.title") ?? from.text("release.name"),
          number: from.number("issue.number"),
          url: from.text("issue.html_url") ?? from.text("release.html_url"),
          association: from.text("issue.author_association") ?? from.text("comment.author_association"),
        },
      };
  }
}

function pushOf(from: Fields): Readonly<Record<string, Json>> {
  return {
    branch: from.text("ref")?.replace(/^refs\/heads\//, "") ?? null,
    before: from.text("before"),
    after: from.text("after") ?? from.text("checkout_sha"),
    forced: from.flag("forced"),
    deleted: from.flag("deleted"),
    commits: from.list("commits").map((commit) => ({
      id: commit.text("id"),
      message: commit.text("message"),
      author: commit.text("author.name"),
    })),
    url: from.text("compare"),
  };
}

function pullRequestOf(from: Fields): Readonly<Record<string, Json>> {
  const asked = from.text("requested_reviewer.login") ?? from.text("requested_team.slug");
  return {
    number: from.number("number"),
    title: from.text("pull_request.title"),
    author: from.text("pull_request.user.login"),
    association: from.text("pull_request.author_association"),
    reviewer: asked,
    draft: from.flag("pull_request.draft"),
    branch: from.text("pull_request.head.ref"),
    base: from.text("pull_request.base.ref"),
    commit: from.text("pull_request.head.sha"),
    fork: from.flag("pull_request.head.repo.fork"),
    url: from.text("pull_request.html_url"),
  };
}

function runOf(from: Fields, kind: string): Readonly<Record<string, Json>> {
  return {
    name: runName(from, kind),
    status: from.text(`${kind}.status`),
    conclusion: from.text(`${kind}.conclusion`),
    branch: from.text(`${kind}.head_branch`) ?? from.text(`${kind}.check_suite.head_branch`),
    commit: from.text(`${kind}.head_sha`),
    attempt: from.number(`${kind}.run_attempt`),
    cause: from.text(`${kind}.event`),
    fork: from.flag(`${kind}.head_repository.fork`),
    url: from.text(`${kind}.html_url`),
  };
}

/** A suite of checks has none of its own. */
function runName(from: Fields, kind: string): string | null {
  return from.text(`${kind}.name`) ?? from.text(`${kind}.app.name`);
}

// ── GitLab ────────────────────────────────────────────────────────────────────────────────────────

function gitlab(kind: string, from: Fields): Told {
  const common = {
    repository: from.text("project.path_with_namespace"),
    sender: from.text("user_username") ?? from.text("user.username"),
    action: from.text("object_attributes.action"),
  };
  switch (kind) {
    case "Push Hook":
      return { type: "git.push", ...subjectOf(from.text("ref")), data: { ...common, ...pushOf(from) } };
    case "Merge Request Hook": {
      const askedAtOnce = common.action === "open" && from.list("reviewers").length > 0;
      const asked = askedAtOnce || from.list("changes.reviewers.current").length > 0;
      return {
        type: asked ? "git.review_requested" : "git.pull_request",
        ...subjectOf(from.text("object_attributes.iid")),
        data: {
          ...common,
          number: from.number("object_attributes.iid"),
          title: from.text("object_attributes.title"),
          reviewers: from.list("reviewers").map((reviewer) => reviewer.text("username")),
          branch: from.text("object_attributes.source_branch"),
          base: from.text("object_attributes.target_branch"),
          commit: from.text("object_attributes.last_commit.id"),
          url: from.text("object_attributes.url"),
        },
      };
    }
    case "Pipeline Hook":
      return {
        type: ciType(from.text("object_attributes.status")),
        ...subjectOf(from.text("object_attributes.ref")),
        data: {
          ...common,
          status: from.text("object_attributes.status"),
          branch: from.text("object_attributes.ref"),
          commit: from.text("object_attributes.sha"),
          cause: from.text("object_attributes.source"),
          url: from.text("object_attributes.url"),
        },
      };
    case "Deployment Hook":
      return {
        type: "deploy.stage",
        ...subjectOf(from.text("environment")),
        data: {
          ...common,
          stage: from.text("status"),
          environment: from.text("environment"),
          commit: from.text("short_sha"),
          url: from.text("deployable_url"),
        },
      };
    default: {
      const plain = kind
        .toLowerCase()
        .replace(/ hook$/, "")
        .replaceAll(" ", "_");
      return {
        type: /^[a-z_]{1,60}$/.test(plain) ? `gitlab.${plain}` : "gitlab.unknown",
        data: {
          ...common,
          title: from.text("object_attributes.title"),
          url: from.text("object_attributes.url"),
        },
      };
    }
  }
}

// ── plain git, and any other CI ───────────────────────────────────────────────────────────────────

/** What the post-receive script sends: repository, ref, before and after. */
function gitPush(from: Fields): Told {
  const data = { repository: from.text("repository"), sender: from.text("user"), ...pushOf(from) };
  return { type: "git.push", ...subjectOf(from.text("ref")), data };
}

/** `status` makes it one of CI, `stage` one of a deployment, `type` whatever it says. */
function generic(from: Fields): Told {
  const data = {
    repository: from.text("repository"),
    name: from.text("name"),
    status: from.text("status"),
    stage: from.text("stage"),
    environment: from.text("environment"),
    branch: from.text("branch"),
    commit: from.text("commit"),
    message: from.text("message"),
    url: from.text("url"),
    more: from.at("data") ?? null,
  };
  const said = from.text("type");
  const type = said ?? (data.stage === null ? ciType(data.status) : "deploy.stage");
  return { type, ...subjectOf(from.text("subject") ?? data.name), data };
}

/** ci.failed, ci.passed, or ci.running for what has not ended. */
function ciType(conclusion: string | null): string {
  if (/^(?:failure|failed|error|timed_out|startup_failure)$/.test(conclusion ?? "")) return "ci.failed";
  if (/^(?:success|passed|ok)$/.test(conclusion ?? "")) return "ci.passed";
  return /^(?:cancelled|canceled|skipped|neutral|stale)$/.test(conclusion ?? "")
    ? "ci.skipped"
    : "ci.running";
}

function subjectOf(text: string | null): { subject?: string } {
  const plain = text?.replace(/[\p{Cc}\p{Cs}]/gu, " ").trim() ?? "";
  return plain === "" ? {} : { subject: plain };
}

/** Fields of a payload by their path: what is not there, or not of that kind, is null. */
class Fields {
  readonly #value: Json | undefined;

  constructor(value: Json | undefined) {
    this.#value = value;
  }

  at(path: string): Json | undefined {
    let value = this.#value;
    for (const key of path.split(".")) {
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
      value = (value as Readonly<Record<string, Json>>)[key];
    }
    return value;
  }

  text(path: string): string | null {
    const value = this.at(path);
    if (typeof value === "number") return String(value);
    return typeof value === "string" && value !== "" ? wellFormed(value.slice(0, textMaxChars)) : null;
  }

  number(path: string): number | null {
    const value = this.at(path);
    return typeof value === "number" ? value : null;
  }

  flag(path: string): boolean | null {
    const value = this.at(path);
    return typeof value === "boolean" ? value : null;
  }

  list(path: string): Fields[] {
    const value = this.at(path);
    return Array.isArray(value) ? value.slice(0, listMax).map((item: Json) => new Fields(item)) : [];
  }
}
