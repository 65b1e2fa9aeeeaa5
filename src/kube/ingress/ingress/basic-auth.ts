import type { RouteRule } from "../../../reverse-proxy/index.ts";
import type { AuthSettings } from "../annotations/ingress-settings.ts";
import type { ClusterLookup } from "../cluster-lookup.ts";
import { textOf } from "../tls-secret.ts";

/** Who may come in, or why that cannot be told. */
export function basicAuth(
  namespace: string,
  { secret: name, realm, form }: AuthSettings,
  lookup: ClusterLookup,
): NonNullable<RouteRule["basicAuth"]> | { readonly error: string } {
  const key = `${namespace}/${name}`;
  const secret = lookup.secret(key);
  if (!secret) return { error: `Secret ${key} does not exist` };
  if (form === "map") {
    const users = Object.keys(secret.data ?? {}).map((user) => `${user}:${textOf(secret, user)!.trim()}`);
    return { realm, users: users.join("\n") };
  }
  const users = textOf(secret, "auth");
  return users === undefined ? { error: `Secret ${key} has no key auth` } : { realm, users };
}
