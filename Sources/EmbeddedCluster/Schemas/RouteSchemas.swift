/// Kinds that Rollouts refer to and that only ``StrictDecoding`` looks at: the older Ingresses, and VirtualServices.
///
/// Of a VirtualService it has the fields around its routes' destinations; what matches and rewrites requests stays open.
let routeSchemaText = """
    networking.v1beta1.Ingress apiVersion=s kind=s metadata=meta.v1.ObjectMeta spec=networking.v1beta1.IngressSpec status=networking.v1.IngressStatus
    networking.v1beta1.IngressSpec backend=networking.v1beta1.IngressBackend ingressClassName=s rules=[networking.v1beta1.IngressRule] tls=[networking.v1.IngressTLS]
    networking.v1beta1.IngressRule host=s http=networking.v1beta1.HTTPIngressRuleValue
    networking.v1beta1.HTTPIngressRuleValue paths!=[networking.v1beta1.HTTPIngressPath]
    networking.v1beta1.HTTPIngressPath backend!=networking.v1beta1.IngressBackend path=s pathType=s
    networking.v1beta1.IngressBackend resource=core.v1.TypedLocalObjectReference serviceName=s servicePort=is
    istio.VirtualService apiVersion=s kind=s metadata=meta.v1.ObjectMeta spec=istio.VirtualServiceSpec status=o
    istio.VirtualServiceSpec exportTo=[s] gateways=[s] hosts=[s] http=[istio.HTTPRoute] tcp=[istio.TCPRoute] tls=[istio.TLSRoute]
    istio.HTTPRoute corsPolicy=o delegate=o directResponse=o fault=o headers=o match=[o] mirror=istio.Destination mirrorPercent=i64 mirror_percent=i64 mirrorPercentage=o mirrors=[o] name=s redirect=o retries=o rewrite=o route=[istio.HTTPRouteDestination] timeout=s
    istio.HTTPRouteDestination destination!=istio.Destination headers=o weight=i32
    istio.TCPRoute match=[o] route=[istio.RouteDestination]
    istio.TLSRoute match=[o] route=[istio.RouteDestination]
    istio.RouteDestination destination!=istio.Destination weight=i32
    istio.Destination host!=s port=istio.PortSelector subset=s
    istio.PortSelector number=i64
    """
