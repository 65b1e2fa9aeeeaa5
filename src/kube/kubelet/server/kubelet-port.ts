import {
  KUBELET_PORT,
  type KubeletServer,
  type KubeletServerOptions,
  startKubeletServer,
} from "./kubelet-server.ts";
import type { ServingCredentials } from "./serving-credentials.ts";

/** The kubelet's port while the kubelet runs; where it is to have none, upstream's number stands for it. */
export class KubeletPort {
  #server: KubeletServer | undefined;
  #stopRenewals = () => {};

  get number(): number {
    return this.#server?.port ?? KUBELET_PORT;
  }

  async open(
    serving: ServingCredentials | undefined,
    options: Omit<KubeletServerOptions, "tls">,
  ): Promise<void> {
    if (!serving) return;
    const server = await startKubeletServer({ ...options, tls: { ...serving.pair(), caPem: serving.caPem } });
    this.#server = server;
    this.#stopRenewals = serving.onRenewed((pair) => server.renew(pair));
  }

  async close(): Promise<void> {
    this.#stopRenewals();
    await this.#server?.close();
  }
}
