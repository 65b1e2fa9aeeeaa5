import { type Clock, errorMessage, isGantryError, type Logger } from "../../../base/index.ts";
import type { CriRuntimeService } from "../../../cri/types.ts";
import type { Container, Probe } from "../../api/index.ts";
import { expand } from "../env/expansion.ts";
import { probeGrpc } from "./grpc-probe.ts";
import { probeHttp } from "./http-probe.ts";
import { httpTargetOf, portOf } from "./probe-target.ts";
import type { ProbeOutcome } from "./probe-view.ts";
import { probeTcp } from "./tcp-probe.ts";

export interface ProbeFinding {
  outcome: ProbeOutcome;
  output: string;
}

/** What one probe of one container is done to. */
export interface ProbeSubject {
  container: Container;
  containerId: string;
  podIp: string;
}

export interface ProberOptions {
  runtime: CriRuntimeService;
  logger: Logger;
  clock: Clock;
}

/** Runs a probe once. `unknown` stands for a probe that could not be done at all. */
export async function runProbe(
  probe: Probe,
  subject: ProbeSubject,
  options: ProberOptions,
): Promise<ProbeFinding> {
  const { container, podIp } = subject;
  const timeoutSeconds = probe.timeoutSeconds ?? 1;
  const timeoutMs = timeoutSeconds * 1000;
  const { clock } = options;
  try {
    if (probe.exec) return await probeExec(probe.exec.command ?? [], subject, timeoutSeconds, options);
    if (probe.httpGet)
      return await probeHttp(httpTargetOf(probe.httpGet, container, podIp), timeoutMs, clock);
    if (probe.tcpSocket) {
      const { host, port } = probe.tcpSocket;
      return await probeTcp(host || podIp, portOf(port, container), timeoutMs, clock);
    }
    if (probe.grpc)
      return await probeGrpc(podIp, probe.grpc.port, probe.grpc.service ?? "", timeoutMs, clock);
    return { outcome: "unknown", output: "missing probe handler" };
  } catch (error) {
    return { outcome: "unknown", output: errorMessage(error) };
  }
}

async function probeExec(
  command: string[],
  { container, containerId }: ProbeSubject,
  timeoutSeconds: number,
  { runtime }: ProberOptions,
): Promise<ProbeFinding> {
  const env = new Map((container.env ?? []).map(({ name, value }) => [name, value]));
  const expanded = command.map((word) => expand(word, (name) => env.get(name)));
  try {
    const { stdout, stderr, exitCode } = await runtime.execSync(containerId, expanded, timeoutSeconds);
    const output = Buffer.concat([stdout, stderr])
      .subarray(0, 10 * 1024)
      .toString();
    return { outcome: exitCode === 0 ? "success" : "failure", output };
  } catch (error) {
    if (!isGantryError(error, "DeadlineExceeded")) throw error;
    return {
      outcome: "failure",
      output: `command timed out: ${JSON.stringify(expanded.join(" "))} timed out after ${timeoutSeconds}s`,
    };
  }
}
