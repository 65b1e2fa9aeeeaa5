import { type Clock, silentLogger, systemClock } from "../../../base/index.ts";
import { createEventRecorder, createInformerFactory, type KubeClient } from "../../client/index.ts";
import { ControlPlane } from "../../controllers/testing/control-plane.ts";
import { IngressController } from "../controller/ingress-controller.ts";
import { RecordingProxy } from "./recording-proxy.ts";

const IDENTITY = {
  name: "system:serviceaccount:kube-system:ingress-controller",
  groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"],
};

/** The controller over a real API server, under its own identity, before a proxy that only remembers. */
export class IngressWorld {
  readonly proxy = new RecordingProxy();
  readonly plane: ControlPlane;
  readonly #stopping = new AbortController();
  #work: Promise<unknown> = Promise.resolve();

  constructor(plane: ControlPlane) {
    this.plane = plane;
  }

  static async start(plane?: ControlPlane): Promise<IngressWorld> {
    const world = new IngressWorld(plane ?? (await ControlPlane.start()));
    await world.#run(systemClock);
    return world;
  }

  get client(): KubeClient {
    return this.plane.client;
  }

  async #run(clock: Clock): Promise<void> {
    const { signal } = this.#stopping;
    const client = this.plane.server.as(IDENTITY);
    const common = { logger: silentLogger, clock };
    const informers = createInformerFactory(client, common);
    const recorder = createEventRecorder({ ...common, client, component: "ingress-controller" });
    const controller = new IngressController({
      ...common,
      client,
      informers,
      recorder,
      kinds: this.plane.server.api.kinds,
      proxy: this.proxy,
      ports: { http: 80, https: 443 },
      addresses: ["192.0.2.1"],
    });
    this.#work = Promise.all([
      informers.run(signal),
      new Promise<void>((ready) => {
        void controller.run({ signal, ready }).then(() => recorder.stop());
      }),
    ]);
  }

  /** Stops the controller alone. */
  async stopController(): Promise<void> {
    this.#stopping.abort();
    await this.#work;
  }

  async stop(): Promise<void> {
    await this.stopController();
    await this.plane.stop();
  }
}
