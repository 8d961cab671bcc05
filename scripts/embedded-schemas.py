#!/usr/bin/env python3
"""Condenses the OpenAPI v2 document of a Kubernetes API server into Sources/EmbeddedCluster/Schemas/BuiltInSchemas.swift.

usage: kubectl get --raw /openapi/v2 | scripts/embedded-schemas.py > Sources/EmbeddedCluster/Schemas/BuiltInSchemas.swift
"""
import json
import sys

ROOTS = """core.v1: Namespace ConfigMap Secret Service Endpoints ServiceAccount Pod Event Node
apps.v1: Deployment ReplicaSet
batch.v1: Job
networking.v1: Ingress IngressClass
coordination.v1: Lease
rbac.v1: Role RoleBinding ClusterRole ClusterRoleBinding
apiextensions.v1: CustomResourceDefinition
events.v1: Event
discovery.v1beta1: EndpointSlice
policy.v1beta1: PodDisruptionBudget
autoscaling.v1: Scale"""
# Kinds whose fields in v1 are those of the beta that the source server has; newer fields stand in NewerFields.swift.
RENAMED = {"discovery.v1beta1": "discovery.v1", "policy.v1beta1": "policy.v1"}
SCALARS = {"string": "s", "boolean": "b", "number": "n"}
SPECIAL = {"resource.Quantity": "q", "intstr.IntOrString": "is", "meta.v1.Time": "t", "meta.v1.MicroTime": "t",
           "runtime.RawExtension": "o", "meta.v1.FieldsV1": "o", "apiextensions.v1.JSON": "*",
           "apiextensions.v1.JSONSchemaPropsOrArray": "*", "apiextensions.v1.JSONSchemaPropsOrBool": "*",
           "apiextensions.v1.JSONSchemaPropsOrStringArray": "*", "apiextensions.v1.JSONSchemaProps": "o"}


def short(name):
    parts = name.split(".")
    return ".".join(parts[-3:]) if parts[-2].startswith("v1") or parts[-2].startswith("v2") else ".".join(parts[-2:])


definitions = {short(k): v for k, v in json.load(sys.stdin)["definitions"].items()}
done, todo = {}, [f"{line.split(': ')[0]}.{kind}" for line in ROOTS.splitlines() for kind in line.split(": ")[1].split()]


def renamed(name):
    for old, new in RENAMED.items():
        if name.startswith(old + "."):
            return new + name[len(old):]
    return name


def kind(schema):
    if "$ref" in schema:
        name = short(schema["$ref"].split("/")[-1])
        if name in SPECIAL:
            return SPECIAL[name]
        todo.append(name)
        return renamed(name)
    if schema.get("type") == "array":
        return f"[{kind(schema['items'])}]"
    if schema.get("type") == "object":
        return f"{{{kind(schema['additionalProperties'])}}}" if "additionalProperties" in schema else "o"
    if schema.get("type") == "integer":
        return "i32" if schema.get("format") == "int32" else "i64"
    return SCALARS[schema["type"]]


def field(name, schema, required):
    text = name + ("!" if name in required else "") + "=" + kind(schema)
    for key, mark in (("list-type", "lt"), ("map-type", "mt"), ("patch-merge-key", "mk"), ("patch-strategy", "ps")):
        if value := schema.get("x-kubernetes-" + key):
            text += f";{mark}:{value}"
    if keys := schema.get("x-kubernetes-list-map-keys"):
        text += ";lk:" + ",".join(keys)
    if schema.get("default") not in (None, {}, "", 0):
        text += ";d:" + json.dumps(schema["default"])
    return text


while todo:
    name = todo.pop()
    if name in done:
        continue
    schema = definitions[name]
    required = set(schema.get("required", []))
    fields = [field(n, s, required) for n, s in sorted(schema.get("properties", {}).items())]
    atomic = " @atomic" if schema.get("x-kubernetes-map-type") == "atomic" else ""
    done[name] = " ".join([renamed(name) + atomic, *fields])

print("// Made by scripts/embedded-schemas.py from a v1.20 API server's OpenAPI; do not edit. Newer fields: NewerFields.swift.")
print("\n/// Fields, list types and merge keys of the built-in kinds, a type a line; `SchemaText` reads it.")
print('let builtInSchemaText = #"""')
for line in sorted(done.values()):
    print("    " + line)
print('    """#')
