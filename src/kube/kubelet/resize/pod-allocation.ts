import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorMessage, type Logger, readRecordSync, writeFileDurably } from "../../../base/index.ts";
import type { CriContainerStatus } from "../../../cri/types.ts";
import { jsonEquals } from "../../../formats/index.ts";
import type { Container, Pod, ResourceRequirements } from "../../api/index.ts";
import { Annotation, isSidecar } from "../naming.ts";
import { latestOf, type PodRuntimeState } from "../pods/runtime-state.ts";

/** What stands in `<podDir>/resources.json`, once a pod has been resized. */
interface Resized {
  /** By the container's name. */
  allocated: Record<string, ResourceRequirements>;
  /** By the id of a container whose limits were changed while it ran. */
  actuated: Record<string, ResourceRequirements>;
}

const FILE = "resources.json";
const LISTS = ["containers", "initContainers"] as const;

/** Resources of all others stay what they were. */
export function isResizable(list: (typeof LISTS)[number], container: Container): boolean {
  return list === "containers" || isSidecar(container);
}

/** Containers whose resources may change. */
export function resizableContainers({ spec }: Pod): Container[] {
  return [...(spec.initContainers ?? []).filter(isSidecar), ...spec.containers];
}

/**
 * What the node has promised to one pod's containers, whatever its spec asks for by now, and what those that run have been
 * given. It outlives the program: in the record of resizes, and else in what the containers were made with.
 */
export class PodAllocation {
  readonly #path: string;
  readonly #allocated: Map<string, ResourceRequirements>;
  readonly #actuated: Map<string, ResourceRequirements>;

  constructor(podDir: string, logger: Logger) {
    this.#path = join(podDir, FILE);
    const file = readRecordSync<Resized>(this.#path);
    if (file.state === "damaged" || file.state === "unreadable") {
      logger.error("the record of a pod's resources cannot be read, its containers' are taken", {
        error: errorMessage(file.error),
      });
    }
    const { allocated = {}, actuated = {} } = file.state === "present" ? file.record : {};
    this.#allocated = new Map(Object.entries(allocated));
    this.#actuated = new Map(Object.entries(actuated));
  }

  /** Remembers what was promised before the program was started; what is seen for the first time has what it asks for. */
  observe(pod: Pod, state: PodRuntimeState): void {
    for (const container of resizableContainers(pod)) {
      if (this.#allocated.has(container.name)) continue;
      const made = latestOf(state, container.name);
      const known = made && this.actuatedOf(made);
      this.#allocated.set(container.name, known ?? container.resources ?? {});
      // One that does not say what it was made with has what its pod asks for, as long as nobody has resized it.
      if (made && !known) this.#actuated.set(made.id, container.resources ?? {});
    }
  }

  /** The pod with the resources that it was promised; the same object where it asks for these. */
  of(pod: Pod): Pod {
    const differs = resizableContainers(pod).some(
      (one) => !jsonEquals(this.#resourcesOf(one), one.resources ?? {}),
    );
    if (!differs) return pod;
    const spec = { ...pod.spec };
    for (const list of LISTS) {
      if (!spec[list]) continue;
      spec[list] = spec[list].map((container) =>
        isResizable(list, container) ? { ...container, resources: this.#resourcesOf(container) } : container,
      );
    }
    return { ...pod, spec };
  }

  /** Promises what the pod asks for. Durable when it resolves. */
  async accept(pod: Pod): Promise<void> {
    const before = new Map(this.#allocated);
    for (const { name, resources } of resizableContainers(pod)) this.#allocated.set(name, resources ?? {});
    try {
      await this.#save();
    } catch (error) {
      for (const [name, resources] of before) this.#allocated.set(name, resources);
      throw error;
    }
  }

  /** What a container runs with; undefined where that is not known. */
  actuatedOf(status: CriContainerStatus): ResourceRequirements | undefined {
    return this.#actuated.get(status.id) ?? madeWith(status);
  }

  /** A running container has been given this. */
  async setActuated(id: string, resources: ResourceRequirements, state: PodRuntimeState): Promise<void> {
    this.#actuated.set(id, resources);
    const known = new Set(state.containers.map((container) => container.id));
    for (const other of this.#actuated.keys()) if (!known.has(other)) this.#actuated.delete(other);
    await this.#save();
  }

  #resourcesOf({ name, resources }: Container): ResourceRequirements {
    return this.#allocated.get(name) ?? resources ?? {};
  }

  async #save(): Promise<void> {
    const record: Resized = {
      allocated: Object.fromEntries(this.#allocated),
      actuated: Object.fromEntries(this.#actuated),
    };
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o750 });
    await writeFileDurably(this.#path, JSON.stringify(record), { temporary: `${this.#path}.new` });
  }
}

function madeWith({ annotations }: CriContainerStatus): ResourceRequirements | undefined {
  const text = annotations[Annotation.resources];
  return text === undefined ? undefined : (JSON.parse(text) as ResourceRequirements);
}
