import { ANYTHING, type CommandRows } from "./command-row.ts";

/** Older clients read Endpoints where newer ones read EndpointSlices. */
const OF_ENDPOINTS =
  /^(Warning: v1 Endpoints is deprecated in v1\.33\+; use discovery\.k8s\.io\/v1 EndpointSlice\n)?$/;

/** Troubleshooting and debugging, as kubectl's help groups it. */
export const TROUBLESHOOTING: readonly CommandRows[] = [
  {
    subcommand: "describe",
    rows: [
      { run: "kubectl describe pod shell", out: /^Name: +shell\n.*IP: +10\..*Started container main/s },
      {
        run: "kubectl describe deployment -l app=web",
        out: /Replicas: +2 desired \| 2 updated \| 2 total \| 2 available \| 0 unavailable/,
      },
      { run: "kubectl describe node $NODE", out: /Non-terminated Pods:.*Allocated resources:/s },
      {
        run: "kubectl describe service web",
        out: /Endpoints: +10\.\d+\.\d+\.\d+:8080/,
        err: OF_ENDPOINTS,
      },
      { run: "kubectl describe namespace $N", out: /Status: +Active\n/ },
      { run: "kubectl describe secret word", out: /password: +1 bytes/ },
      {
        run: "kubectl describe pdb,ingress,sa,role,rolebinding",
        out: /Name: +budget.*Name: +shop.*Name: +robot.*Name: +reader.*Name: +reads/s,
        err: OF_ENDPOINTS,
      },
      {
        run: "kubectl describe pod none",
        code: 1,
        err: 'Error from server (NotFound): pods "none" not found\n',
      },
    ],
  },
  {
    subcommand: "logs",
    rows: [
      { run: "kubectl logs shell -c main --tail=1", out: "started\n" },
      {
        run: "kubectl logs shell",
        out: "started\n",
        err: 'Defaulted container "main" out of: main, ticker\n',
      },
      {
        run: "kubectl logs shell --all-containers --prefix --tail=1 | sort",
        out: /^\[pod\/shell\/main\] started\n\[pod\/shell\/ticker\] tick\n$/,
      },
      { run: "kubectl logs -l app=shell -c main --timestamps", out: /^20\d\d-\S+Z started\n$/ },
      { run: "kubectl logs shell -c ticker --since=1s", out: /^(tick\n)+$/ },
      { run: "kubectl logs shell -c ticker --limit-bytes=4", out: "tick" },
      { run: "timeout 3 kubectl logs -f shell -c ticker --tail=0", code: 124, out: /^(tick\n){4,}/ },
      { run: "kubectl logs deployment/web", out: "", err: /^Found 2 pods, using pod\/web-/ },
      {
        run: "kubectl logs shell -c main --previous",
        code: 1,
        err: 'Error from server (BadRequest): previous terminated container "main" in pod "shell" not found\n',
      },
      {
        run: "kubectl logs shell -c none",
        code: 1,
        err: "error: container none is not valid for pod shell\n",
      },
    ],
  },
  {
    subcommand: "attach",
    rows: [{ run: "timeout 3 kubectl attach shell -c ticker", code: 124, out: /^(tick\n)+/, err: ANYTHING }],
  },
  {
    subcommand: "exec",
    rows: [
      {
        run: "kubectl exec shell -c main -- sh -c 'echo out; echo err >&2; exit 4'",
        code: 4,
        out: "out\n",
        err: "err\ncommand terminated with exit code 4\n",
      },
      { run: "echo typed | kubectl exec -i shell -c main -- cat", out: "typed\n" },
      { run: "kubectl exec deployment/web -- hostname", out: /^web-/ },
      { run: "kubectl exec shell -c main -- nothing", code: 1, err: /executable file not found in \$PATH/ },
    ],
  },
  {
    subcommand: "port-forward",
    rows: [
      {
        run: `kubectl port-forward pod/shell :8080 >forward.txt & pid=$!
until grep -q Forwarding forward.txt; do sleep 0.1; done
curl -s --max-time 10 http://$(sed -n 's/^Forwarding from \\(127[^ ]*\\).*/\\1/p' forward.txt)/; kill $pid`,
        out: "hello\n",
        err: ANYTHING,
      },
      {
        run: `kubectl port-forward service/shell :8080 >forward.txt & pid=$!
until grep -q Forwarding forward.txt; do sleep 0.1; done
curl -s --max-time 10 http://$(sed -n 's/^Forwarding from \\(127[^ ]*\\).*/\\1/p' forward.txt)/; kill $pid`,
        out: "hello\n",
        err: ANYTHING,
      },
      {
        run: "kubectl port-forward pod/none :80",
        code: 1,
        err: 'Error from server (NotFound): pods "none" not found\n',
      },
    ],
  },
  {
    subcommand: "proxy",
    rows: [
      {
        run: `kubectl proxy --port=0 --api-prefix=/k >proxy.txt & pid=$!
until grep -q Starting proxy.txt; do sleep 0.1; done
at=http://$(sed 's/Starting to serve on //' proxy.txt)/k/api/v1/namespaces/$N
curl -s $at/configmaps/map | grep '"a"'; curl -s --max-time 10 $at/pods/shell:8080/proxy/; kill $pid`,
        out: /"a": ?"one".*hello\n$/s,
        err: ANYTHING,
      },
    ],
  },
  {
    subcommand: "cp",
    rows: [
      {
        run: "kubectl cp web.yaml shell:/tmp/copied -c main && kubectl cp shell:/tmp/copied back.yaml -c main && cmp web.yaml back.yaml",
        out: ANYTHING,
        err: ANYTHING,
      },
      {
        run: "kubectl cp kustomize shell:/tmp/ -c main && kubectl exec shell -c main -- ls /tmp/kustomize",
        out: "kustomization.yaml\nmap.yaml\n",
      },
      {
        run: "kubectl cp none.txt shell:/tmp -c main",
        code: 1,
        err: "error: none.txt doesn't exist in local filesystem\n",
      },
    ],
  },
  {
    subcommand: "debug",
    rows: [
      {
        run: "kubectl debug shell --image=busybox --image-pull-policy=IfNotPresent --target=main --profile=general -c looker -- sh -c 'echo looked'",
        out: /Targeting container "main"/,
      },
      {
        run: "for i in $(seq 50); do kubectl logs shell -c looker 2>/dev/null | grep looked && break; sleep 0.2; done",
        out: "looked\n",
      },
      {
        run: "kubectl debug shell --profile=general --copy-to=copied --container=main --image=busybox --share-processes=false -- sleep 1000",
        out: ANYTHING,
        err: ANYTHING,
      },
      { run: "kubectl get pod copied -o jsonpath='{.spec.containers[0].command[0]}'", out: "sleep" },
      {
        run: "kubectl debug node/$NODE --profile=general --image=busybox -- true",
        out: /^Creating debugging pod node-debugger-/,
        err: ANYTHING,
      },
      {
        run: "kubectl delete pod --force --grace-period=0 copied $(kubectl get pods -o name | grep -o node-debugger-.*)",
        out: ANYTHING,
        err: ANYTHING,
      },
    ],
  },
  {
    subcommand: "events",
    rows: [
      {
        run: "kubectl events --for pod/shell --types=Normal",
        out: /Normal +Started +Pod\/shell +Started container main/,
      },
      { run: "kubectl events --types=Warning -o name", out: ANYTHING, err: ANYTHING },
      {
        run: "kubectl get events --sort-by=.lastTimestamp --field-selector=involvedObject.name=shell",
        out: /Started container/,
      },
    ],
  },
  {
    subcommand: "auth can-i",
    rows: [
      { run: "kubectl auth can-i create pods", out: "yes\n" },
      { run: "kubectl auth can-i create pods --as=eve", code: 1, out: "no\n" },
      { run: "kubectl auth can-i get pods --subresource=log -q", out: "" },
      { run: "kubectl auth can-i get /healthz", out: "yes\n" },
      {
        run: "kubectl auth can-i --list --as=eve",
        out: /selfsubjectreviews\.authentication\.k8s\.io +\[\] +\[\] +\[create\]/,
      },
      {
        run: "kubectl auth can-i get nonsense",
        out: "yes\n",
        err: "Warning: the server doesn't have a resource type 'nonsense'\n\n",
      },
    ],
  },
  {
    subcommand: "auth whoami",
    rows: [
      {
        run: "kubectl auth whoami",
        out: /^ATTRIBUTE +VALUE\nUsername +kubernetes-admin\nGroups +\[system:masters system:authenticated\]\n/,
        // Those before ask for a version that is only there when it is switched on.
        since: 28,
      },
      {
        run: "kubectl auth whoami --as=eve -o jsonpath='{.status.userInfo.username}'",
        out: "eve",
        since: 28,
      },
    ],
  },
  {
    subcommand: "auth reconcile",
    rows: [
      {
        run: "sed s/NS/$N/ roles.yaml | kubectl auth reconcile -f -",
        out: "role.rbac.authorization.k8s.io/reconciled reconciled\nrolebinding.rbac.authorization.k8s.io/reconciled reconciled\n",
        err: /missing rules added:\n.*missing subjects added:\n/s,
      },
      {
        run: 'sed "s/NS/$N/; s/verbs: .get./verbs: [list]/" roles.yaml | kubectl auth reconcile -f -',
        out: ANYTHING,
        err: /reconciliation required update\n\tmissing rules added/,
      },
      { run: "kubectl get role reconciled -o jsonpath='{.rules[*].verbs}'", out: '["get"] ["list"]' },
      {
        run: "sed s/NS/$N/ roles.yaml | kubectl auth reconcile --remove-extra-permissions -f -",
        out: ANYTHING,
        err: /extra rules removed/,
      },
      { run: "kubectl get role reconciled -o jsonpath='{.rules[*].verbs}'", out: '["get"]' },
    ],
  },
];
