import { describeAnswers } from "../testing/answer-table.ts";

const CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims";
const VOLUMES = "/api/v1/persistentvolumes";
const CLASSES = "/apis/storage.k8s.io/v1/storageclasses";
const storageClass = (name: string, isDefault: boolean, more: object = {}) => ({
  metadata: { name, annotations: { "storageclass.kubernetes.io/is-default-class": String(isDefault) } },
  provisioner: "example.com/p",
  ...more,
});
const claim = (name: string, spec: object = {}, storage = "1Gi") => ({
  metadata: { name },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage } }, ...spec },
});
const bound = (name: string, spec: object) => ({
  ...claim(name, spec),
  status: { phase: "Bound", capacity: { storage: "1Gi" } },
});

describeAnswers("volumes and claims in use", {
  rows: [
    {
      request: `POST ${CLAIMS}`,
      body: claim("a"),
      code: 201,
      object: { metadata: { finalizers: ["kubernetes.io/pvc-protection"] } },
    },
    {
      request: `POST ${VOLUMES}`,
      body: {
        metadata: { name: "v", finalizers: ["kubernetes.io/pv-protection"] },
        spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/tmp" } },
      },
      code: 201,
      object: { metadata: { finalizers: ["kubernetes.io/pv-protection"] } },
    },
    // Whoever takes the finalizer away may.
    {
      request: `PATCH ${CLAIMS}/a`,
      headers: { "Content-Type": "application/merge-patch+json" },
      body: { metadata: { finalizers: null } },
      code: 200,
      object: { metadata: { name: "a" } },
    },
    { request: `DELETE ${VOLUMES}/v`, code: 200, object: { metadata: { deletionGracePeriodSeconds: 0 } } },
    { request: `GET ${VOLUMES}/v`, code: 200, object: { metadata: { name: "v" } } },
    { request: `DELETE ${CLAIMS}/a`, code: 200 },
    { request: `GET ${CLAIMS}/a`, code: 404, reason: "NotFound" },
  ],
});

const NOT_RESIZABLE =
  "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize";

describeAnswers("a claim that grows", {
  stored: [
    [CLASSES, storageClass("grows", false, { allowVolumeExpansion: true })],
    [CLASSES, storageClass("stays", false)],
    [CLAIMS, claim("a", { storageClassName: "grows" })],
    [CLAIMS, claim("b", { storageClassName: "stays" })],
  ],
  rows: [
    { request: `PUT ${CLAIMS}/a/status`, body: bound("a", { storageClassName: "grows" }), code: 200 },
    { request: `PUT ${CLAIMS}/b/status`, body: bound("b", { storageClassName: "stays" }), code: 200 },
    {
      request: `PUT ${CLAIMS}/a`,
      body: claim("a", { storageClassName: "grows" }, "2Gi"),
      code: 200,
      object: { spec: { resources: { requests: { storage: "2Gi" } } } },
    },
    {
      request: `PUT ${CLAIMS}/b`,
      body: claim("b", { storageClassName: "stays" }, "2Gi"),
      code: 403,
      reason: "Forbidden",
      message: `persistentvolumeclaims "b" is forbidden: ${NOT_RESIZABLE}`,
    },
  ],
});
