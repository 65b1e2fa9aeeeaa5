"""The Python client library of the Kubernetes project, as its users call it, against the cluster of $KUBECONFIG.

$POD_SCRIPT is the shell script that the pod of these tests runs, $DEFINITION a CustomResourceDefinition in JSON.
"""

import json
import os
import time
import unittest

from kubernetes import client, config, dynamic, utils, watch
from kubernetes.stream import portforward, stream

NAMESPACE = "client-python"


def eventually(probe, seconds=30):
    deadline = time.monotonic() + seconds
    while True:
        found = probe()
        if found or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def config_map(name, data=None, labels=None):
    metadata = {"name": name, "namespace": NAMESPACE, **({"labels": labels} if labels else {})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data or {}}


def setUpModule():
    config.load_kube_config()
    client.CoreV1Api().create_namespace({"metadata": {"name": NAMESPACE}})


class Objects(unittest.TestCase):
    def setUp(self):
        self.core = client.CoreV1Api()

    def create(self, name, data=None, labels=None):
        return self.core.create_namespaced_config_map(NAMESPACE, config_map(name, data, labels))

    def refused(self, call, *args, **options):
        with self.assertRaises(client.ApiException) as caught:
            call(*args, **options)
        return caught.exception.status, json.loads(caught.exception.body)["message"]

    def test_create_read_replace_delete(self):
        made = self.create("plain", {"a": "1"})
        self.assertIsNotNone(made.metadata.creation_timestamp.tzinfo)
        made.data = {"b": "2"}
        replaced = self.core.replace_namespaced_config_map("plain", NAMESPACE, made)
        self.assertEqual(replaced.data, {"b": "2"})
        code, _ = self.refused(self.core.replace_namespaced_config_map, "plain", NAMESPACE, made)
        self.assertEqual(code, 409)
        status = self.core.delete_namespaced_config_map("plain", NAMESPACE)
        self.assertEqual(status.status, "Success")
        self.assertEqual(
            self.refused(self.core.read_namespaced_config_map, "plain", NAMESPACE),
            (404, 'configmaps "plain" not found'),
        )

    def test_patches(self):
        self.create("patched", {"a": "1", "b": "2"})

        def patch(body):
            return self.core.patch_namespaced_config_map("patched", NAMESPACE, body).data

        # A list is sent as a JSON patch, anything else as a strategic merge patch; only the dynamic client has merge patches.
        self.assertEqual(patch([{"op": "replace", "path": "/data/a", "value": "x"}]), {"a": "x", "b": "2"})
        merge = {"data": {"b": None, "c": "3"}}
        maps = dynamic.DynamicClient(client.ApiClient()).resources.get(api_version="v1", kind="ConfigMap")
        patched = maps.patch(
            body=merge, name="patched", namespace=NAMESPACE, content_type="application/merge-patch+json"
        )
        self.assertEqual(patched.data.to_dict(), {"a": "x", "c": "3"})
        self.assertEqual(patch({"data": {"$patch": "replace", "d": "4"}}), {"d": "4"})

    def test_apply(self):
        cluster = dynamic.DynamicClient(client.ApiClient())
        maps = cluster.resources.get(api_version="v1", kind="ConfigMap")

        def apply(data, manager, **options):
            return maps.server_side_apply(
                body=config_map("applied", data), name="applied", namespace=NAMESPACE, field_manager=manager, **options
            )

        apply({"a": "1", "b": "1"}, "first")
        with self.assertRaises(dynamic.exceptions.ConflictError) as caught:
            apply({"a": "2"}, "second")
        self.assertIn('conflict with "first": .data.a', json.loads(caught.exception.body)["message"])
        forced = apply({"a": "2"}, "second", force_conflicts=True)
        self.assertEqual(forced.data.to_dict(), {"a": "2", "b": "1"})
        self.assertEqual(sorted(entry.manager for entry in forced.metadata.managedFields), ["first", "second"])

    def test_create_from_list(self):
        listed = {"apiVersion": "v1", "kind": "List", "items": [config_map("listed", {"a": "b"})]}
        made = utils.create_from_dict(client.ApiClient(), listed)
        self.assertEqual(made[0].data, {"a": "b"})

    def test_paging(self):
        for index in range(7):
            self.create(f"page-{index}", labels={"page": "yes"})
        names, token = [], None
        while token != "":
            page = self.core.list_namespaced_config_map(NAMESPACE, label_selector="page=yes", limit=3, _continue=token)
            names += [item.metadata.name for item in page.items]
            token = page.metadata._continue or ""
        self.assertEqual(names, [f"page-{index}" for index in range(7)])
        self.core.delete_collection_namespaced_config_map(NAMESPACE, label_selector="page=yes")
        self.assertEqual(self.core.list_namespaced_config_map(NAMESPACE, label_selector="page=yes").items, [])

    def test_watch(self):
        version = self.core.list_namespaced_config_map(NAMESPACE).metadata.resource_version
        self.create("watched", labels={"watched": "yes"})
        self.core.patch_namespaced_config_map("watched", NAMESPACE, {"data": {"a": "1"}})
        self.core.delete_namespaced_config_map("watched", NAMESPACE)
        seen = []
        events = watch.Watch().stream(
            self.core.list_namespaced_config_map,
            NAMESPACE,
            label_selector="watched",
            resource_version=version,
            timeout_seconds=5,
        )
        for event in events:
            seen.append((event["type"], event["object"].data))
            if event["type"] == "DELETED":
                break
        self.assertEqual(seen, [("ADDED", None), ("MODIFIED", {"a": "1"}), ("DELETED", {"a": "1"})])
        with self.assertRaises(client.ApiException) as caught:
            late = {"resource_version": "999999999", "timeout_seconds": 3}
            list(watch.Watch().stream(self.core.list_namespaced_config_map, NAMESPACE, **late))
        self.assertEqual(caught.exception.status, 504)

    def test_custom_objects(self):
        definition = json.loads(os.environ["DEFINITION"])
        utils.create_from_dict(client.ApiClient(), definition)
        custom = client.CustomObjectsApi()
        where = ("shop.example.com", "v1", NAMESPACE, "widgets")
        body = {"apiVersion": "shop.example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": 3}}

        def made():
            try:
                return custom.create_namespaced_custom_object(*where, body)
            except client.ApiException as error:
                self.assertEqual(error.status, 404)

        self.assertEqual(eventually(made)["spec"], {"size": 3, "colour": "red"})
        patched = custom.patch_namespaced_custom_object(*where, "w", {"spec": {"size": 4}})
        self.assertEqual((patched["spec"]["size"], patched["metadata"]["generation"]), (4, 2))
        status = custom.patch_namespaced_custom_object_status(*where, "w", {"status": {"phase": "Made"}})
        self.assertEqual(status["status"], {"phase": "Made"})
        code, message = self.refused(custom.patch_namespaced_custom_object, *where, "w", {"spec": {"size": -1}})
        self.assertEqual(code, 422)
        self.assertIn("spec.size in body should be greater than or equal to 0", message)
        custom.delete_namespaced_custom_object(*where, "w")
        self.assertEqual(custom.list_namespaced_custom_object(*where)["items"], [])


class Pods(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.core = client.CoreV1Api()
        container = {
            "name": "main",
            "image": "busybox",
            "imagePullPolicy": "IfNotPresent",
            "command": ["sh", "-c", os.environ["POD_SCRIPT"]],
        }
        pod = {"metadata": {"name": "walker"}, "spec": {"containers": [container], "terminationGracePeriodSeconds": 1}}
        cls.core.create_namespaced_pod(NAMESPACE, pod)
        eventually(lambda: cls.core.read_namespaced_pod("walker", NAMESPACE).status.phase == "Running")

    def exec(self, *command, **options):
        return stream(
            self.core.connect_get_namespaced_pod_exec,
            "walker",
            NAMESPACE,
            command=list(command),
            stdout=True,
            stderr=True,
            **options,
        )

    def test_logs(self):
        self.assertEqual(self.core.read_namespaced_pod_log("walker", NAMESPACE, tail_lines=1), "started\n")
        for line in watch.Watch().stream(self.core.read_namespaced_pod_log, "walker", NAMESPACE):
            self.assertEqual(line, "started")
            break

    def test_exec(self):
        self.assertEqual(self.exec("echo", "out"), "out\n")
        session = self.exec("sh", stdin=True, _preload_content=False)
        session.write_stdin("echo typed; echo err >&2; exit 7\n")
        session.run_forever(timeout=10)
        self.assertEqual((session.read_stdout(), session.read_stderr()), ("typed\n", "err\n"))
        self.assertEqual(session.returncode, 7)

    def test_port_forward(self):
        forward = portforward(self.core.connect_get_namespaced_pod_portforward, "walker", NAMESPACE, ports="8080")
        socket = forward.socket(8080)
        socket.setblocking(True)
        socket.sendall(b"ping\n")
        self.assertEqual(socket.recv(100), b"ping\n")
        socket.close()

    def test_evict(self):
        container = {"name": "main", "image": "busybox", "imagePullPolicy": "IfNotPresent", "command": ["sleep", "100"]}
        pod = {"metadata": {"name": "evicted"}, "spec": {"containers": [container]}}
        self.core.create_namespaced_pod(NAMESPACE, pod)
        options = {"gracePeriodSeconds": 0}
        eviction = {"metadata": {"name": "evicted"}, "deleteOptions": options}
        self.core.create_namespaced_pod_eviction("evicted", NAMESPACE, eviction)
        left = lambda: [pod.metadata.name for pod in self.core.list_namespaced_pod(NAMESPACE).items]
        self.assertTrue(eventually(lambda: "evicted" not in left()))


if __name__ == "__main__":
    unittest.main()
