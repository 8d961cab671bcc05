/// The pod template as the Kubernetes API's Go types declare it, with the API server's defaults.
let podTemplateSchema = GoSchema(
    """
    PodTemplateSpec: metadata:ObjectMeta spec:PodSpec
    ObjectMeta: name:s generateName:s namespace:s selfLink:s uid:s resourceVersion:s generation:i creationTimestamp:s deletionTimestamp:*s deletionGracePeriodSeconds:*i labels:{}s annotations:{}s ownerReferences:[]r finalizers:[]s
    PodSpec: volumes:[]Volume initContainers:[]Container containers:[]Container! ephemeralContainers:[]r restartPolicy:s=Always terminationGracePeriodSeconds:*i=30 activeDeadlineSeconds:*i dnsPolicy:s=ClusterFirst nodeSelector:{}s serviceAccountName:s serviceAccount:s automountServiceAccountToken:*b nodeName:s hostNetwork:b hostPID:b hostIPC:b shareProcessNamespace:*b securityContext:*PodSecurityContext={} imagePullSecrets:[]LocalObjectReference hostname:s subdomain:s affinity:*Affinity schedulerName:s=default-scheduler tolerations:[]Toleration hostAliases:[]HostAlias priorityClassName:s priority:*i dnsConfig:*PodDNSConfig readinessGates:[]PodReadinessGate runtimeClassName:*s enableServiceLinks:*b preemptionPolicy:*s overhead:{}q topologySpreadConstraints:[]TopologySpreadConstraint setHostnameAsFQDN:*b os:*NameOnly hostUsers:*b schedulingGates:[]NameOnly resourceClaims:[]PodResourceClaim resources:*ResourceRequirements hostnameOverride:*s
    Container: name:s! image:s command:[]s args:[]s workingDir:s ports:[]ContainerPort envFrom:[]EnvFromSource env:[]EnvVar resources:ResourceRequirements resizePolicy:[]ContainerResizePolicy restartPolicy:*s restartPolicyRules:[]ContainerRestartRule volumeMounts:[]VolumeMount volumeDevices:[]VolumeDevice livenessProbe:*Probe readinessProbe:*Probe startupProbe:*Probe lifecycle:*Lifecycle terminationMessagePath:s=/dev/termination-log terminationMessagePolicy:s=File imagePullPolicy:s securityContext:*SecurityContext stdin:b stdinOnce:b tty:b
    ContainerPort: name:s hostPort:i containerPort:i! protocol:s=TCP hostIP:s
    EnvFromSource: prefix:s configMapRef:*OptionalName secretRef:*OptionalName
    OptionalName: name:s optional:*b
    EnvVar: name:s! value:s valueFrom:*EnvVarSource
    EnvVarSource: fieldRef:*ObjectFieldSelector resourceFieldRef:*ResourceFieldSelector configMapKeyRef:*KeySelector secretKeyRef:*KeySelector fileKeyRef:*FileKeySelector
    ObjectFieldSelector: apiVersion:s=v1 fieldPath:s!
    ResourceFieldSelector: containerName:s resource:s! divisor:q
    KeySelector: name:s key:s! optional:*b
    FileKeySelector: volumeName:s! path:s! key:s! optional:*b
    ResourceRequirements: limits:{}q requests:{}q claims:[]ResourceClaim
    ResourceClaim: name:s! request:s
    ContainerResizePolicy: resourceName:s! restartPolicy:s!
    ContainerRestartRule: action:s exitCodes:*ExitCodes
    ExitCodes: operator:s values:[]i
    VolumeMount: name:s! readOnly:b recursiveReadOnly:*s mountPath:s! subPath:s mountPropagation:*s subPathExpr:s
    VolumeDevice: name:s! devicePath:s!
    Probe: exec:*ExecAction httpGet:*HTTPGetAction tcpSocket:*TCPSocketAction grpc:*GRPCAction initialDelaySeconds:i timeoutSeconds:i=1 periodSeconds:i=10 successThreshold:i=1 failureThreshold:i=3 terminationGracePeriodSeconds:*i
    ExecAction: command:[]s
    HTTPGetAction: path:s=/ port:x! host:s scheme:s=HTTP httpHeaders:[]HTTPHeader
    HTTPHeader: name:s! value:s!
    TCPSocketAction: port:x! host:s
    GRPCAction: port:i! service:*s!=
    Lifecycle: postStart:*LifecycleHandler preStop:*LifecycleHandler stopSignal:*s
    LifecycleHandler: exec:*ExecAction httpGet:*HTTPGetAction tcpSocket:*TCPSocketAction sleep:*SleepAction
    SleepAction: seconds:i!
    SecurityContext: capabilities:*Capabilities privileged:*b seLinuxOptions:*SELinuxOptions windowsOptions:*WindowsOptions runAsUser:*i runAsGroup:*i runAsNonRoot:*b readOnlyRootFilesystem:*b allowPrivilegeEscalation:*b procMount:*s seccompProfile:*Profile appArmorProfile:*Profile
    Capabilities: add:[]s drop:[]s
    SELinuxOptions: user:s role:s type:s level:s
    WindowsOptions: gmsaCredentialSpecName:*s gmsaCredentialSpec:*s runAsUserName:*s hostProcess:*b
    Profile: type:s! localhostProfile:*s
    PodSecurityContext: seLinuxOptions:*SELinuxOptions windowsOptions:*WindowsOptions runAsUser:*i runAsGroup:*i runAsNonRoot:*b supplementalGroups:[]i supplementalGroupsPolicy:*s fsGroup:*i sysctls:[]HTTPHeader fsGroupChangePolicy:*s seccompProfile:*Profile appArmorProfile:*Profile seLinuxChangePolicy:*s
    LocalObjectReference: name:s
    NameOnly: name:s!
    Affinity: nodeAffinity:*NodeAffinity podAffinity:*PodAffinity podAntiAffinity:*PodAffinity
    NodeAffinity: requiredDuringSchedulingIgnoredDuringExecution:*NodeSelector preferredDuringSchedulingIgnoredDuringExecution:[]PreferredSchedulingTerm
    NodeSelector: nodeSelectorTerms:[]NodeSelectorTerm!
    NodeSelectorTerm: matchExpressions:[]Requirement matchFields:[]Requirement
    Requirement: key:s! operator:s! values:[]s
    PreferredSchedulingTerm: weight:i! preference:NodeSelectorTerm
    PodAffinity: requiredDuringSchedulingIgnoredDuringExecution:[]PodAffinityTerm preferredDuringSchedulingIgnoredDuringExecution:[]WeightedPodAffinityTerm
    WeightedPodAffinityTerm: weight:i! podAffinityTerm:PodAffinityTerm
    PodAffinityTerm: labelSelector:*LabelSelector namespaces:[]s topologyKey:s! namespaceSelector:*LabelSelector matchLabelKeys:[]s mismatchLabelKeys:[]s
    LabelSelector: matchLabels:{}s matchExpressions:[]Requirement
    Toleration: key:s operator:s value:s effect:s tolerationSeconds:*i
    HostAlias: ip:s! hostnames:[]s
    PodDNSConfig: nameservers:[]s searches:[]s options:[]DNSOption
    DNSOption: name:s value:*s
    PodReadinessGate: conditionType:s!
    TopologySpreadConstraint: maxSkew:i! topologyKey:s! whenUnsatisfiable:s! labelSelector:*LabelSelector minDomains:*i nodeAffinityPolicy:*s nodeTaintsPolicy:*s matchLabelKeys:[]s
    PodResourceClaim: name:s! resourceClaimName:*s resourceClaimTemplateName:*s
    Volume: name:s! hostPath:*HostPath emptyDir:*EmptyDir={} gcePersistentDisk:*GCEDisk awsElasticBlockStore:*AWSDisk gitRepo:*GitRepo secret:*SecretVolume nfs:*NFS iscsi:*ISCSI glusterfs:*Glusterfs persistentVolumeClaim:*PVCVolume rbd:*RBD flexVolume:*FlexVolume cinder:*Cinder cephfs:*CephFS flocker:*Flocker downwardAPI:*DownwardAPIVolume fc:*FC azureFile:*AzureFile configMap:*ConfigMapVolume vsphereVolume:*VsphereVolume quobyte:*Quobyte azureDisk:*AzureDisk photonPersistentDisk:*PhotonDisk projected:*ProjectedVolume portworxVolume:*PortworxVolume scaleIO:*ScaleIO storageos:*StorageOS csi:*CSIVolume ephemeral:*EphemeralVolume image:*ImageVolume
    HostPath: path:s! type:*s=
    EmptyDir: medium:s sizeLimit:*q
    GCEDisk: pdName:s! fsType:s partition:i readOnly:b
    AWSDisk: volumeID:s! fsType:s partition:i readOnly:b
    GitRepo: repository:s! revision:s directory:s
    SecretVolume: secretName:s items:[]KeyToPath defaultMode:*i=420 optional:*b
    KeyToPath: key:s! path:s! mode:*i
    NFS: server:s! path:s! readOnly:b
    ISCSI: targetPortal:s! iqn:s! lun:i! iscsiInterface:s=default fsType:s readOnly:b portals:[]s chapAuthDiscovery:b chapAuthSession:b secretRef:*LocalObjectReference initiatorName:*s
    Glusterfs: endpoints:s! path:s! readOnly:b
    PVCVolume: claimName:s! readOnly:b
    RBD: monitors:[]s! image:s! fsType:s pool:s=rbd user:s=admin keyring:s=/etc/ceph/keyring secretRef:*LocalObjectReference readOnly:b
    FlexVolume: driver:s! fsType:s secretRef:*LocalObjectReference readOnly:b options:{}s
    Cinder: volumeID:s! fsType:s readOnly:b secretRef:*LocalObjectReference
    CephFS: monitors:[]s! path:s user:s secretFile:s secretRef:*LocalObjectReference readOnly:b
    Flocker: datasetName:s datasetUUID:s
    DownwardAPIVolume: items:[]DownwardAPIFile defaultMode:*i=420
    DownwardAPIFile: path:s! fieldRef:*ObjectFieldSelector resourceFieldRef:*ResourceFieldSelector mode:*i
    FC: targetWWNs:[]s lun:*i fsType:s readOnly:b wwids:[]s
    AzureFile: secretName:s! shareName:s! readOnly:b
    ConfigMapVolume: name:s items:[]KeyToPath defaultMode:*i=420 optional:*b
    VsphereVolume: volumePath:s! fsType:s storagePolicyName:s storagePolicyID:s
    Quobyte: registry:s! volume:s! readOnly:b user:s group:s tenant:s
    AzureDisk: diskName:s! diskURI:s! cachingMode:*s=ReadWrite fsType:*s=ext4 readOnly:*b=false kind:*s=Shared
    PhotonDisk: pdID:s! fsType:s
    ProjectedVolume: sources:[]VolumeProjection! defaultMode:*i=420
    VolumeProjection: secret:*NamedItems downwardAPI:*DownwardAPIItems configMap:*NamedItems serviceAccountToken:*TokenProjection clusterTrustBundle:*TrustBundle podCertificate:*PodCertificate
    NamedItems: name:s items:[]KeyToPath optional:*b
    DownwardAPIItems: items:[]DownwardAPIFile
    TokenProjection: audience:s expirationSeconds:*i=3600 path:s!
    TrustBundle: name:*s signerName:*s labelSelector:*LabelSelector optional:*b path:s!
    PodCertificate: signerName:s keyType:s maxExpirationSeconds:*i credentialBundlePath:s keyPath:s certificateChainPath:s
    PortworxVolume: volumeID:s! fsType:s readOnly:b
    ScaleIO: gateway:s! system:s! secretRef:*LocalObjectReference! sslEnabled:b protectionDomain:s storagePool:s storageMode:s=ThinProvisioned volumeName:s fsType:s=xfs readOnly:b
    StorageOS: volumeName:s volumeNamespace:s fsType:s readOnly:b secretRef:*LocalObjectReference
    CSIVolume: driver:s! readOnly:*b fsType:*s volumeAttributes:{}s nodePublishSecretRef:*LocalObjectReference
    EphemeralVolume: volumeClaimTemplate:*PVCTemplate
    PVCTemplate: metadata:ObjectMeta spec:PVCSpec
    PVCSpec: accessModes:[]s selector:*LabelSelector resources:VolumeResources volumeName:s storageClassName:*s volumeMode:*s=Filesystem dataSource:*TypedReference dataSourceRef:*TypedReference volumeAttributesClassName:*s
    VolumeResources: limits:{}q requests:{}q
    TypedReference: apiGroup:*s! kind:s! name:s! namespace:*s
    ImageVolume: reference:s pullPolicy:s
    """)

/// `canary.steps` as Argo Rollouts' Go types declare them; experiments and plugins are refused before their hash matters.
let canaryStepSchema = GoSchema(
    """
    CanaryStep: setWeight:*i pause:*Pause experiment:*r analysis:*Analysis setCanaryScale:*Scale setHeaderRoute:*HeaderRoute setMirrorRoute:*MirrorRoute plugin:*r
    Pause: duration:*x
    Scale: weight:*i replicas:*i matchTrafficWeight:b
    HeaderRoute: name:s match:[]HeaderMatch
    HeaderMatch: headerName:s! headerValue:*StringMatch!
    StringMatch: exact:s prefix:s regex:s
    MirrorRoute: name:s! match:[]RouteMatch percentage:*i
    RouteMatch: method:*StringMatch path:*StringMatch headers:{}StringMatch
    Analysis: templates:[]Template args:[]Argument dryRun:[]Metric measurementRetention:[]Retention analysisRunMetadata:Metadata
    Template: templateName:s! clusterScope:b
    Argument: name:s! value:s valueFrom:*ValueFrom
    ValueFrom: podTemplateHashValue:*s fieldRef:*FieldRef
    FieldRef: fieldPath:s!
    Metric: metricName:s!
    Retention: metricName:s! limit:i!
    Metadata: labels:{}s annotations:{}s
    """)
