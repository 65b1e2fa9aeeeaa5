import type { Service } from "../model/index.ts";

/** Fields of a service that have a place on the cluster, or that say nothing about what runs. */
const EXPRESSED = new Set(
  [
    "name customLabels profiles annotations build develop cap_add cap_drop command configs container_name cpus depends_on deploy",
    "dns dns_opt dns_search entrypoint environment env_file expose extra_hosts group_add hostname healthcheck image init",
    "labels label_file links mem_limit mem_reservation network_mode networks pids_limit ports privileged pull_policy read_only",
    "restart runtime scale secrets shm_size stdin_open stop_grace_period sysctls tmpfs tty user volumes working_dir post_start",
    "pre_stop extensions attach pid ipc security_opt platform",
  ].flatMap((line) => line.split(" ")),
);

const IN_DEPLOY = new Set(["replicas", "labels", "resources", "extensions"]);

/** Says of each thing that a service wants and the cluster has no word for that it is left out. */
export function tellUnsupported(service: Service, tell: (sentence: string) => void): void {
  const where = `services.${service.name}`;
  const leaveOut = (field: string, why = "cannot be said on the cluster, and is left out") =>
    tell(`${where}.${field}: ${why}`);
  for (const [field, value] of Object.entries(service)) {
    if (value !== undefined && !EXPRESSED.has(field)) leaveOut(field);
  }
  for (const [field, value] of Object.entries(service.deploy ?? {})) {
    if (value !== undefined && !IN_DEPLOY.has(field)) leaveOut(`deploy.${field}`);
  }
  if (service.deploy?.resources?.reservations?.devices?.length)
    leaveOut("deploy.resources.reservations.devices");
  for (const option of service.security_opt ?? []) {
    if (!option.startsWith("no-new-privileges")) leaveOut("security_opt", `${option} is left out`);
  }
  for (const field of ["pid", "ipc"] as const) {
    const value = service[field];
    if (value && value !== "host" && value !== "private" && value !== "shareable") {
      leaveOut(field, `${value} cannot be said of a pod`);
    }
  }
  for (const [network, settings] of Object.entries(service.networks ?? {})) {
    for (const field of Object.keys(settings ?? {})) {
      if (field !== "aliases" && field !== "priority") leaveOut(`networks.${network}.${field}`);
    }
  }
  if ((service.group_add ?? []).some((group) => !/^\d+$/.test(group))) {
    leaveOut("group_add", "a pod takes numbers only; names are left out");
  }
  const published = (service.ports ?? []).filter((port) => port.published);
  const replicas = service.scale ?? service.deploy?.replicas ?? 1;
  if (published.length > 0 && replicas > 1) {
    leaveOut("ports", "a published port is a node's own: each node runs one of the containers only");
  }
  if (published.some((port) => port.published?.includes("-"))) {
    leaveOut("ports", "of a range of ports the first is published");
  }
}
