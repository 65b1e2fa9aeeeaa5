import type { Clock, Logger, Service } from "../../base/index.ts";
import type { Store, WatchCacheOptions } from "../../store/index.ts";
import type { KindSource } from "../api/index.ts";
import type { MetricSource } from "../client/index.ts";
import type { NodeAccess } from "../client/node-access.ts";
import type { ApiBackend } from "../client/types.ts";
import type { PluginChoice } from "./admission/choose-plugins.ts";
import type { AuditOptions } from "./audit/server-audit.ts";
import type { AuthenticationOptions } from "./authentication/server-authentication.ts";
import type { ServiceAccountTokenSettings } from "./authentication/service-account-tokens.ts";
import type { AuthorizationOptions } from "./authorization/server-authorizer.ts";
import type { Certificates } from "./certificates.ts";
import type { EncryptionOptions } from "./encryption/server-encryption.ts";
import type { HealthCheck } from "./health/health.ts";
import type { BrowserRules } from "./http/browser-headers.ts";
import type { StoredObject } from "./objects/stored-object.ts";
import type { RequestTimes } from "./options/read-request-times.ts";
import type { ServingHttp2, ServingTls } from "./options/read-serving.ts";
import type { RequestObserver } from "./request-observer.ts";

export interface ApiServerOptions {
  store: Store;
  /** Other API servers may work over the same store. */
  isStoreShared?: boolean;
  certificates: Certificates;
  /** Addresses of Services: `10.96.0.0/16`. Its first address is the `kubernetes` Service. */
  serviceCidr: string;
  nodePortRange?: { first: number; last: number };
  /** `cluster.local`: part of the issuer of service-account tokens. */
  clusterDomain?: string;
  /** IPv4 address under which pods and other machines reach this server: the endpoint of the `kubernetes` Service. */
  advertiseAddress: string;
  /** 0 takes a free port. */
  port: number;
  /** Address to listen on; all addresses when absent. */
  host?: string;
  /** The way to a node in the same process; others are asked at the addresses that they tell. */
  nodeAccess: (nodeName: string) => NodeAccess | undefined;
  /** What pods told of themselves; undefined while nobody asks them. None when absent. */
  metricSource?: () => MetricSource | undefined;
  /** The parts beside this server that `componentstatuses` tells about, by upstream's names. */
  components?: readonly HealthCheck[];
  /** What the parts beside this server tell on `/metrics`, as lines of Prometheus' text form. */
  metricsOfOthers?: () => readonly string[];
  /** Likewise of those that work in threads of their own. */
  metricsOfThreads?: () => Promise<readonly string[]>;
  /** What is kept for watchers: of the past, and for those that are slow. */
  watchLimits?: Pick<WatchCacheOptions<StoredObject>, "historyBytes" | "maxWaitingBytes">;
  /** A client that takes nothing of its answer for so long is cut off. Default 30 s. */
  clientStallMs?: number;
  /**
   * How many requests are worked on at once, together: flow control divides them among the priority levels. Upstream's
   * defaults (400 and 200) when absent.
   */
  maxInFlight?: { reading: number; mutating: number };
  /** How long requests and watches may take; upstream's defaults when absent. */
  requestTimes?: RequestTimes;
  /** What browsers are told; nothing when absent. */
  browserRules?: BrowserRules;
  /** Hears of every request. */
  observer?: RequestObserver;
  /** The audit log; none where it is absent. */
  audit?: AuditOptions;
  /** Keys, issuers and times of service-account tokens, where they are others than the instance's own. */
  serviceAccountTokens?: ServiceAccountTokenSettings;
  /** How clients may say who they are. */
  authentication?: AuthenticationOptions;
  /** Who is asked whether a request is allowed; Node and RBAC where it is absent. */
  authorization?: AuthorizationOptions;
  /** What of the store's values is encrypted; nothing where it is absent. */
  encryption?: EncryptionOptions;
  /** How long events are kept; an hour where it is absent. */
  eventTtlSeconds?: number;
  /** Whether containers may be privileged, on all API servers of the process; they may where it is absent. */
  allowsPrivileged?: boolean;
  /** The server's certificate, where it is not the instance's own, and the oldest version of TLS. */
  tls?: ServingTls;
  /** Upstream's defaults when absent. */
  http2?: ServingHttp2;
  /** Which admission plugins run; upstream's defaults when absent. */
  admissionPlugins?: PluginChoice;
  /** Pages for people: `/statusz`, and `/flagz` where there are flags. None when absent. */
  debugPages?: { hasStatus: boolean; flags?: readonly (readonly [name: string, value: string])[] };
  logger: Logger;
  clock?: Clock;
}

export interface ApiServer {
  /** The request chain for callers in the same process; answers once the service is ready. */
  readonly backend: ApiBackend;
  /** What it serves. */
  readonly kinds: KindSource;
  /** Where it listens, once ready. */
  readonly address: { host: string; port: number } | undefined;
  /** Loads the cache, writes the bootstrap objects, listens. Ready when the API answers. */
  readonly service: Service;
}
