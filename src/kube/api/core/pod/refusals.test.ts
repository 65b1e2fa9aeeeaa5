import { describe, expect, it } from "vitest";
import {
  createdFrom,
  refusalsOnCreate,
  refusalsOnStatusUpdate,
  refusalsOnUpdate,
  rows,
} from "../../testing/refusals.ts";
import { pods } from "../pod.ts";
import { POD_REFUSALS, POD_STATUS_REFUSALS, POD_UPDATE_REFUSALS } from "./refusals.table.ts";

const BASE = {
  metadata: { name: "p", namespace: "n" },
  spec: { containers: [{ name: "c", image: "i:1" }] },
};

describe("a pod", () => {
  it.each(rows(POD_REFUSALS))("created with $title", ({ change, errors }) => {
    expect(refusalsOnCreate(pods, BASE, change)).toEqual(errors);
  });

  it.each(rows(POD_UPDATE_REFUSALS))("updated to $title", ({ change, errors }) => {
    expect(refusalsOnUpdate(pods, BASE, change)).toEqual(errors);
  });

  it.each(rows(POD_STATUS_REFUSALS))("whose status becomes $title", ({ change, errors }) => {
    expect(refusalsOnStatusUpdate(pods, BASE, change)).toEqual(errors);
  });
});

describe("a new pod", () => {
  const volumes = (source: object) =>
    createdFrom(pods, BASE, { spec: { volumes: [{ name: "v", ...source }] } }).spec.volumes;

  it("has the defaults of volumes that nothing here runs", () => {
    expect(volumes({ rbd: { monitors: ["m"], image: "i" } })).toMatchObject([
      { rbd: { pool: "rbd", user: "admin", keyring: "/etc/ceph/keyring" } },
    ]);
    expect(volumes({ azureDisk: { diskName: "d", diskURI: "u" } })).toMatchObject([
      { azureDisk: { cachingMode: "ReadWrite", fsType: "ext4", kind: "Shared", readOnly: false } },
    ]);
    expect(volumes({ scaleIO: {} })).toMatchObject([
      { scaleIO: { fsType: "xfs", storageMode: "ThinProvisioned" } },
    ]);
    expect(volumes({ image: { reference: "i" } })).toBeUndefined();
  });

  it("has its old and new name of a field the same", () => {
    const annotations = { "container.apparmor.security.beta.kubernetes.io/c": "localhost/p" };
    const { spec } = createdFrom(pods, BASE, { metadata: { annotations } });
    expect(spec.containers[0].securityContext.appArmorProfile).toEqual({
      type: "Localhost",
      localhostProfile: "p",
    });
    const withField = createdFrom(pods, BASE, {
      spec: { securityContext: { appArmorProfile: { type: "Unconfined" } } },
    });
    expect(withField.metadata.annotations).toEqual({
      "container.apparmor.security.beta.kubernetes.io/c": "unconfined",
    });
  });

  it("selects by its own labels where a term names their keys", () => {
    const term = { topologyKey: "zone", matchLabelKeys: ["app"], labelSelector: {} };
    const { spec } = createdFrom(pods, BASE, {
      metadata: { labels: { app: "web" } },
      spec: { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } },
    });
    const [made] = spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution;
    expect(made.labelSelector.matchExpressions).toEqual([{ key: "app", operator: "In", values: ["web"] }]);
  });

  it("rounds amounts up to thousandths", () => {
    const containers = [{ name: "c", image: "i:1", resources: { limits: { cpu: "100u", memory: "0.5" } } }];
    const { resources } = createdFrom(pods, BASE, { spec: { containers } }).spec.containers[0];
    expect(resources).toEqual({
      limits: { cpu: "1m", memory: "500m" },
      requests: { cpu: "1m", memory: "500m" },
    });
  });
});
