import type { Refusal } from "./testing/refusals.ts";

const metadata = { name: "x", namespace: "n" };
const pod = { metadata, spec: { containers: [{ name: "c", image: "i" }] } };
const labels = { a: "b" };
const container = (more: object) => ({ spec: { containers: [{ name: "c", image: "i", ...more }] } });
const APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/c";

/** By `apiVersion Kind`: a change to an object that is fine, and what a client is told of the result, which is taken. */
export const KIND_WARNINGS: Record<
  string,
  { base: object; created: Refusal[]; updated?: Refusal[]; status?: Refusal[] }
> = {
  "networking.k8s.io/v1 Ingress": {
    base: { metadata, spec: { defaultBackend: { service: { name: "s", port: { number: 80 } } } } },
    created: [
      [
        {
          metadata: { annotations: { "kubernetes.io/ingress.class": "a" } },
          spec: { ingressClassName: "a" },
        },
      ],
      [
        { metadata: { annotations: { "kubernetes.io/ingress.class": "a" } } },
        "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead",
      ],
    ],
    updated: [[{ metadata: { annotations: { "kubernetes.io/ingress.class": "a" } } }]],
    status: [
      [
        { status: { loadBalancer: { ingress: [{ hostname: "h" }, { ip: "010.0.0.1" }] } } },
        'status.loadBalancer.ingress[1]: non-standard IP address "010.0.0.1" will be considered invalid in a future Kubernetes release: use "10.0.0.1"',
      ],
    ],
  },
  "networking.k8s.io/v1 NetworkPolicy": {
    base: { metadata, spec: { podSelector: {} } },
    created: [
      [
        { spec: { egress: [{ to: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.1/16"] } }] }] } },
        'spec.egress[0].to[0].ipBlock.except[0]: CIDR value "10.1.0.1/16" is ambiguous in this context (should be "10.1.0.0/16" or "10.1.0.1/32"?)',
      ],
    ],
  },
  "node.k8s.io/v1 RuntimeClass": {
    base: { metadata: { name: "x" }, handler: "h" },
    created: [
      [
        { scheduling: { nodeSelector: { "beta.kubernetes.io/os": "linux" } } },
        'scheduling.nodeSelector: deprecated since v1.14; use "kubernetes.io/os" instead',
      ],
    ],
  },
  "v1 Pod": {
    base: pod,
    created: [
      [
        { spec: { nodeSelector: { "beta.kubernetes.io/os": "linux" } } },
        'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
      ],
      [
        { spec: { imagePullSecrets: [{ name: "a" }, { name: "a" }, {}] } },
        'spec.imagePullSecrets[1].name: duplicate name "a"',
        'spec.imagePullSecrets[2].name: invalid empty name ""',
      ],
      [
        {
          spec: {
            topologySpreadConstraints: [{ maxSkew: 1, topologyKey: "k", whenUnsatisfiable: "DoNotSchedule" }],
          },
        },
        "spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod",
      ],
      [
        {
          spec: {
            affinity: {
              podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: "k" }] },
            },
          },
        },
        "spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector: a null labelSelector results in matching no pod",
      ],
      [
        { spec: { volumes: [{ name: "v", quobyte: { registry: "r:1", volume: "v" } }] } },
        "spec.volumes[0].quobyte: deprecated in v1.22, non-functional in v1.25+",
      ],
      [
        {
          spec: {
            volumes: [
              {
                name: "v",
                configMap: {
                  name: "m",
                  items: [
                    { key: "a", path: "p" },
                    { key: "b", path: "p/q" },
                  ],
                },
              },
            ],
          },
        },
        'volume "v" (ConfigMap "m"): overlapping paths: "p/q" with "p"',
      ],
      [
        {
          spec: {
            volumes: [
              {
                name: "v",
                projected: {
                  sources: [
                    { serviceAccountToken: { path: "p" } },
                    { secret: { name: "s", items: [{ key: "a", path: "p" }] } },
                  ],
                },
              },
            ],
          },
        },
        'volume "v" (Projected): overlapping paths: "p" (Secret "s") with "p" (ServiceAccountToken)',
      ],
      [
        container({ resources: { requests: { memory: "1500m" } } }),
        'spec.containers[0].resources.requests[memory]: fractional byte value "1500m" is invalid, must be an integer',
      ],
      [
        container({
          env: [
            { name: "A", value: "1" },
            { name: "A", value: "$(A)2" },
            { name: "A", value: "3" },
          ],
        }),
        'spec.containers[0].env[2]: hides previous definition of "A", which may be dropped when using apply',
      ],
      [
        container({
          ports: [
            { name: "a", containerPort: 80, protocol: "TCP" },
            { name: "b", containerPort: 80, protocol: "TCP", hostPort: 8080 },
            { containerPort: 81, hostIP: "10.0.0.1" },
          ],
        }),
        "spec.containers[0].ports[1]: overlapping port definition with spec.containers[0].ports[0]",
        "spec.containers[0].ports[2]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:81 Protocol:TCP HostIP:10.0.0.1}",
      ],
      [
        { spec: { dnsConfig: { nameservers: ["010.0.0.1"] } } },
        'spec.dnsConfig.nameservers[0]: non-standard IP address "010.0.0.1" will be considered invalid in a future Kubernetes release: use "10.0.0.1"',
      ],
      [
        { metadata: { annotations: { [APP_ARMOR]: "localhost/p" } } },
        `metadata.annotations[${APP_ARMOR}]: deprecated since v1.30; use the "appArmorProfile" field instead`,
      ],
      [
        { metadata: { annotations: { "seccomp.security.alpha.kubernetes.io/pod": "unconfined" } } },
        'metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: non-functional in v1.27+; use the "seccompProfile" field instead',
      ],
    ],
    updated: [[{ metadata: { annotations: { "security.alpha.kubernetes.io/sysctls": "x" } } }]],
    status: [
      [
        { status: { podIPs: [{ ip: "10.0.0.01" }], hostIPs: [{ ip: "2001:DB8::1" }] } },
        'status.podIPs[0].ip: non-standard IP address "10.0.0.01" will be considered invalid in a future Kubernetes release: use "10.0.0.1"',
        'status.hostIPs[0].ip: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")',
      ],
    ],
  },
  "apps/v1 Deployment": {
    base: {
      metadata,
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod.spec } },
    },
    created: [
      [
        { spec: { template: { spec: { terminationGracePeriodSeconds: -1 } } } },
        "spec.template.spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1",
      ],
      [
        { metadata: { name: "a.b" } },
        "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
      ],
      [
        { spec: { template: { metadata: { annotations: { [APP_ARMOR]: "unconfined" } } } } },
        `spec.template.metadata.annotations[${APP_ARMOR}]: deprecated since v1.30; use the "appArmorProfile" field instead`,
      ],
    ],
  },
  "v1 Service": {
    base: { metadata, spec: { ports: [{ port: 80 }] } },
    created: [
      [
        { spec: { externalName: "a.b" } },
        'spec.externalName is ignored when spec.type is not "ExternalName"',
      ],
      [
        { spec: { type: "LoadBalancer", loadBalancerSourceRanges: ["10.1.2.3/8"] } },
        'spec.loadBalancerSourceRanges[0]: CIDR value "10.1.2.3/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.1.2.3/32"?)',
      ],
      [
        { spec: { externalIPs: ["2001:DB8::1"] } },
        'spec.externalIPs[0]: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")',
      ],
    ],
    status: [
      [
        { status: { loadBalancer: { ingress: [{ ip: "010.1.1.1" }] } } },
        'status.loadBalancer.ingress[0]: non-standard IP address "010.1.1.1" will be considered invalid in a future Kubernetes release: use "10.1.1.1"',
      ],
    ],
    updated: [
      [
        { metadata: { annotations: { "service.kubernetes.io/topology-aware-hints": "auto" } } },
        "annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead",
      ],
    ],
  },
  "v1 Node": {
    base: { metadata: { name: "x" } },
    created: [
      [
        { spec: { externalID: "e" } },
        "spec.externalID: this field is deprecated, and is unused by Kubernetes",
      ],
    ],
  },
  "discovery.k8s.io/v1 EndpointSlice": {
    base: { metadata, addressType: "FQDN", endpoints: [{ addresses: ["a.b"] }], ports: [] },
    created: [[{}, "spec.addressType: FQDN endpoints are deprecated"]],
    updated: [[{ endpoints: [{ addresses: ["c.d"] }] }]],
  },
  "v1 ServiceAccount": {
    base: { metadata },
    created: [
      [
        { metadata: { annotations: { "kubernetes.io/enforce-mountable-secrets": "true" } } },
        "metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets",
      ],
    ],
  },
};
