import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CtmError } from "../../src/base/errors.ts";
import {
  fingerprint,
  hookEvent,
  senderHolds,
  type Hook,
  type HookProvider,
  type HookRequest,
} from "../../src/activation/hooks.ts";
import { standardSignature } from "../../src/activation/signature.ts";
import * as payloads from "./payloads.ts";

const SECRET = "a secret of the test";
const NOW_MS = Date.parse("2026-02-13T10:00:00Z");
const hook = (provider: HookProvider, repositories: readonly string[] | null = null): Hook => ({
  provider,
  secret: SECRET,
  repositories,
});
const hex = (body: Uint8Array, secret = SECRET): string =>
  `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
function request(payload: unknown, headers: HookRequest["headers"] = {}): HookRequest {
  const body = Buffer.from(typeof payload === "string" ? payload : JSON.stringify(payload));
  return { body, headers: { "x-hub-signature-256": hex(body), ...headers } };
}

describe("what services send", () => {
  it.each<[string, HookProvider, object, HookRequest["headers"], object]>([
    [
      "a push of GitHub's",
      "github",
      payloads.GITHUB_PUSH,
      { "x-github-event": "push", "x-github-delivery": "d-1" },
      {
        id: "d-1",
        source: "hooks/h",
        type: "git.push",
        subject: "refs/heads/main",
        data: {
          repository: "me/app",
          branch: "main",
          sender: "ann",
          bot: false,
          commits: [{ author: "Ann", message: "Fix the login\n\nIt was broken." }],
        },
      },
    ],
    [
      "a review that was asked for",
      "github",
      payloads.GITHUB_REVIEW,
      { "x-github-event": "pull_request", "x-github-delivery": "d-2" },
      {
        type: "git.review_requested",
        subject: "7",
        data: { reviewer: "ann", author: "mallory", association: "NONE", fork: true, number: 7 },
      },
    ],
    [
      "a run of Actions that failed",
      "github",
      payloads.GITHUB_RUN_FAILED,
      { "x-github-event": "workflow_run" },
      { type: "ci.failed", subject: "CI", data: { conclusion: "failure", branch: "main", fork: false } },
    ],
    [
      "a stage of a deployment",
      "github",
      payloads.GITHUB_DEPLOYMENT,
      { "x-github-event": "deployment_status" },
      { type: "deploy.stage", subject: "production", data: { stage: "in_progress", bot: true } },
    ],
    [
      "anything else of GitHub's",
      "github",
      { action: "opened", issue: { number: 3, title: "Help", author_association: "NONE" } },
      { "x-github-event": "issues" },
      { type: "github.issues", data: { title: "Help", association: "NONE" } },
    ],
    [
      "a push of GitLab's",
      "gitlab",
      payloads.GITLAB_PUSH,
      { "x-gitlab-event": "Push Hook", "x-gitlab-event-uuid": "u-1" },
      { id: "u-1", type: "git.push", data: { repository: "me/app", branch: "main", sender: "ann" } },
    ],
    [
      "a review of GitLab's",
      "gitlab",
      payloads.GITLAB_REVIEW,
      { "x-gitlab-event": "Merge Request Hook" },
      { type: "git.review_requested", subject: "7", data: { reviewers: ["ben"], base: "main" } },
    ],
    [
      "a pipeline of GitLab's",
      "gitlab",
      payloads.GITLAB_PIPELINE,
      { "x-gitlab-event": "Pipeline Hook" },
      { type: "ci.failed", data: { branch: "main", status: "failed" } },
    ],
    [
      "a check that failed",
      "github",
      payloads.GITHUB_CHECK_RUN,
      { "x-github-event": "check_run" },
      { type: "ci.failed", subject: "build", data: { conclusion: "timed_out", branch: "main" } },
    ],
    [
      "a suite of checks that passed",
      "github",
      payloads.GITHUB_CHECK_SUITE,
      { "x-github-event": "check_suite" },
      { type: "ci.passed", subject: "Actions", data: { name: "Actions", branch: "main" } },
    ],
    [
      "a run that was cancelled",
      "github",
      {
        ...payloads.GITHUB_RUN_FAILED,
        workflow_run: { ...payloads.GITHUB_RUN_FAILED.workflow_run, conclusion: "cancelled" },
      },
      { "x-github-event": "workflow_run" },
      { type: "ci.skipped" },
    ],
    [
      "a run that has begun",
      "github",
      {
        ...payloads.GITHUB_RUN_FAILED,
        action: "in_progress",
        workflow_run: { ...payloads.GITHUB_RUN_FAILED.workflow_run, conclusion: null },
      },
      { "x-github-event": "workflow_run" },
      { type: "ci.running" },
    ],
    [
      "a request of GitLab's that is opened with reviewers",
      "gitlab",
      payloads.GITLAB_OPENED,
      { "x-gitlab-event": "Merge Request Hook" },
      { type: "git.review_requested", subject: "8", data: { reviewers: ["ben"] } },
    ],
    [
      "a stage of a deployment of GitLab's",
      "gitlab",
      payloads.GITLAB_DEPLOYMENT,
      { "x-gitlab-event": "Deployment Hook" },
      {
        type: "deploy.stage",
        subject: "staging",
        data: { stage: "success", commit: "22222222", sender: "ann" },
      },
    ],
    [
      "a pipeline of GitLab's that passed",
      "gitlab",
      {
        ...payloads.GITLAB_PIPELINE,
        object_attributes: { ...payloads.GITLAB_PIPELINE.object_attributes, status: "success" },
      },
      { "x-gitlab-event": "Pipeline Hook" },
      { type: "ci.passed" },
    ],
    [
      "a push of plain git's",
      "git",
      { repository: "me/app", ref: "refs/heads/main", before: "1", after: "2", user: "ann" },
      {},
      { type: "git.push", data: { repository: "me/app", branch: "main", after: "2", sender: "ann" } },
    ],
    [
      "any CI",
      "generic",
      { name: "nightly", status: "error", id: "n-1" },
      {},
      { id: "n-1", type: "ci.failed" },
    ],
    ["any deployment", "generic", { stage: "canary", environment: "eu" }, {}, { type: "deploy.stage" }],
    [
      "Standard Webhooks",
      "standard",
      { type: "invoice.paid", data: { amount: 7 } },
      { "webhook-id": "m-1" },
      { id: "m-1", type: "invoice.paid", data: { amount: 7 } },
    ],
  ])("%s", (_what, provider, payload, headers, expected) => {
    expect(hookEvent("h", hook(provider), request(payload, headers))).toMatchObject(expected);
  });

  it("come from repositories on the list alone", () => {
    const push = request(payloads.GITHUB_PUSH, { "x-github-event": "push" });
    expect(hookEvent("h", hook("github", ["me/app"]), push).type).toBe("git.push");
    expect(() => hookEvent("h", hook("github", ["me/other"]), push)).toThrow(/not on the hook's list/);
    expect(() => hookEvent("h", hook("generic", ["me/app"]), request({}))).toThrow(CtmError);
  });

  it("are the same by their bytes, whatever the delivery is called", () => {
    const first = request(payloads.GITHUB_PUSH, { "x-github-event": "push", "x-github-delivery": "1" });
    const again = request(payloads.GITHUB_PUSH, { "x-github-event": "push", "x-github-delivery": "2" });
    expect(fingerprint(first)).toBe(fingerprint(again));
    expect(fingerprint(request(payloads.GITHUB_REVIEW))).not.toBe(fingerprint(first));
  });

  it("become an event or are refused, whatever they hold", () => {
    const headers = fc.record({
      "x-github-event": fc.constantFrom("push", "pull_request", "workflow_run", "issues", "\u0000"),
      "x-gitlab-event": fc.constantFrom("Push Hook", "Merge Request Hook", "x"),
      "x-github-delivery": fc.string(),
    });
    const provider = fc.constantFrom<HookProvider>("github", "gitlab", "git", "generic", "standard");
    fc.assert(
      fc.property(provider, headers, fc.jsonValue(), (kind, sent, payload) => {
        try {
          expect(hookEvent("h", hook(kind), request(payload, sent)).id).not.toBe("");
        } catch (error) {
          expect(error).toBeInstanceOf(CtmError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("A17 A18 who sent it", () => {
  const good = request(payloads.GITHUB_PUSH);
  const holds = (change: HookRequest["headers"], body: Uint8Array = good.body): boolean =>
    senderHolds(hook("github"), { body, headers: { ...good.headers, ...change } }, NOW_MS);

  it.each<[string, string | undefined]>([
    ["none", undefined],
    ["empty", "sha256="],
    ["three bytes", "sha256=abcdef"],
    ["no hex", `sha256=${"z".repeat(64)}`],
    ["another algorithm", `sha1=${"a".repeat(40)}`],
    ["of another secret", hex(good.body, "another")],
    ["huge", `sha256=${"a".repeat(100_000)}`],
    ["twice", `${hex(good.body)}, ${hex(good.body)}`],
  ])("a signature that is %s does not hold", (_what, signature) => {
    expect(holds({ "x-hub-signature-256": signature })).toBe(false);
  });

  it("the right one holds, over the bytes as they came", () => {
    expect(holds({})).toBe(true);
    const spaced = Buffer.from('{ "a": 1.0, "b": "\\u00e9" }');
    const again = Buffer.from(JSON.stringify(JSON.parse(spaced.toString())));
    const signature = hex(spaced);
    expect(holds({ "x-hub-signature-256": signature }, spaced)).toBe(true);
    expect(holds({ "x-hub-signature-256": signature }, again)).toBe(false);
  });

  it("GitLab's token holds when it is that token", () => {
    const body = Buffer.from("{}");
    const sent = (token: string | undefined) =>
      senderHolds(hook("gitlab"), { body, headers: { "x-gitlab-token": token } }, NOW_MS);
    expect([SECRET, `${SECRET}x`, "", undefined].map(sent)).toEqual([true, false, false, false]);
  });

  it("Standard Webhooks: id, time and body are signed, and the time is now", () => {
    const body = Buffer.from('{"type":"x"}');
    const seconds = NOW_MS / 1_000;
    const secret = `whsec_${Buffer.from("some bytes that are secret").toString("base64")}`;
    const sent = (change: HookRequest["headers"], at = seconds): boolean => {
      const signature = standardSignature(secret, body, "m-1", at);
      const headers = {
        "webhook-id": "m-1",
        "webhook-timestamp": String(at),
        "webhook-signature": signature,
      };
      const named: Hook = { provider: "standard", secret, repositories: null };
      return senderHolds(named, { body, headers: { ...headers, ...change } }, NOW_MS);
    };
    expect(sent({})).toBe(true);
    expect(sent({ "webhook-signature": `v1,AAAA ${standardSignature(secret, body, "m-1", seconds)}` })).toBe(
      true,
    );
    expect(sent({ "webhook-id": "m-2" })).toBe(false);
    expect(sent({ "webhook-timestamp": String(seconds + 1) })).toBe(false);
    expect([seconds - 300, seconds + 300].map((at) => sent({}, at))).toEqual([true, true]);
    expect([seconds - 301, seconds + 301].map((at) => sent({}, at))).toEqual([false, false]);
    expect(sent({ "webhook-timestamp": "soon" })).toBe(false);
  });
});
