import { expect } from "vitest";
import type { Job, JobCondition, Pod } from "../../api/index.ts";
import { events, jobs, pods } from "../../api/index.ts";
import { createGarbageCollector } from "../garbage-collector/index.ts";
import { createJobController } from "../job/index.ts";
import { ControlPlane, type Identities } from "./control-plane.ts";
import { eventually } from "./eventually.ts";
import { job } from "./objects.ts";
import { PodActor } from "./pod-actor.ts";

/** Failed pods are replaced soon, so that tests need not wait. */
const podFailureBackoff = { initialMs: 20, maxMs: 40 };

export const JOB_CONTROLLERS: Identities = {
  "job-controller": (dependencies) => createJobController({ ...dependencies, podFailureBackoff }),
};

/** Jobs in a namespace of their own, whose pods end as the test says. */
export class JobWorld {
  readonly plane: ControlPlane;
  #actor: PodActor | undefined;
  namespace = "";
  /** With which exit code a pod ends, once it does. */
  exitCode: (pod: Pod) => number | undefined = () => undefined;

  private constructor(plane: ControlPlane) {
    this.plane = plane;
  }

  static async start(): Promise<JobWorld> {
    const world = new JobWorld(await ControlPlane.start());
    await world.plane.run({ ...JOB_CONTROLLERS, "generic-garbage-collector": createGarbageCollector });
    world.#actor = await PodActor.start(world.plane.client, { exitCode: (pod) => world.exitCode(pod) });
    return world;
  }

  async stop(): Promise<void> {
    await this.#actor?.stop();
    await this.plane.stop();
  }

  /** Another namespace, in which pods run until they are told to end. */
  async renew(): Promise<void> {
    this.namespace = await this.plane.namespace();
    this.exitCode = () => undefined;
    await this.resumeNode();
  }

  /** The node does nothing for a while. */
  pauseNode(): void {
    this.#actor!.pause();
  }

  resumeNode(): Promise<void> {
    return this.#actor!.look();
  }

  /** Pods that run end so from now on. */
  async end(exitCode: (pod: Pod) => number | undefined): Promise<void> {
    this.exitCode = exitCode;
    await this.resumeNode();
  }

  create(spec: object = {}, podSpec: object = {}, name = "j"): Promise<Job> {
    return this.plane.client.create(jobs, job(name, this.namespace, spec, podSpec));
  }

  get(name = "j"): Promise<Job> {
    return this.plane.client.get(jobs, this.namespace, name);
  }

  change(spec: object, name = "j"): Promise<Job> {
    return this.plane.client.patch(jobs, this.namespace, name, "merge", { spec });
  }

  async pods(): Promise<readonly Pod[]> {
    return (await this.plane.client.list(pods, { namespace: this.namespace })).items;
  }

  /** Those that have not ended and are not on their way out. */
  async running(): Promise<readonly Pod[]> {
    return (await this.pods()).filter(
      ({ status, metadata }) => status?.phase === "Running" && metadata.deletionTimestamp === undefined,
    );
  }

  untilRunning(count: number): Promise<readonly Pod[]> {
    return eventually(async () => {
      const found = await this.running();
      expect(found).toHaveLength(count);
      return found;
    });
  }

  /** The Job, once its status has all of this. */
  until(status: object, name = "j"): Promise<Job> {
    return eventually(async () => {
      const found = await this.get(name);
      expect(found.status).toMatchObject(status);
      return found;
    });
  }

  /** The Job, once it is over in this way. */
  async untilOver(type: "Complete" | "Failed", name = "j"): Promise<Job> {
    return eventually(async () => {
      const found = await this.get(name);
      expect(trueConditions(found)).toContain(type);
      return found;
    });
  }

  /** `reason: message` of what was told of the Job, but for its pods. */
  async news(): Promise<string[]> {
    const { items } = await this.plane.client.list(events, { namespace: this.namespace });
    return items
      .filter(({ involvedObject, message }) => involvedObject.kind === "Job" && !/ pod: /.test(message ?? ""))
      .map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
  }
}

const isTrue = ({ status }: JobCondition): boolean => status === "True";

export function trueConditions({ status }: Job): string[] {
  return (status?.conditions ?? []).filter(isTrue).map(({ type }) => type);
}

/** `type reason: message` of all conditions that are true. */
export function reasonsOf({ status }: Job): string[] {
  return (status?.conditions ?? [])
    .filter(isTrue)
    .map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
}
