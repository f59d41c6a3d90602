/** Where the HTTP server listens: at the first of some ports that is free. */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { CtmError } from "../../base/errors.ts";
import { faultPoint } from "../../faults/fault-point.ts";

const LISTEN = faultPoint("http.listen");

/** At the first of these ports that is free; 0 = any that is. Returns the port. Throws CtmError `io` when none can be had. */
export async function listenSomewhere(
  server: Server,
  bind: string,
  ports: readonly number[],
): Promise<number> {
  let last: unknown = null;
  for (const port of ports) {
    try {
      return await listen(server, bind, port);
    } catch (error) {
      last = error;
      if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) break;
    }
  }
  throw unreachable(bind, ports, last);
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((listening, failed) => {
    server.once("error", failed);
    LISTEN.pass(() =>
      server.listen({ port, host, exclusive: true }, () => {
        server.off("error", failed);
        listening((server.address() as AddressInfo).port);
      }),
    );
  });
}

function unreachable(bind: string, ports: readonly number[], cause: unknown): CtmError {
  const [first = 0] = ports;
  const last = ports.at(-1) ?? first;
  const which = first === last ? `port ${first}` : `every port from ${first} to ${last}`;
  const isBusy = cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE";
  const reason = isBusy
    ? `${which} of ${bind} is taken`
    : cause instanceof Error
      ? cause.message
      : String(cause);
  return new CtmError("io", `the dashboard cannot listen: ${reason}`, [
    "Set dashboard.port to another one (0: any that is free), or dashboard.enabled to false.",
  ]);
}
