export type ProbeOutcome = "success" | "failure" | "unknown";

/** Latest results of the probes that decide over life and order; undefined: not probed. */
export interface ProbeView {
  liveness(containerId: string): ProbeOutcome | undefined;
  startup(containerId: string): ProbeOutcome | undefined;
}
