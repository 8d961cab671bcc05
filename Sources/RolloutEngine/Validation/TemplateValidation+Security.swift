import Manifest

extension TemplateValidation {
    /// `securityContext` of the pod.
    mutating func podSecurity(_ context: JSON) {
        identities(context)
        identity(context["fsGroup"], "fsGroup")
        for (index, group) in (context["supplementalGroups"]?.arrayValue ?? []).enumerated() {
            identity(group, "supplementalGroups[\(index)]")
        }
        choose(context["fsGroupChangePolicy"], "fsGroupChangePolicy", ["OnRootMismatch", "Always"])
        profile(context)
    }

    /// `securityContext` of a container; whether it is privileged is for the cluster's policies to judge.
    mutating func security(_ context: JSON) {
        identities(context)
        profile(context)
    }

    private mutating func identities(_ context: JSON) {
        identity(context["runAsUser"], "runAsUser")
        identity(context["runAsGroup"], "runAsGroup")
    }

    private mutating func identity(_ value: JSON?, _ field: String) {
        guard let number = value?.intValue else { return }
        fail(
            !(0...2_147_483_647).contains(number), field,
            "\(number) is no user or group; use a number from 0 to 2147483647")
    }

    private mutating func profile(_ context: JSON) {
        guard let profile = context["seccompProfile"], profile.isObject else { return }
        within("seccompProfile") { check in
            check.need(profile, "type")
            check.choose(profile["type"], "type", ["RuntimeDefault", "Unconfined", "Localhost"])
            let isLocal = profile["type"]?.stringValue == "Localhost"
            if isLocal { check.need(profile, "localhostProfile") }
            check.fail(
                !isLocal && profile["localhostProfile"]?.stringValue != nil, "localhostProfile",
                "is for type Localhost only; remove it")
        }
    }
}
