import type { HealthCheck, Hook, Project, Service } from "../model/index.ts";
import { clusterName } from "./cluster-names.ts";

export interface ContainerSpecOptions {
  image: string;
  mounts: object[];
  tell(sentence: string): void;
}

const PULL: Record<string, string> = { always: "Always", never: "Never" };

/** The one container of a service's pods. */
export function containerSpec(
  project: Project,
  service: Service,
  { image, mounts, tell }: ContainerSpecOptions,
): Record<string, unknown> {
  const environment = variablesOf(project, service);
  return {
    name: clusterName(service.name),
    image,
    imagePullPolicy: PULL[service.pull_policy ?? ""] ?? "IfNotPresent",
    command: service.entrypoint,
    args: service.command,
    workingDir: service.working_dir,
    env: environment.length > 0 ? environment : undefined,
    ports: portsOf(service),
    resources: resourcesOf(service, tell),
    securityContext: securityOf(service, tell),
    readinessProbe: probeOf(service.healthcheck),
    lifecycle: lifecycleOf(service, tell),
    stdin: service.stdin_open || undefined,
    tty: service.tty || undefined,
    volumeMounts: mounts.length > 0 ? mounts : undefined,
  };
}

function variablesOf(project: Project, service: Service): { name: string; value: string }[] {
  const entries = Object.entries(service.environment ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.flatMap(([name, value]) => {
    const own = value ?? project.environment.get(name);
    // `$(NAME)` would be replaced by the kubelet.
    return own === undefined ? [] : [{ name, value: own.replaceAll("$(", () => "$$(") }];
  });
}

/** Published ports are the node's own, as they are the machine's with an engine. */
function portsOf(service: Service): object[] | undefined {
  const published = (service.ports ?? []).map((port) => ({
    containerPort: port.target,
    protocol: (port.protocol ?? "tcp").toUpperCase(),
    hostPort: port.published ? Number(port.published.split("-")[0]) : undefined,
    hostIP: port.published ? port.host_ip : undefined,
  }));
  const exposed = (service.expose ?? []).map((text) => {
    const [port, protocol = "tcp"] = text.split("/");
    return { containerPort: Number(port), protocol: protocol.toUpperCase() };
  });
  const known = new Set(published.map((port) => `${port.containerPort}/${port.protocol}`));
  const all = [
    ...published,
    ...exposed.filter(
      (port) => port.containerPort > 0 && !known.has(`${port.containerPort}/${port.protocol}`),
    ),
  ];
  return all.length > 0 ? all : undefined;
}

function resourcesOf(service: Service, tell: (sentence: string) => void): object | undefined {
  const { limits, reservations } = service.deploy?.resources ?? {};
  const quantities = (cpus: number | undefined, memory: number | undefined) => {
    const entries = {
      ...(cpus ? { cpu: `${Math.round(cpus * 1000)}m` } : {}),
      ...(memory ? { memory: String(memory) } : {}),
    };
    return Object.keys(entries).length > 0 ? entries : undefined;
  };
  if (limits?.pids || service.pids_limit)
    tell(`services.${service.name}.pids_limit: a pod has no limit of processes of its own`);
  const limit = quantities(limits?.cpus || service.cpus, limits?.memory || service.mem_limit);
  // What is not reserved is not taken away from others: Kubernetes would reserve what is the limit.
  const request =
    quantities(reservations?.cpus, reservations?.memory || service.mem_reservation) ??
    (limit && { ...("cpu" in limit ? { cpu: "0" } : {}), ...("memory" in limit ? { memory: "0" } : {}) });
  return limit || request ? { limits: limit, requests: request } : undefined;
}

function securityOf(service: Service, tell: (sentence: string) => void): object | undefined {
  const context: Record<string, unknown> = {};
  if (service.privileged) context.privileged = true;
  if (service.read_only) context.readOnlyRootFilesystem = true;
  if (service.cap_add?.length || service.cap_drop?.length) {
    const bare = (names: string[] | undefined) =>
      names?.map((name) => name.toUpperCase().replace(/^CAP_/, ""));
    context.capabilities = { add: bare(service.cap_add), drop: bare(service.cap_drop) };
  }
  if (service.user) {
    const [user = "", group] = service.user.split(":");
    if (/^\d+$/.test(user) && (group === undefined || /^\d+$/.test(group))) {
      context.runAsUser = Number(user);
      if (group !== undefined) context.runAsGroup = Number(group);
    } else
      tell(
        `services.${service.name}.user: a pod takes numbers only; ${JSON.stringify(service.user)} is left out`,
      );
  }
  if (service.security_opt?.some((option) => /^no-new-privileges(?:[:=]true)?$/.test(option))) {
    context.allowPrivilegeEscalation = false;
  }
  return Object.keys(context).length > 0 ? context : undefined;
}

const seconds = (nanoseconds: number | undefined) =>
  nanoseconds === undefined ? undefined : Math.max(1, Math.ceil(nanoseconds / 1e9));

/** Healthy is ready: what waits for it, and what reaches it by name, sees the same as on an engine. */
function probeOf(check: HealthCheck | undefined): object | undefined {
  const [kind, ...words] = check?.test ?? [];
  if (!check || check.disable || kind === undefined || kind === "NONE") return undefined;
  return {
    exec: { command: kind === "CMD-SHELL" ? ["/bin/sh", "-c", ...words] : words },
    periodSeconds: seconds(check.start_interval ?? check.interval) ?? 30,
    timeoutSeconds: seconds(check.timeout) ?? 30,
    failureThreshold: check.retries || 3,
  };
}

function lifecycleOf(service: Service, tell: (sentence: string) => void): object | undefined {
  const one = (name: "post_start" | "pre_stop", hooks: Hook[] | undefined) => {
    const [first, ...more] = hooks ?? [];
    if (!first) return undefined;
    if (more.length > 0)
      tell(`services.${service.name}.${name}: a pod runs one command; only the first is taken`);
    for (const field of ["user", "privileged", "working_dir", "environment"] as const) {
      if (first[field] !== undefined) {
        tell(`services.${service.name}.${name}.${field}: the command runs as the container does`);
      }
    }
    return { exec: { command: first.command } };
  };
  const [postStart, preStop] = [one("post_start", service.post_start), one("pre_stop", service.pre_stop)];
  return postStart || preStop ? { postStart, preStop } : undefined;
}
