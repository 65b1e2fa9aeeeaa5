/** Files that the commands of the tables work with, by path. */
export const MANIFESTS: Record<string, string> = {
  "web.yaml": `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, labels: { app: web } }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: web
          image: busybox
          imagePullPolicy: IfNotPresent
          command: [sleep, "100000"]
`,
  "shell.yaml": `apiVersion: v1
kind: Pod
metadata: { name: shell, labels: { app: shell } }
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: busybox
      imagePullPolicy: IfNotPresent
      command: ["sh", "-c", "mkdir /tmp/www; echo hello >/tmp/www/index.html; echo started; httpd -f -p 8080 -h /tmp/www & wait"]
      ports: [{ containerPort: 8080 }]
    - name: ticker
      image: busybox
      imagePullPolicy: IfNotPresent
      command: ["sh", "-c", "while :; do echo tick; sleep 0.2; done"]
`,
  "map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: map }\ndata: { a: one }\n",
  "map2.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: map }\ndata: { a: two }\n",
  "kustomize/kustomization.yaml":
    "namePrefix: dev-\nresources: [map.yaml]\nlabels: [{ pairs: { env: dev } }]\n",
  "kustomize/map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: map }\ndata: { a: one }\n",
  "roles.yaml": `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reconciled, namespace: NS }
rules:
  - { apiGroups: [""], resources: [pods], verbs: [get] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: reconciled, namespace: NS }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: reconciled }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: User, name: bob }]
`,
  "columns.txt": "NAME          DATA\nmetadata.name data.a\n",
  "template.txt": "{{ range .items }}{{ .metadata.name }};{{ end }}",
};
