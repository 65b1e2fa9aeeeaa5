import { ANYTHING, type CommandRows } from "./command-row.ts";

const REQUEST = `openssl req -new -newkey rsa:2048 -nodes -subj /CN=carol -keyout carol.key -out carol.csr 2>/dev/null
for name in good bad; do
cat <<END | kubectl create -f -
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: { name: $name-$N }
spec: { signerName: kubernetes.io/kube-apiserver-client, usages: [client auth], request: $(base64 -w0 carol.csr) }
END
done`;

/** Cluster management, as kubectl's help groups it. */
export const CLUSTER_MANAGEMENT: readonly CommandRows[] = [
  {
    subcommand: "certificate approve",
    rows: [
      { run: REQUEST, out: /good-.*bad-/s },
      {
        run: "kubectl certificate approve good-$N",
        out: "certificatesigningrequest.certificates.k8s.io/good-$N approved\n",
      },
      {
        run: "kubectl wait --for=jsonpath='{.status.certificate}' csr/good-$N --timeout=30s",
        out: ANYTHING,
        since: 30,
      },
      {
        run: "sleep 1; kubectl get csr good-$N -o jsonpath='{.status.certificate}' | base64 -d | openssl x509 -noout -subject",
        out: /CN ?= ?carol/,
      },
    ],
  },
  {
    subcommand: "certificate deny",
    rows: [
      {
        run: "kubectl certificate deny bad-$N",
        out: "certificatesigningrequest.certificates.k8s.io/bad-$N denied\n",
      },
      { run: "kubectl get csr bad-$N --no-headers", out: /Denied\n$/ },
      { run: "kubectl delete csr good-$N bad-$N", out: /deleted.*deleted/s },
    ],
  },
  {
    subcommand: "cluster-info",
    rows: [
      {
        run: "kubectl cluster-info | head -n 1",
        out: /Kubernetes control plane.* is running at .*https:\/\/127\.0\.0\.1/,
      },
    ],
  },
  {
    subcommand: "cluster-info dump",
    rows: [
      {
        run: "kubectl cluster-info dump --namespaces=$N --output-directory=dump",
        out: "Cluster info dumped to dump\n",
      },
      { run: "ls dump dump/$N", out: /nodes\.json.*deployments\.json.*pods\.json.*services\.json/s },
    ],
  },
  {
    subcommand: "top",
    rows: [
      { run: "kubectl top node $NODE", out: /^NAME +CPU\(cores\) .*\n\S+ +\d+m +\d+% +\d+Mi +\d+%/ },
      {
        // The first figures of a pod come some seconds after its start.
        run: "for i in $(seq 60); do kubectl top pod shell --containers 2>/dev/null && break; sleep 0.5; done",
        out: /^POD +NAME +CPU\(cores\) +MEMORY\(bytes\) *\nshell +main +\d+m +\d+Mi/,
      },
      { run: "kubectl top pod none", code: 1, err: /NotFound/ },
    ],
  },
  {
    subcommand: "cordon",
    rows: [
      { run: "kubectl cordon $NODE", out: "node/$NODE cordoned\n" },
      { run: "kubectl cordon $NODE", out: "node/$NODE already cordoned\n" },
      { run: "kubectl get node $NODE --no-headers", out: /Ready,SchedulingDisabled/ },
    ],
  },
  {
    subcommand: "drain",
    rows: [
      {
        run: 'kubectl run lone --image=busybox --image-pull-policy=IfNotPresent --labels=drained=yes --overrides=\'{"spec":{"nodeName":"\'$NODE\'","terminationGracePeriodSeconds":0}}\' -- sleep 1000',
        out: "pod/lone created\n",
      },
      {
        run: "kubectl drain $NODE --pod-selector=drained=yes",
        code: 1,
        out: /already cordoned/,
        err: /cannot delete .*declare no controller \(use --force to override\)/,
      },
      {
        run: "kubectl drain $NODE --pod-selector=drained=yes --force --timeout=60s",
        out: /evicting pod \S+\/lone\npod\/lone evicted\nnode\/\S+ drained\n$/,
        err: ANYTHING,
      },
    ],
  },
  {
    subcommand: "uncordon",
    rows: [
      { run: "kubectl uncordon $NODE", out: "node/$NODE uncordoned\n" },
      { run: "kubectl get node $NODE -o jsonpath='{.spec.unschedulable}'", out: "" },
    ],
  },
  {
    subcommand: "taint",
    rows: [
      { run: "kubectl taint node $NODE kept=yes:PreferNoSchedule", out: "node/$NODE tainted\n" },
      {
        run: "kubectl taint node $NODE kept=no:PreferNoSchedule",
        code: 1,
        err: /already has kept taint\(s\) with same effect\(s\) and --overwrite is false/,
      },
      { run: "kubectl taint node $NODE kept=no:PreferNoSchedule --overwrite", out: "node/$NODE modified\n" },
      { run: "kubectl taint node $NODE kept-", out: "node/$NODE untainted\n" },
      {
        run: "kubectl taint node $NODE kept=yes:Odd",
        code: 1,
        err: /invalid taint effect: Odd, unsupported taint effect/,
      },
    ],
  },
];
