import { ANYTHING, type CommandRows } from "./command-row.ts";

/** Basic commands: apply, get and what is told of kinds and objects. */
export const BASIC: readonly CommandRows[] = [
  {
    subcommand: "apply",
    rows: [
      {
        run: "kubectl apply -f web.yaml -f shell.yaml",
        out: "deployment.apps/web created\npod/shell created\n",
      },
      { run: "kubectl apply -f web.yaml", out: "deployment.apps/web unchanged\n" },
      { run: "kubectl apply --server-side -f map.yaml", out: "configmap/map serverside-applied\n" },
      {
        run: "kubectl apply --server-side --field-manager=other -f map2.yaml",
        code: 1,
        err: /Apply failed with 1 conflict: conflict with "kubectl": \.data\.a/,
      },
      {
        run: "kubectl apply --server-side --field-manager=other --force-conflicts -f map2.yaml",
        out: "configmap/map serverside-applied\n",
      },
      {
        run: "kubectl apply --server-side --force-conflicts -f map.yaml",
        out: "configmap/map serverside-applied\n",
      },
      { run: "kubectl apply -k kustomize", out: "configmap/dev-map created\n" },
      {
        run: "sed 's/name: map/name: never/' map.yaml | kubectl apply --dry-run=server -f -",
        out: "configmap/never created (server dry run)\n",
      },
      {
        run: "sed 's/name: map/name: never/' map.yaml | kubectl apply --dry-run=client -o name -f -",
        out: "configmap/never\n",
      },
      { run: "kubectl apply -f none.yaml", code: 1, err: 'error: the path "none.yaml" does not exist\n' },
    ],
  },
  {
    subcommand: "apply view-last-applied",
    rows: [
      { run: "kubectl apply view-last-applied deployment/web -o json", out: /"replicas": 2/ },
      { run: "kubectl apply view-last-applied -f shell.yaml", out: /^apiVersion: v1\nkind: Pod\n/ },
    ],
  },
  {
    subcommand: "apply set-last-applied",
    rows: [
      {
        run: "sed 's/replicas: 2/replicas: 4/' web.yaml | kubectl apply set-last-applied -f -",
        out: "deployment.apps/web configured\n",
      },
      { run: "kubectl apply view-last-applied deployment/web", out: /replicas: 4/ },
      {
        run: "kubectl apply set-last-applied --create-annotation -f map.yaml",
        out: "configmap/map configured\n",
      },
    ],
  },
  {
    subcommand: "apply edit-last-applied",
    rows: [
      {
        run: "KUBE_EDITOR='sed -i s/replicas:.4/replicas:\\ 2/' kubectl apply edit-last-applied deployment/web",
        out: "deployment.apps/web edited\n",
      },
      { run: "kubectl apply view-last-applied deployment/web", out: /replicas: 2/ },
    ],
  },
  {
    subcommand: "wait",
    rows: [
      {
        run: "kubectl wait --for=condition=Available deployment/web --timeout=60s",
        out: "deployment.apps/web condition met\n",
      },
      {
        run: "kubectl wait --for=condition=Ready pod -l app=shell --timeout=60s",
        out: "pod/shell condition met\n",
      },
      {
        run: "kubectl wait --for=jsonpath='{.status.phase}'=Running pod/shell",
        out: "pod/shell condition met\n",
      },
      {
        run: "kubectl wait --for=jsonpath='{.status.podIP}' pod/shell",
        out: "pod/shell condition met\n",
        since: 30,
      },
      { run: "kubectl wait --for=delete pod/nobody", code: 0, err: ANYTHING },
      { run: "kubectl wait --for=create configmap/map", out: "configmap/map condition met\n", since: 31 },
      {
        run: "kubectl wait --for=condition=Odd pod/shell --timeout=1s",
        code: 1,
        err: "error: timed out waiting for the condition on pods/shell\n",
      },
    ],
  },
  {
    subcommand: "get",
    rows: [
      {
        run: "kubectl get pods shell",
        out: /^NAME +READY +STATUS +RESTARTS +AGE\nshell +2\/2 +Running +0 +\d+/,
      },
      {
        run: "kubectl get deploy,pods -o name",
        out: /^deployment\.apps\/web\npod\/shell\npod\/web-\w+-\w+\npod\/web-/,
      },
      {
        run: "kubectl get pod shell -o wide --no-headers",
        out: /^shell .* 10\.\d+\.\d+\.\d+ +\S+ +<none> +<none>\n$/,
      },
      {
        run: "kubectl get cm map -o json",
        out: /^\{\n {4}"apiVersion": "v1",\n {4}"data": \{\n {8}"a": "one"\n/,
      },
      { run: "kubectl get cm map -o yaml", out: /^apiVersion: v1\ndata:\n {2}a: one\nkind: ConfigMap\n/ },
      {
        run: "kubectl get cm map -o yaml --show-managed-fields",
        out: /managedFields:\n {2}- apiVersion: v1\n/,
      },
      { run: "kubectl get cm map -o jsonpath='{.data.a}'", out: "one" },
      {
        run: "kubectl get cm map -o jsonpath-as-json='{.data}'",
        out: '[\n    {\n        "a": "one"\n    }\n]\n',
      },
      { run: "kubectl get cm -o go-template='{{ len .items }}'", out: "3" },
      { run: "kubectl get cm -o go-template-file=template.txt", out: "dev-map;kube-root-ca.crt;map;" },
      { run: "kubectl get cm map -o custom-columns=N:.metadata.name,A:.data.a", out: "N     A\nmap   one\n" },
      { run: "kubectl get cm map -o custom-columns-file=columns.txt", out: "NAME   DATA\nmap    one\n" },
      { run: "kubectl get cm --sort-by=.data.a -o name", out: /^configmap\/kube-root-ca\.crt\n/ },
      { run: "kubectl get cm --show-labels -l env=dev --no-headers", out: /^dev-map +1 +\S+ +env=dev\n$/ },
      { run: "kubectl get cm -L env dev-map", out: /^NAME +DATA +AGE +ENV\ndev-map +1 +\S+ +dev\n$/ },
      { run: "kubectl get cm --show-kind --no-headers map", out: /^configmap\/map +1/ },
      {
        run: "kubectl get cm --chunk-size=1 -o name",
        out: "configmap/dev-map\nconfigmap/kube-root-ca.crt\nconfigmap/map\n",
      },
      { run: "kubectl get cm --field-selector metadata.name=map -o name", out: "configmap/map\n" },
      { run: "kubectl get pods -A -o name", out: /pod\/shell\n/ },
      {
        run: "kubectl get deploy web --subresource=scale",
        out: /^NAME +DESIRED +AVAILABLE +AGE\nweb +2 +2 +\d+s\n$/,
        since: 30,
      },
      {
        run: "kubectl get all",
        out: /^NAME.*pod\/shell.*deployment\.apps\/web.*replicaset\.apps\/web-/s,
      },
      {
        run: "kubectl get --raw /api/v1/namespaces/$N/configmaps/map",
        out: /^\{"kind":"ConfigMap","apiVersion":"v1"/,
      },
      { run: "kubectl get cm none --ignore-not-found", out: "" },
      {
        run: "kubectl get cm none",
        code: 1,
        err: 'Error from server (NotFound): configmaps "none" not found\n',
      },
      {
        run: "kubectl get nonsense",
        code: 1,
        err: `error: the server doesn't have a resource type "nonsense"\n`,
      },
      { run: "kubectl get secrets -l no=where", err: "No resources found in $N namespace.\n", out: "" },
      { run: "kubectl get cm -l 'in in in'", code: 1, err: /unable to parse requirement/ },
      {
        run: "timeout 3 kubectl get cm map -w --output-watch-events",
        code: 124,
        out: /^EVENT +NAME +DATA +AGE\nADDED +map/,
      },
    ],
  },
  {
    subcommand: "explain",
    rows: [
      { run: "kubectl explain configmap.data", out: /FIELD: data <map\[string\]string>/ },
      { run: "kubectl explain deployment --api-version=apps/v1 --recursive", out: /replicas\t<integer>/ },
      { run: "kubectl explain pod.spec --output=plaintext-openapiv2", out: /KIND: +Pod\nVERSION: +v1\n/ },
      { run: "kubectl explain pod.nothing", code: 1, err: 'error: field "nothing" does not exist\n' },
    ],
  },
  {
    subcommand: "api-resources",
    rows: [
      {
        run: "kubectl api-resources --api-group=apps --verbs=list -o name | sort",
        out: "controllerrevisions.apps\ndaemonsets.apps\ndeployments.apps\nreplicasets.apps\nstatefulsets.apps\n",
      },
      {
        run: "kubectl api-resources --namespaced=false --sort-by=name --no-headers | head -n 1",
        out: /^apiservices +apiregistration\.k8s\.io\/v1 +false +APIService\n$/,
      },
      {
        run: "kubectl api-resources --api-group=batch -o wide --cached",
        out: /jobs +batch\/v1 +true +Job +create,delete,deletecollection,get,list,patch,update,watch +all\n/,
      },
      { run: "kubectl api-resources --categories=all -o name", out: /^pods\n/m },
    ],
  },
  {
    subcommand: "api-versions",
    rows: [
      {
        run: "kubectl api-versions",
        out: /^admissionregistration\.k8s\.io\/v1\n.*\napps\/v1\n.*\nv1\n$/s,
      },
    ],
  },
  {
    subcommand: "version",
    rows: [
      {
        run: "kubectl version -o json",
        out: /"serverVersion": \{\n {4}"major": "1",\n {4}"minor": "33"/,
        err: ANYTHING,
      },
      { run: "kubectl version --client", out: /Client Version/, err: ANYTHING },
    ],
  },
  {
    subcommand: "options",
    rows: [{ run: "kubectl options", out: /--as-group/ }],
  },
];
