import type { Backend, RouteFilter, RouteRule } from "../../../reverse-proxy/index.ts";
import type { Problem } from "../problem.ts";

/** What the annotations of an Ingress ask for. */
export interface IngressSettings {
  readonly useRegex: boolean;
  readonly rewriteTarget?: string;
  readonly appRoot?: string;
  readonly upstreamHost?: string;
  /** Of all its paths, in place of any backend. */
  readonly redirect?: RedirectFilter;
  /** To https of hosts with TLS. */
  readonly sslRedirect: boolean;
  readonly forceSslRedirect: boolean;
  readonly redirectsWww: boolean;
  readonly protocol?: Backend["protocol"];
  readonly tls?: Backend["tls"];
  /** A Secret of the Ingress' namespace with what the proxy shows backends, and who must have signed theirs. */
  readonly backendSecret?: string;
  /** Bytes of its hosts go on as they come, to the backend of the path `/`. */
  readonly passesThrough: boolean;
  readonly maxBodyBytes?: number;
  readonly timeouts?: RouteRule["timeouts"];
  readonly cors?: CorsFilter;
  readonly forwardedPrefix?: string;
  readonly allowedSources?: readonly string[];
  readonly auth?: AuthSettings;
  readonly sessionCookie?: { readonly name: string; readonly path?: string; readonly maxAgeSeconds?: number };
  readonly canary?: CanarySettings;
  /** Why nothing may be let through: what would guard it cannot be had. */
  readonly denied?: string;
  /** Why none of it may be served. */
  readonly refused?: string;
  readonly problems: readonly Problem[];
}

export type RedirectFilter = Extract<RouteFilter, { type: "redirect" }>;
export type CorsFilter = Extract<RouteFilter, { type: "cors" }>;

export interface AuthSettings {
  /** Of the Ingress' namespace. */
  readonly secret: string;
  readonly realm: string;
  /** `file`: the key `auth` holds lines of htpasswd. `map`: each key is a user, its value the digest. */
  readonly form: "file" | "map";
}

export interface CanarySettings {
  readonly weight: number;
  readonly weightTotal: number;
  readonly header?: string;
  readonly headerValue?: string;
  readonly headerPattern?: string;
  readonly cookie?: string;
}
