import { describe, expect, it } from "vitest";
import type { PodSpec } from "../../../api/index.ts";
import { detailText, violationsOf } from "./evaluate-pod.ts";
import { parseVersion } from "./level.ts";

type Containers = Pick<PodSpec, "containers" | "initContainers" | "ephemeralContainers">;
type SecurityContext = NonNullable<PodSpec["containers"][number]["securityContext"]>;

const container = (name: string, securityContext?: SecurityContext, more: object = {}) => ({
  name,
  image: "i",
  ...(securityContext ? { securityContext } : {}),
  ...more,
});
/** An init container, a container and an ephemeral one that are alike. */
const each = (securityContext: SecurityContext, more: object = {}): Containers => ({
  containers: [container("b", securityContext, more)],
  initContainers: [container("a", securityContext, more)],
  ephemeralContainers: [container("c", securityContext)],
});

const CONFINED: SecurityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
};
const CONFINED_POD = { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } };
const ALL = 'containers "a", "b", "c"';

interface Row {
  spec?: Partial<PodSpec>;
  annotations?: Record<string, string>;
  /** Version of the policy -> what the pod goes against; the empty text: nothing. */
  told: Record<string, string>;
}

function expectTold(level: "baseline" | "restricted", { spec, annotations = {}, told }: Row): void {
  const found = Object.keys(told).map((text) => {
    const pod = {
      metadata: { annotations },
      spec: { containers: [container("b", CONFINED)], ...spec } as PodSpec,
    };
    return [text, detailText(violationsOf({ level, version: parseVersion(text)! }, pod))];
  });
  expect(Object.fromEntries(found)).toEqual(told);
}

const BASELINE: Record<string, Row> = {
  "what is confined": { told: { "v1.0": "", "v1.33": "", latest: "" } },
  "AppArmor profiles": {
    spec: {
      securityContext: { appArmorProfile: { type: "Unconfined" } },
      ...each({ appArmorProfile: { type: "x" } }),
    },
    annotations: {
      "container.apparmor.security.beta.kubernetes.io/b": "unconfined",
      "container.apparmor.security.beta.kubernetes.io/a": "bogus",
      "container.apparmor.security.beta.kubernetes.io/c": "localhost/mine",
    },
    told: {
      latest: `forbidden AppArmor profiles (pod and ${ALL} and annotations must not set AppArmor profile type to "Unconfined", "x", "container.apparmor.security.beta.kubernetes.io/a="bogus"", "container.apparmor.security.beta.kubernetes.io/b="unconfined"")`,
    },
  },
  "one AppArmor annotation": {
    annotations: { "container.apparmor.security.beta.kubernetes.io/b": "unconfined" },
    told: {
      latest:
        'forbidden AppArmor profile (annotation must not set AppArmor profile type to "container.apparmor.security.beta.kubernetes.io/b="unconfined"")',
    },
  },
  "AppArmor profiles that confine": {
    spec: each({ appArmorProfile: { type: "Localhost", localhostProfile: "x" } }),
    told: { latest: "" },
  },
  capabilities: {
    spec: each({ capabilities: { add: ["SYS_ADMIN", "CHOWN", "NET_RAW"] } }),
    told: {
      latest: `non-default capabilities (${ALL} must not include "NET_RAW", "SYS_ADMIN" in securityContext.capabilities.add)`,
    },
  },
  "the host's namespaces": {
    spec: { hostIPC: true, hostPID: true, hostNetwork: true },
    told: { latest: "host namespaces (hostNetwork=true, hostPID=true, hostIPC=true)" },
  },
  "paths of the host": {
    spec: {
      volumes: [
        { name: "v", hostPath: { path: "/" } },
        { name: "e", emptyDir: {} },
      ],
    },
    told: { latest: 'hostPath volumes (volume "v")' },
  },
  "ports of the host": {
    spec: each({}, { ports: [{ containerPort: 1, hostPort: 80 }, { containerPort: 2 }, { hostPort: 443 }] }),
    told: { latest: 'hostPort (containers "a", "b" use hostPorts 443, 80)' },
  },
  "a port of the host": {
    spec: { containers: [container("b", {}, { ports: [{ containerPort: 1, hostPort: 80 }] })] },
    told: { latest: 'hostPort (container "b" uses hostPort 80)' },
  },
  privileges: {
    spec: each({ privileged: true }),
    told: { latest: `privileged (${ALL} must not set securityContext.privileged=true)` },
  },
  "an unmasked /proc": {
    spec: each({ procMount: "Unmasked" }),
    told: { latest: `procMount (${ALL} must not set securityContext.procMount to "Unmasked")` },
  },
  "SELinux options": {
    spec: {
      securityContext: { seLinuxOptions: { type: "spc_t", user: "u" } },
      ...each({ seLinuxOptions: { type: "a_t", role: "r" } }),
    },
    told: {
      latest: `seLinuxOptions (pod and ${ALL} set forbidden securityContext.seLinuxOptions: types "a_t", "spc_t"; user may not be set; role may not be set)`,
    },
  },
  "a newer SELinux type": {
    spec: each({ seLinuxOptions: { type: "container_engine_t" } }),
    told: {
      "v1.30": `seLinuxOptions (${ALL} set forbidden securityContext.seLinuxOptions: type "container_engine_t")`,
      "v1.31": "",
    },
  },
  "seccomp profiles": {
    spec: {
      securityContext: { seccompProfile: { type: "Unconfined" } },
      ...each({ seccompProfile: { type: "Unconfined" } }),
    },
    told: {
      "v1.18": "",
      "v1.19": `seccompProfile (pod and ${ALL} must not set securityContext.seccompProfile.type to "Unconfined")`,
    },
  },
  "seccomp annotations": {
    spec: each({}),
    annotations: {
      "seccomp.security.alpha.kubernetes.io/pod": "unconfined",
      "container.seccomp.security.alpha.kubernetes.io/c": "x",
      "container.seccomp.security.alpha.kubernetes.io/a": "docker/default",
      "container.seccomp.security.alpha.kubernetes.io/nobody": "x",
    },
    told: {
      "v1.0":
        'seccompProfile (forbidden annotations container.seccomp.security.alpha.kubernetes.io/c="x", seccomp.security.alpha.kubernetes.io/pod="unconfined")',
      "v1.19": "",
    },
  },
  sysctls: {
    spec: {
      securityContext: {
        sysctls: [
          "kernel.shm_rmid_forced",
          "net.ipv4.ip_local_reserved_ports",
          "net.ipv4.tcp_fin_timeout",
          "net.ipv4.tcp_rmem",
          "kernel.msgmax",
        ].map((name) => ({ name, value: "1" })),
      },
    },
    told: {
      "v1.26":
        "forbidden sysctls (net.ipv4.ip_local_reserved_ports, net.ipv4.tcp_fin_timeout, net.ipv4.tcp_rmem, kernel.msgmax)",
      "v1.27": "forbidden sysctls (net.ipv4.tcp_fin_timeout, net.ipv4.tcp_rmem, kernel.msgmax)",
      "v1.29": "forbidden sysctls (net.ipv4.tcp_rmem, kernel.msgmax)",
      "v1.32": "forbidden sysctls (kernel.msgmax)",
    },
  },
  "processes of a Windows host": {
    spec: {
      securityContext: { windowsOptions: { hostProcess: true } },
      ...each({ windowsOptions: { hostProcess: true } }),
    },
    told: {
      latest: `hostProcess (pod and ${ALL} must not set securityContext.windowsOptions.hostProcess=true)`,
    },
  },
  "several things, in the order of the checks": {
    spec: { hostPID: true, ...each({ privileged: true, procMount: "Unmasked" }) },
    told: {
      latest: `host namespaces (hostPID=true), privileged (${ALL} must not set securityContext.privileged=true), procMount (${ALL} must not set securityContext.procMount to "Unmasked")`,
    },
  },
};

const CAPABILITIES = `unrestricted capabilities (container "b" must set securityContext.capabilities.drop=["ALL"])`;
const ESCALATION =
  'allowPrivilegeEscalation != false (container "b" must set securityContext.allowPrivilegeEscalation=false)';
const NON_ROOT = 'runAsNonRoot != true (pod or container "b" must set securityContext.runAsNonRoot=true)';
const SECCOMP =
  'seccompProfile (pod or container "b" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")';

const RESTRICTED: Record<string, Row> = {
  "what is confined": {
    spec: { securityContext: CONFINED_POD },
    told: { "v1.0": "", "v1.33": "", latest: "" },
  },
  "what says nothing": {
    spec: { containers: [container("b")] },
    told: {
      "v1.7": NON_ROOT,
      "v1.8": `${ESCALATION}, ${NON_ROOT}`,
      "v1.19": `${ESCALATION}, ${NON_ROOT}, ${SECCOMP}`,
      "v1.22": `${ESCALATION}, ${CAPABILITIES}, ${NON_ROOT}, ${SECCOMP}`,
      "v1.999": `${ESCALATION}, ${CAPABILITIES}, ${NON_ROOT}, ${SECCOMP}`,
    },
  },
  "what says nothing, for Windows": {
    spec: { containers: [container("b")], os: { name: "windows" } },
    told: { "v1.24": `${ESCALATION}, ${CAPABILITIES}, ${NON_ROOT}, ${SECCOMP}`, "v1.25": NON_ROOT },
  },
  "containers that speak for themselves": {
    spec: each({ ...CONFINED, ...CONFINED_POD }),
    told: { latest: "" },
  },
  capabilities: {
    spec: {
      securityContext: CONFINED_POD,
      containers: [
        container("a", { ...CONFINED, capabilities: { drop: ["CHOWN"], add: ["NET_BIND_SERVICE"] } }),
        container("b", { ...CONFINED, capabilities: { drop: ["ALL"], add: ["SYS_TIME", "CHOWN"] } }),
      ],
    },
    told: {
      "v1.21":
        'non-default capabilities (container "b" must not include "SYS_TIME" in securityContext.capabilities.add)',
      "v1.22":
        'unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]; container "b" must not include "CHOWN", "SYS_TIME" in securityContext.capabilities.add)',
    },
  },
  volumes: {
    spec: {
      securityContext: CONFINED_POD,
      volumes: [
        { name: "a", hostPath: { path: "/" } },
        { name: "b", nfs: { server: "s", path: "/" } },
        { name: "c", image: { reference: "r" } },
        { name: "d" },
      ],
    },
    told: {
      latest:
        'restricted volume types (volumes "a", "b", "d" use restricted volume types "hostPath", "nfs", "unknown")',
    },
  },
  "users that may be root": {
    spec: {
      securityContext: { ...CONFINED_POD, runAsNonRoot: false, runAsUser: 0 },
      ...each({ ...CONFINED, runAsNonRoot: false, runAsUser: 0 }),
    },
    told: {
      "v1.22": `runAsNonRoot != true (pod and ${ALL} must not set securityContext.runAsNonRoot=false)`,
      "v1.23": `runAsNonRoot != true (pod and ${ALL} must not set securityContext.runAsNonRoot=false), runAsUser=0 (pod and ${ALL} must not set runAsUser=0)`,
    },
  },
  "seccomp profiles": {
    spec: {
      securityContext: CONFINED_POD,
      containers: [container("b", { ...CONFINED, seccompProfile: { type: "Unconfined" } })],
    },
    told: {
      latest:
        'seccompProfile (container "b" must not set securityContext.seccompProfile.type to "Unconfined")',
    },
  },
};

describe("Pod Security Standards", () => {
  it.each(Object.entries(BASELINE))("baseline: %s", (_, row) => expectTold("baseline", row));
  it.each(Object.entries(RESTRICTED))("restricted: %s", (_, row) => expectTold("restricted", row));

  it("let everything through where privileged", () => {
    const spec: PodSpec = { hostPID: true, containers: [container("b", { privileged: true })] };
    expect(violationsOf({ level: "privileged", version: "latest" }, { metadata: {}, spec })).toEqual([]);
  });
});
