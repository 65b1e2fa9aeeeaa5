import {
  BIND_COMPLETED,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  pods as podsResource,
  type StorageClass,
  storageClasses,
  storageClassNameOf,
} from "../../api/index.ts";
import {
  type Controller,
  type ControllerDependencies,
  createController,
  type Enqueue,
} from "../controller.ts";
import { keyOf } from "../object-key.ts";
import { indexByClaim } from "../pvc-protection/claim-users.ts";
import type { Binder } from "./binder.ts";
import { BinderWrites } from "./binder-writes.ts";
import { syncClaim } from "./sync-claim.ts";
import { syncVolume } from "./sync-volume.ts";

/** Default of upstream's --pvclaimbinder-sync-period: what waits says so again. */
const SYNC_MS = 15_000;
const UNBOUND = "unbound-by-class";
const BY_CLAIM = "volumes-by-claim";

const claimKey = (key: string) => `claim/${key}`;
const volumeKey = (name: string) => `volume/${name}`;

/**
 * Binds claims and volumes to each other, and follows what becomes of either. Its keys are both; one is worked on at a time,
 * so that no volume is given out twice.
 */
export function createPersistentVolumeBinder(
  dependencies: ControllerDependencies & { syncMs?: number },
): Controller {
  const { client, informers, recorder, syncMs = SYNC_MS } = dependencies;
  const claims = informers.informer<PersistentVolumeClaim>(persistentVolumeClaims);
  const volumes = informers.informer<PersistentVolume>(persistentVolumes);
  const classes = informers.informer<StorageClass>(storageClasses);
  const pods = informers.informer(podsResource);
  const writes = new BinderWrites({ client, volumes, claims });
  indexByClaim(pods);
  claims.addIndex(UNBOUND, (claim) => (isUnbound(claim) ? [storageClassNameOf(claim)] : []));
  volumes.addIndex(BY_CLAIM, ({ spec: { claimRef } }) =>
    claimRef ? [`${claimRef.namespace}/${claimRef.name}`] : [],
  );

  const reconcile = async (key: string, enqueue: Enqueue): Promise<void> => {
    const at = key.indexOf("/") + 1;
    const enqueueClaim = (claim: string) => enqueue(claimKey(claim));
    const binder: Binder = { client, recorder, writes, volumes, claims, classes, pods, enqueueClaim };
    const object = key.slice(at);
    if (key.startsWith("claim/")) {
      const claim = writes.claim(object);
      if (!claim) return;
      enqueue(key, syncMs);
      await syncClaim(binder, claim);
    } else {
      const volume = writes.volume(object);
      if (!volume) return;
      enqueue(key, syncMs);
      await syncVolume(binder, volume);
    }
  };

  return createController(
    {
      name: "persistentvolume-binder",
      informers: [claims, volumes, classes, pods],
      concurrency: 1,
      watch: (enqueue) => {
        const enqueueUnbound = (className: string): void => {
          for (const claim of claims.byIndex(UNBOUND, className)) enqueue(claimKey(keyOf(claim)));
        };
        const claimChanged = (claim: PersistentVolumeClaim): void => enqueue(claimKey(keyOf(claim)));
        const volumeChanged = (volume: PersistentVolume): void => {
          enqueue(volumeKey(volume.metadata.name));
          if (volume.status?.phase === "Available") enqueueUnbound(storageClassNameOf(volume));
        };
        const classChanged = ({ metadata }: StorageClass): void => {
          enqueueUnbound(metadata.name);
          enqueueUnbound("");
        };
        return [
          claims.subscribe({
            onAdd: claimChanged,
            onUpdate: claimChanged,
            onDelete: (claim) => {
              const key = keyOf(claim);
              writes.forgetClaim(key);
              for (const { metadata } of volumes.byIndex(BY_CLAIM, key)) enqueue(volumeKey(metadata.name));
            },
          }),
          volumes.subscribe({
            onAdd: volumeChanged,
            onUpdate: volumeChanged,
            onDelete: ({ metadata, spec: { claimRef } }) => {
              writes.forgetVolume(metadata.name);
              if (claimRef) enqueue(claimKey(`${claimRef.namespace}/${claimRef.name}`));
            },
          }),
          classes.subscribe({ onAdd: classChanged, onUpdate: classChanged }),
        ];
      },
      reconcile,
    },
    dependencies,
  );
}

const isUnbound = ({ metadata }: PersistentVolumeClaim): boolean =>
  metadata.annotations?.[BIND_COMPLETED] === undefined;
