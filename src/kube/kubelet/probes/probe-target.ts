import { invalidArgument } from "../../../base/index.ts";
import type { Container, HTTPGetAction } from "../../api/index.ts";

/** A probe's or hook's port: a number, or the name of one of the container's ports. */
export function portOf(port: number | string, container: Container): number {
  const named =
    typeof port === "string" ? container.ports?.find(({ name }) => name === port)?.containerPort : undefined;
  const number = named ?? Number(port);
  if (Number.isInteger(number) && number > 0 && number < 65_536) return number;
  throw invalidArgument(`invalid port: ${JSON.stringify(port)}`, { code: "Kubelet.ProbePort" });
}

export interface HttpTarget {
  url: URL;
  headers: [name: string, value: string][];
}

/** Where an httpGet goes: to the pod's own address unless it names a host. */
export function httpTargetOf(action: HTTPGetAction, container: Container, podIp: string): HttpTarget {
  const scheme = (action.scheme ?? "HTTP").toLowerCase();
  const host = action.host || podIp;
  const authority = host.includes(":") ? `[${host}]` : host;
  const path = action.path || "/";
  const url = new URL(
    `${scheme}://${authority}:${portOf(action.port, container)}${path.startsWith("/") ? "" : "/"}${path}`,
  );
  const headers: [string, string][] = (action.httpHeaders ?? []).map(({ name, value }) => [name, value]);
  const has = (wanted: string) => headers.some(([name]) => name.toLowerCase() === wanted);
  if (!has("user-agent")) headers.push(["User-Agent", "kube-probe/1.33"]);
  if (!has("accept")) headers.push(["Accept", "*/*"]);
  return { url, headers };
}
