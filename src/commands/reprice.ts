/** `reprice`: the costs of what is booked, computed again by today's prices. */
import * as z from "zod";
import { renderReprice, type RepriceModel } from "../reports/reprice.ts";
import { defineCommand } from "./command.ts";
import { flag } from "./words.ts";

const schema = z.strictObject({ yes: flag });

export const reprice = defineCommand<z.output<typeof schema>, RepriceModel>({
  name: "reprice",
  group: "Limits",
  summary: "Compute the costs of what is booked again",
  options: [{ flags: "--yes", summary: "Book them; without it they are only shown" }],
  notes: [
    "Every booking is priced from its raw counters, at the price of its day. What limits have counted stays as it was:",
    "it is what tasks were let in by. New bookings count by the new prices.",
  ],
  examples: ["reprice", "reprice --yes"],
  needs: "ledger",
  schema,
  run: (app, { yes }) => app.prices.reprice(yes),
  render: (model, paper) => renderReprice(model, paper),
});
