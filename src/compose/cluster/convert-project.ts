import { imageOf, type Project, type Service, scaleOf } from "../model/index.ts";
import { clusterName, namespaceOf, projectLabels, serviceLabels } from "./cluster-names.ts";
import type { ClusterObject, ClusterProject, ClusterService } from "./cluster-object.ts";
import { containerSpec } from "./container-spec.ts";
import { discoveryObjects } from "./discovery.ts";
import { fileObjects } from "./file-objects.ts";
import { podSettings } from "./pod-settings.ts";
import { podVolumes } from "./pod-volumes.ts";
import { tellUnsupported } from "./tell-unsupported.ts";

export interface ConvertOptions {
  /** The bytes of a file of a configuration or a secret. */
  readFile(path: string): Buffer;
  separator: string;
}

/** What a claim asks for where nothing says more. */
const CLAIM_SIZE = "1Gi";

/** A project as objects of one namespace: Deployments, Services, claims, ConfigMaps and Secrets. */
export function convertProject(project: Project, options: ConvertOptions): ClusterProject {
  const told: string[] = [];
  const tell = (sentence: string) => {
    if (!told.includes(sentence)) told.push(sentence);
  };
  const namespace = namespaceOf(project);
  if (Object.keys(project.networks).length > 1) {
    tell("networks: the pods of a namespace all reach each other; services are not kept apart by networks");
  }
  const shared: ClusterObject[] = [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels: projectLabels(project) } },
    ...claims(project, namespace, tell),
    ...fileObjects(project, namespace, options, tell),
  ];
  const services = inOrder(project).map((service) => convertService(project, service, options, tell));
  return { namespace, shared, services, told };
}

/** All its objects, in the order in which they can be applied. */
export const allObjects = ({ shared, services }: ClusterProject): ClusterObject[] => [
  ...shared,
  ...services.flatMap(({ objects }) => objects),
];

function claims(project: Project, namespace: string, tell: (sentence: string) => void): ClusterObject[] {
  return Object.entries(project.volumes).flatMap(([key, volume]) => {
    if (volume.external) return [];
    if (volume.driver && volume.driver !== "local")
      tell(`volumes.${key}.driver: a claim has the cluster's default storage`);
    if (Object.keys(volume.driver_opts ?? {}).length > 0)
      tell(`volumes.${key}.driver_opts: a claim takes none`);
    return [
      {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: {
          name: clusterName(key),
          namespace,
          labels: projectLabels(project),
          annotations: volume.labels,
        },
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: CLAIM_SIZE } } },
      },
    ];
  });
}

/** What others need comes first. */
function inOrder(project: Project): Service[] {
  const done = new Set<string>();
  const ordered: Service[] = [];
  const visit = (name: string) => {
    const service = project.services[name];
    if (!service || done.has(name)) return;
    done.add(name);
    for (const dependency of Object.keys(service.depends_on ?? {}).sort()) visit(dependency);
    ordered.push(service);
  };
  for (const name of Object.keys(project.services).sort()) visit(name);
  return ordered;
}

function convertService(
  project: Project,
  service: Service,
  options: ConvertOptions,
  tell: (sentence: string) => void,
): ClusterService {
  tellUnsupported(service, tell);
  const namespace = namespaceOf(project);
  const name = clusterName(service.name);
  const labels = serviceLabels(project, service.name);
  const volumes = podVolumes(project, service, tell);
  const container = containerSpec(project, service, {
    image: imageOf(service, project, options.separator),
    mounts: volumes.mounts,
    tell,
  });
  const ends = isWaitedToEnd(project, service.name);
  const template = {
    metadata: { labels, annotations: service.annotations },
    spec: {
      ...podSettings(service, ends, tell),
      containers: [container],
      volumes: volumes.volumes.length > 0 ? volumes.volumes : undefined,
    },
  };
  const metadata = { name, namespace, labels, annotations: annotationsOf(service) };
  const workload: ClusterObject = ends
    ? { apiVersion: "batch/v1", kind: "Job", metadata, spec: { backoffLimit: 0, template } }
    : {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata,
        spec: {
          replicas: scaleOf(service),
          selector: { matchLabels: labels },
          // Two containers of a service never run side by side while it is made anew, nor share its volumes then.
          strategy: { type: "Recreate" },
          template,
        },
      };
  return {
    name: service.name,
    after: conditionsOf(service),
    objects: [...discoveryObjects(project, service, namespace), workload],
    workload: { kind: ends ? "Job" : "Deployment", name },
  };
}

/** Labels of a container say what they like; those of Kubernetes do not. */
function annotationsOf(service: Service): Record<string, string> | undefined {
  const labels = { ...service.labels, ...service.deploy?.labels };
  return Object.keys(labels).length > 0
    ? Object.fromEntries(Object.entries(labels).map(([key, value]) => [annotationKey(key), value]))
    : undefined;
}

const annotationKey = (key: string) => key.replace(/[^A-Za-z0-9_./-]/g, "-").slice(0, 253);

function isWaitedToEnd(project: Project, name: string): boolean {
  return Object.values(project.services).some(
    ({ depends_on: needs }) => needs?.[name]?.condition === "service_completed_successfully",
  );
}

function conditionsOf(service: Service): ClusterService["after"] {
  const words = {
    service_started: "started",
    service_healthy: "healthy",
    service_completed_successfully: "completed",
  } as const;
  return Object.fromEntries(
    Object.entries(service.depends_on ?? {}).map(([name, on]) => [
      name,
      words[(on?.condition ?? "service_started") as keyof typeof words] ?? "started",
    ]),
  );
}
