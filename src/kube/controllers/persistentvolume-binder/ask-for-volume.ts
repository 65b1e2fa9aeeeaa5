import {
  BETA_STORAGE_PROVISIONER,
  type PersistentVolumeClaim,
  STORAGE_PROVISIONER,
  storageClassNameOf,
} from "../../api/index.ts";
import type { Binder } from "./binder.ts";

const IN_TREE = "kubernetes.io/";
/** Drivers that stand for what once was part of Kubernetes (csi-translation-lib). */
const SUCCESSORS: Record<string, string> = {
  "kubernetes.io/aws-ebs": "ebs.csi.aws.com",
  "kubernetes.io/azure-disk": "disk.csi.azure.com",
  "kubernetes.io/azure-file": "file.csi.azure.com",
  "kubernetes.io/cinder": "cinder.csi.openstack.org",
  "kubernetes.io/gce-pd": "pd.csi.storage.gke.io",
  "kubernetes.io/portworx-volume": "pxd.portworx.com",
  "kubernetes.io/vsphere-volume": "csi.vsphere.vmware.com",
};

/** Names the provisioner that is to make a volume for the claim: it watches claims for its name. */
export async function askForVolume(
  { writes, recorder, classes }: Binder,
  claim: PersistentVolumeClaim,
): Promise<void> {
  const className = storageClassNameOf(claim);
  const storageClass = classes.get(className);
  const fail = (message: string) => recorder.event(claim, "Warning", "ProvisioningFailed", message);
  if (!storageClass) return fail(`storageclass.storage.k8s.io "${className}" not found`);
  const provisioner = SUCCESSORS[storageClass.provisioner] ?? storageClass.provisioner;
  if (provisioner.startsWith(IN_TREE)) return fail(`no volume plugin matched name: ${provisioner}`);
  await nameProvisioner(writes, claim, provisioner);
  recorder.event(
    claim,
    "Normal",
    "ExternalProvisioning",
    `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`,
  );
}

async function nameProvisioner(
  writes: Binder["writes"],
  claim: PersistentVolumeClaim,
  provisioner: string,
): Promise<void> {
  const { annotations } = claim.metadata;
  if (annotations?.[STORAGE_PROVISIONER] === provisioner) return;
  const asked = { [BETA_STORAGE_PROVISIONER]: provisioner, [STORAGE_PROVISIONER]: provisioner };
  const metadata = { ...claim.metadata, annotations: { ...annotations, ...asked } };
  await writes.updateClaim({ ...claim, metadata });
}
