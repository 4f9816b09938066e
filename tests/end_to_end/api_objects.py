# SPDX-License-Identifier: Apache-2.0
"""Objects of the Kubernetes API, as far as the tests need them."""


def pod_object(name, namespace, address, node, ready=True):
    return {"metadata": {"name": name, "namespace": namespace, "uid": f"uid-of-{name}", "labels": {"app": "till"},
                         "annotations": {"team": "shop"}, "creationTimestamp": "2026-11-28T03:00:00Z"},
            "spec": {"nodeName": node, "containers": [{"name": "main"}], "serviceAccountName": "till"},
            "status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}],
                       "conditions": [{"type": "Ready", "status": "True" if ready else "False"}]}}


def node_object(name, address, pod_cidr):
    return {"metadata": {"name": name, "uid": f"uid-of-{name}", "labels": {}}, "spec": {"podCIDRs": [pod_cidr]} if pod_cidr else {},
            "status": {"addresses": [{"type": "InternalIP", "address": address}],
                       "conditions": [{"type": "Ready", "status": "True"}]}}


def slice_object(service, namespace, addresses, node):
    return {"metadata": {"name": f"{service}-x7", "namespace": namespace, "uid": f"uid-of-slice-{service}",
                         "labels": {"kubernetes.io/service-name": service}},
            "addressType": "IPv4", "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
            "endpoints": [{"addresses": [address], "conditions": {"ready": True}, "nodeName": node,
                           "targetRef": {"kind": "Pod", "name": pod}} for pod, address in addresses.items()]}
