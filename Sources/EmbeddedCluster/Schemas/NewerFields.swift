/// What v1.32 has beyond the server that the generated text was made from, and keys that its document leaves out.
let newerFieldsText = #"""
    core.v1.ServiceSpec internalTrafficPolicy=s loadBalancerClass=s trafficDistribution=s
    core.v1.ServicePort protocol=s;d:"TCP"
    core.v1.ContainerPort protocol=s;d:"TCP"
    core.v1.LoadBalancerIngress ipMode=s ports=[core.v1.PortStatus]
    core.v1.PortStatus error=s port!=i32 protocol!=s
    core.v1.ConfigMapKeySelector @atomic
    core.v1.SecretKeySelector @atomic
    core.v1.ObjectFieldSelector @atomic
    core.v1.ResourceFieldSelector @atomic
    core.v1.LocalObjectReference @atomic
    core.v1.ObjectReference @atomic
    core.v1.TypedLocalObjectReference @atomic
    core.v1.NodeSelector @atomic
    core.v1.NodeSelectorTerm @atomic
    core.v1.EndpointAddress @atomic
    core.v1.EndpointPort @atomic
    core.v1.PodSpec hostUsers=b os=core.v1.PodOS resourceClaims=[core.v1.PodResourceClaim];lt:map;mk:name;ps:merge;lk:name schedulingGates=[core.v1.PodSchedulingGate];lt:map;mk:name;ps:merge;lk:name resources=core.v1.ResourceRequirements containers!=[core.v1.Container];lt:map;mk:name;ps:merge;lk:name initContainers=[core.v1.Container];lt:map;mk:name;ps:merge;lk:name ephemeralContainers=[core.v1.EphemeralContainer];lt:map;mk:name;ps:merge;lk:name volumes=[core.v1.Volume];lt:map;mk:name;ps:merge,retainKeys;lk:name imagePullSecrets=[core.v1.LocalObjectReference];lt:map;mk:name;ps:merge;lk:name hostAliases=[core.v1.HostAlias];lt:map;mk:ip;ps:merge;lk:ip nodeSelector={s};mt:atomic topologySpreadConstraints=[core.v1.TopologySpreadConstraint];lt:map;mk:topologyKey;ps:merge;lk:topologyKey,whenUnsatisfiable
    core.v1.PodOS name!=s
    core.v1.PodSchedulingGate name!=s
    core.v1.PodResourceClaim name!=s resourceClaimName=s resourceClaimTemplateName=s
    core.v1.ResourceClaim name!=s request=s
    core.v1.ResourceRequirements claims=[core.v1.ResourceClaim];lt:map;lk:name
    core.v1.TopologySpreadConstraint matchLabelKeys=[s] minDomains=i32 nodeAffinityPolicy=s nodeTaintsPolicy=s
    core.v1.PodAffinityTerm matchLabelKeys=[s] mismatchLabelKeys=[s] namespaceSelector=meta.v1.LabelSelector
    core.v1.Container env=[core.v1.EnvVar];lt:map;mk:name;ps:merge;lk:name resizePolicy=[core.v1.ContainerResizePolicy] restartPolicy=s volumeMounts=[core.v1.VolumeMount];lt:map;mk:mountPath;ps:merge;lk:mountPath volumeDevices=[core.v1.VolumeDevice];lt:map;mk:devicePath;ps:merge;lk:devicePath
    core.v1.EphemeralContainer env=[core.v1.EnvVar];lt:map;mk:name;ps:merge;lk:name resizePolicy=[core.v1.ContainerResizePolicy] restartPolicy=s volumeMounts=[core.v1.VolumeMount];lt:map;mk:mountPath;ps:merge;lk:mountPath
    core.v1.ContainerResizePolicy resourceName!=s restartPolicy!=s
    core.v1.VolumeMount recursiveReadOnly=s
    core.v1.Probe grpc=core.v1.GRPCAction terminationGracePeriodSeconds=i64
    core.v1.GRPCAction port!=i32 service=s
    core.v1.Lifecycle stopSignal=s
    core.v1.Handler sleep=core.v1.SleepAction
    core.v1.SleepAction seconds!=i64
    core.v1.SecurityContext appArmorProfile=core.v1.AppArmorProfile
    core.v1.PodSecurityContext appArmorProfile=core.v1.AppArmorProfile supplementalGroupsPolicy=s seLinuxChangePolicy=s
    core.v1.AppArmorProfile localhostProfile=s type!=s
    core.v1.PodStatus hostIPs=[core.v1.HostIP] resize=s resourceClaimStatuses=[o] conditions=[core.v1.PodCondition];lt:map;mk:type;ps:merge;lk:type podIPs=[core.v1.PodIP];lt:map;mk:ip;ps:merge;lk:ip
    core.v1.PodCondition observedGeneration=i64
    core.v1.HostIP ip!=s
    core.v1.ContainerStatus allocatedResources={q} resources=core.v1.ResourceRequirements user=o volumeMounts=[o]
    apps.v1.DeploymentStatus conditions=[apps.v1.DeploymentCondition];lt:map;mk:type;ps:merge;lk:type
    apps.v1.ReplicaSetStatus conditions=[apps.v1.ReplicaSetCondition];lt:map;mk:type;ps:merge;lk:type
    core.v1.NamespaceStatus conditions=[core.v1.NamespaceCondition];lt:map;mk:type;ps:merge;lk:type
    core.v1.ServiceAccount secrets=[core.v1.ObjectReference];lt:map;mk:name;ps:merge;lk:name
    meta.v1.ObjectMeta finalizers=[s];lt:set;ps:merge ownerReferences=[meta.v1.OwnerReference];lt:map;mk:uid;ps:merge;lk:uid
    meta.v1.OwnerReference @atomic
    meta.v1.ManagedFieldsEntry subresource=s
    batch.v1.JobSpec backoffLimitPerIndex=i32 completionMode=s managedBy=s maxFailedIndexes=i32 podFailurePolicy=o podReplacementPolicy=s successPolicy=o suspend=b
    batch.v1.JobStatus completedIndexes=s failedIndexes=s ready=i32 terminating=i32 uncountedTerminatedPods=o conditions=[batch.v1.JobCondition];mk:type;ps:merge;lt:atomic
    networking.v1.IngressClassParametersReference namespace=s scope=s
    coordination.v1.LeaseSpec preferredHolder=s strategy=s
    policy.v1.PodDisruptionBudgetSpec unhealthyPodEvictionPolicy=s selector=meta.v1.LabelSelector;ps:replace
    policy.v1.PodDisruptionBudgetStatus conditions=[meta.v1.Condition];lt:map;mk:type;ps:merge;lk:type
    discovery.v1.Endpoint deprecatedTopology={s} nodeName=s zone=s addresses!=[s];lt:set
    discovery.v1.EndpointConditions serving=b terminating=b
    discovery.v1.EndpointSlice ports=[discovery.v1.EndpointPort];lt:atomic endpoints!=[discovery.v1.Endpoint];lt:atomic
    apiextensions.v1.CustomResourceDefinitionVersion selectableFields=[o];lt:atomic
    """#
