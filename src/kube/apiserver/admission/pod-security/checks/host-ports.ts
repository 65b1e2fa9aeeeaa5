import {
  type Check,
  type CheckedPod,
  containers,
  counted,
  named,
  namesOf,
  sorted,
  type Violation,
} from "../check.ts";

interface WithPorts {
  ports?: { hostPort?: number }[];
}

export const hostPorts: Check = { id: "hostPorts", rules: [{ since: 0, rule }] };

function rule({ spec }: CheckedPod): Violation | undefined {
  const bad = namesOf(spec, (one) => hostPortsOf(one).length > 0);
  if (bad.length === 0) return undefined;
  const ports = sorted(containers(spec).flatMap(hostPortsOf));
  const use = bad.length === 1 ? "uses" : "use";
  return {
    reason: "hostPort",
    detail: `${named("container", bad)} ${use} ${counted("hostPort", ports)} ${ports.join(", ")}`,
  };
}

const hostPortsOf = ({ ports }: WithPorts): string[] =>
  (ports ?? []).filter(({ hostPort }) => hostPort).map(({ hostPort }) => String(hostPort));
