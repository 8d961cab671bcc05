import Manifest

/// `trafficRouting.alb`.
struct ALBConfiguration: Hashable, Sendable {
    static let path = "\(TrafficConfiguration.path).alb"

    struct Ingress: Hashable, Sendable {
        var name: String
        /// The field that names it.
        var path: String
    }

    struct Stickiness: Hashable, Sendable {
        var isEnabled: Bool
        /// 1 to 604800 where it is enabled.
        var seconds: Int64
    }

    var ingresses: [Ingress]
    var servicePort: Int64
    /// Empty: the stable Service.
    var rootService: String
    var annotationPrefix: String
    var stickiness: Stickiness?
    /// Both `ingress` and `ingresses` are given, or neither.
    var isAmbiguous: Bool

    init(_ json: JSON) throws(JSONError) {
        try json.requireObject(at: Self.path)
        let one = try json.text("ingress", at: [Self.path])
        let many = try json.texts("ingresses", at: [Self.path])
        ingresses = one.isEmpty ? [] : [Ingress(name: one, path: "\(Self.path).ingress")]
        ingresses += many.enumerated().map { Ingress(name: $1, path: "\(Self.path).ingresses[\($0)]") }
        isAmbiguous = one.isEmpty == many.isEmpty
        servicePort = try json.wholeNumber("servicePort", at: [Self.path]) ?? 0
        rootService = try json.text("rootService", at: [Self.path])
        let prefix = try json.text("annotationPrefix", at: [Self.path])
        annotationPrefix = prefix.isEmpty ? "alb.ingress.kubernetes.io" : prefix
        if let settings = json["stickinessConfig"], settings != .null {
            let path = "\(Self.path).stickinessConfig"
            try settings.requireObject(at: path)
            stickiness = Stickiness(
                isEnabled: try settings.flag("enabled", at: [path]),
                seconds: try settings.wholeNumber("durationSeconds", at: [path]) ?? 0)
        }
    }
}
