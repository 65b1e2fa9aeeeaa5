import { resolve } from "node:path";
import type { OptionSpecs, ParsedArguments } from "./arguments.ts";
import type { KubeletOptions } from "./platform-runner.ts";

const EVICTION = [
  "eviction-hard",
  "eviction-soft",
  "eviction-soft-grace-period",
  "eviction-max-pod-grace-period",
  "eviction-pressure-transition-period",
];

/** Flags of upstream's kubelet, of machines that run pods. */
export const KUBELET_OPTIONS: OptionSpecs = Object.fromEntries(
  ["pod-manifest-path", ...EVICTION].map((name) => [name, { type: "string" as const }]),
);
export const KUBELET_USAGE =
  "[--pod-manifest-path DIR] [--eviction-hard LIST] [--eviction-soft LIST] [--eviction-soft-grace-period LIST] [--eviction-max-pod-grace-period SECONDS] [--eviction-pressure-transition-period DURATION]";

export function kubeletOptions(parsed: ParsedArguments): KubeletOptions {
  const dir = parsed.text("pod-manifest-path");
  const eviction: Record<string, string> = {};
  for (const name of EVICTION) {
    const text = parsed.text(name);
    if (text !== undefined) eviction[name] = text;
  }
  return { podManifestPath: dir === undefined ? undefined : resolve(dir), eviction };
}

/** What a process of its own, which works from elsewhere, is told besides: the last of two counts. */
export function absoluteKubeletArguments({ podManifestPath }: KubeletOptions): string[] {
  return podManifestPath === undefined ? [] : [`--pod-manifest-path=${podManifestPath}`];
}
