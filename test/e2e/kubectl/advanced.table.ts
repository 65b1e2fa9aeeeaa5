import { ANYTHING, type CommandRows } from "./command-row.ts";

/** Advanced and settings commands, as kubectl's help groups them, and at the end what takes away. */
export const ADVANCED: readonly CommandRows[] = [
  {
    subcommand: "diff",
    rows: [
      { run: "kubectl diff -f web.yaml", out: "" },
      { run: "kubectl diff -f map2.yaml", code: 1, out: /^- {2}a: one\n\+ {2}a: two$/m },
      { run: "kubectl diff --server-side --force-conflicts -f map2.yaml", code: 1, out: /^\+ {2}a: two$/m },
      {
        run: "sed 's/replicas: 2/replicas: -2/' web.yaml | kubectl diff -f -",
        code: 2,
        err: /spec.replicas: Invalid value: -2/,
      },
    ],
  },
  {
    subcommand: "patch",
    rows: [
      { run: `kubectl patch cm map -p '{"data":{"b":"2"}}'`, out: "configmap/map patched\n" },
      { run: `kubectl patch cm map -p '{"data":{"b":"2"}}'`, out: "configmap/map patched (no change)\n" },
      {
        run: `kubectl patch cm map --type=merge -p '{"data":{"b":null}}' -o jsonpath='{.data}'`,
        out: '{"a":"one"}',
      },
      {
        run: `kubectl patch cm map --type=json -p '[{"op":"add","path":"/data/c","value":"3"}]' --dry-run=server -o jsonpath='{.data.c}'`,
        out: "3",
      },
      {
        run: `kubectl patch cm map --type=json -p '[{"op":"remove","path":"/data/none"}]'`,
        code: 1,
        err: "The request is invalid: the server rejected our request due to an error in our request\n",
      },
      {
        run: `kubectl patch deployment web --subresource=scale --type=merge -p '{"spec":{"replicas":2}}'`,
        out: /scale\.autoscaling\/web patched|deployment\.apps\/web patched/,
      },
      {
        run: `kubectl patch pod shell -p '{"spec":{"nodeName":"other"}}'`,
        code: 1,
        err: /The Pod "shell" is invalid: spec: Forbidden: pod updates may not change fields other than/,
      },
    ],
  },
  {
    subcommand: "replace",
    rows: [
      {
        run: "kubectl get cm map -o json | sed s/one/three/ | kubectl replace -f -",
        out: "configmap/map replaced\n",
      },
      {
        run: `kubectl get cm map -o json | sed 's/"resourceVersion": "[0-9]*"/"resourceVersion": "1"/' | kubectl replace -f -`,
        code: 1,
        err: /Error from server \(Conflict\): .*the object has been modified/,
      },
      {
        run: "kubectl replace --force -f map.yaml",
        out: 'configmap "map" deleted\nconfigmap/map replaced\n',
      },
      {
        run: "sed 's/name: map/name: none/' map.yaml | kubectl replace -f -",
        code: 1,
        err: /Error from server \(NotFound\): .*configmaps "none" not found/,
      },
    ],
  },
  {
    subcommand: "edit",
    rows: [
      { run: "KUBE_EDITOR='sed -i s/one/edited/' kubectl edit cm map", out: "configmap/map edited\n" },
      { run: "KUBE_EDITOR=true kubectl edit cm map", err: "Edit cancelled, no changes made.\n" },
      {
        run: "KUBE_EDITOR='sed -i s/replicas:.2/replicas:\\ -2/' kubectl edit deployment web",
        code: 1,
        err: /deployments\.apps "web" is invalid|Edit cancelled/,
        out: ANYTHING,
      },
      {
        run: "KUBE_EDITOR='sed -i s/edited/again/' kubectl edit cm map -o json",
        out: /"a": "again"/,
      },
    ],
  },
  {
    subcommand: "kustomize",
    rows: [
      {
        run: "kubectl kustomize kustomize",
        out: /^apiVersion: v1\ndata:\n {2}a: one\nkind: ConfigMap\nmetadata:\n {2}labels:\n {4}env: dev\n {2}name: dev-map\n$/,
      },
    ],
  },
  {
    subcommand: "label",
    rows: [
      { run: "kubectl label cm map tier=front", out: "configmap/map labeled\n" },
      {
        run: "kubectl label cm map tier=back",
        code: 1,
        err: "error: 'tier' already has a value (front), and --overwrite is false\n",
      },
      {
        run: "kubectl label cm map tier=back --overwrite --resource-version=1",
        code: 1,
        err: /the object has been modified/,
      },
      { run: "kubectl label cm map tier=back --overwrite", out: "configmap/map labeled\n" },
      { run: "kubectl label cm map --list", out: "tier=back\n" },
      { run: "kubectl label cm -l tier=back tier-", out: "configmap/map unlabeled\n" },
      {
        run: "kubectl label cm map 'tier=no spaces'",
        code: 1,
        err: /a valid label must be an empty string or consist of/,
      },
    ],
  },
  {
    subcommand: "annotate",
    rows: [
      { run: "kubectl annotate cm map note=one", out: /^configmap\/map annotated?\n$/ },
      {
        run: "kubectl annotate cm map note=two",
        code: 1,
        err: /--overwrite is false but found the following declared annotation\(s\): 'note' already has a value \(one\)/,
      },
      { run: "kubectl annotate cm map note=two --overwrite", out: /^configmap\/map annotated?\n$/ },
      { run: "kubectl annotate cm map --list", out: /^note=two$/m },
      { run: "kubectl annotate -f map.yaml note-", out: /^configmap\/map annotated?\n$/ },
    ],
  },
  {
    subcommand: "completion",
    rows: [
      {
        run: "kubectl completion bash | bash -n && kubectl completion zsh | head -n 1",
        out: /^#compdef kubectl/,
      },
      { run: "kubectl __complete get pod sh 2>/dev/null", out: /^shell\n:4\n$/ },
      { run: "kubectl __complete get deploymen 2>/dev/null", out: /deployments/ },
    ],
  },
  {
    subcommand: "config",
    rows: [
      { run: "kubectl config current-context", out: /^\S+\n$/ },
      { run: "kubectl config get-contexts --no-headers", out: /^\* / },
      {
        run: "kubectl config get-clusters | tail -n 1; kubectl config get-users | tail -n 1",
        out: /^\S+\n\S+\n$/,
      },
      {
        run: "kubectl config set-cluster other --server=https://127.0.0.1:1 --insecure-skip-tls-verify",
        out: 'Cluster "other" set.\n',
      },
      {
        run: "kubectl config set-credentials carol --client-certificate=carol.crt --client-key=carol.key",
        out: 'User "carol" set.\n',
      },
      {
        run: "kubectl config set-context other --cluster=other --user=carol --namespace=x",
        out: 'Context "other" created.\n',
      },
      { run: "kubectl config rename-context other another", out: 'Context "other" renamed to "another".\n' },
      { run: "kubectl --context=another get pods --request-timeout=2s", code: 1, err: ANYTHING },
      {
        run: "kubectl config set clusters.other.server https://127.0.0.1:2",
        out: 'Property "clusters.other.server" set.\n',
      },
      {
        run: "kubectl config unset users.carol.client-key",
        out: 'Property "users.carol.client-key" unset.\n',
      },
      {
        run: "kubectl config delete-user carol; kubectl config delete-context another; kubectl config delete-cluster other",
        out: /^deleted user carol from \S+\ndeleted context another from \S+\ndeleted cluster other from \S+\n$/,
      },
      { run: "kubectl config use-context $(kubectl config current-context)", out: /^Switched to context/ },
      { run: "kubectl config view --minify -o jsonpath='{.contexts[0].context.namespace}'", out: "$N" },
    ],
  },
  {
    subcommand: "plugin list",
    rows: [
      {
        run: "PATH=$(dirname $(command -v kubectl)):/usr/bin:/bin kubectl plugin list",
        code: 1,
        err: "error: unable to find any kubectl plugins in your PATH\n",
      },
    ],
  },
  {
    subcommand: "delete",
    rows: [
      {
        run: "kubectl delete cm made --dry-run=server",
        out: /configmap "made" deleted.* \(server dry run\)\n$/,
      },
      {
        run: "kubectl delete cm made literal",
        out: /configmap "made" deleted.*configmap "literal" deleted/s,
      },
      {
        run: "kubectl delete cm made",
        code: 1,
        err: 'Error from server (NotFound): configmaps "made" not found\n',
      },
      { run: "kubectl delete cm made --ignore-not-found", out: "" },
      { run: "kubectl delete -k kustomize", out: /configmap "dev-map" deleted/ },
      { run: "kubectl delete secret --field-selector=type=shop/word", out: /secret "word" deleted/ },
      { run: "kubectl delete deployment web --cascade=orphan", out: /deployment\.apps "web" deleted/ },
      { run: "kubectl get rs -l app=web -o name", out: /^replicaset\.apps\/web-/ },
      {
        run: "kubectl delete rs -l app=web --cascade=foreground --timeout=60s",
        out: /replicaset\.apps "web-\S+" deleted/,
      },
      { run: "kubectl get pods -l app=web -o name", out: "" },
      {
        run: "kubectl delete pod shell --grace-period=0 --force",
        out: /pod "shell" force deleted/,
        err: /Warning: Immediate deletion does not wait for confirmation/,
      },
      {
        run: "kubectl delete deploy,svc,ingress,pdb --all --timeout=60s",
        out: /deployment\.apps "idle" deleted.*ingress\.networking\.k8s\.io "shop" deleted/s,
      },
      { run: "kubectl delete namespace $N --timeout=60s", out: /namespace "\S+" deleted\n/ },
    ],
  },
];
