/** Secrets of twelve kinds, made up here: what is planted, and what must then be found nowhere else. */

export interface Planted {
  readonly kind: string;
  /** As it stands in a text, a header or a file. */
  readonly form: string;
  /** The parts that are secret. */
  readonly secrets: readonly string[];
}

/** Those of one place: `mark` (letters and digits) is in every one of them, so that a leak tells where it came from. */
export function plantedSecrets(mark: string): readonly Planted[] {
  const word = (length: number, seed: string): string => (mark + seed).repeat(length).slice(0, length);
  const openai = `sk-proj-${word(40, "Qz7Lm2Xw9Rk")}`;
  const anthropic = `sk-ant-api03-${word(60, "Vb4Nc8Yd1_T")}`;
  const classic = `ghp_${word(36, "Hs6Jk3Pw0Gf")}`;
  const fine = `github_pat_${word(70, "Ue5Wi9_Xo2A")}`;
  const aws = `AKIA${word(16, "Z3Q8R5T7").toUpperCase()}`;
  const awsSecret = word(40, "wJa1rXUtnFEMI/K7MD+");
  const pem = word(64, "MIIEvQIBADANBgkqhkiG9w0BAQ");
  const jwt = `eyJ${word(24, "hbGciOiJIUzI1N")}.eyJ${word(40, "zdWIiOiIxMjM0")}.${word(43, "SflKxwRJSMeK9_")}`;
  const password = `Pa55w0rd${word(12, "InUrl")}`;
  const cookie = word(32, "s3ss10nC00k1e");
  const slack = `xoxb-1234567890-${word(24, "Kp4Ld8Ms2Nt")}`;
  const google = `AIza${word(35, "SyD4Fg7Hj0Kl")}`;
  const npm = `npm_${word(36, "Bw8Cx3Dy6Ez")}`;
  const key = `-----BEGIN RSA PRIVATE KEY-----\n${pem}\n${pem}\n-----END RSA PRIVATE KEY-----`;
  return [
    { kind: "sk-", form: openai, secrets: [openai] },
    { kind: "sk-ant-", form: anthropic, secrets: [anthropic] },
    { kind: "ghp_", form: classic, secrets: [classic] },
    { kind: "github_pat_", form: fine, secrets: [fine] },
    { kind: "AWS", form: `${aws} ${awsSecret}`, secrets: [aws, awsSecret] },
    { kind: "private key", form: key, secrets: [pem] },
    { kind: "URL password", form: `postgres://admin:${password}@db.example:5432/x`, secrets: [password] },
    { kind: "bearer", form: `Authorization: Bearer ${jwt}`, secrets: [jwt] },
    { kind: "cookie", form: `Cookie: theme=dark; session=${cookie}`, secrets: [cookie] },
    { kind: "Slack", form: slack, secrets: [slack] },
    { kind: "Google", form: google, secrets: [google] },
    { kind: "npm_", form: npm, secrets: [npm] },
  ];
}

/** Every secret part of these by itself. */
export function secretsOf(planted: readonly Planted[]): readonly string[] {
  return planted.flatMap(({ secrets }) => secrets);
}
