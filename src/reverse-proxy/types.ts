/**
 * What the reverse proxy serves, in words of its own: Ingress and the Gateway API are translated to it. A table is
 * replaced as a whole and without a lost request; endpoints change on their own, for they change often.
 */
export interface RouteTable {
  readonly listeners: readonly Listener[];
}

/**
 * A port that is listened on. Several hosts, each with a certificate of its own, may share it; so may a listener of `https` and
 * one of `passthrough`, told apart by the names that clients ask for.
 */
export interface Listener {
  /** Address to listen on; absent: all addresses of the machine. */
  readonly address?: string;
  readonly port: number;
  /** `https`: TLS ends here. `passthrough`: the bytes go on as they come, by the name in the client's greeting (SNI). */
  readonly protocol: "http" | "https" | "passthrough";
  /** By host, the most exact first: `a.example`, then `*.example` by length, then `*`. Only the first that fits is asked. */
  readonly hosts: readonly VirtualHost[];
}

export interface VirtualHost {
  /** A host name in lower case without its port, `*.example` (one label or more), or `*`. */
  readonly host: string;
  /** `*.example` stands for one label only. */
  readonly oneLabel?: boolean;
  /** For `https`. PEM; absent: the listener's host `*`, or one that the proxy signs itself. */
  readonly certificate?: { readonly cert: string; readonly key: string };
  /** In order of precedence: the first whose match fits is taken. None fits: 404. */
  readonly rules: readonly RouteRule[];
}

export interface RouteRule {
  /** Whose rule it is, for the access log and metrics: `ingress/shop/web`, `httproute/shop/web/0`. */
  readonly name: string;
  readonly match: RequestMatch;
  /** In order. A `redirect` or `respond` answers, and no backend is asked. */
  readonly filters: readonly RouteFilter[];
  /** Empty, or all of weight 0, without an answering filter: 500 (Gateway API) or what a `respond` filter says. */
  readonly backends: readonly WeightedBackend[];
  readonly timeouts?: {
    /** From the request's head to the end of the answer. 504 after it. */
    readonly requestMs?: number;
    /** Of one try at one endpoint, to the head of its answer. */
    readonly backendMs?: number;
    /** Until an endpoint has taken the connection: 5 s. The next endpoint is tried then. */
    readonly connectMs?: number;
  };
  readonly retries?: {
    /** Tries after the first. */
    readonly attempts: number;
    readonly codes: readonly number[];
    readonly backoffMs: number;
  };
  /** Bodies over this are refused with 413; absent: no bound. */
  readonly maxBodyBytes?: number;
  /** Keeps one client at one endpoint by a cookie of this name. */
  readonly sessionCookie?: { readonly name: string; readonly path: string; readonly maxAgeSeconds?: number };
  /** Name and digest of who may come in: `htpasswd` lines. 401 with this realm otherwise. */
  readonly basicAuth?: { readonly realm: string; readonly users: string };
  /** Networks of clients that may come in (CIDR); 403 otherwise. */
  readonly allowedSources?: readonly string[];
}

/** All of it must fit. */
export interface RequestMatch {
  readonly path: { readonly type: "exact" | "prefix" | "regex" | "any"; readonly value: string };
  readonly method?: string;
  /** Names in lower case. */
  readonly headers?: readonly ValueMatch[];
  readonly query?: readonly ValueMatch[];
}

export interface ValueMatch {
  readonly name: string;
  readonly type: "exact" | "regex";
  readonly value: string;
}

export interface HeaderChanges {
  readonly set?: readonly HeaderValue[];
  readonly add?: readonly HeaderValue[];
  readonly remove?: readonly string[];
}

export interface HeaderValue {
  readonly name: string;
  readonly value: string;
}

/** `prefix` puts `value` in the place of the part that the rule's `prefix` match covered. */
export interface PathRewrite {
  readonly type: "full" | "prefix" | "regex";
  /** For `regex`: with `$1` and so on of the rule's match. */
  readonly value: string;
}

export type RouteFilter =
  | ({ readonly type: "request-headers" } & HeaderChanges)
  | ({ readonly type: "response-headers" } & HeaderChanges)
  | {
      readonly type: "redirect";
      readonly scheme?: "http" | "https";
      readonly host?: string;
      readonly port?: number;
      readonly path?: PathRewrite;
      readonly status: number;
    }
  | { readonly type: "rewrite"; readonly host?: string; readonly path?: PathRewrite }
  /** A copy of the request goes there, and its answer is thrown away; `percent` of all requests. */
  | { readonly type: "mirror"; readonly backend: string; readonly percent: number }
  | {
      readonly type: "cors";
      readonly allowOrigins: readonly string[];
      readonly allowMethods: readonly string[];
      readonly allowHeaders: readonly string[];
      readonly exposeHeaders: readonly string[];
      readonly allowCredentials: boolean;
      readonly maxAgeSeconds: number;
    }
  | { readonly type: "respond"; readonly status: number; readonly body?: string };

export interface WeightedBackend {
  /** Of a `Backend`. */
  readonly backend: string;
  readonly weight: number;
  /** Filters of this backend alone. */
  readonly filters?: readonly RouteFilter[];
}

/** Where requests go: the ready endpoints of one port of a Service. */
export interface Backend {
  /** `NAMESPACE/SERVICE:PORT`, and what else keeps two apart. */
  readonly name: string;
  /** How endpoints are spoken to. `auto`: HTTP/1.1, and HTTP/2 with prior knowledge for gRPC. */
  readonly protocol: "auto" | "http1" | "h2c" | "https";
  /** For `https`: who must have signed the endpoint's certificate, and for which name. */
  readonly tls?: {
    readonly ca?: string;
    readonly serverName?: string;
    readonly verify: boolean;
    /** What the proxy proves itself with, as PEM. */
    readonly clientCert?: { readonly cert: string; readonly key: string };
  };
  /** None: 503. */
  readonly endpoints: readonly Endpoint[];
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** How it stands with a listener. */
export interface ListenerReport {
  readonly address?: string;
  readonly port: number;
  /** Why it is not open; it is tried again until it is. */
  readonly error?: string;
}
