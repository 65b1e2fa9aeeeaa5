import { ANYTHING, type CommandRows } from "./command-row.ts";

/** What changes and rolls out, as kubectl's help groups it: deploy commands, `set`, `run`, `expose`. */
export const DEPLOY: readonly CommandRows[] = [
  {
    subcommand: "run",
    rows: [
      {
        run: "kubectl run once --image=busybox --image-pull-policy=IfNotPresent --restart=Never --rm -i --quiet -- sh -c 'sleep 2; echo ran'",
        out: /^ran\n/,
        err: ANYTHING,
      },
      {
        run: "kubectl run failing --image=busybox --image-pull-policy=IfNotPresent --restart=Never --attach --rm --quiet -- sh -c 'exit 3'",
        code: 3,
        err: ANYTHING,
      },
      {
        run: "kubectl run bare --image=busybox --labels=a=b --env=X=1 --port=80 --dry-run=client -o jsonpath='{.metadata.labels} {.spec.containers[0].env}'",
        out: '{"a":"b"} [{"name":"X","value":"1"}]',
      },
      {
        run: `kubectl run over --image=busybox --overrides='{"spec":{"nodeSelector":{"a":"b"}}}' --dry-run=server -o jsonpath='{.spec.nodeSelector}'`,
        out: '{"a":"b"}',
      },
      {
        run: "kubectl run exposed --image=busybox --image-pull-policy=IfNotPresent --port=80 --expose -- sleep 1000",
        out: "service/exposed created\npod/exposed created\n",
      },
      { run: "kubectl delete pod/exposed svc/exposed --now", out: /deleted/, err: ANYTHING },
    ],
  },
  {
    subcommand: "expose",
    rows: [
      {
        run: "kubectl expose deployment web --port=80 --target-port=8080 --type=NodePort",
        out: "service/web exposed\n",
      },
      {
        run: "kubectl get svc web -o jsonpath='{.spec.selector} {.spec.ports[0].targetPort}'",
        out: '{"app":"web"} 8080',
      },
      { run: "kubectl expose pod shell --name=shell", out: "service/shell exposed\n" },
    ],
  },
  {
    subcommand: "set image",
    rows: [
      {
        run: "kubectl set image deployment/idle busybox=busybox:2",
        out: "deployment.apps/idle image updated\n",
      },
      {
        run: "kubectl set image deployment/idle other=x",
        code: 1,
        err: 'error: unable to find container named "other"\n',
      },
      {
        run: "kubectl set image deploy --all '*=busybox:3' --dry-run=server -o name",
        out: "deployment.apps/idle\ndeployment.apps/web\n",
      },
    ],
  },
  {
    subcommand: "set env",
    rows: [
      { run: "kubectl set env deployment/idle A=1 B=2", out: "deployment.apps/idle env updated\n" },
      {
        run: "kubectl set env deployment/idle --from=configmap/literal --keys=a --prefix=C_",
        out: "deployment.apps/idle env updated\n",
        err: "Warning: key a transferred to A\n",
      },
      { run: "kubectl set env deployment/idle B-", out: "deployment.apps/idle env updated\n" },
      { run: "kubectl set env deployment/idle --list", out: /A=1\n# C_A from configmap literal, key a\n/ },
    ],
  },
  {
    subcommand: "set resources",
    rows: [
      {
        run: "kubectl set resources deployment/idle --limits=cpu=200m,memory=64Mi --requests=cpu=100m",
        out: "deployment.apps/idle resource requirements updated\n",
      },
    ],
  },
  {
    subcommand: "set selector",
    rows: [
      { run: "kubectl set selector svc/shell app=shell,tier=a", out: "service/shell selector updated\n" },
      { run: "kubectl set selector svc/shell app=shell", out: "service/shell selector updated\n" },
    ],
  },
  {
    subcommand: "set serviceaccount",
    rows: [
      {
        run: "kubectl set serviceaccount deployment/idle robot",
        out: "deployment.apps/idle serviceaccount updated\n",
      },
    ],
  },
  {
    subcommand: "set subject",
    rows: [
      {
        run: "kubectl set subject rolebinding/reads --user=bob",
        out: "rolebinding.rbac.authorization.k8s.io/reads subjects updated\n",
      },
      {
        run: "kubectl get rolebinding reads -o wide --no-headers",
        out: /^reads +Role\/reader +\S+ +bob +\S+\/robot\n$/,
      },
    ],
  },
  {
    subcommand: "rollout status",
    rows: [
      {
        run: "kubectl rollout status deployment/web --timeout=60s",
        out: /deployment "web" successfully rolled out\n$/,
      },
      {
        run: "kubectl rollout status deployment/web --watch=false --revision=9",
        code: 1,
        err: /desired revision \(9\) is different from the running revision \(1\)/,
      },
    ],
  },
  {
    subcommand: "rollout restart",
    rows: [
      { run: "kubectl rollout restart deployment/web", out: "deployment.apps/web restarted\n" },
      { run: "kubectl rollout status deployment/web --timeout=60s", out: /successfully rolled out\n$/ },
    ],
  },
  {
    subcommand: "rollout history",
    rows: [
      {
        run: "kubectl rollout history deployment/web",
        out: /^deployment\.apps\/web *\nREVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>\n/,
      },
      {
        run: "kubectl rollout history deployment/web --revision=2",
        out: /kubectl\.kubernetes\.io\/restartedAt/,
      },
    ],
  },
  {
    subcommand: "rollout undo",
    rows: [
      {
        run: "kubectl rollout undo deployment/web --to-revision=1",
        out: "deployment.apps/web rolled back\n",
      },
      {
        run: "kubectl rollout undo deployment/web --to-revision=77",
        code: 1,
        err: "error: unable to find specified revision 77 in history\n",
      },
    ],
  },
  {
    subcommand: "rollout pause",
    rows: [
      { run: "kubectl rollout pause deployment/web", out: "deployment.apps/web paused\n" },
      {
        run: "kubectl rollout pause deployment/web",
        code: 1,
        err: 'error: deployments.apps "web" is already paused\n',
      },
    ],
  },
  {
    subcommand: "rollout resume",
    rows: [
      { run: "kubectl rollout resume deployment/web", out: "deployment.apps/web resumed\n" },
      { run: "kubectl rollout status deployment/web --timeout=60s", out: /successfully rolled out\n$/ },
    ],
  },
  {
    subcommand: "scale",
    rows: [
      { run: "kubectl scale deployment/web --replicas=1", out: "deployment.apps/web scaled\n" },
      {
        run: "kubectl scale deployment/web --current-replicas=5 --replicas=2",
        code: 1,
        err: /Expected replicas to be 5, was 1/,
      },
      { run: "kubectl scale --replicas=2 -f web.yaml --timeout=60s", out: "deployment.apps/web scaled\n" },
    ],
  },
  {
    subcommand: "autoscale",
    rows: [
      {
        run: "kubectl autoscale deployment/web --min=1 --max=3 --cpu-percent=80",
        out: "horizontalpodautoscaler.autoscaling/web autoscaled\n",
      },
      { run: "kubectl get hpa web --no-headers", out: /^web +Deployment\/web +.*80% +1 +3 +\d / },
      { run: "kubectl delete hpa web", out: 'horizontalpodautoscaler.autoscaling "web" deleted\n' },
    ],
  },
];
