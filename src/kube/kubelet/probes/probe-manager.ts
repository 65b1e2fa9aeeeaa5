import type { Clock, Logger } from "../../../base/index.ts";
import type { CriContainerStatus, CriRuntimeService } from "../../../cri/types.ts";
import type { Container, Pod, Probe } from "../../api/index.ts";
import { allContainers, containerUri, isSidecar } from "../naming.ts";
import type { PodEvents } from "../pods/pod-events.ts";
import { attemptsOf, type PodRuntimeState, readySandbox } from "../pods/runtime-state.ts";
import { ProbeCounts } from "./probe-counts.ts";
import type { ProbeOutcome, ProbeView } from "./probe-view.ts";
import { type ProbeKind, ProbeWorker } from "./probe-worker.ts";
import { type ProbeFinding, runProbe } from "./prober.ts";

export interface ProbeManagerOptions {
  runtime: CriRuntimeService;
  events: PodEvents;
  hostIp: string;
  /** A result has changed: the pod's status or its containers may have to. */
  onChange: (podUid: string) => void;
  logger: Logger;
  clock: Clock;
}

interface Probed {
  podUid: string;
  workers: Map<ProbeKind, ProbeWorker>;
}

const PROBE_FIELD = {
  startup: "startupProbe",
  liveness: "livenessProbe",
  readiness: "readinessProbe",
} as const;
const PROBE_LABEL: Record<ProbeKind, string> = {
  startup: "Startup",
  liveness: "Liveness",
  readiness: "Readiness",
};

/** Probes running containers. A container is probed from the moment it is seen running until it is seen ended. */
export class ProbeManager implements ProbeView {
  readonly #options: ProbeManagerOptions;
  readonly #probed = new Map<string, Probed>();
  readonly counts = new ProbeCounts();
  #isClosed = false;

  constructor(options: ProbeManagerOptions) {
    this.#options = options;
  }

  liveness(containerId: string): ProbeOutcome | undefined {
    return this.#outcome(containerId, "liveness");
  }

  startup(containerId: string): ProbeOutcome | undefined {
    return this.#outcome(containerId, "startup");
  }

  readiness(containerId: string): ProbeOutcome | undefined {
    return this.#outcome(containerId, "readiness");
  }

  /** Starts what is missing and stops what is over. `readinessOnly`: the pod is being ended. */
  reconcile(pod: Pod, state: PodRuntimeState, options: { readinessOnly?: boolean } = {}): void {
    if (this.#isClosed) return;
    const podUid = pod.metadata.uid;
    const running = new Set<string>();
    for (const container of allContainers(pod)) {
      const status = attemptsOf(state, container.name).find((attempt) => attempt.state === "RUNNING");
      if (!status) continue;
      running.add(status.id);
      this.#ensure(pod, container, status, state);
    }
    for (const [containerId, probed] of this.#probed) {
      if (probed.podUid !== podUid) continue;
      if (!running.has(containerId)) this.#stop(containerId);
      else if (options.readinessOnly) {
        probed.workers.get("startup")?.stop();
        probed.workers.get("liveness")?.stop();
      }
    }
  }

  removePod(podUid: string): void {
    for (const [containerId, probed] of this.#probed) if (probed.podUid === podUid) this.#stop(containerId);
  }

  close(): void {
    this.#isClosed = true;
    for (const containerId of [...this.#probed.keys()]) this.#stop(containerId);
  }

  #outcome(containerId: string, kind: ProbeKind): ProbeOutcome | undefined {
    return this.#probed.get(containerId)?.workers.get(kind)?.outcome;
  }

  #ensure(pod: Pod, container: Container, status: CriContainerStatus, state: PodRuntimeState): void {
    if (this.#probed.has(status.id) || !mayBeProbed(pod, container)) return;
    const probed: Probed = { podUid: pod.metadata.uid, workers: new Map() };
    this.#probed.set(status.id, probed);
    const podIp = pod.spec.hostNetwork ? this.#options.hostIp : (readySandbox(state)?.ip ?? "");
    const before = statusBefore(pod, container, status);
    for (const kind of ["startup", "liveness", "readiness"] as const) {
      const probe = container[PROBE_FIELD[kind]];
      if (!probe) continue;
      probed.workers.set(kind, this.#worker(kind, probe, { pod, container, status, podIp, before, probed }));
    }
    const startup = probed.workers.get("startup");
    if (startup && startup.outcome !== "success") startup.start();
    else this.#startOthers(probed);
  }

  #worker(
    kind: ProbeKind,
    probe: Probe,
    target: {
      pod: Pod;
      container: Container;
      status: CriContainerStatus;
      podIp: string;
      before: { ready: boolean; started: boolean } | undefined;
      probed: Probed;
    },
  ): ProbeWorker {
    const { runtime, clock, onChange } = this.#options;
    const { pod, container, status, podIp, before, probed } = target;
    const startedMs = Number(status.startedAtNs / 1_000_000n);
    const known = kind === "readiness" ? before?.ready : kind === "startup" ? before?.started : undefined;
    return new ProbeWorker({
      kind,
      probe,
      ageMs: Math.max(0, clock.nowMs() - startedMs),
      ...(known ? { initial: "success" as const } : {}),
      run: async () => {
        const finding = await runProbe(probe, { container, containerId: status.id, podIp }, this.#options);
        this.counts.count(pod, container, kind, finding.outcome);
        return finding;
      },
      stillRuns: async () => (await runtime.containerStatus(status.id))?.state === "RUNNING",
      onResult: (outcome) => {
        if (kind === "startup" && outcome === "success") this.#startOthers(probed);
        onChange(pod.metadata.uid);
      },
      onFinding: (finding) => this.#report(pod, container, kind, finding),
      clock,
    });
  }

  #startOthers(probed: Probed): void {
    probed.workers.get("liveness")?.start();
    probed.workers.get("readiness")?.start();
  }

  #report(pod: Pod, container: Container, kind: ProbeKind, finding: ProbeFinding): void {
    const verb = finding.outcome === "unknown" ? "errored" : "failed";
    const message = `${PROBE_LABEL[kind]} probe ${verb}: ${finding.output}`;
    this.#options.events.warning(pod, "Unhealthy", message, container);
  }

  #stop(containerId: string): void {
    for (const worker of this.#probed.get(containerId)?.workers.values() ?? []) worker.stop();
    this.#probed.delete(containerId);
  }
}

/** Init containers that run to their end have nothing to be probed for. */
function mayBeProbed(pod: Pod, container: Container): boolean {
  return isSidecar(container) || pod.spec.containers.includes(container);
}

/** What the API says of this very container: after a restart of the program it stays ready until a probe says otherwise. */
function statusBefore(
  pod: Pod,
  container: Container,
  status: CriContainerStatus,
): { ready: boolean; started: boolean } | undefined {
  const all = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  const found = all.find(({ name }) => name === container.name);
  if (!found || found.containerID !== containerUri(status.id)) return undefined;
  return { ready: found.ready, started: found.started === true };
}
