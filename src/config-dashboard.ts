/** What the configuration may say of the dashboard. Open to the network it must be told so in two places. */
import * as z from "zod";
import { section, text, wholeNumber, yesOrNo } from "./config-rules.ts";

const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F:]{2,45})$/;
const NAME = /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.?){0,8}|[0-9a-fA-F:.]{2,45})$/;
const hostsMax = 20;

/** Who can reach an address like this sits at this machine. */
export function isLoopback(address: string): boolean {
  return address === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address);
}

export function dashboard() {
  return section({
    enabled: yesOrNo(),
    bind: text(ADDRESS, "an address of this machine, such as 127.0.0.1"),
    port: wholeNumber(0, 65_535),
    hosts: z
      .array(text(NAME, "a host's name, without a port"), { error: "must be a list of hosts' names" })
      .max(hostsMax, { error: `must not have more than ${hostsMax} names` }),
  }).superRefine(({ bind, hosts }, context) => {
    if (isLoopback(bind) || hosts.length > 0) return;
    context.addIssue({
      code: "custom",
      path: ["bind"],
      message:
        "opens the dashboard to the network, without encryption: name in dashboard.hosts how it will be called there, or leave it at 127.0.0.1",
    });
  });
}
