/** `ctm doctor` where the ledger itself is what is ill: everything else is still looked at. */
import { CtmError } from "../base/errors.ts";
import type { CommandHost } from "../commands/host.ts";
import type { Config } from "../config.ts";
import { doctorRequest } from "../doctor-request.ts";
import { runDoctor } from "../doctor.ts";
import { withHost } from "./reach.ts";

/** The report as plain data: from the house, or without it when it cannot be opened. */
export async function examine(config: Config): Promise<unknown> {
  try {
    return await withHost(config, (host: CommandHost) => host.run("doctor", {}));
  } catch (error) {
    if (!(error instanceof CtmError)) throw error;
    const openLedger = (): never => {
      throw error;
    };
    return runDoctor(doctorRequest(config, openLedger, () => null));
  }
}
