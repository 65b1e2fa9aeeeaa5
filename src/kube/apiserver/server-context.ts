import type { Clock, Logger } from "../../base/index.ts";
import type { UpgradeRequest } from "../../http/index.ts";
import type { KindCatalog, KindDefinition, KubeObject } from "../api/index.ts";
import type { NodeAccess } from "../client/node-access.ts";
import type { ApiRequest, UserInfo } from "../client/types.ts";
import type { AdmissionChain } from "./admission/admission.ts";
import type { CallAudit } from "./audit/call-audit.ts";
import type { TokenAuthenticator } from "./authentication/authenticator.ts";
import type { ServiceAccountTokens } from "./authentication/service-account-tokens.ts";
import type { Authorizer } from "./authorization/authorizer.ts";
import type { RbacAuthorizer } from "./authorization/rbac-authorizer.ts";
import type { HealthCheck } from "./health/health.ts";
import type { MetricValues } from "./metric-values/metric-values.ts";
import type { KubeletTarget } from "./nodes/forward-to-kubelet.ts";
import type { Kubelets } from "./nodes/kubelets.ts";
import type { ObjectCache } from "./objects/object-cache.ts";
import type { ObjectLookup } from "./objects/object-lookup.ts";
import type { ObjectStore } from "./objects/object-store.ts";
import type { StoredObject } from "./objects/stored-object.ts";
import type { ResourceRequestInfo } from "./request-info.ts";
import type { CompanionSource } from "./verbs/companions.ts";
import type { RequestBody } from "./verbs/decode-object.ts";
import type { WriteCounter } from "./verbs/write-counter.ts";

/** What the handlers of the chain work with. */
export interface ServerContext {
  clock: Clock;
  logger: Logger;
  kinds: KindCatalog;
  objects: ObjectStore;
  cache: ObjectCache;
  lookup: ObjectLookup;
  admission: AdmissionChain;
  /** What is written along with objects. */
  companions: readonly CompanionSource[];
  /** Counts writes; absent where that is switched off. */
  counter: WriteCounter | undefined;
  authorizer: Authorizer;
  rbac: RbacAuthorizer;
  /** Issues the tokens of service accounts. */
  tokens: ServiceAccountTokens;
  /** Knows all tokens that the server takes. */
  tokenAuthenticator: TokenAuthenticator;
  /** The node of this name, where it is in this process. */
  nodeAccess: (nodeName: string) => NodeAccess | undefined;
  /** The others; undefined where no requests for them are worked on. */
  kubelets: Kubelets | undefined;
  /** Answers for custom and external metrics. */
  metricValues: MetricValues;
  /** What `componentstatuses` tells about. */
  components: readonly HealthCheck[];
}

/** A decoded request for a resource, after authorization. */
export interface ResourceCall {
  info: ResourceRequestInfo;
  kind: KindDefinition;
  user: UserInfo;
  userAgent: string;
  query: ApiRequest["query"];
  /** All query parameters. */
  params: URLSearchParams;
  body: RequestBody;
  patchType?: ApiRequest["patchType"];
  /** Sent along with the answer as `Warning` headers. */
  warnings: string[];
  /** What is told of the request beside what it says itself, for an audit log. */
  auditAnnotations: Map<string, string>;
  /** Takes down what the request holds and is answered; absent where nobody wants it. */
  audit?: CallAudit;
  /** Hears of the size of each event that is sent; absent where nobody wants it. */
  eventSent?: (sizeBytes: number) => void;
  /** Made when it is first asked for. */
  readonly signal: AbortSignal;
}

/** What a handler answers; how it is written out depends on what the client accepts. */
export type Answer =
  | { form: "object"; kind: KindDefinition; object: StoredObject | KubeObject; code: 200 | 201 | 202 }
  | { form: "list"; kind: KindDefinition; list: ListAnswer }
  | { form: "watch"; kind: KindDefinition; watch: WatchAnswer }
  | { form: "status"; status: KubeObject }
  /** Written out already, elsewhere. */
  | { form: "encoded"; code: number; contentType: string; bytes: Buffer }
  /** A plain text that may go on for long; undefined: there is nothing (204). */
  | { form: "text"; chunks: AsyncIterable<Uint8Array> | undefined }
  /** The request, its body and its answer go on to somebody else, unread. */
  | { form: "proxy"; target: ProxyTarget }
  | { form: "kubelet"; target: KubeletTarget }
  /** Streams over an upgraded connection. Only a request that asks for an upgrade can have it. */
  | { form: "upgrade"; accept: (upgrade: UpgradeRequest) => Promise<void> };

/** Who answers instead of this server. */
export interface ProxyTarget {
  protocol: "http:" | "https:";
  host: string;
  port: number;
}

export interface ListAnswer {
  items: readonly StoredObject[];
  resourceVersion: string;
  continue?: string;
  remainingItemCount?: number;
}

export type WatchItem =
  | { type: "ADDED" | "MODIFIED" | "DELETED"; object: StoredObject; encoded: Map<string, Buffer> }
  | { type: "BOOKMARK"; resourceVersion: string; annotations?: Record<string, string> };

export interface WatchAnswer {
  /** Several at a time where several wait. Ends at the time-out; throws StatusError when the watcher lost its place. */
  items: AsyncIterable<readonly WatchItem[]>;
  /** Resolves once the objects that there are have been told, where the watch begins with them. */
  begun: Promise<void>;
}
