/** What one who creates a defaulted object of a built-in kind owns. */
export const CREATED: { model: string; object: object; fields: object }[] = [
  {
    model: "io.k8s.api.core.v1.Pod",
    object: {
      metadata: { name: "p", namespace: "n", labels: { app: "x" } },
      spec: {
        containers: [
          {
            name: "c",
            image: "i",
            ports: [{ containerPort: 80, protocol: "TCP" }],
            env: [{ name: "B", value: "b" }, { name: "A" }],
            command: ["a"],
            securityContext: {},
          },
        ],
        restartPolicy: "Always",
        nodeSelector: { a: "b" },
        tolerations: [{ operator: "Exists" }],
        volumes: [{ name: "v", emptyDir: {} }],
        imagePullSecrets: [{ name: "s" }],
      },
      status: { phase: "Pending" },
    },
    fields: {
      "f:metadata": { "f:labels": { ".": {}, "f:app": {} } },
      "f:spec": {
        "f:containers": {
          'k:{"name":"c"}': {
            ".": {},
            "f:command": {},
            "f:env": {
              ".": {},
              'k:{"name":"A"}': { ".": {}, "f:name": {} },
              'k:{"name":"B"}': { ".": {}, "f:name": {}, "f:value": {} },
            },
            "f:image": {},
            "f:name": {},
            "f:ports": {
              ".": {},
              'k:{"containerPort":80,"protocol":"TCP"}': { ".": {}, "f:containerPort": {}, "f:protocol": {} },
            },
            "f:resources": {},
            "f:securityContext": {},
          },
        },
        "f:imagePullSecrets": { ".": {}, 'k:{"name":"s"}': {} },
        "f:nodeSelector": {},
        "f:restartPolicy": {},
        "f:tolerations": {},
        "f:volumes": { ".": {}, 'k:{"name":"v"}': { ".": {}, "f:emptyDir": {}, "f:name": {} } },
      },
    },
  },
  {
    model: "io.k8s.api.apps.v1.Deployment",
    object: {
      metadata: { name: "d", annotations: { "a/b": "c" } },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: "x" } },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: 1 } },
        template: {
          metadata: { labels: { app: "x" } },
          spec: { containers: [{ name: "c" }], dnsPolicy: "ClusterFirst" },
        },
      },
    },
    fields: {
      "f:metadata": { "f:annotations": { ".": {}, "f:a/b": {} } },
      "f:spec": {
        "f:replicas": {},
        "f:selector": {},
        "f:strategy": {
          "f:rollingUpdate": { ".": {}, "f:maxSurge": {}, "f:maxUnavailable": {} },
          "f:type": {},
        },
        "f:template": {
          "f:metadata": { "f:labels": { ".": {}, "f:app": {} } },
          "f:spec": {
            "f:containers": { 'k:{"name":"c"}': { ".": {}, "f:name": {}, "f:resources": {} } },
            "f:dnsPolicy": {},
          },
        },
      },
    },
  },
  {
    model: "io.k8s.api.core.v1.Service",
    object: {
      metadata: { name: "s", ownerReferences: [{ apiVersion: "v1", kind: "K", name: "o", uid: "u-1" }] },
      spec: { selector: { a: "b" }, ports: [{ port: 80, targetPort: "x" }], clusterIPs: ["1.2.3.4"] },
    },
    fields: {
      "f:metadata": { "f:ownerReferences": { ".": {}, 'k:{"uid":"u-1"}': {} } },
      "f:spec": {
        "f:clusterIPs": {},
        "f:ports": {
          ".": {},
          'k:{"port":80,"protocol":"TCP"}': { ".": {}, "f:port": {}, "f:targetPort": {} },
        },
        "f:selector": {},
      },
    },
  },
  {
    model: "io.k8s.api.core.v1.ConfigMap",
    object: { metadata: { name: "c" }, data: { "b.txt": "1", a: "2" }, binaryData: { z: "AA==" } },
    fields: { "f:binaryData": { ".": {}, "f:z": {} }, "f:data": { ".": {}, "f:a": {}, "f:b.txt": {} } },
  },
  {
    model: "io.k8s.api.rbac.v1.Role",
    object: { metadata: { name: "r" }, rules: [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }] },
    fields: { "f:rules": {} },
  },
];
