import Manifest

/// The value of an `actions.<service>` annotation: how a load balancer divides what reaches that Service.
struct ALBAction: Hashable, Sendable {
    struct TargetGroup: Hashable, Sendable {
        var service: String
        var port: String
        var weight: Int
    }

    var groups: [TargetGroup]
    /// `nil` leaves out the member.
    var stickiness: ALBConfiguration.Stickiness?

    init(groups: [TargetGroup], stickiness: ALBConfiguration.Stickiness? = nil) {
        self.groups = groups
        self.stickiness = stickiness
    }

    /// `nil` where the annotation holds something else.
    init?(_ text: String?) {
        guard let text, let json = try? JSON(parsing: text), let config = json["ForwardConfig"],
            let entries = config["TargetGroups"]?.arrayValue
        else { return nil }
        groups = entries.map { entry in
            TargetGroup(
                service: entry["ServiceName"]?.stringValue ?? "", port: entry["ServicePort"]?.stringValue ?? "",
                weight: Int(clamping: entry["Weight"]?.intValue ?? 0))
        }
        if let settings = config["TargetGroupStickinessConfig"], settings.isObject {
            stickiness = ALBConfiguration.Stickiness(
                isEnabled: settings["Enabled"]?.boolValue ?? false, seconds: settings["DurationSeconds"]?.intValue ?? 0)
        }
    }

    /// Compact JSON with its members in the order that Argo Rollouts writes them in.
    var text: String {
        func quoted(_ text: String) -> String { JSON.string(text).description }
        let entries = groups.map {
            "{\"ServiceName\":\(quoted($0.service)),\"ServicePort\":\(quoted($0.port)),\"Weight\":\($0.weight)}"
        }
        var config = "\"TargetGroups\":[\(entries.joined(separator: ","))]"
        if let stickiness {
            // A duration means nothing where it is off, and the load balancer refuses one of 0.
            let seconds = stickiness.isEnabled ? ",\"DurationSeconds\":\(stickiness.seconds)" : ""
            config += ",\"TargetGroupStickinessConfig\":{\"Enabled\":\(stickiness.isEnabled)\(seconds)}"
        }
        return "{\"Type\":\"forward\",\"ForwardConfig\":{\(config)}}"
    }

    /// The text of this action, or `live` where that says the same in other words.
    func text(keeping live: String?) -> String {
        guard let live, let present = try? JSON(parsing: live), let wanted = try? JSON(parsing: text),
            present == wanted
        else { return text }
        return live
    }
}
