/** Calls to an HTTP server of ours as any program could send them: heads and bodies just as they are given. */
import { request as ask, type IncomingHttpHeaders } from "node:http";

export interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly key?: string;
}

export function webCall(
  port: number,
  path: string,
  { method = "GET", headers = {}, body, key }: Sent = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const bearer = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const sent = ask(
      { host: "127.0.0.1", port, path, method, agent: false, headers: { ...bearer, ...headers } },
      (response) => {
        const pieces: Buffer[] = [];
        response.on("data", (piece: Buffer) => pieces.push(piece));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(pieces).toString(),
          }),
        );
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}
