import { makeValue } from "../history.ts";
import type { WireTransaction } from "../protocol.ts";
import type { FaultContext } from "./fault.ts";

const PROBE = "/registry/probe";

export function putProbe({ random }: FaultContext, sizeBytes = 0): WireTransaction {
  const value = makeValue(`probe-${random.between(0, 2 ** 31)}`, sizeBytes);
  return { compare: [], success: [{ type: "put", key: PROBE, value }], failure: [] };
}

export const deleteProbe: WireTransaction = {
  compare: [],
  success: [{ type: "delete", key: PROBE }],
  failure: [],
};

export async function expectReads({ ask, violations }: FaultContext, property: string): Promise<void> {
  await ask((client) => client.call("range", { prefix: "/registry/pods/" })).catch((error) =>
    violations.add(property, String(error)),
  );
}

/** Without a restart. */
export async function expectWritesWork(context: FaultContext): Promise<void> {
  let outcome = "";
  for (let attempt = 0; attempt < 40 && outcome !== "ok"; attempt++) {
    outcome = await context.probe(putProbe(context));
    if (outcome !== "ok") await context.pause(50);
  }
  context.violations.expect(outcome === "ok", "it writes again when there is space", () => outcome);
}
