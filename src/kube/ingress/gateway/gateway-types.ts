import type { ApiObject, LabelSelector } from "../../api/index.ts";

/** The Gateway API's objects as far as this module reads them (apis/v1 of kubernetes-sigs/gateway-api). */
export interface Condition {
  type: string;
  status: "True" | "False" | "Unknown";
  reason: string;
  message: string;
  observedGeneration?: number;
  lastTransitionTime: string;
}

export interface GatewayClass extends ApiObject {
  spec: { controllerName: string; parametersRef?: object };
  status?: { conditions?: Condition[] };
}

export interface Gateway extends ApiObject {
  spec: {
    gatewayClassName: string;
    listeners: GatewayListener[];
    addresses?: { type?: string; value?: string }[];
    infrastructure?: { parametersRef?: object };
  };
  status?: GatewayStatus;
}

export interface GatewayListener {
  name: string;
  hostname?: string;
  port: number;
  protocol: string;
  tls?: { mode?: string; certificateRefs?: ObjectReference[] };
  allowedRoutes?: {
    namespaces?: { from?: string; selector?: LabelSelector };
    kinds?: { group?: string; kind: string }[];
  };
}

export interface GatewayStatus {
  addresses?: { type: string; value: string }[];
  conditions?: Condition[];
  listeners?: ListenerStatus[];
}

export interface ListenerStatus {
  name: string;
  supportedKinds: { group: string; kind: string }[];
  attachedRoutes: number;
  conditions: Condition[];
}

export interface ObjectReference {
  group?: string;
  kind?: string;
  name: string;
  namespace?: string;
}

export interface ParentReference extends ObjectReference {
  sectionName?: string;
  port?: number;
}

export interface BackendObjectReference extends ObjectReference {
  port?: number;
}

/** What routes of all kinds have. */
export interface Route extends ApiObject {
  spec: { parentRefs?: ParentReference[]; hostnames?: string[] };
  status?: { parents?: RouteParentStatus[] };
}

export interface RouteParentStatus {
  parentRef: ParentReference;
  controllerName: string;
  conditions: Condition[];
}

export interface HttpRoute extends Route {
  spec: Route["spec"] & { rules?: HttpRouteRule[] };
}

export interface HttpRouteRule {
  matches?: HttpRouteMatch[];
  filters?: RouteFilterObject[];
  backendRefs?: RouteBackendReference[];
  timeouts?: { request?: string; backendRequest?: string };
  retry?: { codes?: number[]; attempts?: number; backoff?: string };
}

export interface HttpRouteMatch {
  path?: { type?: string; value?: string };
  headers?: MatchedValue[];
  queryParams?: MatchedValue[];
  method?: string;
}

export interface MatchedValue {
  type?: string;
  name: string;
  value: string;
}

export interface RouteBackendReference extends BackendObjectReference {
  weight?: number;
  filters?: RouteFilterObject[];
}

export interface HeaderModifier {
  set?: { name: string; value: string }[];
  add?: { name: string; value: string }[];
  remove?: string[];
}

export interface PathModifier {
  type: string;
  replaceFullPath?: string;
  replacePrefixMatch?: string;
}

export interface RouteFilterObject {
  type: string;
  requestHeaderModifier?: HeaderModifier;
  responseHeaderModifier?: HeaderModifier;
  requestMirror?: {
    backendRef: BackendObjectReference;
    percent?: number;
    fraction?: { numerator: number; denominator?: number };
  };
  requestRedirect?: {
    scheme?: string;
    hostname?: string;
    path?: PathModifier;
    port?: number;
    statusCode?: number;
  };
  urlRewrite?: { hostname?: string; path?: PathModifier };
  cors?: {
    allowOrigins?: string[];
    allowCredentials?: boolean;
    allowMethods?: string[];
    allowHeaders?: string[];
    exposeHeaders?: string[];
    maxAge?: number;
  };
}

export interface GrpcRoute extends Route {
  spec: Route["spec"] & { rules?: GrpcRouteRule[] };
}

export interface GrpcRouteRule {
  matches?: { method?: { type?: string; service?: string; method?: string }; headers?: MatchedValue[] }[];
  filters?: RouteFilterObject[];
  backendRefs?: RouteBackendReference[];
}

export interface TlsRoute extends Route {
  spec: Route["spec"] & { rules?: { backendRefs?: RouteBackendReference[] }[] };
}

export interface ReferenceGrant extends ApiObject {
  spec: {
    from: { group: string; kind: string; namespace: string }[];
    to: { group: string; kind: string; name?: string }[];
  };
}

export interface BackendTlsPolicy extends ApiObject {
  spec: {
    targetRefs: { group: string; kind: string; name: string; sectionName?: string }[];
    validation: {
      hostname: string;
      caCertificateRefs?: { group: string; kind: string; name: string }[];
      wellKnownCACertificates?: string;
      subjectAltNames?: object[];
    };
  };
  status?: { ancestors?: PolicyAncestorStatus[] };
}

export interface PolicyAncestorStatus {
  ancestorRef: ParentReference;
  controllerName: string;
  conditions: Condition[];
}
