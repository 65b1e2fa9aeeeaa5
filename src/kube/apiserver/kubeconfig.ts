export interface KubeconfigOptions {
  /** `https://127.0.0.1:6443` */
  server: string;
  /** PEM texts; without `cert` and `key` it names no user. */
  ca: string;
  cert?: string;
  key?: string;
  /** Name of cluster, user and context. */
  name: string;
}

/** The text of a kubeconfig file with one cluster and, where there is one, its user (by client certificate) and their context. */
export function kubeconfigText({ server, ca, cert, key, name }: KubeconfigOptions): string {
  const base64 = (pem: string) => Buffer.from(pem).toString("base64");
  const head = `apiVersion: v1
kind: Config
clusters:
- name: ${name === "" ? '""' : name}
  cluster:
    server: ${server}
    certificate-authority-data: ${base64(ca)}
`;
  if (cert === undefined || key === undefined) return head;
  return `${head}users:
- name: ${name}
  user:
    client-certificate-data: ${base64(cert)}
    client-key-data: ${base64(key)}
contexts:
- name: ${name}
  context:
    cluster: ${name}
    user: ${name}
current-context: ${name}
`;
}
