import { connect } from "node:net";
import type { Clock } from "../../../base/index.ts";
import { networkFailure } from "./http-probe.ts";
import type { ProbeFinding } from "./prober.ts";

/** Healthy when the port takes a connection. */
export function probeTcp(host: string, port: number, timeoutMs: number, clock: Clock): Promise<ProbeFinding> {
  const address = `${host}:${port}`;
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (finding: ProbeFinding) => {
      cancel();
      socket.removeAllListeners();
      socket.on("error", () => {});
      socket.destroy();
      resolve(finding);
    };
    const cancel = clock.after(timeoutMs, () =>
      finish({ outcome: "failure", output: `dial tcp ${address}: i/o timeout` }),
    );
    socket.on("connect", () => finish({ outcome: "success", output: "" }));
    socket.on("error", (error) => finish({ outcome: "failure", output: networkFailure(address, error) }));
  });
}
