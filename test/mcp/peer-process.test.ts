import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { existsSync } from "node:fs";
import { expect, it, onTestFinished } from "vitest";
import { processOfConnection } from "../../src/mcp/peer-process.ts";

it.skipIf(!existsSync("/proc/net/tcp"))(
  "finds who is at the other end of a connection (needs Linux), and nobody where there is none",
  async () => {
    for (const host of ["127.0.0.1", "::1"]) {
      const server = createServer();
      const listens = await once(server.listen(0, host), "listening").then(
        () => true,
        () => false,
      );
      // A machine without IPv6 has no second case.
      if (!listens) continue;
      const { port } = server.address() as AddressInfo;
      const client = connect(port, host);
      const [socket] = (await once(server, "connection")) as [Socket];
      onTestFinished(() => {
        client.destroy();
        socket.destroy();
        server.close();
      });
      const from = socket.remotePort ?? 0;
      expect(processOfConnection(from, port)).toBe(process.pid);
      expect(processOfConnection(port, port)).toBeNull();
    }
  },
);
