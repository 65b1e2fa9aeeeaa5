/** A request to one object, and what comes of it. */
export interface Step {
  /** Manager, and what it applies; the object gets apiVersion, kind and metadata.name. */
  apply?: [manager: string, config: object];
  /** Manager, and what it puts in the place of the object's fields (metadata by its keys). */
  update?: [manager: string, fields: object];
  force?: true;
  subresource?: string;
  /** What the object is then, without apiVersion, kind, metadata. */
  is?: object;
  /** `manager Operation[/subresource]` -> FieldsV1, in their order. Whoever never changed anything is `untimed`, and first. */
  owners?: Record<string, object>;
  /** The message of a refusal. */
  refused?: string;
}

const spec = (fields: object) => ({ "f:spec": fields });
const [x, y, z] = ["x", "y", "z"].map((name) => `k:{"name":"${name}"}`) as [string, string, string];

/** Of the kind that has one of everything. */
export const SEQUENCES: Record<string, Step[]> = {
  "appliers share what they agree on": [
    {
      apply: ["a", { spec: { color: "red", max: 1 } }],
      owners: { "a Apply": spec({ "f:color": {}, "f:max": {} }) },
    },
    {
      apply: ["b", { spec: { color: "red" } }],
      is: { spec: { color: "red", max: 1 } },
      owners: { "b Apply untimed": spec({ "f:color": {} }), "a Apply": spec({ "f:color": {}, "f:max": {} }) },
    },
    {
      apply: ["a", { spec: { max: 1 } }],
      is: { spec: { color: "red", max: 1 } },
      owners: { "b Apply untimed": spec({ "f:color": {} }), "a Apply": spec({ "f:max": {} }) },
    },
    { apply: ["b", {}], is: { spec: { max: 1 } }, owners: { "a Apply": spec({ "f:max": {} }) } },
    { apply: ["a", { spec: {} }], is: { spec: null }, owners: { "a Apply": { "f:spec": {} } } },
  ],
  "a conflict is refused, or the field is taken": [
    { apply: ["a", { spec: { color: "red", nest: { a: "1" } } }] },
    {
      apply: ["b", { spec: { color: "blue" } }],
      refused: 'Apply failed with 1 conflict: conflict with "a": .spec.color',
    },
    {
      apply: ["b", { spec: { color: "blue", nest: { a: "2" } } }],
      refused: 'Apply failed with 2 conflicts: conflicts with "a":\n- .spec.color\n- .spec.nest.a',
    },
    {
      apply: ["b", { spec: { color: "blue" } }],
      force: true,
      is: { spec: { color: "blue", nest: { a: "1" } } },
      owners: { "a Apply": spec({ "f:nest": { "f:a": {} } }), "b Apply": spec({ "f:color": {} }) },
    },
  ],
  "all managers that would lose something are told, in order": [
    { apply: ["z", { spec: { color: "red", max: 1 } }] },
    { apply: ["b", { spec: { color: "red" } }] },
    { update: ["u", { spec: { color: "red", max: 1, on: true } }] },
    { update: ["s", { spec: { color: "red", max: 1, on: true, tags: ["t"] } }], subresource: "scale" },
    {
      apply: ["c", { spec: { color: "blue", max: 2, on: false } }],
      refused:
        'Apply failed with 4 conflicts: conflicts with "b":\n- .spec.color\nconflicts with "u" using example.com/v1:\n- .spec.on\nconflicts with "z":\n- .spec.color\n- .spec.max',
    },
    { update: ["s", { spec: { color: "red", max: 1, on: false, tags: ["t"] } }], subresource: "scale" },
    {
      apply: ["c", { spec: { on: true } }],
      refused:
        'Apply failed with 1 conflict: conflict with "s" with subresource "scale" using example.com/v1: .spec.on',
    },
  ],
  "an update takes what it changes, with all that is new": [
    { apply: ["a", { spec: { color: "red", items: [{ name: "x", v: "1" }] } }] },
    {
      update: ["u", { spec: { color: "blue", items: [{ name: "x", v: "2" }], nest: { a: "1" } } }],
      owners: {
        "a Apply": spec({ "f:items": { [x]: { ".": {}, "f:name": {} } } }),
        "u Update": spec({
          "f:color": {},
          "f:items": { [x]: { "f:v": {} } },
          "f:nest": { ".": {}, "f:a": {} },
        }),
      },
    },
    {
      update: ["u", { spec: { color: "blue", items: [], nest: { a: "1" } } }],
      owners: { "u Update": spec({ "f:color": {}, "f:nest": { ".": {}, "f:a": {} } }) },
    },
    {
      update: ["v", { spec: { color: "blue" } }],
      owners: { "u Update": spec({ "f:color": {} }) },
    },
  ],
  "an item goes with all that stands in it, unless somebody else owns the item": [
    { apply: ["a", { spec: { items: [{ name: "x", v: "1" }, { name: "y" }, { name: "z" }] } }] },
    { apply: ["b", { spec: { items: [{ name: "z" }] } }] },
    {
      update: [
        "filler",
        {
          spec: {
            items: [
              { name: "x", v: "1", port: 1 },
              { name: "y", port: 2 },
              { name: "z", port: 3 },
            ],
          },
        },
      ],
      owners: {
        "b Apply untimed": spec({ "f:items": { [z]: { ".": {}, "f:name": {} } } }),
        "a Apply": spec({
          "f:items": {
            [x]: { ".": {}, "f:name": {}, "f:v": {} },
            [y]: { ".": {}, "f:name": {} },
            [z]: { ".": {}, "f:name": {} },
          },
        }),
        "filler Update": spec({
          "f:items": { [x]: { "f:port": {} }, [y]: { "f:port": {} }, [z]: { "f:port": {} } },
        }),
      },
    },
    {
      apply: ["a", { spec: { items: [{ name: "y" }] } }],
      is: {
        spec: {
          items: [
            { name: "y", port: 2 },
            { name: "z", port: 3 },
          ],
        },
      },
      owners: {
        "b Apply untimed": spec({ "f:items": { [z]: { ".": {}, "f:name": {} } } }),
        "a Apply": spec({ "f:items": { [y]: { ".": {}, "f:name": {} } } }),
        "filler Update": spec({ "f:items": { [y]: { "f:port": {} }, [z]: { "f:port": {} } } }),
      },
    },
    { apply: ["b", {}], is: { spec: { items: [{ name: "y", port: 2 }] } } },
    { apply: ["a", {}], is: { spec: { items: null } }, owners: {} },
  ],
  "what nobody owns stays where it is": [
    { update: ["u", { spec: { color: "red" } }] },
    { apply: ["a", { spec: { labels: { k: "1" } } }], is: { spec: { color: "red", labels: { k: "1" } } } },
    {
      apply: ["a", { spec: { max: 1 } }],
      is: { spec: { color: "red", max: 1 } },
      owners: { "a Apply": spec({ "f:max": {} }), "u Update": spec({ ".": {}, "f:color": {} }) },
    },
  ],
  "sets and atomic parts": [
    { apply: ["a", { spec: { tags: ["p", "q"], args: ["1"], whole: { a: "1" } } }] },
    {
      apply: ["b", { spec: { tags: ["q", "r"] } }],
      is: { spec: { tags: ["p", "q", "r"], args: ["1"], whole: { a: "1" } } },
      owners: {
        "a Apply": spec({ "f:args": {}, "f:tags": { 'v:"p"': {}, 'v:"q"': {} }, "f:whole": {} }),
        "b Apply": spec({ "f:tags": { 'v:"q"': {}, 'v:"r"': {} } }),
      },
    },
    {
      apply: ["b", { spec: { whole: { b: "1" } } }],
      refused: 'Apply failed with 1 conflict: conflict with "a": .spec.whole',
    },
    {
      apply: ["a", { spec: { tags: ["p"] } }],
      is: { spec: { tags: ["p", "q", "r"] } },
      owners: {
        "a Apply": spec({ "f:tags": { 'v:"p"': {} } }),
        "b Apply": spec({ "f:tags": { 'v:"q"': {}, 'v:"r"': {} } }),
      },
    },
  ],
  "null and empty values": [
    { apply: ["a", { spec: { labels: { k: "1" } } }] },
    { apply: ["b", { spec: { labels: {} } }], is: { spec: { labels: { k: "1" } } } },
    {
      apply: ["a", { spec: { labels: null } }],
      is: { spec: { labels: null } },
      owners: { "b Apply untimed": spec({ "f:labels": {} }), "a Apply": spec({ "f:labels": {} }) },
    },
  ],
  "a subresource has managers of its own": [
    { apply: ["a", { spec: { max: 1 }, status: { replicas: 1 } }] },
    {
      apply: ["a", { status: { replicas: 1 } }],
      subresource: "status",
      owners: {
        "a Apply/status untimed": { "f:status": { "f:replicas": {} } },
        "a Apply": { "f:spec": { "f:max": {} }, "f:status": { "f:replicas": {} } },
      },
    },
  ],
  "names and what the server sets have no owner": [
    {
      apply: [
        "a",
        { metadata: { namespace: "n", labels: { l: "1" }, annotations: {}, finalizers: ["f/x"] } },
      ],
      owners: {
        "a Apply": {
          "f:metadata": { "f:annotations": {}, "f:finalizers": { 'v:"f/x"': {} }, "f:labels": { "f:l": {} } },
        },
      },
    },
    { update: ["u", { metadata: { generation: 2, resourceVersion: "5" } }] },
    {
      update: ["u", { metadata: { labels: { l: "2" } } }],
      owners: {
        "a Apply": { "f:metadata": { "f:annotations": {}, "f:finalizers": { 'v:"f/x"': {} } } },
        "u Update": { "f:metadata": { "f:labels": { "f:l": {} } } },
      },
    },
  ],
  "whoever changes an object before its first apply": [
    { update: ["u", { spec: { color: "red" } }], owners: { "u Update": spec({ ".": {}, "f:color": {} }) } },
    { update: ["u", { metadata: { managedFields: [{}] } }], owners: {} },
    { update: ["u", { spec: { color: "blue", max: 1 } }], owners: {} },
    {
      apply: ["a", { spec: { max: 2 } }],
      refused:
        'Apply failed with 1 conflict: conflict with "before-first-apply" using example.com/v1: .spec.max',
    },
    {
      apply: ["a", { spec: { max: 1 } }],
      owners: {
        "a Apply untimed": spec({ "f:max": {} }),
        "before-first-apply Update": spec({ ".": {}, "f:color": {}, "f:max": {} }),
      },
    },
    { update: ["u", { metadata: { managedFields: [] } }], owners: {} },
  ],
  "managers without a name": [
    { update: ["", { spec: { max: 1 } }], owners: { "unknown Update": spec({ ".": {}, "f:max": {} }) } },
  ],
};
