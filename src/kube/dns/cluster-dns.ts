import {
  type Clock,
  errorMessage,
  isGantryError,
  type Service as LifecycleService,
  type Logger,
  type ServiceContext,
  systemClock,
} from "../../base/index.ts";
import { type HttpServer, sendBytes, sendText, startHttpServer } from "../../http/index.ts";
import {
  type DnsAnswer,
  DnsCache,
  DnsCode,
  DnsForwarder,
  DnsListener,
  type DnsRecord,
  type DnsReply,
  type DnsRequest,
  decodeDns,
  encodeDns,
} from "../../network/index.ts";
import { type Service, services } from "../api/index.ts";
import type { Informer, InformerFactory } from "../client/types.ts";
import { ClusterData } from "./cluster-data.ts";
import { ClusterZone } from "./cluster-zone.ts";
import { DnsMetrics } from "./dns-metrics.ts";
import { DNS_METRICS_PORT, DNS_PORT, redirectDns, removeDnsRedirect } from "./dns-redirect.ts";
import { DNS_SERVICE_NAME, DNS_SERVICE_NAMESPACE, isAnsweredByPods } from "./dns-service.ts";

export interface ClusterDnsOptions {
  informers: InformerFactory;
  /** The host's address towards the pods, at whose port 53 it listens. */
  address: string;
  /** The address of the Service `kube-dns`, which is what pods ask; what is sent there is led to `address`. */
  serviceAddress?: string;
  port?: number;
  instanceId: string;
  /** `cluster.local` if absent. */
  clusterDomain?: string;
  forwarder?: DnsForwarder;
  logger: Logger;
  clock?: Clock;
  needs?: readonly string[];
}

const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";
const SERVICE_KEY = `${DNS_SERVICE_NAMESPACE}/${DNS_SERVICE_NAME}`;
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
  readonly #services: Informer<Service>;
  readonly #cache: DnsCache;
  readonly #metrics: DnsMetrics;
  readonly #clock: Clock;
  #listener: DnsListener | undefined;
  #metricsServer: HttpServer | undefined;
  /** By whom the Service is answered, as the rules stand. */
  #isAnsweredByPods: boolean | undefined;

  constructor(options: ClusterDnsOptions) {
    this.#options = options;
    this.needs = options.needs ?? [];
    this.#logger = options.logger.with({ component: "cluster-dns" });
    this.#data = new ClusterData(options.informers);
    this.#zone = new ClusterZone(this.#data, options.clusterDomain ?? "cluster.local");
    this.#services = options.informers.informer<Service>(services);
    this.#clock = options.clock ?? systemClock;
    const forwarder = options.forwarder ?? new DnsForwarder({ clock: this.#clock });
    this.#cache = new DnsCache({ forwarder, clock: this.#clock });
    this.#metrics = new DnsMetrics(this.#cache);
  }

  /** Where it listens; differs from the one asked for when somebody had that one. */
  get port(): number | undefined {
    return this.#listener?.port;
  }

  async run({ signal, ready }: ServiceContext): Promise<void> {
    this.#listener = await this.#listen();
    let stopFollowing = () => {};
    try {
      this.#metricsServer = await this.#serveMetrics();
      await this.#data.complete(signal);
      this.#redirect();
      stopFollowing = this.#followService();
      ready();
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      stopFollowing();
      await this.#metricsServer?.close();
      await this.#listener.close();
      this.#listener = undefined;
      this.#metricsServer = undefined;
    }
  }

  metricsText(): string {
    return this.#metrics.text();
  }

  /** The answer to a question; public for those who ask without a socket. */
  async answer(request: DnsRequest): Promise<DnsReply> {
    const startedAtMs = this.#clock.monotonicMs();
    const question = request.message.questions![0]!;
    const isClass = question.class === undefined || question.class === "IN";
    const found = isClass ? this.#zone.answer(question.name, question.type) : { code: DnsCode.REFUSED };
    let reply: DnsReply | undefined;
    try {
      if ("forward" in found) reply = await this.#cache.forward(request);
      else reply = "alias" in found ? await this.#follow(question.type, found) : found;
      return reply;
    } finally {
      const seconds = (this.#clock.monotonicMs() - startedAtMs) / 1000;
      this.#metrics.observe(request, reply, "forward" in found ? "forward" : "kubernetes", seconds);
    }
  }

  async #listen(): Promise<DnsListener> {
    const { port = DNS_PORT } = this.#options;
    try {
      return await this.#openListener(port);
    } catch (error) {
      if (port !== DNS_PORT || !isGantryError(error, "Conflict")) throw error;
    }
    const listener = await this.#openListener(0);
    this.#logger.warn("somebody has port 53 of all addresses; pods' questions are led to another one", {
      port: listener.port,
    });
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

  /** Without its metrics a name service is still one. */
  async #serveMetrics(): Promise<HttpServer | undefined> {
    const { address: host, serviceAddress } = this.#options;
    if (serviceAddress === undefined) return undefined;
    const open = (port: number) =>
      startHttpServer({
        listen: { host, port },
        handler: (ctx) => {
          if (ctx.path !== "/metrics") return sendText(ctx.res, 404, "404 page not found\n");
          return sendBytes(ctx.res, 200, METRICS_TYPE, Buffer.from(this.metricsText()));
        },
        logger: this.#logger,
      });
    try {
      return await open(DNS_METRICS_PORT).catch((error) => {
        if (isGantryError(error) && error.code === "Http.AddressInUse") return open(0);
        throw error;
      });
    } catch (error) {
      this.#logger.warn("the metrics of the name service are not served", { error: errorMessage(error) });
      return undefined;
    }
  }

  #followService(): () => void {
    const look = ({ metadata: { namespace, name } }: Service) => {
      if (`${namespace}/${name}` === SERVICE_KEY) this.#redirect();
    };
    return this.#services.subscribe({ onAdd: look, onUpdate: look, onDelete: look });
  }

  #redirect(): void {
    const { instanceId, address, serviceAddress, port: wantedPort = DNS_PORT } = this.#options;
    const { port } = this.#listener!;
    const isAnsweredByPodsNow = isAnsweredByPods(this.#services.get(SERVICE_KEY));
    if (this.#isAnsweredByPods === isAnsweredByPodsNow) return;
    this.#isAnsweredByPods = isAnsweredByPodsNow;
    const leadsService = serviceAddress !== undefined && !isAnsweredByPodsNow;
    if (!leadsService && (port === DNS_PORT || wantedPort !== DNS_PORT)) {
      removeDnsRedirect(instanceId);
      return;
    }
    const metrics = this.#metricsServer?.address();
    const metricsPort = metrics && "port" in metrics ? metrics.port : undefined;
    redirectDns({
      instanceId,
      address,
      port,
      ...(metricsPort === undefined ? {} : { metricsPort }),
      ...(leadsService ? { serviceAddress } : {}),
    });
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
      const response = await this.#cache.forward({
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
