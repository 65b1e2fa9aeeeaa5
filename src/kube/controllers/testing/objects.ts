const container = { name: "web", image: "web:1" };

export function podTemplate(labels: Record<string, string>, image = "web:1") {
  return { metadata: { labels }, spec: { containers: [{ ...container, image }] } };
}

// biome-ignore lint/suspicious/noExplicitAny: parts of specs of any kind
type Fields = Record<string, any>;

export function replicaSet(name: string, namespace: string, replicas: number, spec: Fields = {}) {
  const labels = { app: name };
  return {
    metadata: { name, namespace },
    spec: { replicas, selector: { matchLabels: labels }, template: podTemplate(labels), ...spec },
  };
}

export function replicationController(name: string, namespace: string, replicas: number) {
  const labels = { app: name };
  return {
    metadata: { name, namespace },
    spec: { replicas, selector: labels, template: podTemplate(labels) },
  };
}

export function deployment(name: string, namespace: string, replicas: number, spec: Fields = {}) {
  return replicaSet(name, namespace, replicas, spec);
}

/** A Job of pods with one container, called `web`. */
export function job(name: string, namespace: string, spec: Fields = {}, podSpec: Fields = {}) {
  const template = { spec: { containers: [container], restartPolicy: "Never", ...podSpec } };
  return { metadata: { name, namespace }, spec: { template, ...spec } };
}

export function cronJob(name: string, namespace: string, schedule: string, spec: Fields = {}) {
  const jobTemplate = { spec: job("", "").spec };
  return { metadata: { name, namespace }, spec: { schedule, jobTemplate, ...spec } };
}

export function pod(name: string, namespace: string, labels: Record<string, string> = {}, spec: Fields = {}) {
  return { metadata: { name, namespace, labels }, spec: { containers: [container], ...spec } };
}

export function service(name: string, namespace: string, spec: Fields = {}) {
  return {
    metadata: { name, namespace },
    spec: { selector: { app: name }, ports: [{ name: "http", port: 80, targetPort: 8080 }], ...spec },
  };
}

export function node(name: string, labels: Record<string, string> = {}) {
  return { metadata: { name, labels: { "kubernetes.io/hostname": name, ...labels } } };
}

export function claim(name: string, namespace: string) {
  return {
    metadata: { name, namespace },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  };
}

export function volume(name: string, labels: Record<string, string> = {}) {
  const hostPath = { path: "/tmp/v" };
  return {
    metadata: { name, labels },
    spec: { accessModes: ["ReadWriteOnce"], capacity: { storage: "1Gi" }, hostPath },
  };
}

/** A StatefulSet whose pods are labelled `app: <name>` and which has a Service of its own name. */
export function statefulSet(name: string, namespace: string, replicas: number, spec: Fields = {}) {
  return replicaSet(name, namespace, replicas, { serviceName: name, ...spec });
}

export function daemonSet(name: string, namespace: string, spec: Fields = {}) {
  const labels = { app: name };
  return {
    metadata: { name, namespace },
    spec: { selector: { matchLabels: labels }, template: podTemplate(labels), ...spec },
  };
}
