import { ANYTHING, type CommandRows } from "./command-row.ts";

/** `kubectl create` in all its forms, each read back. */
export const CREATE: readonly CommandRows[] = [
  {
    subcommand: "create",
    rows: [
      {
        run: "sed 's/name: map/name: made/' map.yaml | kubectl create -f -",
        out: "configmap/made created\n",
      },
      {
        run: "sed 's/name: map/name: made/' map.yaml | kubectl create -f -",
        code: 1,
        err: 'Error from server (AlreadyExists): error when creating "STDIN": configmaps "made" already exists\n',
      },
      { run: "kubectl create --raw=/api/v1/namespaces/$N/configmaps -f map.yaml", code: 1, err: ANYTHING },
    ],
  },
  {
    subcommand: "create clusterrole",
    rows: [
      {
        run: "kubectl create clusterrole role-$N --verb=get,list --resource=pods,pods/log,deployments.apps",
        out: "clusterrole.rbac.authorization.k8s.io/role-$N created\n",
      },
      {
        run: "kubectl create clusterrole urls-$N --verb=get --non-resource-url=/metrics -o jsonpath='{.rules}'",
        out: '[{"nonResourceURLs":["/metrics"],"verbs":["get"]}]',
      },
      {
        run: "kubectl create clusterrole all-$N --aggregation-rule=a=b",
        out: "clusterrole.rbac.authorization.k8s.io/all-$N created\n",
      },
    ],
  },
  {
    subcommand: "create clusterrolebinding",
    rows: [
      {
        run: "kubectl create clusterrolebinding binding-$N --clusterrole=role-$N --user=bob-$N --group=crew",
        out: "clusterrolebinding.rbac.authorization.k8s.io/binding-$N created\n",
      },
      {
        run: "kubectl get clusterrolebinding binding-$N -o wide --no-headers",
        out: /ClusterRole\/role-\S+ +\S+ +bob-\S+ +crew/,
      },
      { run: "kubectl auth can-i list pods --as=bob-$N", out: "yes\n" },
      {
        run: "kubectl delete clusterrolebinding/binding-$N clusterrole/role-$N clusterrole/urls-$N clusterrole/all-$N",
        out: /"binding-.*deleted.*deleted.*deleted.*deleted/s,
      },
    ],
  },
  {
    subcommand: "create configmap",
    rows: [
      {
        run: "kubectl create configmap literal --from-literal=a=1 --from-file=columns.txt --from-file=kustomize",
        out: "configmap/literal created\n",
      },
      { run: "kubectl get cm literal --no-headers", out: /^literal +4 / },
      {
        run: "kubectl create configmap hashed --from-literal=a=1 --append-hash -o name",
        out: "configmap/hashed-tt42b4m6hd\n",
      },
    ],
  },
  {
    subcommand: "create cronjob",
    rows: [
      {
        run: "kubectl create cronjob nightly --image=busybox --schedule='0 0 * * *' -- true",
        out: "cronjob.batch/nightly created\n",
      },
      {
        run: "kubectl create cronjob odd --image=busybox --schedule=sometimes",
        code: 1,
        err: /spec\.schedule: Invalid value: "sometimes"/,
      },
    ],
  },
  {
    subcommand: "create job",
    rows: [
      {
        run: "kubectl create job once --image=busybox -o jsonpath='{.spec.template.spec.restartPolicy}' -- true",
        out: "Never",
      },
      { run: "kubectl create job now --from=cronjob/nightly", out: "job.batch/now created\n" },
      { run: "kubectl delete job/once job/now cronjob/nightly", out: /once.*now.*nightly/s },
    ],
  },
  {
    subcommand: "create deployment",
    rows: [
      {
        run: "kubectl create deployment idle --image=busybox --replicas=0 --port=80",
        out: "deployment.apps/idle created\n",
      },
    ],
  },
  {
    subcommand: "create ingress",
    rows: [
      {
        run: "kubectl create ingress shop --rule='shop.example.com/*=web:80,tls=cert' --class=front",
        out: "ingress.networking.k8s.io/shop created\n",
      },
      { run: "kubectl get ingress shop --no-headers", out: /^shop +front +shop\.example\.com +80, 443 / },
    ],
  },
  {
    subcommand: "create namespace",
    rows: [
      { run: "kubectl create namespace $N-more", out: "namespace/$N-more created\n" },
      {
        run: "kubectl create namespace Upper",
        code: 1,
        err: /The Namespace "Upper" is invalid: metadata\.name: Invalid value: "Upper": a lowercase RFC 1123 label/,
      },
      { run: "kubectl delete namespace $N-more --timeout=60s", out: 'namespace "$N-more" deleted\n' },
    ],
  },
  {
    subcommand: "create poddisruptionbudget",
    rows: [
      {
        run: "kubectl create poddisruptionbudget budget --selector=app=idle --min-available=50%",
        out: "poddisruptionbudget.policy/budget created\n",
      },
      { run: "kubectl get pdb budget --no-headers", out: /^budget +50% +N\/A +0 / },
    ],
  },
  {
    subcommand: "create priorityclass",
    rows: [
      {
        run: "kubectl create priorityclass high-$N --value=1000 --description=first --preemption-policy=Never",
        out: "priorityclass.scheduling.k8s.io/high-$N created\n",
      },
      {
        run: "kubectl delete priorityclass high-$N",
        out: 'priorityclass.scheduling.k8s.io "high-$N" deleted\n',
      },
    ],
  },
  {
    subcommand: "create quota",
    rows: [
      { run: "kubectl create quota few --hard=secrets=3", out: "resourcequota/few created\n" },
      {
        run: "kubectl wait --for=jsonpath='{.status.hard.secrets}'=3 quota/few --timeout=30s",
        out: "resourcequota/few condition met\n",
      },
    ],
  },
  {
    subcommand: "create secret generic",
    rows: [
      {
        run: "kubectl create secret generic word --from-literal=password=x --type=shop/word",
        out: "secret/word created\n",
      },
      { run: "kubectl get secret word -o jsonpath='{.data.password} {.type}'", out: "eA== shop/word" },
    ],
  },
  {
    subcommand: "create secret tls",
    rows: [
      {
        run: "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=shop -keyout tls.key -out tls.crt 2>/dev/null && kubectl create secret tls cert --cert=tls.crt --key=tls.key",
        out: "secret/cert created\n",
      },
    ],
  },
  {
    subcommand: "create secret docker-registry",
    rows: [
      {
        run: "kubectl create secret docker-registry pull --docker-username=u --docker-password=p --docker-server=r.example.com",
        out: "secret/pull created\n",
      },
      {
        run: "kubectl create secret generic four",
        code: 1,
        err: /secrets "four" is forbidden: exceeded quota: few, requested: secrets=1, used: secrets=3, limited: secrets=3/,
      },
      { run: "kubectl delete quota few", out: 'resourcequota "few" deleted\n' },
    ],
  },
  {
    subcommand: "create serviceaccount",
    rows: [{ run: "kubectl create serviceaccount robot", out: "serviceaccount/robot created\n" }],
  },
  {
    subcommand: "create token",
    rows: [
      {
        run: "kubectl create token robot --audience=shop --duration=20m | cut -d. -f2 | tr '_-' '/+' | base64 -d 2>/dev/null || true",
        out: /"aud":\["shop"\].*"sub":"system:serviceaccount:\S+:robot"/,
      },
      {
        run: "kubectl create token nobody",
        code: 1,
        err: 'error: failed to create token: serviceaccounts "nobody" not found\n',
      },
    ],
  },
  {
    subcommand: "create role",
    rows: [
      {
        run: "kubectl create role reader --verb=get --resource=configmaps --resource-name=map",
        out: "role.rbac.authorization.k8s.io/reader created\n",
      },
    ],
  },
  {
    subcommand: "create rolebinding",
    rows: [
      {
        run: "kubectl create rolebinding reads --role=reader --serviceaccount=$N:robot",
        out: "rolebinding.rbac.authorization.k8s.io/reads created\n",
      },
      { run: "kubectl auth can-i get configmaps/map --as=system:serviceaccount:$N:robot", out: "yes\n" },
      { run: "kubectl auth can-i list configmaps --as=system:serviceaccount:$N:robot", code: 1, out: "no\n" },
      {
        run: "kubectl --token=$(kubectl create token robot) get cm map -o name --as=root",
        code: 1,
        err: ANYTHING,
      },
    ],
  },
  {
    subcommand: "create service clusterip",
    rows: [
      { run: "kubectl create service clusterip inner --tcp=80:8080", out: "service/inner created\n" },
      {
        run: "kubectl create service clusterip headless --clusterip=None",
        out: "service/headless created\n",
      },
      {
        run: "kubectl get svc inner headless --no-headers",
        out: /^inner +ClusterIP +10\.\S+ +<none> +80\/TCP .*\nheadless +ClusterIP +None +<none> +<none> /,
      },
    ],
  },
  {
    subcommand: "create service externalname",
    rows: [
      {
        run: "kubectl create service externalname outer --external-name=example.com -o jsonpath='{.spec.externalName}'",
        out: "example.com",
      },
    ],
  },
  {
    subcommand: "create service loadbalancer",
    rows: [
      { run: "kubectl create service loadbalancer front --tcp=8099:80", out: "service/front created\n" },
      {
        run: "kubectl wait --for=jsonpath='{.status.loadBalancer.ingress[0].ip}' svc/front --timeout=30s",
        out: "service/front condition met\n",
        since: 30,
      },
    ],
  },
  {
    subcommand: "create service nodeport",
    rows: [
      {
        run: "kubectl create service nodeport ports --tcp=80:80 --dry-run=server -o jsonpath='{.spec.type}'",
        out: "NodePort",
      },
      {
        run: "kubectl create service nodeport ports --tcp=80:80 --node-port=80",
        code: 1,
        err: /provided port is not in the valid range\. The range of valid ports is 30000-32767/,
      },
      { run: "kubectl delete svc inner headless outer front", out: /inner.*headless.*outer.*front/s },
    ],
  },
];
