// Made by scripts/embedded-schemas.py from a v1.20 API server's OpenAPI; do not edit. Newer fields: NewerFields.swift.

/// Fields, list types and merge keys of the built-in kinds, a type a line; `SchemaText` reads it.
let builtInSchemaText = #"""
    apiextensions.v1.CustomResourceColumnDefinition description=s format=s jsonPath!=s name!=s priority=i32 type!=s
    apiextensions.v1.CustomResourceConversion strategy!=s webhook=apiextensions.v1.WebhookConversion
    apiextensions.v1.CustomResourceDefinition apiVersion=s kind=s metadata=meta.v1.ObjectMeta spec!=apiextensions.v1.CustomResourceDefinitionSpec status=apiextensions.v1.CustomResourceDefinitionStatus
    apiextensions.v1.CustomResourceDefinitionCondition lastTransitionTime=t message=s reason=s status!=s type!=s
    apiextensions.v1.CustomResourceDefinitionNames categories=[s] kind!=s listKind=s plural!=s shortNames=[s] singular=s
    apiextensions.v1.CustomResourceDefinitionSpec conversion=apiextensions.v1.CustomResourceConversion group!=s names!=apiextensions.v1.CustomResourceDefinitionNames preserveUnknownFields=b scope!=s versions!=[apiextensions.v1.CustomResourceDefinitionVersion]
    apiextensions.v1.CustomResourceDefinitionStatus acceptedNames=apiextensions.v1.CustomResourceDefinitionNames conditions=[apiextensions.v1.CustomResourceDefinitionCondition] storedVersions=[s]
    apiextensions.v1.CustomResourceDefinitionVersion additionalPrinterColumns=[apiextensions.v1.CustomResourceColumnDefinition] deprecated=b deprecationWarning=s name!=s schema=apiextensions.v1.CustomResourceValidation served!=b storage!=b subresources=apiextensions.v1.CustomResourceSubresources
    apiextensions.v1.CustomResourceSubresourceScale labelSelectorPath=s specReplicasPath!=s statusReplicasPath!=s
    apiextensions.v1.CustomResourceSubresourceStatus
    apiextensions.v1.CustomResourceSubresources scale=apiextensions.v1.CustomResourceSubresourceScale status=apiextensions.v1.CustomResourceSubresourceStatus
    apiextensions.v1.CustomResourceValidation openAPIV3Schema=o
    apiextensions.v1.ServiceReference name!=s namespace!=s path=s port=i32
    apiextensions.v1.WebhookClientConfig caBundle=s service=apiextensions.v1.ServiceReference url=s
    apiextensions.v1.WebhookConversion clientConfig=apiextensions.v1.WebhookClientConfig conversionReviewVersions!=[s]
    apps.v1.Deployment apiVersion=s kind=s metadata=meta.v1.ObjectMeta spec=apps.v1.DeploymentSpec status=apps.v1.DeploymentStatus
    apps.v1.DeploymentCondition lastTransitionTime=t lastUpdateTime=t message=s reason=s status!=s type!=s
    apps.v1.DeploymentSpec minReadySeconds=i32 paused=b progressDeadlineSeconds=i32 replicas=i32 revisionHistoryLimit=i32 selector!=meta.v1.LabelSelector strategy=apps.v1.DeploymentStrategy;ps:retainKeys template!=core.v1.PodTemplateSpec
    apps.v1.DeploymentStatus availableReplicas=i32 collisionCount=i32 conditions=[apps.v1.DeploymentCondition];mk:type;ps:merge observedGeneration=i64 readyReplicas=i32 replicas=i32 unavailableReplicas=i32 updatedReplicas=i32
    apps.v1.DeploymentStrategy rollingUpdate=apps.v1.RollingUpdateDeployment type=s
    apps.v1.ReplicaSet apiVersion=s kind=s metadata=meta.v1.ObjectMeta spec=apps.v1.ReplicaSetSpec status=apps.v1.ReplicaSetStatus
    apps.v1.ReplicaSetCondition lastTransitionTime=t message=s reason=s status!=s type!=s
    apps.v1.ReplicaSetSpec minReadySeconds=i32 replicas=i32 selector!=meta.v1.LabelSelector template=core.v1.PodTemplateSpec
    apps.v1.ReplicaSetStatus availableReplicas=i32 conditions=[apps.v1.ReplicaSetCondition];mk:type;ps:merge fullyLabeledReplicas=i32 observedGeneration=i64 readyReplicas=i32 replicas!=i32
    apps.v1.RollingUpdateDeployment maxSurge=is maxUnavailable=is
    autoscaling.v1.Scale apiVersion=s kind=s metadata=meta.v1.ObjectMeta spec=autoscaling.v1.ScaleSpec status=autoscaling.v1.ScaleStatus
    autoscaling.v1.ScaleSpec replicas=i32
    autoscaling.v1.ScaleStatus replicas!=i32 selector=s
    batch.v1.Job apiVersion=s kind=s metadata=meta.v1.ObjectMeta spec=batch.v1.JobSpec status=batch.v1.JobStatus
    batch.v1.JobCondition lastProbeTime=t lastTransitionTime=t message=s reason=s status!=s type!=s
    batch.v1.JobSpec activeDeadlineSeconds=i64 backoffLimit=i32 completions=i32 manualSelector=b parallelism=i32 selector=meta.v1.LabelSelector template!=core.v1.PodTemplateSpec ttlSecondsAfterFinished=i32
    batch.v1.JobStatus active=i32 completionTime=t conditions=[batch.v1.JobCondition];mk:type;ps:merge failed=i32 startTime=t succeeded=i32
    coordination.v1.Lease apiVersion=s kind=s metadata=meta.v1.ObjectMeta spec=coordination.v1.LeaseSpec
    coordination.v1.LeaseSpec acquireTime=t holderIdentity=s leaseDurationSeconds=i32 leaseTransitions=i32 renewTime=t
    core.v1.AWSElasticBlockStoreVolumeSource fsType=s partition=i32 readOnly=b volumeID!=s
    core.v1.Affinity nodeAffinity=core.v1.NodeAffinity podAffinity=core.v1.PodAffinity podAntiAffinity=core.v1.PodAntiAffinity
    core.v1.AttachedVolume devicePath!=s name!=s
    core.v1.AzureDiskVolumeSource cachingMode=s diskName!=s diskURI!=s fsType=s kind=s readOnly=b
    core.v1.AzureFileVolumeSource readOnly=b secretName!=s shareName!=s
    core.v1.CSIVolumeSource driver!=s fsType=s nodePublishSecretRef=core.v1.LocalObjectReference readOnly=b volumeAttributes={s}
    core.v1.Capabilities add=[s] drop=[s]
    core.v1.CephFSVolumeSource monitors!=[s] path=s readOnly=b secretFile=s secretRef=core.v1.LocalObjectReference user=s
    core.v1.CinderVolumeSource fsType=s readOnly=b secretRef=core.v1.LocalObjectReference volumeID!=s
    core.v1.ClientIPConfig timeoutSeconds=i32
    core.v1.ConfigMap apiVersion=s binaryData={s} data={s} immutable=b kind=s metadata=meta.v1.ObjectMeta
    core.v1.ConfigMapEnvSource name=s optional=b
    core.v1.ConfigMapKeySelector key!=s name=s optional=b
    core.v1.ConfigMapNodeConfigSource kubeletConfigKey!=s name!=s namespace!=s resourceVersion=s uid=s
    core.v1.ConfigMapProjection items=[core.v1.KeyToPath] name=s optional=b
    core.v1.ConfigMapVolumeSource defaultMode=i32 items=[core.v1.KeyToPath] name=s optional=b
    core.v1.Container args=[s] command=[s] env=[core.v1.EnvVar];mk:name;ps:merge envFrom=[core.v1.EnvFromSource] image=s imagePullPolicy=s lifecycle=core.v1.Lifecycle livenessProbe=core.v1.Probe name!=s ports=[core.v1.ContainerPort];lt:map;mk:containerPort;ps:merge;lk:containerPort,protocol readinessProbe=core.v1.Probe resources=core.v1.ResourceRequirements securityContext=core.v1.SecurityContext startupProbe=core.v1.Probe stdin=b stdinOnce=b terminationMessagePath=s terminationMessagePolicy=s tty=b volumeDevices=[core.v1.VolumeDevice];mk:devicePath;ps:merge volumeMounts=[core.v1.VolumeMount];mk:mountPath;ps:merge workingDir=s
    core.v1.ContainerImage names!=[s] sizeBytes=i64
    core.v1.ContainerPort containerPort!=i32 hostIP=s hostPort=i32 name=s protocol=s
    core.v1.ContainerState running=core.v1.ContainerStateRunning terminated=core.v1.ContainerStateTerminated waiting=core.v1.ContainerStateWaiting
    core.v1.ContainerStateRunning startedAt=t
    core.v1.ContainerStateTerminated containerID=s exitCode!=i32 finishedAt=t message=s reason=s signal=i32 startedAt=t
    core.v1.ContainerStateWaiting message=s reason=s
    core.v1.ContainerStatus containerID=s image!=s imageID!=s lastState=core.v1.ContainerState name!=s ready!=b restartCount!=i32 started=b state=core.v1.ContainerState
    core.v1.DaemonEndpoint Port!=i32
    core.v1.DownwardAPIProjection items=[core.v1.DownwardAPIVolumeFile]
    core.v1.DownwardAPIVolumeFile fieldRef=core.v1.ObjectFieldSelector mode=i32 path!=s resourceFieldRef=core.v1.ResourceFieldSelector
    core.v1.DownwardAPIVolumeSource defaultMode=i32 items=[core.v1.DownwardAPIVolumeFile]
    core.v1.EmptyDirVolumeSource medium=s sizeLimit=q
    core.v1.EndpointAddress hostname=s ip!=s nodeName=s targetRef=core.v1.ObjectReference
    core.v1.EndpointPort appProtocol=s name=s port!=i32 protocol=s
    core.v1.EndpointSubset addresses=[core.v1.EndpointAddress] notReadyAddresses=[core.v1.EndpointAddress] ports=[core.v1.EndpointPort]
    core.v1.Endpoints apiVersion=s kind=s metadata=meta.v1.ObjectMeta subsets=[core.v1.EndpointSubset]
    core.v1.EnvFromSource configMapRef=core.v1.ConfigMapEnvSource prefix=s secretRef=core.v1.SecretEnvSource
    core.v1.EnvVar name!=s value=s valueFrom=core.v1.EnvVarSource
    core.v1.EnvVarSource configMapKeyRef=core.v1.ConfigMapKeySelector fieldRef=core.v1.ObjectFieldSelector resourceFieldRef=core.v1.ResourceFieldSelector secretKeyRef=core.v1.SecretKeySelector
    core.v1.EphemeralContainer args=[s] command=[s] env=[core.v1.EnvVar];mk:name;ps:merge envFrom=[core.v1.EnvFromSource] image=s imagePullPolicy=s lifecycle=core.v1.Lifecycle livenessProbe=core.v1.Probe name!=s ports=[core.v1.ContainerPort] readinessProbe=core.v1.Probe resources=core.v1.ResourceRequirements securityContext=core.v1.SecurityContext startupProbe=core.v1.Probe stdin=b stdinOnce=b targetContainerName=s terminationMessagePath=s terminationMessagePolicy=s tty=b volumeDevices=[core.v1.VolumeDevice];mk:devicePath;ps:merge volumeMounts=[core.v1.VolumeMount];mk:mountPath;ps:merge workingDir=s
    core.v1.EphemeralVolumeSource readOnly=b volumeClaimTemplate=core.v1.PersistentVolumeClaimTemplate
    core.v1.Event action=s apiVersion=s count=i32 eventTime=t firstTimestamp=t involvedObject!=core.v1.ObjectReference kind=s lastTimestamp=t message=s metadata!=meta.v1.ObjectMeta reason=s related=core.v1.ObjectReference reportingComponent=s reportingInstance=s series=core.v1.EventSeries source=core.v1.EventSource type=s
    core.v1.EventSeries count=i32 lastObservedTime=t
    core.v1.EventSource component=s host=s
    core.v1.ExecAction command=[s]
    core.v1.FCVolumeSource fsType=s lun=i32 readOnly=b targetWWNs=[s] wwids=[s]
    core.v1.FlexVolumeSource driver!=s fsType=s options={s} readOnly=b secretRef=core.v1.LocalObjectReference
    core.v1.FlockerVolumeSource datasetName=s datasetUUID=s
    core.v1.GCEPersistentDiskVolumeSource fsType=s partition=i32 pdName!=s readOnly=b
    core.v1.GitRepoVolumeSource directory=s repository!=s revision=s
    core.v1.GlusterfsVolumeSource endpoints!=s path!=s readOnly=b
    core.v1.HTTPGetAction host=s httpHeaders=[core.v1.HTTPHeader] path=s port!=is scheme=s
    core.v1.HTTPHeader name!=s value!=s
    core.v1.Handler exec=core.v1.ExecAction httpGet=core.v1.HTTPGetAction tcpSocket=core.v1.TCPSocketAction
    core.v1.HostAlias hostnames=[s] ip=s
    core.v1.HostPathVolumeSource path!=s type=s
    core.v1.ISCSIVolumeSource chapAuthDiscovery=b chapAuthSession=b fsType=s initiatorName=s iqn!=s iscsiInterface=s lun!=i32 portals=[s] readOnly=b secretRef=core.v1.LocalObjectReference targetPortal!=s
    core.v1.KeyToPath key!=s mode=i32 path!=s
    core.v1.Lifecycle postStart=core.v1.Handler preStop=core.v1.Handler
    core.v1.LoadBalancerIngress hostname=s ip=s ports=[core.v1.PortStatus];lt:atomic
    core.v1.LoadBalancerStatus ingress=[core.v1.LoadBalancerIngress]
    core.v1.LocalObjectReference name=s
    core.v1.NFSVolumeSource path!=s readOnly=b server!=s
    core.v1.Namespace apiVersion=s kind=s metadata=meta.v1.ObjectMeta spec=core.v1.NamespaceSpec status=core.v1.NamespaceStatus
    core.v1.NamespaceCondition lastTransitionTime=t message=s reason=s status!=s type!=s
    core.v1.NamespaceSpec finalizers=[s]
    core.v1.NamespaceStatus conditions=[core.v1.NamespaceCondition];mk:type;ps:merge phase=s
    core.v1.Node apiVersion=s kind=s metadata=meta.v1.ObjectMeta spec=core.v1.NodeSpec status=core.v1.NodeStatus
    core.v1.NodeAddress address!=s type!=s
    core.v1.NodeAffinity preferredDuringSchedulingIgnoredDuringExecution=[core.v1.PreferredSchedulingTerm] requiredDuringSchedulingIgnoredDuringExecution=core.v1.NodeSelector
    core.v1.NodeCondition lastHeartbeatTime=t lastTransitionTime=t message=s reason=s status!=s type!=s
    core.v1.NodeConfigSource configMap=core.v1.ConfigMapNodeConfigSource
    core.v1.NodeConfigStatus active=core.v1.NodeConfigSource assigned=core.v1.NodeConfigSource error=s lastKnownGood=core.v1.NodeConfigSource
    core.v1.NodeDaemonEndpoints kubeletEndpoint=core.v1.DaemonEndpoint
    core.v1.NodeSelector nodeSelectorTerms!=[core.v1.NodeSelectorTerm]
    core.v1.NodeSelectorRequirement key!=s operator!=s values=[s]
    core.v1.NodeSelectorTerm matchExpressions=[core.v1.NodeSelectorRequirement] matchFields=[core.v1.NodeSelectorRequirement]
    core.v1.NodeSpec configSource=core.v1.NodeConfigSource externalID=s podCIDR=s podCIDRs=[s];ps:merge providerID=s taints=[core.v1.Taint] unschedulable=b
    core.v1.NodeStatus addresses=[core.v1.NodeAddress];mk:type;ps:merge allocatable={q} capacity={q} conditions=[core.v1.NodeCondition];mk:type;ps:merge config=core.v1.NodeConfigStatus daemonEndpoints=core.v1.NodeDaemonEndpoints images=[core.v1.ContainerImage] nodeInfo=core.v1.NodeSystemInfo phase=s volumesAttached=[core.v1.AttachedVolume] volumesInUse=[s]
    core.v1.NodeSystemInfo architecture!=s bootID!=s containerRuntimeVersion!=s kernelVersion!=s kubeProxyVersion!=s kubeletVersion!=s machineID!=s operatingSystem!=s osImage!=s systemUUID!=s
    core.v1.ObjectFieldSelector apiVersion=s fieldPath!=s
    core.v1.ObjectReference apiVersion=s fieldPath=s kind=s name=s namespace=s resourceVersion=s uid=s
    core.v1.PersistentVolumeClaimSpec accessModes=[s] dataSource=core.v1.TypedLocalObjectReference resources=core.v1.ResourceRequirements selector=meta.v1.LabelSelector storageClassName=s volumeMode=s volumeName=s
    core.v1.PersistentVolumeClaimTemplate metadata=meta.v1.ObjectMeta spec!=core.v1.PersistentVolumeClaimSpec
    core.v1.PersistentVolumeClaimVolumeSource claimName!=s readOnly=b
    core.v1.PhotonPersistentDiskVolumeSource fsType=s pdID!=s
    core.v1.Pod apiVersion=s kind=s metadata=meta.v1.ObjectMeta spec=core.v1.PodSpec status=core.v1.PodStatus
    core.v1.PodAffinity preferredDuringSchedulingIgnoredDuringExecution=[core.v1.WeightedPodAffinityTerm] requiredDuringSchedulingIgnoredDuringExecution=[core.v1.PodAffinityTerm]
    core.v1.PodAffinityTerm labelSelector=meta.v1.LabelSelector namespaces=[s] topologyKey!=s
    core.v1.PodAntiAffinity preferredDuringSchedulingIgnoredDuringExecution=[core.v1.WeightedPodAffinityTerm] requiredDuringSchedulingIgnoredDuringExecution=[core.v1.PodAffinityTerm]
    core.v1.PodCondition lastProbeTime=t lastTransitionTime=t message=s reason=s status!=s type!=s
    core.v1.PodDNSConfig nameservers=[s] options=[core.v1.PodDNSConfigOption] searches=[s]
    core.v1.PodDNSConfigOption name=s value=s
    core.v1.PodIP ip=s
    core.v1.PodReadinessGate conditionType!=s
    core.v1.PodSecurityContext fsGroup=i64 fsGroupChangePolicy=s runAsGroup=i64 runAsNonRoot=b runAsUser=i64 seLinuxOptions=core.v1.SELinuxOptions seccompProfile=core.v1.SeccompProfile supplementalGroups=[i64] sysctls=[core.v1.Sysctl] windowsOptions=core.v1.WindowsSecurityContextOptions
    core.v1.PodSpec activeDeadlineSeconds=i64 affinity=core.v1.Affinity automountServiceAccountToken=b containers!=[core.v1.Container];mk:name;ps:merge dnsConfig=core.v1.PodDNSConfig dnsPolicy=s enableServiceLinks=b ephemeralContainers=[core.v1.EphemeralContainer];mk:name;ps:merge hostAliases=[core.v1.HostAlias];mk:ip;ps:merge hostIPC=b hostNetwork=b hostPID=b hostname=s imagePullSecrets=[core.v1.LocalObjectReference];mk:name;ps:merge initContainers=[core.v1.Container];mk:name;ps:merge nodeName=s nodeSelector={s} overhead={q} preemptionPolicy=s priority=i32 priorityClassName=s readinessGates=[core.v1.PodReadinessGate] restartPolicy=s runtimeClassName=s schedulerName=s securityContext=core.v1.PodSecurityContext serviceAccount=s serviceAccountName=s setHostnameAsFQDN=b shareProcessNamespace=b subdomain=s terminationGracePeriodSeconds=i64 tolerations=[core.v1.Toleration] topologySpreadConstraints=[core.v1.TopologySpreadConstraint];lt:map;mk:topologyKey;ps:merge;lk:topologyKey,whenUnsatisfiable volumes=[core.v1.Volume];mk:name;ps:merge,retainKeys
    core.v1.PodStatus conditions=[core.v1.PodCondition];mk:type;ps:merge containerStatuses=[core.v1.ContainerStatus] ephemeralContainerStatuses=[core.v1.ContainerStatus] hostIP=s initContainerStatuses=[core.v1.ContainerStatus] message=s nominatedNodeName=s phase=s podIP=s podIPs=[core.v1.PodIP];mk:ip;ps:merge qosClass=s reason=s startTime=t
    core.v1.PodTemplateSpec metadata=meta.v1.ObjectMeta spec=core.v1.PodSpec
    core.v1.PortStatus error=s port!=i32 protocol!=s
    core.v1.PortworxVolumeSource fsType=s readOnly=b volumeID!=s
    core.v1.PreferredSchedulingTerm preference!=core.v1.NodeSelectorTerm weight!=i32
    core.v1.Probe exec=core.v1.ExecAction failureThreshold=i32 httpGet=core.v1.HTTPGetAction initialDelaySeconds=i32 periodSeconds=i32 successThreshold=i32 tcpSocket=core.v1.TCPSocketAction timeoutSeconds=i32
    core.v1.ProjectedVolumeSource defaultMode=i32 sources=[core.v1.VolumeProjection]
    core.v1.QuobyteVolumeSource group=s readOnly=b registry!=s tenant=s user=s volume!=s
    core.v1.RBDVolumeSource fsType=s image!=s keyring=s monitors!=[s] pool=s readOnly=b secretRef=core.v1.LocalObjectReference user=s
    core.v1.ResourceFieldSelector containerName=s divisor=q resource!=s
    core.v1.ResourceRequirements limits={q} requests={q}
    core.v1.SELinuxOptions level=s role=s type=s user=s
    core.v1.ScaleIOVolumeSource fsType=s gateway!=s protectionDomain=s readOnly=b secretRef!=core.v1.LocalObjectReference sslEnabled=b storageMode=s storagePool=s system!=s volumeName=s
    core.v1.SeccompProfile localhostProfile=s type!=s
    core.v1.Secret apiVersion=s data={s} immutable=b kind=s metadata=meta.v1.ObjectMeta stringData={s} type=s
    core.v1.SecretEnvSource name=s optional=b
    core.v1.SecretKeySelector key!=s name=s optional=b
    core.v1.SecretProjection items=[core.v1.KeyToPath] name=s optional=b
    core.v1.SecretVolumeSource defaultMode=i32 items=[core.v1.KeyToPath] optional=b secretName=s
    core.v1.SecurityContext allowPrivilegeEscalation=b capabilities=core.v1.Capabilities privileged=b procMount=s readOnlyRootFilesystem=b runAsGroup=i64 runAsNonRoot=b runAsUser=i64 seLinuxOptions=core.v1.SELinuxOptions seccompProfile=core.v1.SeccompProfile windowsOptions=core.v1.WindowsSecurityContextOptions
    core.v1.Service apiVersion=s kind=s metadata=meta.v1.ObjectMeta spec=core.v1.ServiceSpec status=core.v1.ServiceStatus
    core.v1.ServiceAccount apiVersion=s automountServiceAccountToken=b imagePullSecrets=[core.v1.LocalObjectReference] kind=s metadata=meta.v1.ObjectMeta secrets=[core.v1.ObjectReference];mk:name;ps:merge
    core.v1.ServiceAccountTokenProjection audience=s expirationSeconds=i64 path!=s
    core.v1.ServicePort appProtocol=s name=s nodePort=i32 port!=i32 protocol=s targetPort=is
    core.v1.ServiceSpec allocateLoadBalancerNodePorts=b clusterIP=s clusterIPs=[s];lt:atomic externalIPs=[s] externalName=s externalTrafficPolicy=s healthCheckNodePort=i32 ipFamilies=[s];lt:atomic ipFamilyPolicy=s loadBalancerIP=s loadBalancerSourceRanges=[s] ports=[core.v1.ServicePort];lt:map;mk:port;ps:merge;lk:port,protocol publishNotReadyAddresses=b selector={s} sessionAffinity=s sessionAffinityConfig=core.v1.SessionAffinityConfig topologyKeys=[s] type=s
    core.v1.ServiceStatus conditions=[meta.v1.Condition];lt:map;mk:type;ps:merge;lk:type loadBalancer=core.v1.LoadBalancerStatus
    core.v1.SessionAffinityConfig clientIP=core.v1.ClientIPConfig
    core.v1.StorageOSVolumeSource fsType=s readOnly=b secretRef=core.v1.LocalObjectReference volumeName=s volumeNamespace=s
    core.v1.Sysctl name!=s value!=s
    core.v1.TCPSocketAction host=s port!=is
    core.v1.Taint effect!=s key!=s timeAdded=t value=s
    core.v1.Toleration effect=s key=s operator=s tolerationSeconds=i64 value=s
    core.v1.TopologySpreadConstraint labelSelector=meta.v1.LabelSelector maxSkew!=i32 topologyKey!=s whenUnsatisfiable!=s
    core.v1.TypedLocalObjectReference apiGroup=s kind!=s name!=s
    core.v1.Volume awsElasticBlockStore=core.v1.AWSElasticBlockStoreVolumeSource azureDisk=core.v1.AzureDiskVolumeSource azureFile=core.v1.AzureFileVolumeSource cephfs=core.v1.CephFSVolumeSource cinder=core.v1.CinderVolumeSource configMap=core.v1.ConfigMapVolumeSource csi=core.v1.CSIVolumeSource downwardAPI=core.v1.DownwardAPIVolumeSource emptyDir=core.v1.EmptyDirVolumeSource ephemeral=core.v1.EphemeralVolumeSource fc=core.v1.FCVolumeSource flexVolume=core.v1.FlexVolumeSource flocker=core.v1.FlockerVolumeSource gcePersistentDisk=core.v1.GCEPersistentDiskVolumeSource gitRepo=core.v1.GitRepoVolumeSource glusterfs=core.v1.GlusterfsVolumeSource hostPath=core.v1.HostPathVolumeSource iscsi=core.v1.ISCSIVolumeSource name!=s nfs=core.v1.NFSVolumeSource persistentVolumeClaim=core.v1.PersistentVolumeClaimVolumeSource photonPersistentDisk=core.v1.PhotonPersistentDiskVolumeSource portworxVolume=core.v1.PortworxVolumeSource projected=core.v1.ProjectedVolumeSource quobyte=core.v1.QuobyteVolumeSource rbd=core.v1.RBDVolumeSource scaleIO=core.v1.ScaleIOVolumeSource secret=core.v1.SecretVolumeSource storageos=core.v1.StorageOSVolumeSource vsphereVolume=core.v1.VsphereVirtualDiskVolumeSource
    core.v1.VolumeDevice devicePath!=s name!=s
    core.v1.VolumeMount mountPath!=s mountPropagation=s name!=s readOnly=b subPath=s subPathExpr=s
    core.v1.VolumeProjection configMap=core.v1.ConfigMapProjection downwardAPI=core.v1.DownwardAPIProjection secret=core.v1.SecretProjection serviceAccountToken=core.v1.ServiceAccountTokenProjection
    core.v1.VsphereVirtualDiskVolumeSource fsType=s storagePolicyID=s storagePolicyName=s volumePath!=s
    core.v1.WeightedPodAffinityTerm podAffinityTerm!=core.v1.PodAffinityTerm weight!=i32
    core.v1.WindowsSecurityContextOptions gmsaCredentialSpec=s gmsaCredentialSpecName=s runAsUserName=s
    discovery.v1.Endpoint addresses!=[s];lt:set conditions=discovery.v1.EndpointConditions hostname=s nodeName=s targetRef=core.v1.ObjectReference topology={s}
    discovery.v1.EndpointConditions ready=b serving=b terminating=b
    discovery.v1.EndpointPort appProtocol=s name=s port=i32 protocol=s
    discovery.v1.EndpointSlice addressType!=s apiVersion=s endpoints!=[discovery.v1.Endpoint];lt:atomic kind=s metadata=meta.v1.ObjectMeta ports=[discovery.v1.EndpointPort];lt:atomic
    events.v1.Event action=s apiVersion=s deprecatedCount=i32 deprecatedFirstTimestamp=t deprecatedLastTimestamp=t deprecatedSource=core.v1.EventSource eventTime!=t kind=s metadata!=meta.v1.ObjectMeta note=s reason=s regarding=core.v1.ObjectReference related=core.v1.ObjectReference reportingController=s reportingInstance=s series=events.v1.EventSeries type=s
    events.v1.EventSeries count!=i32 lastObservedTime!=t
    meta.v1.Condition lastTransitionTime!=t message!=s observedGeneration=i64 reason!=s status!=s type!=s
    meta.v1.LabelSelector @atomic matchExpressions=[meta.v1.LabelSelectorRequirement] matchLabels={s}
    meta.v1.LabelSelectorRequirement key!=s;mk:key;ps:merge operator!=s values=[s]
    meta.v1.ManagedFieldsEntry apiVersion=s fieldsType=s fieldsV1=o manager=s operation=s time=t
    meta.v1.ObjectMeta annotations={s} clusterName=s creationTimestamp=t deletionGracePeriodSeconds=i64 deletionTimestamp=t finalizers=[s];ps:merge generateName=s generation=i64 labels={s} managedFields=[meta.v1.ManagedFieldsEntry] name=s namespace=s ownerReferences=[meta.v1.OwnerReference];mk:uid;ps:merge resourceVersion=s selfLink=s uid=s
    meta.v1.OwnerReference apiVersion!=s blockOwnerDeletion=b controller=b kind!=s name!=s uid!=s
    networking.v1.HTTPIngressPath backend!=networking.v1.IngressBackend path=s pathType=s
    networking.v1.HTTPIngressRuleValue paths!=[networking.v1.HTTPIngressPath];lt:atomic
    networking.v1.Ingress apiVersion=s kind=s metadata=meta.v1.ObjectMeta spec=networking.v1.IngressSpec status=networking.v1.IngressStatus
    networking.v1.IngressBackend resource=core.v1.TypedLocalObjectReference service=networking.v1.IngressServiceBackend
    networking.v1.IngressClass apiVersion=s kind=s metadata=meta.v1.ObjectMeta spec=networking.v1.IngressClassSpec
    networking.v1.IngressClassSpec controller=s parameters=core.v1.TypedLocalObjectReference
    networking.v1.IngressRule host=s http=networking.v1.HTTPIngressRuleValue
    networking.v1.IngressServiceBackend name!=s port=networking.v1.ServiceBackendPort
    networking.v1.IngressSpec defaultBackend=networking.v1.IngressBackend ingressClassName=s rules=[networking.v1.IngressRule];lt:atomic tls=[networking.v1.IngressTLS];lt:atomic
    networking.v1.IngressStatus loadBalancer=core.v1.LoadBalancerStatus
    networking.v1.IngressTLS hosts=[s];lt:atomic secretName=s
    networking.v1.ServiceBackendPort name=s number=i32
    policy.v1.PodDisruptionBudget apiVersion=s kind=s metadata=meta.v1.ObjectMeta spec=policy.v1.PodDisruptionBudgetSpec status=policy.v1.PodDisruptionBudgetStatus
    policy.v1.PodDisruptionBudgetSpec maxUnavailable=is minAvailable=is selector=meta.v1.LabelSelector
    policy.v1.PodDisruptionBudgetStatus currentHealthy!=i32 desiredHealthy!=i32 disruptedPods={t} disruptionsAllowed!=i32 expectedPods!=i32 observedGeneration=i64
    rbac.v1.AggregationRule clusterRoleSelectors=[meta.v1.LabelSelector]
    rbac.v1.ClusterRole aggregationRule=rbac.v1.AggregationRule apiVersion=s kind=s metadata=meta.v1.ObjectMeta rules=[rbac.v1.PolicyRule]
    rbac.v1.ClusterRoleBinding apiVersion=s kind=s metadata=meta.v1.ObjectMeta roleRef!=rbac.v1.RoleRef subjects=[rbac.v1.Subject]
    rbac.v1.PolicyRule apiGroups=[s] nonResourceURLs=[s] resourceNames=[s] resources=[s] verbs!=[s]
    rbac.v1.Role apiVersion=s kind=s metadata=meta.v1.ObjectMeta rules=[rbac.v1.PolicyRule]
    rbac.v1.RoleBinding apiVersion=s kind=s metadata=meta.v1.ObjectMeta roleRef!=rbac.v1.RoleRef subjects=[rbac.v1.Subject]
    rbac.v1.RoleRef apiGroup!=s kind!=s name!=s
    rbac.v1.Subject apiGroup=s kind!=s name!=s namespace=s
    """#
