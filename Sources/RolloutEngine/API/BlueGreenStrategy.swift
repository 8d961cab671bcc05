package import Manifest

/// `spec.strategy.blueGreen`.
package struct BlueGreenStrategy: Hashable, Sendable {
    package var activeService = ""
    package var previewService = ""
    /// Size of the current ReplicaSet before promotion; `nil` means full size.
    package var previewReplicaCount: Int?
    package var autoPromotionEnabled = true
    package var autoPromotionSeconds = 0
    package var maxUnavailable: IntOrString?
    package var scaleDownDelaySeconds: Int?
    package var scaleDownDelayRevisionLimit: Int?
    package var abortScaleDownDelaySeconds: Int?
    package var prePromotionAnalysis: AnalysisReference?
    package var postPromotionAnalysis: AnalysisReference?
    package var antiAffinity: AntiAffinity?
    package var previewMetadata: EphemeralMetadata?
    package var activeMetadata: EphemeralMetadata?

    package init() {}

    init(_ reader: inout JSONReader) throws(JSONError) {
        var found = BlueGreenStrategy()
        try reader.readObject { reader, name throws(JSONError) in
            if try reader.readNull() { return }
            switch name {
            case "activeService": found.activeService = try reader.readText()
            case "previewService": found.previewService = try reader.readText()
            case "previewReplicaCount": found.previewReplicaCount = try reader.readInt32()
            case "autoPromotionEnabled": found.autoPromotionEnabled = try reader.readBool()
            case "autoPromotionSeconds": found.autoPromotionSeconds = try reader.readInt32()
            case "maxUnavailable": found.maxUnavailable = try IntOrString(reading: &reader)
            case "scaleDownDelaySeconds": found.scaleDownDelaySeconds = try reader.readInt32()
            case "scaleDownDelayRevisionLimit": found.scaleDownDelayRevisionLimit = try reader.readInt32()
            case "abortScaleDownDelaySeconds": found.abortScaleDownDelaySeconds = try reader.readInt32()
            case "prePromotionAnalysis": found.prePromotionAnalysis = try AnalysisReference(&reader)
            case "postPromotionAnalysis": found.postPromotionAnalysis = try AnalysisReference(&reader)
            case "antiAffinity": found.antiAffinity = try AntiAffinity(&reader)
            case "previewMetadata": found.previewMetadata = try EphemeralMetadata(&reader)
            case "activeMetadata": found.activeMetadata = try EphemeralMetadata(&reader)
            default: break
            }
        }
        self = found
    }

    /// Whether a promotion waits for a person or for a time.
    package var pausesBeforePromotion: Bool { !autoPromotionEnabled || autoPromotionSeconds > 0 }
}
