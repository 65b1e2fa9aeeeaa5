import type { RouteRule } from "../../../reverse-proxy/index.ts";
import type { HTTPIngressPath, Ingress } from "../../api/index.ts";
import type { IngressSettings } from "../annotations/ingress-settings.ts";
import { readIngressSettings } from "../annotations/read-ingress-settings.ts";
import { type ClusterLookup, type Dependency, NotingLookup } from "../cluster-lookup.ts";
import type { Problem } from "../problem.ts";
import type { Contribution, HostRoutes, ListenerKey } from "../routes/contribution.ts";
import { withBackendSecret } from "./backend-secret.ts";
import { basicAuth } from "./basic-auth.ts";
import { canaryBackends } from "./canary-backends.ts";
import { withCanary } from "./canary-rules.ts";
import { IngressBackends } from "./ingress-backends.ts";
import {
  appRootRule,
  hostRedirect,
  passedOn,
  type RuleMaterial,
  redirectedToTls,
  ruleOf,
  wwwCounterpart,
} from "./ingress-rules.ts";
import { type HostTls, IngressTls } from "./ingress-tls.ts";
import { pathMatch } from "./path-match.ts";

export interface IngressSurroundings {
  readonly ports: { readonly http: number; readonly https: number };
  readonly lookup: ClusterLookup;
  /** Ingresses of its namespace with a host of its own that are canaries. */
  readonly canaries: readonly Ingress[];
}

export interface IngressTranslation {
  readonly contribution: Contribution;
  readonly problems: readonly Problem[];
  readonly dependsOn: ReadonlySet<Dependency>;
}

const NO_HOST = "*";

/** What an Ingress adds to the table. */
export function translateIngress(ingress: Ingress, surroundings: IngressSurroundings): IngressTranslation {
  const lookup = new NotingLookup(surroundings.lookup);
  const settings = readIngressSettings(ingress);
  const problems: Problem[] = [...settings.problems];
  const createdMs = Date.parse(ingress.metadata.creationTimestamp ?? "") || 0;
  if (settings.refused !== undefined) problems.push({ reason: "Rejected", message: settings.refused });
  if (settings.refused !== undefined || settings.canary) {
    return { contribution: { hosts: [], backends: [], createdMs }, problems, dependsOn: lookup.asked };
  }
  const translation = new Translation(ingress, settings, { ...surroundings, lookup });
  const hosts = translation.hosts();
  return {
    contribution: { hosts, backends: translation.backends(), createdMs },
    problems: [...problems, ...translation.problems()],
    dependsOn: lookup.asked,
  };
}

class Translation {
  readonly #ingress: Ingress;
  readonly #settings: IngressSettings;
  readonly #surroundings: IngressSurroundings;
  readonly #backends: IngressBackends;
  readonly #tls: IngressTls;
  readonly #material: RuleMaterial;
  readonly #problems: Problem[] = [];
  #backendTrouble: string | undefined;
  readonly #name: string;

  constructor(ingress: Ingress, settings: IngressSettings, surroundings: IngressSurroundings) {
    const { lookup } = surroundings;
    this.#ingress = ingress;
    this.#settings = settings;
    this.#surroundings = surroundings;
    this.#backends = new IngressBackends(ingress, this.#manner(), lookup);
    this.#tls = new IngressTls(ingress, lookup);
    this.#name = `ingress/${ingress.metadata.namespace}/${ingress.metadata.name}`;
    this.#material = { settings, guards: this.#guards() };
  }

  /** How backends are spoken to. */
  #manner(): Pick<IngressSettings, "protocol" | "tls"> {
    const { protocol, tls, backendSecret } = this.#settings;
    if (!tls || backendSecret === undefined) return { protocol, tls };
    const key = `${this.#ingress.metadata.namespace}/${backendSecret}`;
    const found = withBackendSecret(tls, key, this.#surroundings.lookup);
    if (!("error" in found)) return { protocol, tls: found };
    this.#backendTrouble = found.error;
    return { protocol, tls };
  }

  hosts(): HostRoutes[] {
    const byHost = new Map<string, RouteRule[]>();
    for (const { host = NO_HOST, http } of this.#ingress.spec.rules ?? []) {
      const name = host.toLowerCase() || NO_HOST;
      const known = byHost.get(name) ?? [];
      byHost.set(name, [...known, ...(http?.paths ?? []).flatMap((path) => this.#rules(name, path))]);
    }
    const { defaultBackend } = this.#ingress.spec;
    if (defaultBackend && byHost.size === 0) byHost.set(NO_HOST, []);
    return [...byHost].flatMap(([host, rules]) => this.#host(host, rules));
  }

  backends() {
    return [...this.#backends.references.values()];
  }

  problems(): Problem[] {
    return [...this.#problems, ...this.#backends.problems, ...this.#tls.problems];
  }

  #guards(): RuleMaterial["guards"] {
    const { denied, allowedSources, auth } = this.#settings;
    const trouble = denied ?? this.#backendTrouble;
    if (trouble !== undefined) return this.#deny(trouble);
    const users = auth && basicAuth(this.#ingress.metadata.namespace!, auth, this.#surroundings.lookup);
    if (users && "error" in users) return this.#deny(users.error);
    return { ...(allowedSources ? { allowedSources } : {}), ...(users ? { basicAuth: users } : {}) };
  }

  #deny(why: string): undefined {
    this.#problems.push({ reason: "Denied", message: `all requests are answered with 503: ${why}` });
    return undefined;
  }

  #rules(host: string, path: HTTPIngressPath): RouteRule[] {
    const match = pathMatch(path, this.#settings);
    if ("error" in match) {
      this.#problems.push({ reason: "InvalidPath", message: match.error });
      return [];
    }
    const backend = this.#backends.nameOf(path.backend);
    const rule = ruleOf({ name: this.#name, match, path: path.path || "/" }, backend, this.#material);
    if (rule.backends.length === 0) return [rule];
    const canary = canaryBackends(this.#surroundings.canaries, host, path)[0];
    if (!canary) return [rule];
    const aside = this.#backends.nameOf(canary.backend);
    return aside === undefined ? [rule] : withCanary(rule, aside, canary.settings);
  }

  /** The host on both ports. */
  #host(host: string, ofPaths: readonly RouteRule[]): HostRoutes[] {
    const { redirectsWww, appRoot } = this.#settings;
    const rules = [...ofPaths, ...this.#fallback()];
    if (appRoot !== undefined) rules.unshift(appRootRule(this.#name, appRoot));
    const routes = this.#onPorts(host, rules, this.#tls.of(host));
    if (!redirectsWww || host.startsWith("*")) return routes;
    const other = wwwCounterpart(host);
    return [
      ...routes,
      ...this.#onPorts(other, [hostRedirect(this.#name, host)], this.#tls.of(other) ?? this.#tls.of(host)),
    ];
  }

  #fallback(): RouteRule[] {
    const { defaultBackend } = this.#ingress.spec;
    if (!defaultBackend) return [];
    const backend = this.#backends.nameOf(defaultBackend);
    const match = { path: { type: "any" as const, value: "" } };
    return [ruleOf({ name: this.#name, match, path: "/" }, backend, this.#material)];
  }

  #onPorts(host: string, rules: readonly RouteRule[], tls: HostTls | undefined): HostRoutes[] {
    const { ports } = this.#surroundings;
    const { sslRedirect, forceSslRedirect, passesThrough } = this.#settings;
    const http: ListenerKey = { port: ports.http, protocol: "http" };
    const https: ListenerKey = { port: ports.https, protocol: "https" };
    // A wildcard of an Ingress covers one label, unlike one of a Gateway (IngressRule.host).
    const oneLabel = host.startsWith("*.") ? { oneLabel: true } : {};
    if (passesThrough)
      return [{ listener: { ...https, protocol: "passthrough" }, host, ...oneLabel, rules: passedOn(rules) }];
    const isRedirected = forceSslRedirect || (sslRedirect && tls !== undefined);
    const plain = isRedirected ? rules.map((rule) => redirectedToTls(rule, ports.https)) : rules;
    const certificate = tls?.certificate ? { certificate: tls.certificate } : {};
    return [
      { listener: http, host, ...oneLabel, rules: plain },
      { listener: https, host, ...oneLabel, rules, ...certificate },
    ];
  }
}
