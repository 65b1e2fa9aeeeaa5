import { describeAnswers } from "../testing/answer-table.ts";

const NAME_PART =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const put = (finalizers: string[]) => ({
  request: "PUT /api/v1/namespaces/a/finalize",
  body: { metadata: { name: "a" }, spec: { finalizers } },
});

describeAnswers("finalizers of a namespace's spec", {
  stored: [["/api/v1/namespaces", { metadata: { name: "a" } }]],
  rows: [
    {
      ...put(["kubernetes", "x", "_/"]),
      code: 422,
      causes: [
        'spec.finalizers[1]: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified',
        `spec.finalizers[2]: Invalid value: "_/": prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
        'spec.finalizers[2]: Invalid value: "_/": name part must be non-empty',
        `spec.finalizers[2]: Invalid value: "_/": ${NAME_PART}`,
      ],
    },
    { ...put(["a.b/c"]), code: 200, object: { spec: { finalizers: ["a.b/c"] } } },
  ],
});
