import { type Clock, type Logger, silentLogger, systemClock } from "../../../base/index.ts";
import { namespaces as namespacesResource, serviceAccounts } from "../../api/index.ts";
import {
  startTestServer,
  type TestServer,
  type TestServerOptions,
} from "../../apiserver/testing/start-test-server.ts";
import {
  createEventRecorder,
  createInformerFactory,
  type InformerFactory,
  type KubeClient,
} from "../../client/index.ts";
import type { Controller, ControllerDependencies } from "../controller.ts";

export type ControllerFactory = (dependencies: ControllerDependencies) => Controller;

/** Controllers by the name of the identity that they act as, so that its permissions are tested too. */
export type Identities = Record<string, ControllerFactory>;

export interface Running {
  informers: InformerFactory;
  stop(): Promise<void>;
}

export interface StartOptions {
  clock?: Clock;
  logger?: Logger;
  wrapClient?: (client: KubeClient) => KubeClient;
  /** The client that the informers read by. */
  wrapSource?: (client: KubeClient) => KubeClient;
  wrapInformers?: (informers: InformerFactory) => InformerFactory;
}

/** A real API server over a memory store, on which tests run controllers. Nothing sets pods' statuses. */
export class ControlPlane {
  readonly server: TestServer;
  readonly #running = new Set<Running>();
  #count = 0;

  constructor(server: TestServer) {
    this.server = server;
  }

  static async start(options: TestServerOptions = {}): Promise<ControlPlane> {
    return new ControlPlane(await startTestServer(options));
  }

  get client(): KubeClient {
    return this.server.client;
  }

  /** A fresh namespace in which pods may be made. */
  async namespace(): Promise<string> {
    const name = `test-${this.#count++}`;
    await this.client.create(namespacesResource, { metadata: { name } });
    await this.client.create(serviceAccounts, { metadata: { name: "default", namespace: name } });
    return name;
  }

  /** Runs controllers over informers of their own, as one process would. */
  async run(controllers: Identities, options: StartOptions = {}): Promise<Running> {
    const { clock = systemClock, logger = silentLogger } = options;
    const { wrapClient = same, wrapSource = same, wrapInformers = same } = options;
    const stop = new AbortController();
    const source = wrapSource(
      this.server.as({ name: "system:kube-controller-manager", groups: ["system:authenticated"] }),
    );
    const factory = createInformerFactory(source, { logger: silentLogger });
    const informers = wrapInformers(factory);
    const recorders: { stop(): Promise<void> }[] = [];
    const started = Object.entries(controllers).map(([identity, create]) => {
      const own = this.server.as(controllerUser(identity));
      const recorder = createEventRecorder({
        client: own,
        component: identity,
        clock: systemClock,
        logger: silentLogger,
      });
      recorders.push(recorder);
      return create({
        client: wrapClient(own),
        informers,
        recorder,
        logger,
        clock,
        kinds: this.server.api.kinds,
      });
    });
    const work = [factory.run(stop.signal), ...started.map((controller) => controller.run(stop.signal))];
    await factory.synced();
    const running: Running = {
      informers: factory,
      stop: async () => {
        this.#running.delete(running);
        stop.abort();
        await Promise.all(work);
        await Promise.all(recorders.map((recorder) => recorder.stop()));
      },
    };
    this.#running.add(running);
    return running;
  }

  async stop(): Promise<void> {
    for (const running of [...this.#running]) await running.stop();
    await this.server.stop();
  }
}

function same<T>(value: T): T {
  return value;
}

function controllerUser(name: string) {
  return {
    name: `system:serviceaccount:kube-system:${name}`,
    groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"],
  };
}
