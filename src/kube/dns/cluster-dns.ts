import {
  type Clock,
  errorMessage,
  isGantryError,
  type Service as LifecycleService,
  type Logger,
  type ServiceContext,
} from "../../base/index.ts";
import {
  type DnsAnswer,
  DnsCode,
  DnsForwarder,
  DnsListener,
  type DnsRecord,
  type DnsReply,
  type DnsRequest,
  decodeDns,
  encodeDns,
} from "../../network/index.ts";
import type { InformerFactory } from "../client/types.ts";
import { ClusterData } from "./cluster-data.ts";
import { ClusterZone } from "./cluster-zone.ts";
import { redirectDns, removeDnsRedirect } from "./dns-redirect.ts";

export interface ClusterDnsOptions {
  informers: InformerFactory;
  /** The host's address towards the pods; its port 53 is what pods ask. */
  address: string;
  port?: number;
  instanceId: string;
  /** `cluster.local` if absent. */
  clusterDomain?: string;
  forwarder?: DnsForwarder;
  logger: Logger;
  clock?: Clock;
  needs?: readonly string[];
}

const DNS_PORT = 53;
/** How many aliases are followed: `a` for `b` for `c`. */
const MAX_ALIASES = 8;

/** The cluster's name server: Services and pods from memory, everything else from the host's servers. */
export class ClusterDns implements LifecycleService {
  readonly name = "cluster-dns";
  readonly needs: readonly string[];
  readonly #options: ClusterDnsOptions;
  readonly #logger: Logger;
  readonly #data: ClusterData;
  readonly #zone: ClusterZone;
  readonly #forwarder: DnsForwarder;
  #listener: DnsListener | undefined;

  constructor(options: ClusterDnsOptions) {
    this.#options = options;
    this.needs = options.needs ?? [];
    this.#logger = options.logger.with({ component: "cluster-dns" });
    this.#data = new ClusterData(options.informers);
    this.#zone = new ClusterZone(this.#data, options.clusterDomain ?? "cluster.local");
    this.#forwarder = options.forwarder ?? new DnsForwarder({ clock: options.clock });
  }

  /** Where it listens; differs from the one asked for when somebody had that one. */
  get port(): number | undefined {
    return this.#listener?.port;
  }

  async run({ signal, ready }: ServiceContext): Promise<void> {
    this.#listener = await this.#listen();
    try {
      await this.#data.complete(signal);
      ready();
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await this.#listener.close();
      this.#listener = undefined;
    }
  }

  /** The answer to a question; public for those who ask without a socket. */
  async answer(request: DnsRequest): Promise<DnsReply> {
    const question = request.message.questions![0]!;
    if (question.class !== undefined && question.class !== "IN") return { code: DnsCode.REFUSED };
    const found = this.#zone.answer(question.name, question.type);
    if ("forward" in found) return this.#forwarder.forward(request);
    if ("alias" in found) return this.#follow(question.type, found);
    return found;
  }

  async #listen(): Promise<DnsListener> {
    const { instanceId, address, port = DNS_PORT } = this.#options;
    removeDnsRedirect(instanceId);
    try {
      return await this.#openListener(port);
    } catch (error) {
      if (port !== DNS_PORT || !isGantryError(error, "Conflict")) throw error;
    }
    const listener = await this.#openListener(0);
    this.#logger.warn("somebody has port 53 of all addresses; pods' questions are led to another one", {
      port: listener.port,
    });
    redirectDns(instanceId, address, listener.port);
    return listener;
  }

  async #openListener(port: number): Promise<DnsListener> {
    const { address, clock } = this.#options;
    const listener = new DnsListener({
      address,
      port,
      logger: this.#logger,
      clock,
      answer: (request) => this.answer(request),
    });
    await listener.open();
    return listener;
  }

  /** An alias and what it stands for: names of the cluster from memory, others from the host's servers. */
  async #follow(type: string, first: { alias: DnsRecord; target: string }): Promise<DnsAnswer> {
    const answers = [first.alias];
    let target = first.target;
    for (let hop = 0; hop < MAX_ALIASES; hop++) {
      const found = this.#zone.answer(target, type);
      if ("alias" in found) {
        answers.push({ ...found.alias, name: target });
        target = found.target;
        continue;
      }
      const rest = "forward" in found ? await this.#resolveOutside(target, type) : (found.answers ?? []);
      return { code: DnsCode.NOERROR, authoritative: true, answers: [...answers, ...rest] };
    }
    return { code: DnsCode.SERVFAIL };
  }

  /** An alias whose target cannot be had is still an alias. */
  async #resolveOutside(name: string, type: string): Promise<DnsRecord[]> {
    const bytes = encodeDns({
      id: 0,
      type: "query",
      flags: 1 << 8,
      questions: [{ name, type, class: "IN" }],
    });
    try {
      const response = await this.#forwarder.forward({
        message: decodeDns(bytes),
        bytes,
        clientAddress: "",
        transport: "udp",
      });
      return decodeDns(response).answers ?? [];
    } catch (error) {
      this.#logger.debug("an external name could not be resolved", { name, error: errorMessage(error) });
      return [];
    }
  }
}
