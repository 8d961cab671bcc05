#!/usr/bin/env python3
"""Writes the CustomResourceDefinitions beside this file.

The kinds of other projects keep their names, scopes, subresources and printer columns. Pod templates, statuses and
provider blocks keep fields that Sluice does not know: another controller may have written them.
Run it after a change here and commit both: deploy/crds/generate.py
"""
import json
import pathlib

HERE = pathlib.Path(__file__).parent
SWIFT = HERE.parent.parent / "Sources/EmbeddedCluster/Stage/BundledKinds.swift"


def obj(description=None, /, *, required=(), keep=False, **properties):
    schema = {"type": "object"}
    if description:
        schema["description"] = description
    if required:
        schema["required"] = list(required)
    if properties:
        schema["properties"] = {name.rstrip("_"): value for name, value in properties.items()}
    if keep:
        schema["x-kubernetes-preserve-unknown-fields"] = True
    return schema


def typed(type_, description=None, **more):
    schema = {"type": type_}
    if description:
        schema["description"] = description
    schema.update(more)
    return schema


def text(description=None, **more):
    return typed("string", description, **more)


def int32(description=None, **more):
    return typed("integer", description, format="int32", **more)


def flag(description=None):
    return typed("boolean", description)


def array(items, description=None, **more):
    return typed("array", description, items=items, **more)


def strings(description=None):
    return array(text(), description)


def string_map(description=None):
    return typed("object", description, additionalProperties=text())


def int_or_string(description=None):
    schema = {"x-kubernetes-int-or-string": True}
    if description:
        schema["description"] = description
    return schema


def anything(description=None):
    schema = {"x-kubernetes-preserve-unknown-fields": True}
    if description:
        schema["description"] = description
    return schema


def time(description=None):
    return text(description, format="date-time")


SELECTOR = obj("Label selector.", matchLabels=string_map(), matchExpressions=array(
    obj(required=("key", "operator"), key=text(), operator=text(), values=strings())))
# A transition rule: it says nothing where the field comes or goes as a whole, as it does with workloadRef.
LASTING_SELECTOR = dict(SELECTOR, **{"x-kubernetes-validations": [
    {"rule": "self == oldSelf", "message": "cannot change once it is set; make a Rollout of another name"}]})
TEMPLATE = obj("Pod template. Fields that this schema does not name are kept.", keep=True,
               metadata=obj("Metadata of the pods.", keep=True), spec=obj("Spec of the pods.", keep=True))
METADATA = obj("Labels and annotations.", labels=string_map(), annotations=string_map())
FIELD_REF = obj(required=("fieldPath",), fieldPath=text("Path of a field of the Rollout, as in the downward API."))
TEMPLATE_REFS = array(obj(templateName=text("Name of the template."),
                          clusterScope=flag("True for a ClusterAnalysisTemplate.")), "Templates to run together.")
DRY_RUN = array(obj(required=("metricName",), metricName=text("Regular expression over metric names.")),
                "Metrics that are measured but never decide.")
RETENTION = array(obj(required=("metricName", "limit"), metricName=text("Regular expression over metric names."),
                      limit=int32("Measurements to keep.")), "How many measurements to keep.")
ROLLOUT_ARGS = array(obj(required=("name",), name=text("Name of the argument."), value=text("Its value."), valueFrom=obj(
    podTemplateHashValue=text("Stable or Latest."), fieldRef=FIELD_REF)), "Arguments for the templates.")


def analysis(description, **more):
    return obj(description, templates=TEMPLATE_REFS, args=ROLLOUT_ARGS, dryRun=DRY_RUN, measurementRetention=RETENTION,
               analysisRunMetadata=METADATA, **more)


STRING_MATCH = obj("One of exact, prefix, regex.", exact=text(), prefix=text(), regex=text())
EXPERIMENT_STEP = obj(
    "Experiment to run.", required=("templates",),
    templates=array(obj(required=("name", "specRef"), name=text(), specRef=text("canary or stable"), replicas=int32(),
                        metadata=METADATA, selector=SELECTOR, weight=int32(), service=obj(name=text()))),
    duration=text(), analyses=array(obj(required=("name", "templateName"), name=text(), templateName=text(),
                                        clusterScope=flag(), args=ROLLOUT_ARGS, requiredForCompletion=flag())),
    dryRun=DRY_RUN, analysisRunMetadata=METADATA, scaleDownDelaySeconds=int32())
STEP = obj(
    "One step; the keys are alternatives.",
    setWeight=int32("Percentage of traffic for the canary."),
    pause=obj("Waits for a person, or for a time.", duration=int_or_string("Seconds, or a duration such as 1h30m.")),
    setCanaryScale=obj("Size of the canary apart from its weight.", weight=int32(), replicas=int32(), matchTrafficWeight=flag()),
    setHeaderRoute=obj("Sends requests with given headers to the canary.", name=text(), match=array(obj(
        required=("headerName", "headerValue"), headerName=text(), headerValue=STRING_MATCH))),
    setMirrorRoute=obj("Mirrors requests to the canary.", required=("name",), name=text(), percentage=int32(),
                       match=array(obj(method=STRING_MATCH, path=STRING_MATCH,
                                       headers=typed("object", additionalProperties=STRING_MATCH)))),
    analysis=analysis("Analysis that must succeed before the next step."),
    experiment=EXPERIMENT_STEP,
    plugin=obj("Step of a plugin.", required=("name",), name=text(), config=anything()))
ANTI_AFFINITY = obj(
    "Keeps old and new pods on different nodes.",
    preferredDuringSchedulingIgnoredDuringExecution=obj(required=("weight",), weight=int32()),
    requiredDuringSchedulingIgnoredDuringExecution=obj())
ISTIO_SERVICE = obj(required=("name",), name=text("Name of the VirtualService."), routes=strings("HTTP routes to change."),
                    tlsRoutes=array(obj(port=typed("integer", format="int64"), sniHosts=strings())),
                    tcpRoutes=array(obj(port=typed("integer", format="int64"))))
TRAFFIC = obj(
    "How traffic is shifted.", keep=True,
    istio=obj("Istio.", virtualService=ISTIO_SERVICE, virtualServices=array(ISTIO_SERVICE), destinationRule=obj(
        required=("name", "canarySubsetName", "stableSubsetName"), name=text(), canarySubsetName=text(),
        stableSubsetName=text(), additionalSubsetNames=strings())),
    nginx=obj("NGINX ingress.", stableIngress=text(), stableIngresses=strings(), annotationPrefix=text(),
              additionalIngressAnnotations=string_map(), canaryIngressAnnotations=string_map()),
    alb=obj("AWS load balancer.", keep=True, required=("servicePort",), servicePort=int32()),
    smi=obj("Service Mesh Interface.", rootService=text(), trafficSplitName=text()),
    ambassador=obj("Ambassador.", required=("mappings",), mappings=strings()),
    appMesh=obj("App Mesh.", keep=True),
    traefik=obj("Traefik.", required=("weightedTraefikServiceName",), weightedTraefikServiceName=text()),
    apisix=obj("APISIX.", keep=True),
    plugins=anything("Router plugins by name."),
    managedRoutes=array(obj(required=("name",), name=text()), "Routes that steps may create."),
    maxTrafficWeight=int32("The weight that means all traffic; 100 where unset."))
CANARY = obj(
    "Canary strategy.",
    canaryService=text("Service that selects the new pods."), stableService=text("Service that selects the stable pods."),
    steps=array(STEP, "Steps of an update, in order."), trafficRouting=TRAFFIC,
    maxSurge=int_or_string("Pods above replicas during an update; percentages round up."),
    maxUnavailable=int_or_string("Pods that may be missing during an update; percentages round down."),
    analysis=analysis("Background analysis.", startingStep=int32("Step from which it runs.")),
    antiAffinity=ANTI_AFFINITY, canaryMetadata=METADATA, stableMetadata=METADATA,
    scaleDownDelaySeconds=int32("Seconds before the old ReplicaSet is scaled down after promotion."),
    scaleDownDelayRevisionLimit=int32("How many old ReplicaSets may wait."),
    abortScaleDownDelaySeconds=int32("Seconds before the canary is scaled down after an abort; 0 keeps it."),
    dynamicStableScale=flag("Shrinks the stable ReplicaSet with its traffic."),
    pingPong=obj("Two Services that swap roles.", required=("pingService", "pongService"), pingService=text(), pongService=text()),
    minPodsPerReplicaSet=int32("Least number of pods of a ReplicaSet that has any."),
    replicaProgressThreshold=obj("Availability that a step needs.", required=("type", "value"), type_=text("Percent or Pods"), value=int32()))
BLUE_GREEN = obj(
    "Blue-green strategy.", required=("activeService",),
    activeService=text("Service with the production traffic."), previewService=text("Service that always selects the new pods."),
    previewReplicaCount=int32(), autoPromotionEnabled=flag(), autoPromotionSeconds=int32(), maxUnavailable=int_or_string(),
    scaleDownDelaySeconds=int32(), scaleDownDelayRevisionLimit=int32(), abortScaleDownDelaySeconds=int32(),
    prePromotionAnalysis=analysis("Analysis before the switch."), postPromotionAnalysis=analysis("Analysis after the switch."),
    antiAffinity=ANTI_AFFINITY, previewMetadata=METADATA, activeMetadata=METADATA)
ROLLOUT = obj(
    "Rollout: a Deployment that takes new pods through steps.", required=("spec",),
    spec=obj(
        "What is wanted.",
        replicas=int32("Desired number of pods; 1 where unset."), selector=LASTING_SELECTOR, template=TEMPLATE,
        workloadRef=obj("Takes the template from another workload.", apiVersion=text(), kind=text(), name=text(), scaleDown=text()),
        minReadySeconds=int32("Seconds that a pod must be ready to count as available."),
        rollbackWindow=obj("How far back a rollback skips its steps.", revisions=int32()),
        strategy=obj("One of canary and blueGreen.", canary=CANARY, blueGreen=BLUE_GREEN),
        revisionHistoryLimit=int32("Old ReplicaSets to keep; 10 where unset."), paused=flag("Freezes the Rollout."),
        progressDeadlineSeconds=int32("Seconds without progress before it counts as stuck; 600 where unset."),
        progressDeadlineAbort=flag("Aborts the update at the deadline."), restartAt=time("Restarts pods created before this time."),
        analysis=obj("How many AnalysisRuns to keep.", successfulRunHistoryLimit=int32(), unsuccessfulRunHistoryLimit=int32())),
    status=obj(
        "What the controller saw and did.", keep=True,
        abort=flag(), phase=text(), message=text(), observedGeneration=text(), currentPodHash=text(), stableRS=text(),
        replicas=int32(), updatedReplicas=int32(), readyReplicas=int32(), availableReplicas=int32(), HPAReplicas=int32(),
        selector=text(), currentStepIndex=int32(), currentStepHash=text(), collisionCount=int32()))

METRIC = obj(
    "One measured value and what it must be.", required=("name", "provider"),
    name=text("Name, unique in the run."), interval=text("Time between measurements."), initialDelay=text("Time before the first one."),
    count=int_or_string("Measurements to take."), successCondition=text("Expression that must be true."),
    failureCondition=text("Expression that must not be true."), failureLimit=int_or_string("Failures that are tolerated."),
    inconclusiveLimit=int_or_string("Inconclusive measurements that are tolerated."),
    consecutiveErrorLimit=int_or_string("Errors in a row that are tolerated; 4 where unset."),
    consecutiveSuccessLimit=int_or_string("Successes in a row that end the metric."),
    provider=obj("Where the value comes from; exactly one.", keep=True))
ARGUMENT = obj(required=("name",), name=text("Name of the argument."), value=text("Its value."), valueFrom=obj(
    secretKeyRef=obj(required=("name", "key"), name=text(), key=text()), fieldRef=FIELD_REF))
ARGUMENTS = array(ARGUMENT, "Arguments.")
ANALYSIS_TEMPLATE = obj("Metrics that judge a version.", required=("spec",), spec=obj(
    "What is measured.", metrics=array(METRIC, "Metrics."), args=ARGUMENTS, dryRun=DRY_RUN, measurementRetention=RETENTION,
    templates=TEMPLATE_REFS))
ANALYSIS_RUN = obj("One analysis.", required=("spec",), spec=obj(
    "What is measured.", required=("metrics",), metrics=array(METRIC, "Metrics."), args=ARGUMENTS, terminate=flag("Ends the run."),
    dryRun=DRY_RUN, measurementRetention=RETENTION, ttlStrategy=obj(
        "When the run is deleted.", secondsAfterCompletion=int32(), secondsAfterFailure=int32(), secondsAfterSuccess=int32())),
    status=obj("What was measured.", keep=True, phase=text(), message=text()))
EXPERIMENT = obj("ReplicaSets that run beside a Rollout for a while.", required=("spec",), spec=obj(
    "What is run.", required=("templates",),
    templates=array(obj(required=("name", "selector", "template"), name=text(), replicas=int32(), minReadySeconds=int32(),
                        selector=SELECTOR, template=TEMPLATE, service=obj(name=text()))),
    duration=text(), progressDeadlineSeconds=int32(), terminate=flag(),
    analyses=array(obj(required=("name", "templateName"), name=text(), templateName=text(), clusterScope=flag(), args=ARGUMENTS,
                       requiredForCompletion=flag())),
    scaleDownDelaySeconds=int32(), dryRun=DRY_RUN, measurementRetention=RETENTION, analysisRunMetadata=METADATA),
    status=obj("What happened.", keep=True, phase=text()))

SOURCE = obj("Where manifests come from.", keep=True, repoURL=text("URL of the repository."), path=text("Folder in it."),
             targetRevision=text("Branch, tag, commit or version range."))
OPERATION = obj("A requested sync.", keep=True)
APPLICATION = obj(
    "A folder of a repository that is kept in a cluster.", required=("spec",), metadata=typed("object"),
    operation=OPERATION,
    spec=obj("What is wanted.", keep=True, required=("destination", "project"), project=text("AppProject."), source=SOURCE,
             sources=array(SOURCE), destination=obj("Cluster and namespace.", server=text(), name=text(), namespace=text()),
             syncPolicy=obj("How it is synced.", keep=True), ignoreDifferences=array(anything(), "Fields that do not count as drift."),
             info=array(obj(required=("name", "value"), name=text(), value=text())), revisionHistoryLimit=typed("integer", format="int64")),
    status=obj("What was seen and done.", keep=True, sync=obj(keep=True, status=text(), revision=text()),
               health=obj(keep=True, status=text())))
PROJECT = obj("What Applications may do.", required=("spec",), spec=obj(
    "Rules.", keep=True, description=text(), sourceRepos=strings("Repositories that are allowed."),
    destinations=array(obj(server=text(), name=text(), namespace=text()), "Clusters and namespaces that are allowed.")),
    status=obj("State.", keep=True))
RELEASE = obj(
    "What became of one commit.", required=("spec",),
    spec=obj("The commit.", required=("revision",), keep=True,
             sourceRef=obj("Application or Kustomization it belongs to.", keep=True, kind=text(), name=text()),
             revision=text("Commit."), digest=text("Digest of the rendered manifests.")),
    status=obj("Its verdict.", keep=True,
               phase=text("Syncing, Progressing, Released, Rejected or Superseded."), reason=text("AnalysisFailed, DeadlineExceeded, AbortedByUser …"),
               message=text("The same in a sentence."), evidence=array(anything(), "The numbers that decided."),
               changed=array(anything(), "Objects that the commit changed."), startedAt=dict(time("When its sync began."), nullable=True),
               endedAt=dict(time("When the verdict fell."), nullable=True)))

AGE = ("Age", "date", ".metadata.creationTimestamp", 0, "")
STATUS = ("Status", "string", ".status.phase", 0, "")
KINDS = [
    ("argoproj.io", "v1alpha1", "Rollout", "rollouts", "Namespaced", ["ro"], ROLLOUT, [
        ("Desired", "integer", ".spec.replicas", 0, "Number of desired pods"),
        ("Current", "integer", ".status.replicas", 0, "Total number of pods"),
        ("Up-to-date", "integer", ".status.updatedReplicas", 0, "Pods of the current template"),
        ("Available", "integer", ".status.availableReplicas", 0, "Available pods"), AGE],
     {"scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.HPAReplicas",
                "labelSelectorPath": ".status.selector"}, "status": {}}),
    ("argoproj.io", "v1alpha1", "AnalysisTemplate", "analysistemplates", "Namespaced", ["at"], ANALYSIS_TEMPLATE, [AGE], None),
    ("argoproj.io", "v1alpha1", "ClusterAnalysisTemplate", "clusteranalysistemplates", "Cluster", ["cat"], ANALYSIS_TEMPLATE, [AGE], None),
    ("argoproj.io", "v1alpha1", "AnalysisRun", "analysisruns", "Namespaced", ["ar"], ANALYSIS_RUN, [STATUS, AGE], None),
    ("argoproj.io", "v1alpha1", "Experiment", "experiments", "Namespaced", ["exp"], EXPERIMENT, [STATUS, AGE], None),
    ("argoproj.io", "v1alpha1", "Application", "applications", "Namespaced", ["app", "apps"], APPLICATION, [
        ("Sync Status", "string", ".status.sync.status", 0, ""), ("Health Status", "string", ".status.health.status", 0, ""),
        ("Revision", "string", ".status.sync.revision", 10, ""), ("Project", "string", ".spec.project", 10, "")], None),
    ("argoproj.io", "v1alpha1", "AppProject", "appprojects", "Namespaced", ["appproj", "appprojs"], PROJECT, [], None),
    ("sluice.dev", "v1alpha1", "Release", "releases", "Namespaced", [], RELEASE, [
        ("Phase", "string", ".status.phase", 0, "Verdict"), ("Reason", "string", ".status.reason", 0, "What decided"),
        ("Revision", "string", ".spec.revision", 0, "Commit"), ("Source", "string", ".spec.sourceRef.name", 0, "Application"),
        ("Message", "string", ".status.message", 1, "Verdict in a sentence"), AGE], {"status": {}}),
]


def scalar(value):
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    plain = value and all(c.isalnum() or c in " .-_/()" for c in value) and value[0].isalpha() and value == value.strip()
    return value if plain and value.lower() not in ("true", "false", "null", "yes", "no", "on", "off", "y", "n") \
        else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def emit(value, indent, lines, lead):
    pad = "  " * indent
    if isinstance(value, dict):
        if not value:
            lines.append(lead.rstrip() + " {}")
            return
        if lead.strip():
            lines.append(lead.rstrip())
        for key in value:
            emit_member(key, value[key], indent, lines)
    elif isinstance(value, list):
        lines.append(lead.rstrip())
        for item in value:
            if isinstance(item, dict):
                first = True
                for key in item:
                    before = len(lines)
                    emit_member(key, item[key], indent + 1, lines)
                    if first:
                        lines[before] = pad + "- " + lines[before].lstrip()
                        first = False
            else:
                lines.append(f"{pad}- {scalar(item)}")
    else:
        lines.append(f"{lead}{scalar(value)}")


def emit_member(key, value, indent, lines):
    pad = "  " * indent
    if isinstance(value, dict):
        if value:
            lines.append(f"{pad}{key}:")
            for child in value:
                emit_member(child, value[child], indent + 1, lines)
        else:
            lines.append(f"{pad}{key}: {{}}")
    elif isinstance(value, list):
        if value:
            emit(value, indent, lines, f"{pad}{key}:")
        else:
            lines.append(f"{pad}{key}: []")
    else:
        lines.append(f"{pad}{key}: {scalar(value)}")


def definition(group, version, kind, plural, scope, short, schema, columns, subresources):
    properties = {"apiVersion": text(), "kind": text(), "metadata": typed("object")}
    properties.update(schema["properties"])
    root = dict(schema, properties=properties)
    served = {
        "name": version, "served": True, "storage": True,
        "schema": {"openAPIV3Schema": root}}
    if subresources is not None:
        served["subresources"] = subresources
    if columns:
        served["additionalPrinterColumns"] = [
            {k: v for k, v in (("name", n), ("type", t), ("description", d), ("jsonPath", p), ("priority", r)) if v}
            for n, t, p, r, d in columns]
    names = {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": kind + "List"}
    if short:
        names["shortNames"] = short
    names["categories"] = ["sluice"]
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "scope": scope, "names": names, "versions": [served]}}


# The two kinds of Istio that Sluice writes, for clusters without Istio: the embedded one and those of tests.
MESH = [
    ("networking.istio.io", "v1alpha3", "VirtualService", "virtualservices", "Namespaced", ["vs"],
     obj("Routes of a mesh.", spec=obj(keep=True), status=obj(keep=True)), [AGE], None),
    ("networking.istio.io", "v1alpha3", "DestinationRule", "destinationrules", "Namespaced", ["dr"],
     obj("Subsets of a host.", spec=obj(keep=True), status=obj(keep=True)), [AGE], None),
]


def without_rules(schema):
    """Without expressions, which the embedded API does not run, and API servers before 1.23 refuse in an apply."""
    if isinstance(schema, dict):
        return {k: without_rules(v) for k, v in schema.items() if k != "x-kubernetes-validations"}
    return [without_rules(v) for v in schema] if isinstance(schema, list) else schema


def swift(name, comment, entries):
    body = "\n".join(json.dumps(without_rules(definition(*e)), separators=(",", ":"), sort_keys=True) for e in entries)
    return f'''    /// {comment}
    package static let {name} = #"""
{body}
"""#
'''


for entry in KINDS:
    lines = ["# Written by generate.py; change that and run it."]
    document = definition(*entry)
    for key in document:
        emit_member(key, document[key], 0, lines)
    (HERE / f"{entry[3]}-crd.yaml").write_text("\n".join(lines) + "\n")

SWIFT.write_text(
    "// Written by deploy/crds/generate.py; change that and run it.\n// swift-format-ignore-file\n\n"
    "/// CustomResourceDefinitions as JSON, one a line.\npackage enum BundledKinds {\n"
    + swift("sluice", "The kinds that deploy/ installs.", KINDS) + "\n"
    + swift("mesh", "Istio's kinds, without their schemas.", MESH) + "}\n")
