import Manifest

/// `trafficRouting.nginx`.
struct NGINXConfiguration: Hashable, Sendable {
    static let path = "\(TrafficConfiguration.path).nginx"

    /// Names with the fields that give them.
    var ingresses: [Ingress]
    var annotationPrefix: String
    var additionalAnnotations: [String: String]
    var canaryAnnotations: [String: String]
    /// Both `stableIngress` and `stableIngresses` are given, or neither.
    var isAmbiguous: Bool

    struct Ingress: Hashable, Sendable {
        var name: String
        var path: String
    }

    init(_ json: JSON) throws(JSONError) {
        guard case .object = json else {
            throw JSONError("expected an object, found \(json.typeName)", path: [Self.path])
        }
        let one = try json.text("stableIngress", at: [Self.path])
        let many = try json.texts("stableIngresses", at: [Self.path])
        ingresses = one.isEmpty ? [] : [Ingress(name: one, path: "\(Self.path).stableIngress")]
        ingresses += many.enumerated().map { Ingress(name: $1, path: "\(Self.path).stableIngresses[\($0)]") }
        isAmbiguous = one.isEmpty == many.isEmpty
        let prefix = try json.text("annotationPrefix", at: [Self.path])
        annotationPrefix = prefix.isEmpty ? "nginx.ingress.kubernetes.io" : prefix
        additionalAnnotations = try json.textMap("additionalIngressAnnotations", at: [Self.path])
        canaryAnnotations = try json.textMap("canaryIngressAnnotations", at: [Self.path])
    }
}
