import { describe, expect, test } from "vitest";
import { agentWords } from "../../src/base/agent-words.ts";
import { redacted, redactedOrNull } from "../../src/base/redact.ts";
import { plantedSecrets } from "../support/planted-secrets.ts";

describe("keys in a text", () => {
  test.each(plantedSecrets("Un5"))(
    "$kind: goes, wherever it stands, and what is around it stays",
    ({ form, secrets }) => {
      for (const text of [form, `before ${form} after`, `"${form}"\nnext`, `(${form})`]) {
        const shown = redacted(text);
        for (const secret of secrets) expect(shown).not.toContain(secret);
        expect(shown).toContain("[redacted: ");
        expect(redacted(shown)).toBe(shown);
      }
      expect(redacted(`before ${form}\nafter`)).toMatch(/^before [^]*\nafter$/);
    },
  );

  test.each([
    "Fix the login: tokens: 12,345 used of 100,000",
    "sk-learn is a library, sk-toolkit-for-everyone too",
    "the password field must be at least 12 characters",
    "key: value, secret: none, token: undefined",
    "https://example.com:8080/path@2x and user@example.com",
    "Cookies? yes. Set the cookie banner to dark.",
    "basic authentication is supported",
    "AKIA is a prefix; xoxo; npm_config_cache; eyJ",
    "git commit -m 'rotate API keys' # ghp_short",
  ])("%j holds none", (text) => {
    expect(redacted(text)).toBe(text);
  });

  test("a hostile text takes no longer than any other", () => {
    const hostile = [
      "eyJ",
      "sk-",
      "-----BEGIN PRIVATE KEY-----",
      "://a:",
      "secret=",
      "cookie:",
      "AKIA",
      "bearer ",
      "token-",
    ];
    for (const part of hostile)
      expect(redacted(part.repeat(200_000 / part.length)).length).toBeGreaterThan(0);
  });

  test("a text that is missing stays missing", () => {
    expect(redactedOrNull(null)).toBeNull();
    expect(redactedOrNull("x")).toBe("x");
  });

  test("an agent's words lose their control sequences first, so that none hides a key", () => {
    expect(agentWords("\u001b]0;t\u0007gh\u001b[1mp_0123456789abcdefghij\rover")).toBe(
      "[redacted: GitHub token]\nover",
    );
  });
});
