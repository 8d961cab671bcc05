import Manifest

/// `antiAffinity`: keeps pods of a new version off the nodes of the stable one.
package struct AntiAffinity: Hashable, Sendable {
    /// `requiredDuringSchedulingIgnoredDuringExecution` is given.
    package var isRequired = false
    /// The weight of `preferredDuringSchedulingIgnoredDuringExecution`, where that is given.
    package var preferredWeight: Int?

    package init() {}

    init(_ reader: inout JSONReader) throws(JSONError) {
        var found = AntiAffinity()
        try reader.readObject { reader, name throws(JSONError) in
            if try reader.readNull() { return }
            switch name {
            case "requiredDuringSchedulingIgnoredDuringExecution":
                found.isRequired = true
            case "preferredDuringSchedulingIgnoredDuringExecution":
                found.preferredWeight = (try reader.readJSON())["weight"]?.intValue.map { Int(clamping: $0) } ?? 0
            default: break
            }
        }
        self = found
    }
}
