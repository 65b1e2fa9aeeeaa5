import { type Check, type CheckedPod, named, type Violation } from "../check.ts";

export const hostPathVolumes: Check = { id: "hostPathVolumes", rules: [{ since: 0, rule }] };

function rule({ spec }: CheckedPod): Violation | undefined {
  const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath).map(({ name }) => name);
  return names.length === 0 ? undefined : { reason: "hostPath volumes", detail: named("volume", names) };
}
