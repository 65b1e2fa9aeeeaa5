import {
  type KubeObject,
  nodes,
  pods,
  services,
  statusBadRequest,
  statusServiceUnavailable,
} from "../../api/index.ts";
import { toKubelet } from "../nodes/node-reader.ts";
import type { Answer, ProxyTarget, ResourceCall, ServerContext } from "../server-context.ts";
import { isReachable } from "../webhook/reachable-address.ts";
import { readyEndpoints } from "../webhook/service-endpoints.ts";

interface Named {
  scheme: "http" | "https";
  name: string;
  /** Number, name, or empty. */
  port: string;
}

/** `pods/[SCHEME:]NAME[:PORT]/proxy/…`: on to a pod's address; its first declared port where none is named. */
export async function proxyToPod(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const wanted = parseName(call, "pod");
  const { object: pod } = await context.objects.get(pods, call.info.namespace, wanted.name);
  const containers = (pod.spec.containers ?? []) as { ports?: { containerPort: number }[] }[];
  const declared = containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort;
  const port = wanted.port === "" ? declared : Number(wanted.port);
  const host: string = pod.status?.podIP ?? "";
  if (!isReachable(host)) throw statusBadRequest("address not allowed");
  if (wanted.port !== "" && !isPort(port))
    throw statusBadRequest(`invalid port ${JSON.stringify(wanted.port)}`);
  return forward({
    protocol: `${wanted.scheme}:`,
    host,
    port: port ?? (wanted.scheme === "https" ? 443 : 80),
  });
}

/** `services/[SCHEME:]NAME[:PORT]/proxy/…`: on to one of the Service's ready endpoints. The port is the Service's, by name or number. */
export async function proxyToService(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const wanted = parseName(call, "service");
  const { object: service } = await context.objects.get(services, call.info.namespace, wanted.name);
  const portName = servicePortName(service, wanted.port);
  const candidates = await readyEndpoints(context.lookup, service, portName);
  const chosen = candidates[Math.floor(Math.random() * candidates.length)];
  if (!chosen) {
    throw statusServiceUnavailable(`no endpoints available for service ${JSON.stringify(wanted.name)}`);
  }
  return forward({ protocol: `${wanted.scheme}:`, ...chosen });
}

/** `nodes/[SCHEME:]NAME[:PORT]/proxy/…`: to a port of the node, or to its kubelet where none is named. */
export async function proxyToNode(context: ServerContext, call: ResourceCall): Promise<Answer> {
  const wanted = parseName(call, "node");
  const { object: node } = await context.objects.get(nodes, undefined, wanted.name);
  const kubeletPort: number = node.status?.daemonEndpoints?.kubeletEndpoint?.Port || KUBELET_PORT;
  if (wanted.port === "" || Number(wanted.port) === kubeletPort)
    return askKubelet(context, call, wanted.name);
  const port = Number(wanted.port);
  if (!isPort(port)) throw statusBadRequest(`invalid port ${JSON.stringify(wanted.port)}`);
  const host = addressOf(node);
  if (!isReachable(host)) throw statusBadRequest("address not allowed");
  return forward({ protocol: `${wanted.scheme}:`, host, port });
}

const KUBELET_PORT = 10_250;

/** That of this process is asked directly, for what can be read there; in plain text where it has nothing to tell. */
async function askKubelet(
  context: ServerContext,
  { info, params }: ResourceCall,
  nodeName: string,
): Promise<Answer> {
  const path = `/${info.rest ?? ""}`;
  const node = context.nodeAccess(nodeName);
  if (!node) return toKubelet(context, nodeName, params.size > 0 ? `${path}?${params}` : path);
  if (info.verb !== "get") return plainText(405, "405: Method Not Allowed");
  const document = await node.read(nodeName, path, params);
  if (!document) return plainText(404, "404 page not found\n");
  return { form: "encoded", code: 200, contentType: document.contentType, bytes: Buffer.from(document.body) };
}

function plainText(code: number, text: string): Answer {
  return { form: "encoded", code, contentType: "text/plain; charset=utf-8", bytes: Buffer.from(text) };
}

function addressOf({ status }: KubeObject): string {
  const addresses = (status?.addresses ?? []) as { type: string; address: string }[];
  return addresses.find(({ type }) => type === "InternalIP")?.address ?? "";
}

function forward(target: ProxyTarget): Answer {
  return { form: "proxy", target };
}

/** apimachinery's net.SplitSchemeNamePort. */
function parseName({ info }: ResourceCall, what: string): Named {
  const invalid = statusBadRequest(`invalid ${what} request ${JSON.stringify(info.name)}`);
  const parts = info.name!.split(":");
  if (parts.length > 3) throw invalid;
  const [scheme, name, port] = parts.length === 3 ? parts : ["http", ...parts];
  if ((scheme !== "http" && scheme !== "https") || !name) throw invalid;
  return { scheme, name, port: port ?? "" };
}

interface ServicePort {
  name?: string;
  port: number;
}

function servicePortName(service: KubeObject, wanted: string): string {
  const ports = (service.spec.ports ?? []) as ServicePort[];
  const only = ports.length === 1 ? ports[0] : undefined;
  if (wanted === "") return only?.name ?? "";
  const found = /^\d+$/.test(wanted)
    ? ports.find(({ port }) => port === Number(wanted))
    : ports.find(({ name }) => name === wanted);
  if (found) return found.name ?? "";
  throw statusServiceUnavailable(
    `no service port ${wanted} found for service ${JSON.stringify(service.metadata.name)}`,
  );
}

function isPort(port: number | undefined): boolean {
  return Number.isInteger(port) && port! > 0 && port! < 65_536;
}
