/**
 * Keys and passwords taken out of what is written down a second time: facts, reasons, questions, answers, the
 * prompt's history. A text a person gave as a task stays as it is; copies of it, and of what agents say, need no keys.
 *
 * It knows the usual forms, not every secret. Each pattern fails after a bounded number of characters, so that a
 * hostile text of any length is read in linear time.
 */

/** Each form with what is said in its place; of a form with groups, the first group is kept. */
const FORMS: readonly (readonly [name: string, form: RegExp])[] = [
  [
    "private key",
    /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----(?:(?!-----)[^])*(?:-----END [A-Z0-9 ]{0,40}-----)?/g,
  ],
  ["token", /(?<![A-Za-z0-9])eyJ[\w-]{16,}(?:\.[\w-]+){0,2}/g],
  ["Anthropic key", /(?<![A-Za-z0-9])sk-ant-[\w-]{8,}/g],
  ["API key", /(?<![A-Za-z0-9])(?:sk|rk|pk)[-_](?=[\w-]{0,100}\d)[\w-]{16,}/g],
  ["GitHub token", /(?<![A-Za-z0-9])(?:gh[pousr]_|github_pat_)\w{16,}/g],
  ["GitLab token", /(?<![A-Za-z0-9])glpat-[\w-]{16,}/g],
  [
    "AWS key",
    /(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?:[\s:,/]{1,4}[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+]))?/g,
  ],
  ["Slack token", /(?<![A-Za-z0-9])(?:xox[a-z]|xapp)-[\w-]{10,}/g],
  ["Google key", /(?<![A-Za-z0-9])AIza[\w-]{30,}/g],
  ["npm token", /(?<![A-Za-z0-9])npm_[A-Za-z0-9]{30,}/g],
  ["token", /(?<![A-Za-z0-9])hf_[A-Za-z0-9]{20,}/g],
  ["cookie", /((?:set-)?cookie["']?\s{0,3}[:=]\s{0,3})["']?[^\s=;"']{1,100}=[^\r\n]{4,}/gi],
  ["password", /(:\/\/[^\s/:@]{0,100}:)[^\s/@]{1,256}(?=@)/g],
  ["token", /((?:bearer|basic)\s{1,4})[\w.~+/=-]{16,}/gi],
  [
    "secret",
    /((?:secret|token|passwo?r?d|api[_-]?key|access[_-]?key|credentials?)[\w-]{0,40}["']?\s{0,3}[:=]\s{0,3}["']?)(?=[^\s"',;]{0,200}\d)(?=[^\s"',;]{0,200}[A-Za-z])(?!\[redacted)[^\s"',;]{8,}/gi,
  ],
];

/** A text without any of these needs no closer look. */
const SUSPICIOUS =
  /-----BEGIN|eyJ|(?:sk|rk|pk)[-_]|gh[pousr]_|github_pat_|glpat-|AKIA|ASIA|xox|xapp-|AIza|npm_|hf_|cookie|:\/\/|bearer|basic|secret|token|passw|key|credential/i;

/** The text with every key it is known to hold replaced by `[redacted: its kind]`. */
export function redacted(text: string): string {
  if (!SUSPICIOUS.test(text)) return text;
  return FORMS.reduce(
    (rest, [name, form]) =>
      rest.replace(
        form,
        (_found: string, kept: unknown) => `${typeof kept === "string" ? kept : ""}[redacted: ${name}]`,
      ),
    text,
  );
}

/** The same for a text that may be missing. */
export function redactedOrNull(text: string | null): string | null {
  return text === null ? null : redacted(text);
}
